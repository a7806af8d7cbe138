"""The beginning of a long text whose tokens are the first tokens of the whole.

A model reads a few hundred tokens. To cut a text of a million characters into all of its tokens,
and then to throw nearly all away, takes seconds. But a beginning may be cut off first only where
the tokenizer can never see across the cut. These are the places where that is proven:

1. before a space (U+0020) that stands after a letter or a digit. All normalizers listed here
   rewrite the two sides apart from each other: Unicode's normal forms never compose a space with
   what stands before it, and a pattern that is replaced holds no space, or is a run of space that
   begins at the cut. And a pre-tokenizer listed here begins a new word at a space: no pattern of
   theirs matches something that is not space together with the space after it.
2. between two ideographs, where BERT's normalizer puts spaces around each.

The words before the cut are then the first words of the whole text, and a model of any kind
(WordPiece, BPE, Unigram, WordLevel) reads each word by itself. A tokenizer with any other part
is given the whole text.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any

__all__ = ["Cutter", "cutter", "first_length"]

# A place in a text and that text: the last safe place up to there, or 0.
Cutter = Callable[[str, int], int]

# Characters of the first beginning that is tried, for each token that the model reads. English
# has four to five; a beginning with too few tokens is tried again, twice as long.
_PER_TOKEN = 8

_LOCAL = frozenset(
    ("BertNormalizer", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled", "Prepend",
     "Strip", "StripAccents")
)  # fmt: skip
# Runs of space, which a cut leaves whole.
_RUNS = frozenset((r"\s+", r" {2,}"))
# Split by these patterns, no word reaches from what is not space into the space after it: of
# CLIP, GPT-2, Llama 3 and Qwen 2.
_CONTRACTIONS = r"'s|'t|'re|'ve|'m|'ll|'d|"
_LETTERS = r"|[^\r\n\p{L}\p{N}]?\p{L}+|"
_REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_WORDS = frozenset(
    (
        _CONTRACTIONS + r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+",
        _CONTRACTIONS + r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
        _CONTRACTIONS + r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)" + _LETTERS + r"\p{N}{1,3}" + _REST,
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)" + _LETTERS + r"\p{N}" + _REST,
    )
)

_APART = frozenset(("Contiguous", "Isolated", "Removed"))


def first_length(tokens: int) -> int:
    """How many characters are read first for that many tokens.

    >>> first_length(256)
    2048
    """
    return _PER_TOKEN * tokens


def cutter(tokenizer: Any) -> Cutter | None:
    """What finds a safe place in a text for this tokenizer; None where none is proven safe.

    >>> from tokenizers import Tokenizer, models, pre_tokenizers
    >>> tokenizer = Tokenizer(models.BPE())
    >>> cutter(tokenizer) is None
    True
    >>> tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    >>> cutter(tokenizer)("a red chair", 8)
    5
    """
    normalizers = _parts(tokenizer.normalizer, "normalizers")
    splitters = _parts(tokenizer.pre_tokenizer, "pretokenizers")
    if not all(map(_keeps_sides, normalizers)):
        return None
    marked = any("▁" in one.get("content", "") for one in normalizers)
    if not (_begins_marked(splitters) if marked else _begins_words(splitters)):
        return None
    added = _added(tokenizer)
    if any(map(_spans, added)):
        return None
    bert = {one["type"] for one in normalizers} <= {"BertNormalizer", "Lowercase"}
    spaced = bert and any(one.get("handle_chinese_chars") for one in normalizers)
    ideographs = spaced and not any(map(_is_ideograph, "".join(added)))
    return _by_ideograph if ideographs else _by_space


def _by_space(text: str, most: int) -> int:
    place = most + 1
    while (place := text.rfind(" ", 1, place)) > 0:
        if _is_word(text[place - 1]):
            return place
    return 0


def _by_ideograph(text: str, most: int) -> int:
    space = _by_space(text, most)
    for place in range(min(most, len(text) - 1), max(space, most - first_length(8)), -1):
        if _is_ideograph(text[place - 1]) and _is_ideograph(text[place]):
            return place
    return space


def _is_word(letter: str) -> bool:
    """A letter or digit; not one that Unicode joins to what follows (Prepend, such as U+0D4E)."""
    if letter.isascii():
        return letter.isalnum()
    kind = unicodedata.category(letter)
    return kind in ("Ll", "Lu", "Nd") or (
        kind == "Lo" and (letter < "\u0d4e" or "\u3041" <= letter <= "\ud7a3")
    )


def _is_ideograph(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff"


def _added(tokenizer: Any) -> list[str]:
    """What the tokens outside the vocabulary match, as it is and as the normalizer writes it."""
    found = tokenizer.get_added_tokens_decoder().values()
    contents = [one.content for one in found]
    if tokenizer.normalizer is not None:
        rewrite = tokenizer.normalizer.normalize_str
        contents += [rewrite(one.content) for one in found if one.normalized]
    return contents


def _parts(part: Any, inner: str) -> list[dict[str, Any]]:
    """The records of a normalizer or pre-tokenizer, sequences written out."""
    if part is None:
        return []
    return _flat(json.loads(part.__getstate__()), inner)


def _flat(record: dict[str, Any], inner: str) -> list[dict[str, Any]]:
    if record["type"] != "Sequence":
        return [record]
    return [one for part in record[inner] for one in _flat(part, inner)]


def _keeps_sides(record: dict[str, Any]) -> bool:
    """Whether a normalizer rewrites what stands before a space apart from the space."""
    if record["type"] != "Replace":
        return record["type"] in _LOCAL
    [(way, pattern)] = record["pattern"].items()
    if way == "String":
        return not _spans(pattern) or {pattern, record["content"]} == {" ", "▁"}
    if pattern in _RUNS:
        return bool(record["content"]) and record["content"] in " ▁"
    return _is_one_class(pattern)


def _is_one_class(pattern: str) -> bool:
    """Whether a pattern matches one character at a time, and never a space."""
    from tokenizers import Regex, normalizers

    inside = pattern[1:-1]
    if pattern[:1] != "[" or pattern[-1:] != "]" or "]" in inside or inside.endswith("\\"):
        return False
    return bool(normalizers.Replace(Regex(pattern), "x").normalize_str(" ▁") == " ▁")


def _begins_marked(records: list[dict[str, Any]]) -> bool:
    """The same where a normalizer has written a mark for spaces, which Metaspace splits at."""
    kinds = {one["type"] for one in records}
    plain = kinds <= {"Digits", "Metaspace", "Punctuation", "WhitespaceSplit"}
    split = any(one["type"] == "Metaspace" and one.get("split", True) for one in records)
    return plain and split and all(map(_stays_apart, records))


def _stays_apart(record: dict[str, Any]) -> bool:
    """Whether punctuation is not put together with what stands beside it."""
    return record["type"] != "Punctuation" or record["behavior"] in _APART


def _begins_words(records: list[dict[str, Any]]) -> bool:
    """Whether the pre-tokenizers begin a new word at each space, and never look across it."""
    split = False
    for one in records:
        kind = one["type"]
        if kind in ("BertPreTokenizer", "Whitespace", "WhitespaceSplit"):
            split = True
        elif kind == "Split":
            if one["pattern"].get("Regex") not in _WORDS or one["behavior"] not in _APART:
                return False
            split = True
        elif kind in ("ByteLevel", "Metaspace"):
            split = split or one.get("use_regex" if kind == "ByteLevel" else "split", True)
            if not split:
                return False  # it writes spaces as letters, which nobody splits at afterwards
        elif kind not in ("Digits", "Punctuation") or not _stays_apart(one):
            return False
    return split


def _spans(content: str) -> bool:
    """Whether it could reach across a space, as it is or as it is written."""
    return "▁" in content or any(letter.isspace() for letter in content)
