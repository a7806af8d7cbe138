"""The static student while it learns: a table of the teacher's tokens, in numpy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.static import Ids, Words, bare, save_static
from cospace.errors import BadItem
from cospace.train.losses import clip_loss, equal_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.model import Model
    from cospace.space import Space

__all__ = ["StaticLearner", "static_learner"]

# Of the loss: the scale of the softmax, and what it counts for beside the cosine.
_SCALE, _CONTRAST = 20.0, 0.2

_RATE = 2e-3

# Of few texts an epoch has this many batches at least, while they hold this many texts.
_STEPS, _FEWEST = 20, 8

# A token counts a / (a + p) in a text, where p is its share of all tokens: Arora et al., A Simple
# but Tough-to-Beat Baseline for Sentence Embeddings (2017). It is where learning begins.
_SMOOTH = 1e-3

# Of a text that is learnt from; the rest of a long one costs time and says little more.
_MOST_TOKENS = 256

_WINDOW = 1_024


class StaticLearner:
    """Learns `table` [tokens, dim], such that texts' sums of rows point where the teacher says.

    The loss is 1 - cosine, and 0.2 of a softmax loss in which the other texts of the batch are
    negatives. Its gradient goes back through the sums; Adam's moments are kept a row, and move
    when the row's token is met.
    """

    batch = 256

    def __init__(self, table: NDArray[np.float32], ids: Ids, tokenizer: bytes) -> None:
        self.table = table
        self._tokenizer = tokenizer
        self._flat, self._ends = ids
        self._first, self._second = np.zeros_like(table), np.zeros_like(table)
        self._done = 0

    def encode(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """Its unit rows [n, dim] of texts of the lesson."""
        windows = [positions[i : i + _WINDOW] for i in range(0, len(positions), _WINDOW)]
        return np.concatenate([self._unit(*self._tokens(window))[0] for window in windows])

    def batches(
        self, positions: NDArray[np.intp], random: np.random.Generator
    ) -> Iterator[NDArray[np.intp]]:
        """The texts of an epoch, drawn anew; those without a token are left out."""
        there = positions[self._ends[positions + 1] > self._ends[positions]]
        order = random.permutation(there)
        size = min(self.batch, max(_FEWEST, len(order) // _STEPS))
        for start in range(0, len(order), size):
            yield order[start : start + size]

    def step(self, positions: NDArray[np.intp], rows: NDArray[np.float32], share: float) -> float:
        """Learns that texts have the teacher's `rows` [n, dim]; the loss."""
        flat, starts = self._tokens(positions)
        x, norms = self._unit(flat, starts)
        contrast = clip_loss(x, rows, _SCALE, equal_rows(rows))
        slope = (_CONTRAST * contrast.x - rows / len(rows)).astype(np.float32)
        # Of a unit row only what is at right angles to it can change.
        slope -= x * np.einsum("ij,ij->i", x, slope)[:, None]
        slope /= norms
        self._move(flat, starts, slope, share)
        cosine = float(np.einsum("ij,ij->i", x, rows).mean())
        return 1 - cosine + _CONTRAST * contrast.value

    def state(self) -> NDArray[np.float32]:
        """A copy of the table."""
        return self.table.copy()

    def restore(self, state: NDArray[np.float32]) -> None:
        """Takes a table back."""
        self.table = state

    def blank(self) -> StaticLearner:
        """Another whose table is random."""
        random = np.random.default_rng(0)
        table = 0.05 * random.standard_normal(self.table.shape, np.float32)
        return StaticLearner(table, Ids(self._flat, self._ends), self._tokenizer)

    def write(self, folder: Path, name: str, teacher: Space, training: dict[str, Any]) -> None:
        """Writes the model folder."""
        save_static(
            folder, self.table, self._tokenizer, name=name, teacher=teacher, training=training
        )

    def _tokens(self, positions: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(the tokens of texts, one after the other; where each text's begin)."""
        first = self._ends[positions]
        lengths = np.minimum(self._ends[positions + 1] - first, _MOST_TOKENS)
        starts = np.cumsum(lengths) - lengths
        into = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
        return self._flat[np.repeat(first, lengths) + into], starts

    def _unit(
        self, flat: NDArray[np.int64], starts: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(the unit rows of texts, how long their sums are)."""
        sums = np.zeros((len(starts), self.table.shape[1]), np.float32)
        there = np.diff(np.append(starts, len(flat))) > 0
        if there.any():
            sums[there] = np.add.reduceat(self.table[flat], starts[there], axis=0)
        norms = np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6).astype(np.float32)
        return sums / norms, norms

    def _move(
        self,
        flat: NDArray[np.int64],
        starts: NDArray[np.int64],
        slope: NDArray[np.float32],
        share: float,
    ) -> None:
        """One step of Adam for the rows of the tokens that were met."""
        text = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(flat))))
        order = np.argsort(flat, kind="stable")
        tokens, begins = np.unique(flat[order], return_index=True)
        gradient = np.add.reduceat(slope[text[order]], begins, axis=0)
        self._done += 1
        rate = _RATE * (1 + np.cos(np.pi * share)) / 2
        first, second = self._first[tokens], self._second[tokens]
        first += 0.1 * (gradient - first)
        second += 0.01 * (gradient * gradient - second)
        self._first[tokens], self._second[tokens] = first, second
        low, high = 1 - 0.9**self._done, 1 - 0.99**self._done
        self.table[tokens] -= np.float32(rate / low) * first / (np.sqrt(second / high) + 1e-8)


def static_learner(teacher: Model, texts: list[str]) -> StaticLearner:
    """A learner that begins with the teacher's vectors of its tokens, rare ones counting more.

    Raises `BadArgument` for a teacher whose tokenizer is not here.
    """
    from tokenizers import Tokenizer

    tokenizer = bare(teacher.text_tower().tokenizer.to_str().encode())
    cut = Tokenizer.from_str(tokenizer.decode())
    windows = [texts[i : i + _WINDOW] for i in range(0, len(texts), _WINDOW)]
    words = Words(lambda some: list(cut.encode_batch_fast(some, add_special_tokens=False)))
    ids = _joined([words.ids(window) for window in windows])
    counts = np.bincount(ids.flat, minlength=cut.get_vocab_size()) + 1.0
    shares = counts / counts.sum()
    rows = _token_rows(teacher, cut)
    rows -= (shares[:, None] * rows).sum(0).astype(np.float32)
    rows *= (_SMOOTH / (_SMOOTH + shares))[:, None].astype(np.float32)
    return StaticLearner(rows, ids, tokenizer)


def _joined(some: list[Ids]) -> Ids:
    lengths = np.concatenate([np.diff(one.ends) for one in some])
    ends = np.concatenate([[0], np.cumsum(lengths)])
    return Ids(np.concatenate([one.flat for one in some]), ends)


def _token_rows(teacher: Model, cut: Any) -> NDArray[np.float32]:
    """The teacher's unit vector of each token alone, float32 [tokens, dim]; or zeros."""
    tokens = [_shown(cut.id_to_token(i) or "") for i in range(cut.get_vocab_size())]
    rows = np.zeros((len(tokens), teacher.space.dim), np.float32)
    for start in range(0, len(tokens), _WINDOW):
        window = tokens[start : start + _WINDOW]
        try:
            rows[start : start + len(window)] = teacher.encode_document(window).normalized
        except BadItem:  # one of them is no text: each by itself
            for i, token in enumerate(window, start):
                try:
                    rows[i] = teacher.encode_document([token]).normalized[0]
                except BadItem:
                    continue
    return rows


def _shown(token: str) -> str:
    """A token as text: without the mark that it goes on inside a word, or begins one.

    >>> _shown("##ing"), _shown("#")
    ('ing', '#')
    """
    return token.removeprefix("##").replace("\u2581", " ").strip() or token
