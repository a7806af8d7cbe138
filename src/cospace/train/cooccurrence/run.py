"""GloveRun: GloVe, epoch by epoch, in blocks of pairs that share no word."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.words import WordVectors
from cospace.train.cooccurrence.blocks import CLASSES, blocks_of, deal_blocks, rounds, share
from cospace.train.cooccurrence.cooccur import (
    batch_bytes,
    count_pairs,
    estimate_pairs,
    find_places,
)
from cospace.train.cooccurrence.table import first_table, table_bytes
from cospace.train.running import Pulse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.train.corpus import Corpus
    from cospace.train.options import Settings

__all__ = ["ALPHA", "GloveRun"]

ALPHA = 0.75  # the power by which rare pairs weigh less: the paper's
_PAIR = 12  # bytes of a pair while pairs are counted: a word and a count
_DEALT = 16  # bytes of a row of `Blocks.pairs`


class GloveRun:
    """A training of GloVe: each epoch visits all pairs of words that stand near one another.

    Vectors w and context vectors c, and biases b, are moved until w_i . c_j + b_i + b'_j is near
    log X_ij, where X_ij says how often j stands near i; pairs that are seen seldom weigh less:

        J = sum over i, j of f(X_ij) (w_i . c_j + b_i + b'_j - log X_ij)^2

    That is equation 8 of Pennington, Socher and Manning, GloVe: Global Vectors for Word
    Representation (2014). The step down its gradient stands in `kernels/adagrad.py`, with the one
    thing in which Stanford's program departs from it, as this does.

    The pairs lie in blocks, and those of a round share no word, so threads never wait and never
    meet: any number of `workers` comes to the same bits. The order of the rounds follows from the
    seed and the number of the epoch alone, so a run that is taken up again does too.

    Raises `BadInput` for a corpus of fewer than two words, or in which no two stand together.

    >>> from cospace.train import read_corpus
    >>> from cospace.train.options import Settings
    >>> corpus = read_corpus([["a", "red", "sofa"], ["a", "blue", "sofa"]] * 50, min_count=1)
    >>> run = GloveRun(corpus, Settings("glove", dim=4, window=10, rate=0.05, x_max=10))
    >>> quiet = lambda share, loss: None
    >>> run.epoch(0, quiet) > run.epoch(1, quiet)
    True
    """

    def __init__(self, corpus: Corpus, settings: Settings) -> None:
        self._corpus, self._settings = corpus, settings
        found = count_pairs(find_places(corpus), settings.window, workers=settings.workers)
        self._blocks = deal_blocks(found, x_max=settings.x_max, alpha=ALPHA)
        self._losses = np.zeros(blocks_of(CLASSES))
        self._table, self._biases = first_table(len(corpus.words), settings.dim, settings.seed)
        one, other = self._blocks.pairs[:, 0], self._blocks.pairs[:, 1]
        self.work = 2 * len(one) - int(np.count_nonzero(one == other))

    @staticmethod
    def memory(corpus: Corpus, settings: Settings) -> int:
        """The bytes that a training takes at its height, its tokens and its result included.

        How many pairs there will be is foretold from the rows of a thousand words. Raises
        `BadInput` as `GloveRun` does.
        """
        places = find_places(corpus)
        pairs = estimate_pairs(places, settings.window)
        counting = places.places.nbytes + _PAIR * pairs
        dealing = (_PAIR + _DEALT) * pairs
        training = _DEALT * pairs + table_bytes(places.words, settings.dim)
        result = 4 * places.words * settings.dim
        buffers = settings.workers * batch_bytes(places, settings.window)  # kept by the allocator
        return corpus.tokens.nbytes + buffers + max(counting, dealing, training + result)

    def epoch(self, number: int, pulse: Pulse) -> float:
        """The mean loss over all pairs, after a visit to each; `pulse` is called 64 times."""
        random = np.random.default_rng([self._settings.seed, number])
        sizes = np.diff(self._blocks.bounds)
        schedule = rounds()
        done = 0
        with ThreadPoolExecutor(self._settings.workers) as pool:
            for turn in random.permutation(len(schedule)):
                hands = share(schedule[turn], sizes, self._settings.workers)
                list(pool.map(self._descend, hands))
                done += int(sizes[schedule[turn]].sum())
                late = self._losses[schedule[turn]].sum() / max(1, 2 * sizes[schedule[turn]].sum())
                pulse(done / len(self._blocks.pairs), float(late))
        return float(self._losses.sum()) / self.work

    def sound(self) -> bool:
        """False when a number is no longer finite."""
        rows = self._table.reshape(-1, self._table.shape[-1])
        norms = np.einsum("ij,ij->i", rows, rows)  # in float32, and no copy of the table
        return bool(np.isfinite(norms).all() and np.isfinite(self._biases).all())

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The table and the biases, with AdaGrad's sums; the pairs are counted again."""
        return {"table": self._table, "biases": self._biases}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes both back, in place."""
        self._table[:], self._biases[:] = state["table"], state["biases"]

    def table(self) -> WordVectors:
        """The vectors as they are: the sum of what each word is as a word and as a context.

        Section 4.2 of the paper: the two differ by chance alone, and their sum has less of it.
        """
        rows = self._table[:, :, 0, : self._settings.dim].sum(axis=1)
        return WordVectors(self._corpus.words, rows, self._corpus.counts)

    def _descend(self, hand: NDArray[np.int64]) -> None:
        from cospace.train.kernels.adagrad import descend

        blocks = self._blocks
        turn = (hand, self._losses, np.float32(self._settings.rate))
        descend(self._table, self._biases, blocks.pairs, blocks.values, blocks.bounds, turn)
