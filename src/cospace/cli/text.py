"""Text of items on a terminal: nothing in it can move the cursor, hide, or reorder what is shown.

Widths are in columns of a terminal (Unicode Standard Annex 11): 2 for East Asian wide
characters and most emoji, 0 for combining marks, 1 for the rest.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["cut", "one_line", "plain", "width"]

# Control characters; marks that turn the direction of text, or are invisible; line and paragraph
# separators; lone surrogates; tags. Joiners stay: Persian, Hindi and emoji are spelled with them.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MOST_MARKS = 4  # combining marks on one letter; languages need three


def plain(text: str, *, keep: str = "") -> str:
    r"""`text` with what a terminal could obey, and what nobody could see, as escapes.

    >>> plain("red\x1b[31m")
    'red\\x1b[31m'
    """
    return _UNSAFE.sub(lambda m: m[0] if m[0] in keep else _escape(m[0]), text)


def _escape(character: str) -> str:
    return ascii(character)[1:-1]


def one_line(text: str) -> str:
    """`text` with every run of white space as one space: for snippets, not for ids."""
    return " ".join(text.split())


def width(text: str) -> int:
    """The columns that `text`, already plain, takes.

    >>> width("Café"), width("椅子")
    (4, 4)
    """
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if character < "\u0300":
        return 1
    if _is_mark(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me") or character in "\u200c\u200d"


def cut(text: str, most: int) -> str:
    """`text`, plain, in at most `most` columns; what is cut ends in an ellipsis.

    >>> cut("Retro velvet armchair", 12)
    'Retro velve…'
    """
    # Escapes only make a text longer, and no letter here has more than a few marks.
    text = plain(text[: most * (_MOST_MARKS + 1) + 1])
    kept, taken, marks = "", 0, 0
    room = most if width(text) <= most else most - 1
    for character in text:
        columns = _width(character)
        marks = marks + 1 if columns == 0 else 0
        if marks > _MOST_MARKS:
            continue
        if taken + columns > room:
            break
        kept += character
        taken += columns
    return kept if room == most else kept + "…"
