"""Drift: newer items, or those of another collection, lie elsewhere than the older ones.

First the effect: how well a classifier tells new from old, and how many new items are far from all
old ones. Then whether chance would show as much, by permutations. Then which categories. The p of
the whole and those of the categories, corrected for their number by Holm, are each doubled where
there are both (Bonferroni): the least of them is then the p of the finding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.copies import joined
from cospace.audit.finding import Finding, Group
from cospace.audit.labels import compact, stacked
from cospace.audit.near import nearest
from cospace.audit.shares import holm
from cospace.audit.view import View
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.evaluate.probe import fit
from cospace.measures.bootstrap import Interval, interval, resample
from cospace.measures.metrics import auc
from cospace.read.dates import moment
from cospace.tasks.classify.scorers import FOLDS, folds

__all__ = ["alike_rows", "check", "energy", "parted", "told_apart"]

_NAME = "drift"
_LEAST = 30  # items of each side
_SAMPLE = 1_000  # items of each side that the classifier sees
_TESTED = 500  # of them that the test of energy sees: all their distances stand in memory
_OF_CATEGORY = 200  # of each side, of one category
_PENALTY = 10.0
_TURNS = 999
_BOTH = 2  # tests: of the whole, and of its categories
_LEVEL = 0.01
_FAR = 0.99  # of the old items' distances to the nearest old

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


def check(view: View, asked: Asked) -> Finding:
    """Whether the new items are as the old ones were."""
    if asked.against is None and asked.date is None:
        return Finding(_NAME, "skipped", "name a column of dates and a day, or another collection")
    if asked.against is None and asked.since is None:
        return Finding(_NAME, "skipped", f"say since which day {asked.date} is new")
    both, new, undated = parted(view, asked)
    rows, vectors = stacked(both)
    if not len(rows):
        return Finding(_NAME, "skipped", "no item has a vector")
    side, dated = new[rows], ~undated[rows]
    rows, vectors, side = rows[dated], vectors[dated], side[dated]
    order = np.array(sorted(range(len(rows)), key=lambda i: both.ids[rows[i]]), np.intp)
    old, fresh = order[~side[order]], order[side[order]]
    if min(len(old), len(fresh)) < _LEAST:
        said = f"{counted(len(old), 'old item')} and {counted(len(fresh), 'new one')};"
        said += f" {_LEAST} of each are needed"
        return Finding(_NAME, "inconclusive", said)
    draw = np.random.default_rng(asked.seed)
    a, b = _some(old, _SAMPLE, draw), _some(fresh, _SAMPLE, draw)
    small = compact(vectors)
    apart = told_apart(small[a], small[b], seed=asked.seed, alike=alike_rows(vectors[[*a, *b]]))
    c, d = _some(a, _TESTED, draw), _some(b, _TESTED, draw)
    statistic, p = energy(vectors[c], vectors[d], seed=asked.seed)
    far, usual = _far(vectors, old, b, draw)
    figures = {
        "AUC": apart.value, "AUC low": apart.low, "AUC high": apart.high,
        "energy distance": statistic, "new items far from all old ones": far,
        "old items as far": usual, "old items": float(len(old)), "new items": float(len(fresh)),
        "items without a date": float(undated.sum()),
    }  # fmt: skip
    categories = _categories(both, asked, rows, vectors, (old, fresh), draw)
    p = min(1.0, _BOTH * p) if categories else p
    figures |= {f"p of {name}": value for name, (_, value, _) in categories.items()}
    drifted = {name: one for name, one in categories.items() if one[1] <= _LEVEL}
    groups = tuple(
        Group(tuple(both.ids[rows[i]] for i in ids), f"{name}: AUC {own:.2f}, p {value:.4f}")
        for name, (own, value, ids) in sorted(drifted.items(), key=lambda one: one[1][1])
    )
    whole = p <= _LEVEL and apart.low > 0.5
    said = f"a classifier tells new from old with AUC {apart.value:.2f} ({apart.low:.2f} to"
    said += f" {apart.high:.2f}); {far:.1%} of the new lie farther from all old ones than 99% of"
    said += " those do from one another"
    if drifted:
        said += f"; drifted: {', '.join(sorted(drifted))}"
    found = whole or bool(drifted)
    return Finding(
        _NAME, "found" if found else "clean", said, severity=apart.value, unit="AUC",
        p=min([p, *(value for _, value, _ in categories.values())]), groups=groups,
        mend="cospace adapt " + view.folder if found and "image" in both.matrices else "",
        figures=figures,
    )  # fmt: skip


def parted(view: View, asked: Asked) -> tuple[View, Bools, Bools]:
    """What holds both sides, true for new items, and true for those on neither side.

    Raises `BadArgument` for a `since` or a column that holds no dates.
    """
    if asked.against is not None:
        key = ("joined", id(asked.against))
        both = view.memo.get(key) or joined(view, asked.against)
        view.memo[key] = both
        new = np.arange(len(both)) >= len(view)
        return both, new, np.zeros(len(both), bool)
    assert asked.date is not None
    assert asked.since is not None
    first = moment(asked.since)
    if first is None:
        raise BadArgument(f"since is a date such as 2026-01-31, not {asked.since!r}")
    times = [moment(value) if isinstance(value, str) else None for value in view.column(asked.date)]
    if all(time is None for time in times):
        raise BadArgument(f"{asked.date} holds no dates in ISO 8601, such as 2026-01-31")
    undated = np.array([time is None for time in times])
    return view, np.array([time is not None and time >= first for time in times]), undated


def told_apart(
    old: Floats, new: Floats, *, seed: int = 0, alike: NDArray[np.intp] | None = None
) -> Interval:
    """The AUC with which a logistic classifier tells new rows from old, held out in five folds.

    0.5 is chance, 1 is told apart in every case; the interval is by bootstrap. `alike` numbers
    the rows [old + new] so that copies share a number: they share a fold too, for a row whose
    copy was trained on is not held out. By default rows that are equal are copies.

    Source: Lopez-Paz and Oquab, Revisiting classifier two-sample tests, ICLR 2017.

    >>> draw = np.random.default_rng(0)
    >>> rows = draw.normal(size=(200, 8)).astype(np.float32)
    >>> told_apart(rows[:100], rows[100:] + np.float32(2)).value > 0.95
    True
    """
    rows = np.concatenate([old, new])
    side = np.repeat([0, 1], [len(old), len(new)]).astype(np.intp)
    alike = alike_rows(rows) if alike is None else alike
    _, first, copy_of = np.unique(alike, return_index=True, return_inverse=True)
    fold = folds(side[first], seed=seed)[copy_of.reshape(-1)]
    scores = np.zeros(len(rows))
    for number in range(FOLDS):
        mine = fold == number
        if not mine.any() or len(np.unique(side[~mine])) < 2:
            continue  # all of one side are copies of one another, and none is left to train on
        own = fit(rows[~mine], side[~mine], penalty=_PENALTY).scores(rows[mine])
        scores[mine] = own[:, 1] - own[:, 0]
    value = auc(scores, side == 1)
    draws = resample(lambda i: [auc(scores[i], side[i] == 1)], len(rows), resamples=200, seed=seed)
    return interval(value, draws[:, 0], items=len(rows))


def alike_rows(rows: Floats) -> NDArray[np.intp]:
    """A number for each row [n], the same for rows that are equal.

    >>> alike_rows(np.array([[1, 0], [0, 1], [1, 0]], np.float32)).tolist()
    [0, 1, 0]
    """
    known: dict[bytes, int] = {}
    return np.array([known.setdefault(row.tobytes(), len(known)) for row in rows], np.intp)


def energy(old: Floats, new: Floats, *, turns: int = _TURNS, seed: int = 0) -> tuple[float, float]:
    """The energy distance of two sets of rows, and its p by permutations.

    2 E|x - y| - E|x - x'| - E|y - y'| >= 0, and 0 only where both have one law. p is how often
    as many rows, drawn from both together, are as far apart: exact at every level.

    Source: Székely and Rizzo, Testing for equal distributions in high dimension, 2004. It is the
    MMD of the kernel -|x - y| (Sejdinovic et al., Annals of Statistics 2013).

    >>> draw = np.random.default_rng(0)
    >>> rows = draw.normal(size=(80, 5)).astype(np.float32)
    >>> distance, p = energy(rows[:40], rows[40:] + np.float32(1))
    >>> p
    0.001
    """
    rows = np.concatenate([old, new]).astype(np.float64)
    squares = np.einsum("ij,ij->i", rows, rows)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * rows @ rows.T, 0))
    n, m = len(old), len(new)
    weights = np.repeat([1 / n, -1 / m], [n, m])
    found = -float(weights @ distances @ weights)
    draw = np.random.default_rng(seed)
    as_far = 0
    for start in range(0, turns, 1_000):
        some = draw.permuted(np.tile(weights, (min(1_000, turns - start), 1)), axis=1)
        as_far += int((-np.einsum("ij,ij->i", some @ distances, some) >= found - 1e-12).sum())
    return found, (1 + as_far) / (1 + turns)


def _far(
    vectors: Floats, old: NDArray[np.intp], some: NDArray[np.intp], draw: np.random.Generator
) -> tuple[float, float]:
    """Which share of some new items lies far from all old ones; and of old ones, by construction.

    Far is beyond what 99% of old items are from their nearest old one.
    """
    pool = vectors[old]
    places = _some(np.arange(len(old)), _SAMPLE, draw).astype(np.int64)
    own, _ = nearest(pool, places, pool)
    close, _ = nearest(vectors, some.astype(np.int64), pool, own=False)
    limit = float(np.quantile(own, 1 - _FAR))
    return float(np.mean(close < limit)), float(np.mean(own < limit))


def _categories(
    both: View,
    asked: Asked,
    rows: NDArray[np.intp],
    vectors: Floats,
    sides: tuple[NDArray[np.intp], NDArray[np.intp]],
    draw: np.random.Generator,
) -> dict[str, tuple[float, float, list[int]]]:
    """For each category its AUC, its corrected p, and its new items."""
    if asked.label is None:
        return {}
    values = both.column(asked.label)
    parts: dict[str, tuple[list[int], list[int]]] = {}
    for which, side in enumerate(sides):
        for i in side.tolist():
            if values[rows[i]] is not None:
                parts.setdefault(str(values[rows[i]]), ([], []))[which].append(i)
    enough = {name: one for name, one in sorted(parts.items()) if min(map(len, one)) >= 10}
    turns = max(_TURNS, int(np.ceil(2 * _BOTH * len(enough) / _LEVEL)) - 1)
    found: dict[str, tuple[float, float, list[int]]] = {}
    for name, (old, new) in enough.items():
        a = _some(np.array(old), _OF_CATEGORY, draw)
        b = _some(np.array(new), _OF_CATEGORY, draw)
        _, p = energy(vectors[a], vectors[b], turns=turns, seed=asked.seed)
        found[name] = (_nearer(vectors[a], vectors[b]), p, new)
    corrected = holm([p for _, p, _ in found.values()])
    return {
        name: (value, min(1.0, _BOTH * p), new)
        for (name, (value, _, new)), p in zip(found.items(), corrected, strict=True)
    }


def _nearer(old: Floats, new: Floats) -> float:
    """The AUC of being nearer to the middle of the new than of the old, each without itself."""
    total = [one.sum(0, dtype=np.float64) for one in (old, new)]
    scores = []
    for which, rows in enumerate((old, new)):
        middles = []
        for other in (0, 1):
            size = len((old, new)[other])
            mine = rows if which == other else np.zeros_like(rows)
            middles.append((total[other] - mine) / max(1, size - (which == other)))
        close = [2 * (rows * m).sum(1) - (m * m).sum(1) for m in middles]
        scores.append(close[1] - close[0])
    side = np.repeat([False, True], [len(old), len(new)])
    return auc(np.concatenate(scores), side)


def _some(numbers: NDArray[np.intp], most: int, draw: np.random.Generator) -> NDArray[np.intp]:
    return numbers if len(numbers) <= most else np.sort(draw.choice(numbers, most, replace=False))
