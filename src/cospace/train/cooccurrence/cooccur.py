"""Co-occurrences: which words stand near which, and how often, counted in memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.train.corpus import Corpus

__all__ = [
    "Pairs",
    "Places",
    "batch_bytes",
    "count_pairs",
    "estimate_pairs",
    "find_places",
    "most_pairs",
]

BATCH = 1 << 20  # pairs that one thread makes room for at a time: 12 MB
SAMPLE = 1_000  # words whose rows are counted to foretell all


@dataclass(frozen=True)
class Places:
    """Where each word stands: word w at `places[starts[w]:starts[w + 1]]` of `tokens`, rising."""

    tokens: NDArray[np.int32]
    places: NDArray[Any]
    starts: NDArray[np.int64]

    @property
    def words(self) -> int:
        """The words of the vocabulary."""
        return len(self.starts) - 1


@dataclass(frozen=True)
class Pairs:
    """Co-occurrences of some words with words that are as common or commoner.

    Those of `words[k]` end before `ends[k]`; `columns` int32 [m] are the other words and
    `counts` float64 [m] the weighted sums. The matrix is symmetric, and this is its one half.
    """

    words: NDArray[np.int64]
    ends: NDArray[np.int64]
    columns: NDArray[np.int32]
    counts: NDArray[np.float64]


def find_places(corpus: Corpus) -> Places:
    """The places of each word of the corpus: 4 bytes a token, 8 beyond two billion tokens.

    Raises `BadInput` for a vocabulary of fewer than two words, and for a token that is no word.
    """
    from cospace.train.kernels.cooccurrences import fill_places, tally_words

    if len(corpus.words) < 2:
        raise BadInput(
            "GloVe learns from pairs of words, and needs a vocabulary of two words or more; this"
            f" corpus has {len(corpus.words)}. Give more text, or a smaller min_count"
        )
    counts = np.zeros(len(corpus.words), np.int64)
    highest = tally_words(corpus.tokens, counts)
    if highest >= len(counts):
        raise BadInput(f"token {highest} is not among the corpus's {len(counts):,} words")
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    kind = np.int32 if corpus.tokens.size < 1 << 31 else np.int64
    places = np.empty(starts[-1], kind)
    fill_places(corpus.tokens, starts[:-1].copy(), places)
    return Places(corpus.tokens, places, starts)


def most_pairs(places: Places, words: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """The most pairs that each of the words can have, int64 [k]: by its rank, and its places."""
    stands = places.starts[words + 1] - places.starts[words]
    found: NDArray[np.int64] = np.minimum(words + 1, stands * (2 * window))
    return found


def batch_bytes(places: Places, window: int) -> int:
    """The bytes that one thread counts in: a batch, or all pairs where they are fewer."""
    most = int(most_pairs(places, np.arange(places.words), window).sum())
    return 12 * min(most, BATCH) + 8 * places.words


def estimate_pairs(places: Places, window: int) -> int:
    """About how many pairs there are: as large a share of the most there can be as in a sample.

    The sample are the rows of a thousand words, spread evenly over all ranks.
    """
    step = max(1, places.words // SAMPLE)
    sample = np.arange(step // 2, places.words, step)
    batches = _batches(sample, most_pairs(places, sample, window))
    found = sum(len(_count(places, words, window).columns) for words in batches)
    most = most_pairs(places, np.arange(places.words), window)
    return round(found / max(1, int(most[sample].sum())) * int(most.sum()))


def count_pairs(places: Places, window: int, *, workers: int = 1) -> list[Pairs]:
    """All pairs of words within `window` of one another, each with the sum of 1 / distance.

    That is X of Pennington, Socher and Manning, GloVe (2014), section 4.2: "word pairs that are
    d words apart contribute 1/d to the total count". Windows end with the sentence. The counts
    are the same to the bit for any number of `workers`, for each row is one worker's.

    Raises `BadInput` when there is no pair at all.
    """
    words = np.arange(places.words)
    batches = _batches(words, most_pairs(places, words, window))
    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(lambda batch: _count(places, batch, window), batches))
    if not any(len(pairs.columns) for pairs in found):
        raise BadInput(
            "no two words of this corpus stand in one sentence: there is nothing to learn from"
        )
    return found


def _batches(words: NDArray[np.int64], most: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The words in stretches of at most a batch's pairs, or of one word that has more."""
    sums = np.cumsum(most)
    start = 0
    while start < len(words):
        done = sums[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(sums, done + BATCH, side="right")))
        yield words[start:end]
        start = end


def _count(places: Places, words: NDArray[np.int64], window: int) -> Pairs:
    from cospace.train.kernels.cooccurrences import count_rows

    room = int(most_pairs(places, words, window).sum()) + 1  # one to spare: see the kernel
    ends = np.empty(len(words), np.int64)
    columns = np.empty(room, np.int32)
    counts = np.empty(room, np.float64)
    row = np.zeros(places.words + window + 1)
    size = count_rows(
        places.tokens,
        places.places,
        places.starts,
        words,
        1 / np.arange(1, window + 1),
        (ends, columns, counts, row),
    )
    return Pairs(words, ends, columns[:size].copy(), counts[:size].copy())
