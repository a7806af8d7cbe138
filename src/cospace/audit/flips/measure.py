"""Does the score notice when a word turns the meaning? Flipped texts against harmless edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from cospace.audit.flips.edits import HARMLESS, KINDS, Flip, Flips, harmless
from cospace.encode import Encoder
from cospace.progress import Meter

__all__ = ["SAMPLE", "Flipped", "measure_flips"]

SAMPLE = 64  # texts of a kind
_LONGEST = 4_000  # characters: longer texts would be cut by the model, the flipped word with them
_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Flipped:
    """One flipped text of the item `number`: what the flip cost, and what harmless edits did.

    Costs are differences of cosines with the question, which is the item's own sentence. It was
    `noticed` when the flip cost more than every harmless edit of the same text. `above` says that
    the flipped text scored at least as high as the original.
    """

    number: int
    flip: Flip
    cost: float
    noise: float

    @property
    def noticed(self) -> bool:
        """Whether the score fell by more than harmless edits make it fall."""
        return self.cost > max(self.noise, 0.0)

    @property
    def above(self) -> bool:
        """Whether the flipped text is as near to the question as the original, or nearer."""
        return self.cost <= 0


def measure_flips(
    texts: Sequence[str | None],
    model: Encoder,
    flips: Flips,
    *,
    sample: int = SAMPLE,
    seed: int = 0,
    meter: Meter | None = None,
) -> dict[str, list[Flipped]]:
    """Up to `sample` flipped texts of each kind, the items drawn; by kind, in the drawn order.

    >>> import cospace as cs
    >>> texts = ["A red chair.", "A blue chair.", "Table with 4 chairs."]
    >>> found = measure_flips(texts, cs.load("starter"), Flips("english", texts))
    >>> {kind: len(some) for kind, some in found.items()}
    {'negation': 1, 'number': 1, 'size': 0, 'colour': 2, 'name': 0}
    """
    order = np.random.default_rng(seed).permutation(len(texts)).tolist()
    fit = [n for n in order if texts[n] is not None and len(texts[n] or "") <= _LONGEST]
    chosen: dict[str, list[tuple[int, Flip]]] = {}
    for kind in KINDS:
        able = ((n, flips.of(kind, texts[n] or "")) for n in fit)
        chosen[kind] = list(islice(((n, one) for n, one in able if one is not None), sample))
    tries = [pair for some in chosen.values() for pair in some]
    plain = _plain(sorted({number for number, _ in tries}), texts, model)
    found: dict[str, list[Flipped]] = {kind: [] for kind in KINDS}
    for start in range(0, len(tries), _AT_ONCE):
        part = tries[start : start + _AT_ONCE]
        asked = model.encode_query([flip.asked for _, flip in part]).normalized
        turned = model.encode_document([flip.text for _, flip in part]).normalized
        held = np.stack([plain[number] for number, _ in part])
        scores = np.einsum("nd,nkd->nk", asked, held)
        cost = scores[:, 0] - np.einsum("nd,nd->n", asked, turned)
        noise = (scores[:, :1] - scores[:, 1:]).max(axis=1)
        for at, (number, flip) in enumerate(part):
            found[flip.kind].append(Flipped(number, flip, float(cost[at]), float(noise[at])))
        if meter is not None:
            meter.add(0)
    return found


def _plain(
    numbers: Sequence[int], texts: Sequence[str | None], model: Encoder
) -> dict[int, NDArray[np.float32]]:
    """The vectors of each text and of its harmless edits: float32 [1 + edits, dim]."""
    found: dict[int, NDArray[np.float32]] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        versions = [one for n in part for one in (texts[n] or "", *harmless(texts[n] or ""))]
        rows = model.encode_document(versions).normalized
        found |= zip(part, rows.reshape(len(part), 1 + len(HARMLESS), -1), strict=True)
    return found
