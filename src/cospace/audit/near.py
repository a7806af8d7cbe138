"""Pairs of vectors that are nearly the same: all of them, in less work than all comparisons."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks

__all__ = ["EXACT", "Pairs", "near_pairs", "nearest"]

# Up to so many vectors each is compared with all others.
EXACT = 20_000
MOST = 1_000_000  # pairs that are kept: of more, the nearest
_BLOCK = 2_048
_SIZE = 256  # vectors of a group, about
_ROUNDS = 3  # of k-means
_CHECKED = 600  # vectors compared with all others, to tell how many pairs were missed
# A pair is looked for across the border of two groups up to so many standard deviations of what
# a displacement in no particular direction has along the line between their middles.
_REACH = 4.0
_SLACK = 1e-5  # float32 may say less than the true cosine

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


class Pairs(NamedTuple):
    """Pairs (a, b) of rows, a < b, with their cosines float64; in order of a, then b.

    `recall` is the share that was found, 1 where all were compared, measured otherwise. `dropped`
    is true where there are more than a million, of which the nearest were kept.
    """

    a: Numbers
    b: Numbers
    cosines: NDArray[np.float64]
    recall: float = 1.0
    dropped: bool = False


def near_pairs(
    vectors: Floats,
    least: float,
    *,
    exact: int = EXACT,
    seed: int = 0,
    done: Callable[[], object] = lambda: None,
) -> Pairs:
    """All pairs of unit vectors [n, dim] whose cosine is `least` or more.

    Of more than `exact` vectors, groups are made by k-means, and a vector is compared with the
    members of a group b besides its own, a, when it lies near their border: unit vectors of cosine
    `least` are d = sqrt(2 - 2 least) apart, so y in b, nearer to b's middle than to a's, is no
    farther from x than x is from the plane between them. A displacement of length d in no
    particular direction goes d / sqrt(dim) towards that plane on average; four times that is
    looked at, from one of the two groups, and what is missed is measured on 600 vectors that are
    compared with all.

    >>> rows = np.array([[1, 0], [0.8, 0.6], [0.79, 0.61310684]], np.float32)
    >>> found = near_pairs(rows, 0.99)
    >>> found.a.tolist(), found.b.tolist()
    ([1], [2])
    """
    n = len(vectors)
    if n <= exact:
        return _kept(vectors, _all(vectors, least, done), least)
    pairs = _kept(vectors, _grouped(vectors, least, seed, done), least)
    return pairs if pairs.dropped else pairs._replace(recall=_recall(vectors, pairs, least, seed))


def nearest(
    vectors: Floats, rows: Numbers, among: Floats, *, own: bool = True
) -> tuple[Floats, Numbers]:
    """The nearest of `among` [m, dim] to each of `vectors[rows]`: its cosine, and its place.

    With `own`, `among` is `vectors`, and each row leaves itself out.
    """
    best, who = np.full(len(rows), -1, np.float32), np.zeros(len(rows), np.int64)
    for part in blocks(len(rows), 512):
        some = rows[part]
        for others in blocks(len(among), 16_384):
            scores = vectors[some] @ among[others].T
            if own:
                inside = (some >= others.start) & (some < others.stop)
                scores[np.flatnonzero(inside), some[inside] - others.start] = -2
            at = scores.argmax(1)
            found = scores[np.arange(len(at)), at]
            better = found > best[part]
            best[part][better] = found[better]
            who[part][better] = at[better] + others.start
    return np.clip(best, -1, 1), who


class _Candidates:
    """Pairs as they are found, each once; of more than two million, the nearest million stay."""

    def __init__(self, least: float) -> None:
        self.least = np.float32(least - _SLACK)
        self.dropped = False
        self._held: list[tuple[Numbers, Floats]] = []
        self._count = 0

    def add(self, a: Numbers, b: Numbers, scores: Floats) -> None:
        """Pairs a, b (either way round) of these cosines."""
        apart = a != b
        a, b, scores = a[apart], b[apart], scores[apart]
        if len(a):
            self._held.append((np.minimum(a, b) << np.int64(32) | np.maximum(a, b), scores))
            self._count += len(a)
        if self._count > 2 * MOST:
            self._cut()

    def _cut(self) -> Numbers:
        """The keys of all pairs, or of the nearest million; no others stay."""
        keys, scores = self._joined()
        if len(keys) > MOST:
            last = np.partition(scores, len(scores) - MOST)[len(scores) - MOST]
            kept = scores > last
            equal = scores == last  # of equals, those that stand first
            kept |= equal & (np.cumsum(equal) <= MOST - np.count_nonzero(kept))
            keys, scores = keys[kept], scores[kept]
            self.least, self.dropped = max(self.least, np.float32(last)), True
        self._held, self._count = [(keys, scores)], len(keys)
        return keys

    def _joined(self) -> tuple[Numbers, Floats]:
        if not self._held:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        keys = np.concatenate([one for one, _ in self._held])
        scores = np.concatenate([one for _, one in self._held])
        keys, at = np.unique(keys, return_index=True)
        return keys, scores[at]

    def pairs(self) -> tuple[Numbers, Numbers]:
        """a < b of all pairs, in order."""
        keys = self._cut()
        return keys >> np.int64(32), keys & np.int64(0xFFFFFFFF)


def _all(vectors: Floats, least: float, done: Callable[[], object]) -> _Candidates:
    """Candidates: of all comparisons, each once."""
    found = _Candidates(least)
    for part in blocks(len(vectors), _BLOCK):
        for others in blocks(part.stop, _BLOCK):
            scores = vectors[part] @ vectors[others].T
            x, y = np.nonzero(scores >= found.least)
            found.add(x + part.start, y + others.start, scores[x, y])
        done()
    return found


def _grouped(vectors: Floats, least: float, seed: int, done: Callable[[], object]) -> _Candidates:
    """Candidates: of comparisons inside groups, and across borders that are near."""
    middles = _middles(vectors, max(2, len(vectors) // _SIZE), seed)
    apart = np.sqrt(np.maximum(2 - 2 * middles @ middles.T, 0))
    reach = _REACH * np.sqrt((2 - 2 * least) / _spread(vectors, seed))
    numbers, owner = np.arange(len(middles)), np.empty(len(vectors), np.int64)
    asked: list[list[Numbers]] = [[] for _ in middles]
    for part in blocks(len(vectors), _BLOCK):
        close = vectors[part] @ middles.T
        own = close.argmax(1)
        owner[part] = own
        behind = close[np.arange(len(own)), own][:, None] - close
        # Of two groups, the members of one ask the other: both ends of a pair lie near the border.
        x, y = np.nonzero((behind <= reach * apart[own]) & (own[:, None] <= numbers))
        order = np.argsort(y, kind="stable")
        starts = np.searchsorted(y[order], np.arange(len(middles) + 1))
        for g in np.unique(y):
            asked[g].append(x[order[starts[g] : starts[g + 1]]] + part.start)
        done()
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(middles) + 1))
    found = _Candidates(least)
    for g in range(len(middles)):
        members = order[starts[g] : starts[g + 1]]
        if not asked[g] or not len(members):
            continue
        askers = np.concatenate(asked[g])
        asked[g] = []
        own_rows = vectors[members]
        for part in blocks(len(askers), _BLOCK):
            scores = vectors[askers[part]] @ own_rows.T
            x, y = np.nonzero(scores >= found.least)
            found.add(askers[part][x], members[y], scores[x, y])
        done()
    return found


def _middles(vectors: Floats, count: int, seed: int) -> Floats:
    """Middles of groups, unit: k-means on a part of the vectors."""
    draw = np.random.default_rng(seed)
    some = vectors
    if len(vectors) > 64 * count:
        some = vectors[np.sort(draw.choice(len(vectors), 64 * count, replace=False))]
    middles = some[np.sort(draw.choice(len(some), count, replace=False))].copy()
    for _ in range(_ROUNDS):
        owner = np.concatenate(
            [(some[part] @ middles.T).argmax(1) for part in blocks(len(some), 4_096)]
        )
        order = np.argsort(owner, kind="stable")
        held, starts = np.unique(owner[order], return_index=True)
        middles[held] = np.add.reduceat(some[order], starts)
        middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-9)
    return middles


def _spread(vectors: Floats, seed: int) -> float:
    """In how many directions the vectors spread: the participation ratio of a part of them."""
    draw = np.random.default_rng(seed)
    some = vectors[draw.choice(len(vectors), min(len(vectors), 4_000), replace=False)]
    some = some - some.mean(0)
    values = np.linalg.eigvalsh((some.T @ some).astype(np.float64))
    total = values.sum()
    return float(total**2 / (values**2).sum()) if total > 0 else 1.0


def _kept(vectors: Floats, found: _Candidates, least: float) -> Pairs:
    """The candidates that are near enough by their cosine in float64, which no order changes."""
    a, b = found.pairs()
    cosines = np.empty(len(a))
    for part in blocks(len(a), 8_192):
        x, y = vectors[a[part]].astype(np.float64), vectors[b[part]].astype(np.float64)
        cosines[part] = np.minimum(np.einsum("ij,ij->i", x, y), 1.0)
    kept = cosines >= least
    return Pairs(a[kept], b[kept], cosines[kept], dropped=found.dropped)


def _recall(vectors: Floats, pairs: Pairs, least: float, seed: int) -> float:
    """Which share of the pairs of 600 vectors, drawn blindly, was found."""
    draw = np.random.default_rng(seed + 1)
    some = np.sort(draw.choice(len(vectors), min(_CHECKED, len(vectors)), replace=False))
    true = 0
    for part in blocks(len(some), 256):
        for others in blocks(len(vectors), 16_384):
            scores = vectors[some[part]] @ vectors[others].T
            inside = (some[part] >= others.start) & (some[part] < others.stop)
            scores[np.flatnonzero(inside), some[part][inside] - others.start] = -1
            true += int((scores >= least + _SLACK).sum())
    sure = pairs.cosines >= least + _SLACK
    found = int(np.isin(pairs.a[sure], some).sum() + np.isin(pairs.b[sure], some).sum())
    return 1.0 if true == 0 else min(1.0, found / true)
