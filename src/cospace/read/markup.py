"""Markup: HTML in a cell becomes the text that a browser would show."""

from __future__ import annotations

import re
from html import unescape

__all__ = ["has_markup", "text_of"]

# Quotes may hold ">". Nothing is tried twice, so the time is linear in the length.
_TAG = re.compile(r"""</?([A-Za-z][A-Za-z0-9:-]*+)(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>|<!--""")
_INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "ins",
        "kbd",
        "label",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
_BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "button",
        "caption",
        "center",
        "col",
        "colgroup",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "iframe",
        "img",
        "input",
        "li",
        "link",
        "main",
        "meta",
        "nav",
        "ol",
        "option",
        "p",
        "picture",
        "pre",
        "script",
        "section",
        "select",
        "source",
        "style",
        "summary",
        "svg",
        "table",
        "tbody",
        "td",
        "template",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
        "video",
    ]
)
_UNSEEN = {
    name: re.compile(rf"</{name}", re.IGNORECASE)
    for name in ("script", "style", "template", "head")
}
_ENTITY = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
# Tags that nobody writes in a sentence; any other counts when its end is there too.
_SURE = re.compile(
    r"<(?:br|p|div|li|ul|ol|hr|h[1-6]|table|tr|td|img|script|style|span)(?=[\s/>])[^<>]*>"
    r"|</(?:p|div|li|ul|ol|h[1-6]|table|tr|td|b|i|em|strong|span|a|script|style|font|u)\s*>",
    re.IGNORECASE,
)


def has_markup(text: str) -> bool:
    """Whether a text holds HTML: a tag of a page, or an entity such as ``&amp;``.

    >>> has_markup("<p>Oak</p>"), has_markup("Tom &amp; Co"), has_markup("a < b > c & d")
    (True, True, False)
    """
    if "<" in text and _SURE.search(text):
        return True
    return "&" in text and any(unescape(e[0]) != e[0] for e in _ENTITY.finditer(text))


def text_of(html: str) -> str:
    """The text of HTML: tags of blocks become spaces, scripts, styles and comments go.

    >>> text_of("<p>Solid <b>o</b>ak</p><ul><li>A&amp;B</li></ul><script>x()</script>")
    'Solid oak A&B'
    """
    parts: list[str] = []
    at = 0
    while found := _TAG.search(html, at):
        parts.append(html[at : found.start()])
        at = found.end()
        if found[0] == "<!--":
            close = html.find("-->", at)
            at = len(html) if close < 0 else close + 3
            continue
        name = found[1].lower()
        if name in _UNSEEN and not found[0].startswith("</"):
            end = _UNSEEN[name].search(html, at)
            at = end.start() if end else len(html)
        elif name in _INLINE:
            continue
        elif name not in _BLOCK and ":" not in name and "-" not in name:
            parts.append(found[0])  # no tag of HTML: a text in angle brackets
            continue
        parts.append(" ")
    parts.append(html[at:])
    return " ".join(unescape("".join(parts)).split())
