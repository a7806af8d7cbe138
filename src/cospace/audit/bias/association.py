"""Do two groups differ in what they lie near to? The association test, its effect and its p-value.

Two sets of targets X and Y (flowers, insects), two sets of attributes A and B (pleasant,
unpleasant), all as vectors. A target's association is s(w) = mean over A of cos(w, a) - mean over
B of cos(w, b). The effect is how many standard deviations lie between the mean association of X
and that of Y. The null hypothesis: X and Y were dealt from one pack. So the targets are dealt
again, in all ways or in many, and p says how often the dealt ones differ as much.

Source: Caliskan, Bryson and Narayanan, Semantics derived automatically from language corpora
contain human-like biases, Science 356, 2017: s(w, A, B), the effect size, and the one-sided
permutation test of its supplementary text. May et al., On measuring social biases in sentence
encoders, NAACL 2019, put sentences in the place of words; Steed and Caliskan, Image
representations learned with unsupervised pre-training contain human-like biases, FAccT 2021,
pictures. The arithmetic is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.topk import rounded

__all__ = ["EXACT", "LEAST", "Association", "associate", "associations", "effect_size"]

# Up to so many ways to deal, each is counted; beyond, so many are drawn.
EXACT = 50_000
DRAWS = 99_999
# With three targets a side there are 20 ways to deal: p could never be below 0.05.
LEAST = 4
_AT_ONCE = 1 << 14
_EQUAL = 1e-12  # sums of the same numbers in another order

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Association:
    """What an association test found.

    `effect` is in standard deviations, positive where X lies nearer to A than Y does. `p` is
    one-sided, for that direction; `p_two_sided` for either. `ways` is how many deals were
    counted, all that there are where `exact`. `x` and `y` are the associations of the targets.
    """

    effect: float
    p: float
    p_two_sided: float
    ways: int
    exact: bool
    x: Floats
    y: Floats

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "effect": self.effect,
            "p": self.p,
            "p_two_sided": self.p_two_sided,
            "ways": self.ways,
            "exact": self.exact,
            "targets": [len(self.x), len(self.y)],
        }


def associations(
    targets: NDArray[np.floating], a: NDArray[np.floating], b: NDArray[np.floating]
) -> Floats:
    """s(w, A, B) of each target: float64 [n], for unit vectors [n, dim], [i, dim] and [j, dim].

    The mean cosine with A less that with B, so between -2 and 2.

    >>> east, north = np.eye(2, dtype=np.float32)
    >>> associations(np.array([east, north]), np.array([east]), np.array([north])).tolist()
    [1.0, -1.0]
    """
    # A mean of cosines is the cosine with a mean; sums are exact, so equal targets have equal ones.
    between = rounded(a).mean(axis=0) - rounded(b).mean(axis=0)
    found: Floats = rounded(targets) @ between
    return found


def effect_size(x: Floats, y: Floats) -> float:
    """The difference of two means in standard deviations of all values together.

    As published: the mean of X less that of Y, over the sample standard deviation (n - 1) of
    both. It is antisymmetric, and for sets of equal size below 2. 0 where all values are equal.

    >>> round(effect_size(np.array([1.0, 0.9]), np.array([-1.0, -0.9])), 3)
    1.73
    """
    both = np.concatenate([x, y])
    spread = float(both.std(ddof=1)) if len(both) > 1 else 0.0
    if spread <= _EQUAL:
        return 0.0
    return float((x.mean() - y.mean()) / spread)


def associate(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Association:
    """The test of targets X [n, dim] and Y [m, dim] on attributes A and B, all unit vectors.

    Up to 50,000 ways to deal the targets are all counted, so p is exact; of more, `draws` are
    drawn, and p is (b + 1) / (draws + 1), never 0. The same seed draws the same.

    Raises `BadArgument` for an empty set, or for fewer than one draw.

    >>> random = np.random.default_rng(0)
    >>> a, b = np.eye(8, dtype=np.float32)[:2]
    >>> near = lambda way: (lambda v: v / np.linalg.norm(v, axis=1)[:, None])(
    ...     way + random.normal(0, 0.2, (5, 8)))
    >>> found = associate(near(a), near(b), a[None], b[None])
    >>> found.effect > 1.5, found.ways, round(found.p * 252)
    (True, 252, 1)
    """
    sets = {"X": x, "Y": y, "A": a, "B": b}
    empty = [name for name, rows in sets.items() if not len(rows)]
    if empty:
        raise BadArgument(f"an association test needs four sets; {', '.join(empty)} is empty")
    if draws < 1:
        raise BadArgument(f"draws is 1 or more, not {draws}")
    return dealt(associations(x, a, b), associations(y, a, b), draws=draws, seed=seed)


def dealt(x: Floats, y: Floats, *, draws: int = DRAWS, seed: int = 0) -> Association:
    """The test, where the associations of the targets are known."""
    both = np.concatenate([x, y])
    total, size = comb(len(both), len(x)), len(x)
    exact = total <= EXACT
    parts = _all(len(both), size) if exact else _drawn(len(both), size, draws, seed)
    # With sizes fixed, the difference of the means rises with the sum of X alone.
    shift = float(both.mean())
    centred = both - shift
    seen = float(centred[:size].sum())
    above = apart = ways = 0
    for chosen in parts:
        sums = centred[chosen].sum(axis=1)
        above += int(np.count_nonzero(sums >= seen - _EQUAL))
        apart += int(np.count_nonzero(np.abs(sums) >= abs(seen) - _EQUAL))
        ways += len(sums)
    one = 0 if exact else 1  # all deals hold the one that was seen; drawn ones need not
    p, both_sides = (above + one) / (ways + one), (apart + one) / (ways + one)
    return Association(effect_size(x, y), p, both_sides, ways, exact, x, y)


def _all(n: int, size: int) -> Iterator[NDArray[np.intp]]:
    """All ways to choose `size` of `n`, in blocks."""
    ways = combinations(range(n), size)
    while block := list(islice(ways, _AT_ONCE)):
        yield np.array(block, np.intp)


def _drawn(n: int, size: int, draws: int, seed: int) -> Iterator[NDArray[np.intp]]:
    """`draws` ways to choose `size` of `n`, each as likely as the next, in blocks."""
    random = np.random.default_rng(seed)
    for start in range(0, draws, _AT_ONCE):
        lots = random.random((min(_AT_ONCE, draws - start), n))
        yield np.argpartition(lots, size - 1, axis=1)[:, :size]
