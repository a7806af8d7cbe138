"""Corpus: the words of texts as integers, with how often each was seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cospace.arguments import check_count, is_one_of
from cospace.encode.words.reading import SPLITS
from cospace.errors import BadArgument, BadInput, BadItem

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Corpus", "Source", "read_corpus"]

Source: TypeAlias = "str | PathLike[str] | Iterable[Iterable[str]] | Corpus"

_BLOCK = 1 << 22


@dataclass(frozen=True)
class Corpus:
    """A corpus that was read: `tokens` int32 [t] are places in `words`, and -1 ends a sentence.

    `words` are in order of falling `counts` (int64 [n]), and then of the alphabet. Words seen
    too rarely are not among them, and their tokens are left out; `notes` tell how many. `split`
    says how texts became words. `total` counts all tokens that were read. A large corpus's
    `tokens` are a memory map. `min_count` is what was asked for when it was read.
    """

    words: Sequence[str]
    counts: NDArray[np.int64]
    tokens: NDArray[np.int32]
    split: str
    notes: tuple[str, ...] = ()
    total: int = 0
    min_count: int = 1

    @cached_property
    def fingerprint(self) -> str:
        """sha256, in hex, of the words, their counts and all tokens."""
        digest = hashlib.sha256("\n".join(self.words).encode())
        digest.update(self.counts.tobytes())
        for start in range(0, len(self.tokens), _BLOCK):
            digest.update(self.tokens[start : start + _BLOCK].tobytes())
        return digest.hexdigest()


def read_corpus(source: Source, *, split: str = "", min_count: int = 5) -> Corpus:
    """The corpus in a text file (also .gz, .xz, .bz2, .zst), a folder of them, or lists of words.

    A line is a sentence, and no context crosses its end. `split` is "words" (lower-cased runs of
    letters and digits; the default), "cased" (the same as written) or "spaces" (what stands
    between spaces). Lists are taken as they are: there it says how the model will read texts, by
    default by "spaces". A `Corpus` is given back. Nothing is cut at any length. Words seen fewer
    than `min_count` times are left out.

    Raises `NotFound`, `BadItem` for a file that is no text or is damaged (in a folder it is noted
    in `notes`, and the rest is read), and `BadInput` where fewer than two words remain.

    >>> corpus = read_corpus([["a", "red", "chair"], ["a", "lamp"]], min_count=1)
    >>> corpus.words, corpus.tokens
    (['a', 'chair', 'lamp', 'red'], array([ 0,  3,  1, -1,  0,  2, -1], dtype=int32))
    """
    if isinstance(source, Corpus):
        return source
    if split is not None and not is_one_of(split, ("", *SPLITS)):
        raise BadArgument(f"split is one of {', '.join(SPLITS)}, not {split!r}")
    min_count = check_count("min_count", min_count)
    from cospace.train.counting import ListCounter, TextCounter

    if isinstance(source, (str, PathLike)):
        split = split or "words"
        texts = TextCounter(split)
        notes = _read_files(texts, Path(source))
        return _ranked(*texts.finish(), min_count, split, notes)
    if not hasattr(source, "__iter__"):
        raise BadArgument(f"a corpus is a file, a folder or lists of words, not {source!r:.80}")
    lists = ListCounter()
    lists.read(source)
    notes = [f"{lists.odd:,} words were left out: empty, too long, or broken"] if lists.odd else []
    return _ranked(*lists.finish(), min_count, split or "spaces", notes)


def _read_files(counter: object, path: Path) -> list[str]:
    """Reads all files; what to tell of them."""
    from cospace.train.counting import TextCounter
    from cospace.train.sources import text_files

    assert isinstance(counter, TextCounter)
    notes = []
    files = text_files(path)
    for file in files:
        try:
            counter.read(file)
        except BadItem as error:
            if len(files) == 1:
                raise
            notes.append(f"left out, or read in part: {error}")
    if counter.broken:
        notes.append(f"{counter.broken:,} bytes are not UTF-8; each counts as a space")
    if counter.long:
        notes.append(f"{counter.long:,} words were left out: longer than the limit word_bytes")
    if counter.cut:
        notes.append(f"{counter.cut:,} places without a space for 4 MB: words were cut there")
    return notes


def _ranked(
    words: list[bytes],
    counts: NDArray[np.int64],
    tokens: NDArray[np.int32],
    min_count: int,
    split: str,
    notes: list[str],
) -> Corpus:
    """The corpus with ranks for numbers, in the same memory."""
    from cospace.train.kernels.scan import rank_tokens

    total = int(counts.sum())
    if not total:
        raise BadInput("the corpus is empty: it holds no word")
    kept = list(np.flatnonzero(counts >= min_count))
    kept.sort(key=lambda n: (-counts[n], words[n]))
    rare = total - int(counts[kept].sum())
    if len(kept) < 2:
        raise BadInput(
            f"the corpus has {len(words):,} different words, and {len(kept)} of them {min_count}"
            f" times or more: two at least are needed. Give more text, or a smaller min_count"
        )
    if rare:
        left = len(words) - len(kept)
        notes.append(
            f"{left:,} words seen fewer than {min_count} times were left out ({rare:,} tokens"
            f" of {total:,})"
        )
    ranks = np.full(len(words), -1, np.int32)
    ranks[kept] = np.arange(len(kept), dtype=np.int32)
    count, last = 0, -1
    for start in range(0, len(tokens), _BLOCK):
        written = rank_tokens(tokens[start : start + _BLOCK], ranks, tokens[count:], last)
        count += written
        last = int(tokens[count - 1]) if count else -1
    return Corpus(
        [words[n].decode() for n in kept],
        np.ascontiguousarray(counts[kept]),
        tokens[:count],
        split,
        tuple(notes),
        total,
        min_count,
    )
