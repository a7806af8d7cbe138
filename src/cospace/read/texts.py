"""Texts: what can be encoded as text, and what is refused before a tokenizer sees it."""

from __future__ import annotations

import unicodedata

from cospace.errors import BadItem, EmptyItem
from cospace.limits import limit

__all__ = ["check_text", "is_blank"]

# Characters that show nothing although Unicode does not call them space, control or format:
# joiners, fillers, variation selectors and the empty Braille cell.
_FILLERS = frozenset(
    chr(code)
    for code in (
        0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0,
        *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0),
    )
)  # fmt: skip

# Controls, formats (zero-width, bidi), lone surrogates, and the three kinds of separator.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})


def is_blank(text: str) -> bool:
    """True when nothing in `text` can be seen: it is empty, or only space and zero-width.

    >>> is_blank(" \\u200b\\n"), is_blank("a chair")
    (True, False)
    """
    # The first visible character ends the search, so this is quick for every real text.
    return all(c in _FILLERS or unicodedata.category(c) in _INVISIBLE for c in text)


def check_text(text: str, name: str = "", *, most: str = "text_chars") -> str:
    """`text` itself, unchanged, when it can be encoded; `name` says whose it is in an error.

    `most` is the limit (limits.py) that its length is held to.

    Raises `EmptyItem` for a text in which nothing can be seen, and `BadItem` for one that is
    too long, holds a NUL or a lone surrogate, or is not a str. Nothing is ever cut off.

    >>> check_text("a chair")
    'a chair'
    """
    if not isinstance(text, str):
        raise BadItem(name, f"a text is a str, not {type(text).__name__}")
    if len(text) > limit(most):
        cut = (
            "Split it into several items, or"
            if most != "text_chars"
            else ("Read it in chunks (chunks=True), split it into several items, or")
        )
        raise BadItem(
            name,
            f"the text has {len(text):,} characters; at most {limit(most):,} are taken. {cut}"
            f" raise COSPACE_LIMIT_{most.upper()}",
        )
    nul = text.find("\x00")
    if nul >= 0:
        raise BadItem(name, f"the text holds a NUL character at position {nul:,}; remove it")
    if is_blank(text):
        what = "is empty" if not text else "holds only space or invisible characters"
        raise EmptyItem(name, f"the text {what}; there is nothing to encode")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise BadItem(
                name,
                f"the text holds a lone surrogate at position {error.start:,}; it is not valid"
                " Unicode. Decode the source again as UTF-8",
            ) from None
    return text
