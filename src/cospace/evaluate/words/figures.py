"""What was answered becomes figures, each with its interval and its difference to the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cospace.evaluate.words.report import Agreement, Analogies, Section
from cospace.measures.bootstrap import (
    Difference,
    Interval,
    difference,
    interval,
    mean_difference,
    mean_interval,
    resample,
)
from cospace.measures.metrics import pearson, spearman

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.evaluate.pairs import Pairs

__all__ = ["Draws", "agreement", "analogies"]

_SYNTACTIC = "gram"  # what the names of the syntactic sections begin with
_NAN = float("nan")
_UNDEFINED = Interval(_NAN, _NAN, _NAN)


class Draws(NamedTuple):
    """How often the test set is drawn from again, and the seed of it."""

    resamples: int
    seed: int


def analogies(
    file: str,
    mine: Mapping[str, NDArray[np.int8]],
    first: Mapping[str, NDArray[np.int8]] | None,
    draws: Draws,
) -> Analogies:
    """The figures of what `solve` gave, beside what it gave for the `first` model."""

    def section(name: str, parts: list[str]) -> Section:
        mark = np.concatenate([np.empty(0, np.int8), *(mine[part] for part in parts)])
        other = None
        if first is not None:
            other = np.concatenate([np.empty(0, np.int8), *(first[part] for part in parts)])
        return _section(name, mark, other, draws)

    syntactic = [name for name in mine if name.startswith(_SYNTACTIC)]
    semantic = [name for name in mine if name not in syntactic]
    totals = {"semantic": semantic, "syntactic": syntactic, "all": list(mine)}
    return Analogies(
        file,
        tuple(section(name, [name]) for name in mine),
        tuple(section(name, parts) for name, parts in totals.items()),
    )


def _section(
    name: str, mine: NDArray[np.int8], first: NDArray[np.int8] | None, draws: Draws
) -> Section:
    asked = mine[mine >= 0]
    accuracy = mean_interval(asked, **draws._asdict()) if asked.size else _UNDEFINED
    common, apart = None, None
    if first is not None:
        both = (mine >= 0) & (first >= 0)
        common = int(both.sum())
        apart = Difference(_NAN, _NAN, _NAN, _NAN)
        if common:
            apart = mean_difference(mine[both], first[both], **draws._asdict())
    right = int((asked == 1).sum())
    return Section(name, right, len(asked), len(mine), accuracy, common, apart)


def agreement(
    ratings: Pairs,
    mine: NDArray[np.float64],
    first: NDArray[np.float64] | None,
    draws: Draws,
) -> Agreement:
    """The correlations of cosines float64 [n], NaN for pairs without one, with people's scores."""
    scores = np.array(ratings.scores)
    found = np.isfinite(mine)
    order = line = _UNDEFINED
    if found.sum() > 1:
        order, line = _correlations(mine[found], scores[found], draws)
    common, apart = None, None
    if first is not None:
        both = found & np.isfinite(first)
        common = int(both.sum())
        apart = _apart(mine[both], first[both], scores[both], draws)
    return Agreement(ratings.name, int(found.sum()), len(mine), order, line, common, apart)


def _correlations(
    mine: NDArray[np.float64], scores: NDArray[np.float64], draws: Draws
) -> tuple[Interval, Interval]:
    """Spearman and Pearson."""

    def both(drawn: NDArray[np.intp]) -> list[float]:
        return [f(mine[drawn], scores[drawn]) for f in (spearman, pearson)]

    values = both(np.arange(len(scores)))
    drawn = resample(both, len(scores), **draws._asdict())
    return interval(values[0], drawn[:, 0]), interval(values[1], drawn[:, 1])


def _apart(
    mine: NDArray[np.float64],
    first: NDArray[np.float64],
    scores: NDArray[np.float64],
    draws: Draws,
) -> Difference:
    """How much higher the Spearman of `mine` is."""
    if len(scores) < 2:
        return Difference(_NAN, _NAN, _NAN, _NAN)

    def less(drawn: NDArray[np.intp]) -> list[float]:
        judged = scores[drawn]
        return [spearman(mine[drawn], judged) - spearman(first[drawn], judged)]

    [value] = less(np.arange(len(scores)))
    drawn = resample(less, len(scores), **draws._asdict())
    return difference(value, drawn[:, 0], len(scores))
