"""Sentences: where a text can be cut without cutting a sentence, in linear time.

No list of rules is right for every language; this one is short, and errs towards longer sentences:
a full stop ends one when space follows and what comes next begins like a sentence. Full stops of
Chinese and Japanese need no space. A blank line, and a line of a list or a table, always ends one.
"""

from __future__ import annotations

__all__ = ["bare", "sentences"]

_STOPS = ".!?\u2026"
_WIDE = "\u3002\uff01\uff1f\uff61\u0964\u0965\u06d4\u061f"  # need no space after them
_CLOSING = "\"')]}\u00bb\u201d\u2019\u300d\u300f\uff09"
_OPENING = "\"'([{\u00ab\u201c\u2018\u201e\u00bf\u00a1*_"
# Words after which a full stop seldom ends a sentence, in lower case and without it.
_SHORT = frozenset({
    "e.g", "i.e", "cf", "vs", "etc", "approx", "ca", "mr", "mrs", "ms", "dr", "prof", "st", "mt",
    "jr", "sr", "fig", "figs", "no", "nos", "vol", "pp", "ed", "eds", "al", "dept", "inc", "ltd",
    "co", "corp", "tel", "ext", "max", "min", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
    "sep", "sept", "oct", "nov", "dec", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "z.b",
    "d.h", "u.a", "usw", "bzw", "vgl", "nr", "str", "p.ej", "sra",
})  # fmt: skip
_ENDS = frozenset({"etc", "co", "inc", "ltd", "corp", "usw"})  # these may well end one
_BULLETS = "-*+\u2022|"


def sentences(text: str) -> list[tuple[int, int]]:
    """The (start, end) of each sentence, without the space around it, in order.

    >>> text = "Dr. Weber paid 3.50 euros. It was late, e.g. at ten!"
    >>> [text[start:end] for start, end in sentences(text)]
    ['Dr. Weber paid 3.50 euros.', 'It was late, e.g. at ten!']
    """
    spans: list[tuple[int, int]] = []
    start = at = 0
    while at < len(text):
        letter = text[at]
        at += 1
        if letter == "\n":
            if not _breaks(text, at):
                continue
            end = at
        elif letter in _WIDE or letter in _STOPS:
            at = _past(text, at, _STOPS + _WIDE + _CLOSING)
            if letter not in _WIDE and not _ends(text, start, at):
                continue
            end = at
        else:
            continue
        spans.append((start, end))
        start = end
    spans.append((start, len(text)))
    return [span for a, b in spans if (span := bare(text, a, b)) is not None]


def bare(text: str, start: int, end: int) -> tuple[int, int] | None:
    """A span without the space around it; None where nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if start < end else None


def _past(text: str, at: int, letters: str) -> int:
    while at < len(text) and text[at] in letters:
        at += 1
    return at


def _breaks(text: str, at: int) -> bool:
    """Whether the line that begins at `at`, after a line break, begins something new."""
    while at < len(text) and text[at] in " \t\r":
        at += 1
    if at >= len(text) or text[at] in "\n#>" or text[at] in _BULLETS:
        return True
    digits = at
    while digits < len(text) and digits < at + 4 and text[digits].isdigit():
        digits += 1
    return digits > at and text[digits : digits + 2] in (". ", ") ")


def _ends(text: str, start: int, at: int) -> bool:
    """Whether the stop before `at` ends the sentence that began at `start`."""
    if at < len(text) and not text[at].isspace():
        return False  # 3.50, cospace.read, e.g.
    stop = at
    while stop > start and text[stop - 1] in _CLOSING:
        stop -= 1
    if text[stop - 1] != ".":
        return True
    word = text[max(start, stop - 12) : stop - 1].split()[-1:] or [""]
    last = word[0].strip(_OPENING).lower()
    following = _past(text, at, " \t\r\n")
    following = _past(text, following, _OPENING)
    low = following < len(text) and text[following].islower()
    if low:
        return False
    if last in _SHORT:
        return last in _ENDS
    if len(last) == 1 and last.isalpha():
        return False  # an initial
    # The number of a list is no sentence.
    return not (last.isdigit() and _begins_line(text, start, stop - 1 - len(last)))


def _begins_line(text: str, start: int, place: int) -> bool:
    return not text[start:place].strip()
