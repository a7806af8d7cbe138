"""How a combiner learns: from the weighted sum on, more and more freely, while it gets better.

The scores of a triple's gallery are linear in what is learnt, so the softmax loss is convex: with a
penalty on the correction it has one best point, and nothing hangs on the start or on luck.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.encode.combiner import forward, inputs
from cospace.progress import Meter
from cospace.train.adamw import AdamW
from cospace.train.card import Point
from cospace.train.losses import unit

__all__ = ["PENALTIES", "STEPS", "Path", "Rows", "best_share", "chance", "learn", "right", "summed"]

# On half the square of the correction, from hardly free to free.
PENALTIES = (1.0, 0.3, 0.1, 0.03)
STEPS = 50  # for each
_DIRECTIONS, _SCALE, _BATCH = 128, 20.0, 1_024
_SHARES = tuple(round(0.05 * i, 2) for i in range(1, 20))  # of the text in the sum

Array: TypeAlias = NDArray[np.float32]
Places: TypeAlias = NDArray[np.intp]


class Rows(NamedTuple):
    """The unit rows of triples, float32 [n, d] each: references, texts, targets."""

    a: Array
    b: Array
    y: Array

    def at(self, places: Places) -> Rows:
        """The triples at these positions."""
        return Rows(self.a[places], self.b[places], self.y[places])


class Path(NamedTuple):
    """The combiner after each penalty, its first being the sum, and how it went."""

    tensors: list[dict[str, Array]]
    points: list[Point]

    @property
    def best(self) -> int:
        """How many penalties in it was best; of equals the first."""
        return max(range(len(self.points)), key=lambda i: self.points[i].held)


def learn(
    rows: Rows,
    group: Places,
    share: float,
    *,
    watched: Rows | None = None,
    penalties: int = len(PENALTIES),
    seed: int = 0,
    meter: Meter | None = None,
) -> Path:
    """The combiner after each of the first `penalties`, and the mean of 1 / rank on `watched`.

    Softmax loss: of all targets and references of a batch, but its own reference, a triple's
    target is to be nearest. A batch holds the triples of a group together, which are each other's
    hardest negatives.
    """
    directions = _directions(rows)
    sums = 2 * _SCALE * np.array([1 - share, share], np.float32)
    mix = np.zeros((2 * directions.shape[1] + 1, directions.shape[1]), np.float32)
    random = np.random.default_rng(seed)
    batches = [_Batch(rows.at(part), directions) for part in _parts(group, random)]
    path = Path([], [])
    start = float(np.mean([batch.slopes(sums, mix, 0.0)[0] for batch in batches]))
    _keep(path, directions, sums, mix, watched, start)
    for penalty in PENALTIES[:penalties]:
        each = max(1, STEPS // len(batches))
        optimiser = AdamW(
            {"sum": sums, "mix": mix}, steps=each * len(batches), rate=0.02, decay=0.0
        )
        loss = 0.0
        for _ in range(each):
            loss = 0.0
            for batch in batches:
                value, slopes = batch.slopes(sums, mix, penalty)
                optimiser.step(slopes)
                loss += value / len(batches)
        _keep(path, directions, sums, mix, watched, loss)
        if meter is not None:
            meter.add(1)
    return path


class _Batch:
    """Some triples, with what does not change while the combiner learns."""

    def __init__(self, rows: Rows, directions: Array) -> None:
        self.gallery, self.target, self.reference = _gallery(rows)
        self.z = inputs(directions, rows.a, rows.b).astype(np.float32)
        self.along = self.gallery @ directions
        self.a, self.b = rows.a @ self.gallery.T, rows.b @ self.gallery.T

    def slopes(self, sums: Array, mix: Array, penalty: float) -> tuple[float, dict[str, Array]]:
        """The loss, and its gradient by the weights of the sum and by the mix."""
        own = np.arange(len(self.z))
        scores = sums[0] * self.a + sums[1] * self.b
        scores += np.float32(_SCALE) * (self.z @ mix) @ self.along.T
        apart = self.reference != self.target
        scores[own[apart], self.reference[apart]] = -np.inf
        scores -= scores.max(axis=1, keepdims=True)
        shares = np.exp(scores)
        shares /= shares.sum(axis=1, keepdims=True)
        value = -np.log(shares[own, self.target] + 1e-30).mean() + penalty / 2 * (mix**2).sum()
        shares[own, self.target] -= 1
        shares /= len(own)
        slope = self.z.T @ (shares @ self.along) * np.float32(_SCALE) + np.float32(penalty) * mix
        by_sum = np.array([(shares * self.a).sum(), (shares * self.b).sum()], np.float32)
        return float(value), {"sum": by_sum, "mix": slope}


def _keep(
    path: Path, directions: Array, sums: Array, mix: Array, watched: Rows | None, loss: float
) -> None:
    made = {"sum": sums / np.float32(_SCALE), "directions": directions, "mix": mix.copy()}
    path.tensors.append(made)
    held = float("nan")
    if watched is not None:
        held = float((1 / ranks(forward(made, watched.a, watched.b), watched)).mean())
    path.points.append(Point(len(path.points), loss, held))


def _directions(rows: Rows) -> Array:
    """The directions [d, r] in which targets differ most from their references."""
    apart = (rows.y - rows.a).astype(np.float64)
    _, vectors = np.linalg.eigh(apart.T @ apart)
    made: Array = vectors[:, ::-1][:, :_DIRECTIONS].astype(np.float32)
    return np.ascontiguousarray(made)


def _parts(group: Places, random: np.random.Generator) -> list[Places]:
    """The triples in batches, those of a group together."""
    drawn = random.permutation(int(group.max()) + 1)[group]
    order = np.lexsort((np.arange(len(group)), drawn))
    return [order[at : at + _BATCH] for at in range(0, len(order), _BATCH)]


def summed(rows: Rows, share: float) -> Array:
    """The unit rows of the sum in which the text has this share."""
    return unit(np.float32(1 - share) * rows.a + np.float32(share) * rows.b)


def best_share(rows: Rows) -> float:
    """The share of the text that is best in the sum, by recall@1; of equals the middle one."""
    means = [float(right(summed(rows, share), rows).mean()) for share in _SHARES]
    best = [share for share, mean in zip(_SHARES, means, strict=True) if mean == max(means)]
    return best[len(best) // 2]


def chance(rows: Rows) -> float:
    """What `right` is on average in a random order."""
    return 1 / max(1, len(_gallery(rows)[0]) - 1)


def right(asked: NDArray[np.floating], rows: Rows) -> NDArray[np.float64]:
    """1 where a triple's target comes first, 0 where it does not: float64 [n]; ties lose."""
    found: NDArray[np.float64] = (ranks(asked, rows) == 1).astype(np.float64)
    return found


def ranks(asked: NDArray[np.floating], rows: Rows) -> NDArray[np.float64]:
    """The rank of each triple's target, from 1, its reference left out; of equals the last.

    What is ranked is the different targets and references of `rows`.
    """
    gallery, target, reference = _gallery(rows)
    scores = asked @ gallery.T
    own = np.arange(len(asked))
    mine = scores[own, target].copy()
    scores[own, target] = scores[own, reference] = -np.inf
    found: NDArray[np.float64] = 1.0 + (scores >= mine[:, None]).sum(axis=1)
    return found


def _gallery(rows: Rows) -> tuple[Array, Places, Places]:
    """The different targets and references, and where those of each triple stand."""
    both = np.concatenate([rows.y, rows.a])
    gallery, where = np.unique(both, axis=0, return_inverse=True)
    where = where.reshape(-1).astype(np.intp)
    return gallery, where[: len(rows.y)], where[len(rows.y) :]
