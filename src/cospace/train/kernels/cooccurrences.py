"""Kernels that count which words stand near which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.train.kernels.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["count_rows", "fill_places", "tally_words"]


@compiled
def tally_words(tokens: NDArray[np.int32], counts: NDArray[np.int64]) -> int:
    """The highest token; adds to `counts` how often each word stands in the corpus."""
    highest = -1
    for at in range(tokens.size):
        word = tokens[at]
        highest = max(highest, word)
        if 0 <= word < counts.size:
            counts[word] += 1
    return highest


@compiled
def fill_places(tokens: NDArray[np.int32], free: NDArray[np.int64], out: NDArray[Any]) -> None:
    """Writes where each word stands: the places of word w, rising, from `out[free[w]]` on.

    A counting sort: two looks at each token. `free` is used up.
    """
    for at in range(tokens.size):
        word = tokens[at]
        if word >= 0:
            out[free[word]] = at
            free[word] += 1


@compiled
def count_rows(
    tokens: NDArray[np.int32],
    places: NDArray[Any],
    starts: NDArray[np.int64],
    words: NDArray[np.int64],
    weights: NDArray[np.float64],
    out: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]],
) -> int:
    """The number of pairs found: each of `words` with the words that are as common or commoner.

    The places of a word are visited in turn, and `weights[d - 1]` of what stands d words away
    goes to a dense row: a sum with no sort and no table of hashes. A pair is counted from its
    rarer word alone, so once. A word beside itself is met from both ends, and counts twice, as
    the symmetric matrix has it.

    `out` is (ends, columns, counts, row): the pairs of word k end before `ends[k]`. `row` is the
    dense one, zero before and after, with a cell more for each distance and one to spare: what
    is not wanted goes there, so that nothing hangs on a branch no processor can foresee.
    """
    ends, columns, counts, row = out
    window = weights.size
    beyond = row.size - window - 1
    row[beyond:] = 1.0
    size = 0
    for k in range(words.size):
        word = words[k]
        first = size
        for at in range(starts[word], starts[word + 1]):
            place = np.int64(places[at])
            for way in (-1, 1):
                room = place if way < 0 else tokens.size - 1 - place
                reach = window if window < room else room  # min() of two types has no type
                for step in range(1, reach + 1):
                    other = tokens[place + way * step]
                    if other < 0:
                        break
                    to = int(other) if other <= word else beyond + step
                    columns[size] = to
                    size += row[to] == 0
                    row[to] += weights[step - 1]
        for at in range(first, size):
            counts[at] = row[columns[at]]
            row[columns[at]] = 0
        ends[k] = size
    return size
