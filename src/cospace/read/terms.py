"""The words of a text in any script, folded so that spellings of one word are one.

What one writes as a word keeps its marks: vowel signs of Hindi, Bengali or Thai are part of it,
though `\\w` of Python's `re` leaves them out. Scripts that write no spaces are cut in pairs.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise

__all__ = ["chains", "fold", "has_digit", "marks", "pairs"]

# Between the parts of a code: KX-4410B, 978/3, ab_12, 107.213.11, A:77:B, C+200.
_SEPARATORS = "-_./:+"
# Letters that have no decomposition, as people type them without a keyboard for them.
_PLAIN = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
    }
)
_ACCENTS = re.compile(
    "[\u0300-\u036f"  # Latin, Greek, Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points
    "\u064b-\u0652\u0670]"  # Arabic vowels
)
_HAS_DIGIT = re.compile(r"\d")


def fold(text: str) -> str:
    """`text` in lower case, without accents, points and characters that nobody sees.

    >>> fold("Mo\u0308bel, Stra\u00dfe, arm\u00adchair")
    'mobel, strasse, armchair'
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    # A letter of its own, not an \u0438 with an accent: endings of Russian words have it.
    text = text.replace("\u0438\u0306", "\u0439")
    text = _ACCENTS.sub("", text)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", text)


@cache
def marks() -> str:
    """The marks of all scripts, as the inside of a class of a pattern."""
    found = [c for c in map(chr, range(0x300, 0x20000)) if unicodedata.category(c)[0] == "M"]
    spans: list[list[str]] = []
    for mark in found:
        if spans and ord(mark) == ord(spans[-1][1]) + 1:
            spans[-1][1] = mark
        else:
            spans.append([mark, mark])
    return "".join(f"{first}-{last}" for first, last in spans)


@cache
def _chain() -> re.Pattern[str]:
    # Every place where it can begin is where it matches, so that no letter is read twice.
    one = rf"(?:[^\W_]|[{marks()}])"
    return re.compile(rf"{one}+(?:[{_SEPARATORS}]{one}+)*[+#]*")


def chains(folded: str) -> list[list[str]]:
    """Words, each as the list of its parts: one, or several with separators between them.

    >>> chains("drill kx-4410b, 1/72, c++ and c#")
    [['drill'], ['kx', '4410b'], ['1', '72'], ['c++'], ['and'], ['c#']]
    """
    found = (_ASCII if folded.isascii() else _chain()).findall(folded)
    return [[chain] if chain.isalnum() else _parts(chain) for chain in found]


_ASCII = re.compile(rf"[a-z0-9]+(?:[{_SEPARATORS}][a-z0-9]+)*[+#]*")
_BETWEEN = re.compile(f"[{_SEPARATORS}]")


def _parts(chain: str) -> list[str]:
    bare = chain.rstrip("+#")
    parts = _BETWEEN.split(bare)
    if not has_digit(parts[-1]):  # "100+" is a number, "c++" a word
        parts[-1] += chain[len(bare) :]
    return parts


def has_digit(word: str) -> bool:
    """Whether there is a digit in it, of any script."""
    return not word.isalpha() and _HAS_DIGIT.search(word) is not None


# Han, kana, Thai, Lao, Myanmar, Khmer: written without spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_RUN = re.compile(f"([{_UNSPACED}]+)|[^{_UNSPACED}]+")


def pairs(word: str) -> list[str]:
    """The word itself; of a script without spaces, each two neighbouring letters.

    >>> pairs("armchair"), pairs("\u7d05\u3044\u6905\u5b50")
    (['armchair'], ['紅い', 'い椅', '椅子'])
    """
    if word.isascii():
        return [word]
    found: list[str] = []
    for run in _RUN.finditer(word):
        if run[1] is None:
            found.append(run[0])
            continue
        clusters: list[str] = []
        for c in run[0]:
            if clusters and unicodedata.category(c)[0] == "M":
                clusters[-1] += c
            else:
                clusters.append(c)
        two = [a + b for a, b in pairwise(clusters)]
        found += two or clusters
    return found
