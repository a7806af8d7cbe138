"""Paired: two systems on the same questions; is the difference real, small enough, or unknown?

Better and worse take two things at once: an interval of the mean difference that leaves 0 out, and
a randomization test, in which each question's difference changes its sign by the toss of a coin.
The test holds its level for any two systems that could change places, however few questions there
are and however few of them differ; the interval says how large the difference is.

Not worse by more than a wanted difference is one of the two one-sided tests of equivalence: the
lower end of an interval of twice the level lies above minus that difference (Schuirmann, 1987).

Sources: Hesterberg, What teachers should know about the bootstrap, 2015 (the percentile interval,
made wider by what few questions hide); Smucker, Allan and Carterette, A comparison of statistical
significance tests for information retrieval evaluation, 2007 (randomization); Guenther, Sample size
formulas for normal theory t tests, 1981 (how many are needed).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cospace.arguments import check_numbers, check_share
from cospace.errors import BadArgument
from cospace.measures.bootstrap import LEAST, Interval, check_seed, randomized
from cospace.measures.student import tail

__all__ = [
    "BETTER",
    "FEWEST",
    "NOT_WORSE",
    "UNDECIDED",
    "WORSE",
    "Paired",
    "paired",
    "questions_needed",
]

BETTER, WORSE = "better", "worse"
NOT_WORSE = "not worse by more than wanted"
UNDECIDED = "no significant difference"
POWER = 0.8
# Questions that a verdict needs. Of fewer a rare large loss is too often not among them: where each
# question gains .01 and 6 of 100 lose .5, 20 questions say "better" in 31 runs of 100, 40 in 7.
FEWEST = 40
_RESAMPLES = 4_000
_AT_ONCE = 500
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Paired:
    """New minus old, on the same questions.

    `difference` is the mean with an interval of 1 - `alpha`, `margin` the same with 1 - 2 `alpha`:
    for the one-sided tests. `p` is two-sided, of the randomization test. `moved` questions differ
    at all; with fewer than six the margin reaches as far as a loss could that these questions do
    not show. `needed` is how many questions would show a difference of `wanted`.
    """

    questions: int
    moved: int
    difference: Interval
    margin: Interval
    p: float
    wanted: float
    needed: int
    alpha: float = 0.05

    @property
    def verdict(self) -> str:
        """`BETTER`, `NOT_WORSE`, `WORSE` or `UNDECIDED`: the first that the intervals bear.

        A loss that is real, and smaller than wanted, is `NOT_WORSE`. Of fewer than 40 questions
        nothing is told.
        """
        if self.questions < FEWEST:
            return UNDECIDED
        real = self.p <= self.alpha
        if real and self.difference.low > 0:
            return BETTER
        if self.margin.low > -self.wanted:
            return NOT_WORSE
        return WORSE if real and self.difference.high < 0 else UNDECIDED

    @property
    def equivalent(self) -> bool:
        """Whether neither is better by more than `wanted`: both one-sided tests hold."""
        return self.margin.low > -self.wanted and self.margin.high < self.wanted

    @property
    def lost(self) -> bool:
        """Whether there is a real loss, however small."""
        return self.p <= self.alpha and self.difference.high < 0

    @property
    def more(self) -> int:
        """How many more questions would be needed to tell; 0 where it is told.

        Where there are as many as a difference of `wanted` needs, the systems differ by about half
        of it, which needs four times as many; and so on.
        """
        if self.verdict != UNDECIDED:
            return 0
        target = self.needed
        while target <= self.questions:
            target *= 4
        return target - self.questions

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "questions": self.questions,
            "moved": self.moved,
            "difference": self.difference.to_json(),
            "margin": self.margin.to_json(),
            "p": self.p,
            "alpha": self.alpha,
            "wanted": self.wanted,
            "needed": self.needed,
            "enough": self.questions >= self.needed,
            "verdict": self.verdict,
            "equivalent": self.equivalent,
            "more": self.more,
        }


def paired(
    old: ArrayLike,
    new: ArrayLike,
    *,
    wanted: float = 0.02,
    alpha: float = 0.05,
    seed: int = 0,
) -> Paired:
    """What is known of the mean of new - old, both float [n] in [0, 1], on the same n questions.

    With fewer than six questions the intervals are NaN; with fewer than 40 nothing is told.

    Raises `BadArgument` for lists of two lengths, none at all, or a `wanted` that is not in (0, 1).

    >>> old, new = [0.5, 0.4, 0.6] * 20, [0.9, 0.7, 0.8] * 20
    >>> paired(old, new).verdict
    'better'
    >>> few = paired([0.5, 0.1, 0.9] * 4, [0.1, 0.5, 0.9] * 4)
    >>> few.verdict, few.needed > few.questions
    ('no significant difference', True)
    """
    first, second = check_numbers("old", old), check_numbers("new", new)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise BadArgument(f"pairs come from the same questions: {first.shape}, {second.shape}")
    check_seed(seed)
    check_share("alpha", alpha)
    apart = second - first
    needed = questions_needed(apart, wanted)
    n, moved = len(apart), int(np.count_nonzero(apart))
    draws = _means(apart, seed)
    mean = float(apart.mean())
    wide, narrow = (_expanded(mean, draws, n, level) for level in (alpha, 2 * alpha))
    if moved < LEAST <= n:
        unseen = _most_share(moved, n, alpha)
        narrow = Interval(mean, min(narrow.low, -unseen), max(narrow.high, unseen))
    return Paired(n, moved, wide, narrow, randomized(apart, seed=seed), wanted, needed, alpha)


def questions_needed(differences: ArrayLike, wanted: float = 0.02) -> int:
    """How many questions would show a mean difference of `wanted`, two-sided at 5%, in 80 of 100.

    n = (z_0.975 + z_0.8)^2 s^2 / wanted^2 + z_0.975^2 / 2, where s is the standard deviation of the
    `differences` [m] of a pilot, question by question (Guenther, 1981). And at least so many that
    six questions can be expected to differ; but no more than would show, were all alike, that less
    than a share `wanted` differs: log 0.05 / log (1 - wanted).

    Raises `BadArgument` for a `wanted` that is not in (0, 1), and for no differences.

    >>> questions_needed([0.2, -0.2] * 10, 0.02)
    829
    >>> questions_needed([0.0] * 20, 0.02)
    149
    """
    check_share("wanted", wanted)
    pilot = check_numbers("differences", differences)
    if not pilot.size:
        raise BadArgument("there are no differences to tell a number of questions from")
    deviation = float(pilot.std(ddof=1)) if pilot.size > 1 else 1.0
    edge = _NORMAL.inv_cdf(0.975)
    needed = ((edge + _NORMAL.inv_cdf(POWER)) * deviation / wanted) ** 2 + edge**2 / 2
    unseen = math.log(0.05) / math.log(1 - wanted)
    share = np.count_nonzero(pilot) / pilot.size
    few = min(unseen, LEAST / share) if share else unseen
    return max(FEWEST, math.ceil(max(needed, few)))


def _means(values: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """The means of as many draws as `_RESAMPLES`; as `resample` gives, some draws at a time."""
    random, n = np.random.default_rng(seed), len(values)
    parts = [
        values[random.integers(n, size=(_AT_ONCE, n))].mean(axis=1)
        for _ in range(_RESAMPLES // _AT_ONCE)
    ]
    return np.concatenate(parts)


def _expanded(mean: float, draws: NDArray[np.float64], n: int, alpha: float) -> Interval:
    """The percentile interval of 1 - alpha, as much wider as Student's t is for n questions."""
    if n < LEAST:
        return Interval(mean, float("nan"), float("nan"))
    edge = 100 * tail(alpha, n)
    low, high = np.percentile(draws, [edge, 100 - edge])
    return Interval(mean, float(low), float(high))


def _most_share(seen: int, n: int, alpha: float) -> float:
    """The largest share of which `seen` of n are still as likely as alpha.

    Source: Clopper and Pearson, The use of confidence or fiducial limits, 1934.
    """
    low, high = seen / n, 1.0
    for _ in range(60):
        share = (low + high) / 2
        below = sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(seen + 1))
        low, high = (share, high) if below > alpha else (low, share)
    return high
