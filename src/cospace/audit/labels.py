"""Wrong labels: items whose class their neighbours and a classifier both contradict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from cospace.audit.asked import Asked
from cospace.audit.chart import Bar, Bars
from cospace.audit.finding import Finding, Group
from cospace.audit.view import View
from cospace.counted import counted
from cospace.evaluate.probe import fit
from cospace.measures.axes import principal
from cospace.tasks.classify.scorers import FOLDS, folds
from cospace.topk import blocks

__all__ = ["check", "compact", "contradicted", "out_of_fold", "stacked"]

_NAME = "wrong labels"
_LEAST_OF_CLASS = 5  # items; smaller classes are left out, and counted
_LEAST = 50  # items in all
_MOST_CLASSES = 2_000  # the shares of all are held for each item
_K = 15
_ASKED = 20_000  # items that vote, at most
_TRAINED = 8_000  # items that a probe is trained on, at most
_PENALTY = 1.0
_DIRECTIONS = 128  # that classes are told by
_CERTAIN = 0.8  # of a class's own certainty

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Numbers = NDArray[np.intp]


def check(view: View, asked: Asked) -> Finding:
    """Items whose label is probably wrong."""
    if asked.label is None:
        return Finding(_NAME, "skipped", "name the column of the labels")
    rows, vectors = stacked(view)
    values = view.column(asked.label)
    named = [str(values[number]) if values[number] is not None else None for number in rows]
    sizes = Counter(name for name in named if name)
    kept = [at for at, name in enumerate(named) if sizes.get(name or "", 0) >= _LEAST_OF_CLASS]
    large = sorted({str(named[at]) for at in kept})
    if len(large) > _MOST_CLASSES:
        said = f"too many classes: {len(large):,} of 5 items or more in {asked.label};"
        return Finding(_NAME, "skipped", f"{said} at most {_MOST_CLASSES:,} are told apart")
    if len(large) < 2:
        return Finding(_NAME, "skipped", f"{asked.label} has fewer than 2 classes of 5 items")
    if len(kept) < _LEAST:
        said = f"{len(kept)} items in classes of 5 or more; 50 are needed"
        return Finding(_NAME, "inconclusive", said)
    number = {name: at for at, name in enumerate(large)}
    classes = np.array([number[str(named[at])] for at in kept], np.intp)
    order = np.array(sorted(range(len(kept)), key=lambda i: view.ids[rows[kept[i]]]), np.intp)
    given = compact(vectors)[np.array(kept)][order]
    voted, read = out_of_fold(given, classes[order], seed=asked.seed, tick=view.tick)
    wrong, better = contradicted(classes[order], voted, read)
    who = rows[np.array(kept)][order]
    sure = (voted + read)[np.arange(len(who)), better]
    ranked = sorted(np.flatnonzero(wrong).tolist(), key=lambda i: (-sure[i], view.ids[who[i]]))
    groups = tuple(
        Group((view.ids[who[i]],), f"labelled {large[classes[order][i]]}, like {large[better[i]]}")
        for i in ranked
    )
    share = len(groups) / len(kept)
    right = float(np.mean(read.argmax(1) == classes[order]))
    left = len(rows) - len(kept)
    said = (
        f"{len(groups):,} of {len(kept):,} labels in {asked.label} are contradicted ({share:.1%})"
    )
    if left:
        said += (
            f"; {counted(left, 'item has', 'items have')} no label, or one of fewer than 5 items"
        )
    return Finding(
        _NAME,
        "found" if groups else "clean",
        said,
        severity=share,
        unit="share of labels",
        why_no_p="both classifiers are held out; their certainty is compared with that of each"
        " class, not tested",
        groups=groups,
        charts=(_chart(right, float(np.mean(voted.argmax(1) == classes[order])), classes),),
        mend=f"cospace update {view.folder} TABLE" if groups else "",
        figures={
            "probe accuracy": right,
            "neighbour accuracy": float(np.mean(voted.argmax(1) == classes[order])),
            "classes": float(len(large)),
            "left out": float(left),
        },
    )


def _chart(probe: float, neighbours: float, classes: NDArray[np.intp]) -> Bars:
    """How often the two classifiers say what the label says, beside the commonest class."""
    commonest = float(np.bincount(classes).max() / len(classes))
    bars = (
        Bar("the probe says the label", probe),
        Bar("the neighbours say the label", neighbours),
        Bar("the commonest class", commonest, second=True),
    )
    return Bars("Of held-out items", bars, percent=True)


def stacked(view: View) -> tuple[Numbers, Floats]:
    """The items that have a vector, and their vectors, those of their kinds side by side.

    Each kind is centred first, for kinds stand apart; a kind that an item lacks is 0.
    """
    kinds = [matrix.first() for matrix in view.matrices.values()]
    if not kinds:
        return np.zeros(0, np.intp), np.zeros((0, 1), np.float32)
    rows = np.unique(np.concatenate([one.rows for one in kinds])).astype(np.intp)
    if len(kinds) == 1:
        return rows, kinds[0].array
    parts = []
    for one in kinds:
        part = np.zeros((len(rows), one.array.shape[1]), np.float32)
        part[np.searchsorted(rows, one.rows)] = one.array - one.array.mean(0)
        parts.append(part)
    joined = np.concatenate(parts, axis=1)
    joined /= np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-9)
    return rows, joined


def out_of_fold(
    vectors: Floats,
    classes: Numbers,
    *,
    seed: int = 0,
    tick: Callable[[], object] = lambda: None,
) -> tuple[Doubles, Doubles]:
    """The shares of each class [n, classes] by the 15 nearest, and by a logistic probe.

    In five folds, each fold's items told by the others alone.
    """
    draw = np.random.default_rng(seed)
    fold = folds(classes, seed=seed)
    count = int(classes.max()) + 1
    voted, read = np.zeros((len(classes), count)), np.zeros((len(classes), count))
    for number in range(FOLDS):
        tick()
        own, others = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        asked = others
        if len(asked) > _ASKED:
            asked = np.sort(draw.choice(asked, _ASKED, replace=False))
        voted[own] = _votes(vectors, own, asked, classes, count)
        trained = others
        if len(trained) > _TRAINED:
            trained = np.sort(draw.choice(trained, _TRAINED, replace=False))
        probe = fit(vectors[trained], classes[trained], penalty=_PENALTY)
        for part in blocks(len(own), 4_096):
            scores = probe.scores(vectors[own[part]])
            scores -= scores.max(1, keepdims=True)
            each = np.exp(scores)
            read[own[part], : each.shape[1]] = each / each.sum(1, keepdims=True)
    return voted, read


def _votes(vectors: Floats, own: Numbers, others: Numbers, classes: Numbers, count: int) -> Doubles:
    k = min(_K, len(others))
    found = np.zeros((len(own), count))
    pool = vectors[others]
    for part in blocks(len(own), 256):
        scores = vectors[own[part]] @ pool.T
        near = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        rows = np.repeat(np.arange(len(near)), k)
        np.add.at(found[part], (rows, classes[others][near].reshape(-1)), 1 / k)
    return found


def contradicted(
    classes: Numbers, voted: Doubles, read: Doubles
) -> tuple[NDArray[np.bool_], Numbers]:
    """True for labels that both contradict, with the same other class; and that class.

    A class's own certainty is the mean share that items labelled so have in it. A label is
    contradicted where the item's share in its class is below 0.8 of that class's certainty, its
    share in another reaches 0.8 of the other's, and is the larger.

    Source: Northcutt, Jiang and Chuang, Confident learning: estimating uncertainty in dataset
    labels, JAIR 2021; the 0.8 finds more where classes are small, and was set on bench/audit.py.
    """
    wrong = np.ones(len(classes), bool)
    at = np.arange(len(classes))
    best: list[Numbers] = []
    for shares in (voted, read):
        certain = _CERTAIN * np.array(
            [shares[classes == one, one].mean() for one in range(shares.shape[1])]
        )
        own = shares[at, classes]
        over = np.where(shares >= certain, shares, -1.0)
        over[at, classes] = -1.0
        chosen = over.argmax(1)
        most = over[at, chosen]
        wrong &= (most > 0) & (own < certain[classes]) & (most > own)
        best.append(chosen)
    wrong &= best[0] == best[1]
    return wrong, best[1]


def compact(vectors: Floats) -> Floats:
    """The rows centred, in their first 128 principal directions, of length 1.

    A probe of fewer numbers is fitted sooner, and learns less of what is the items' own.
    """
    middle, first = principal(vectors, _DIRECTIONS)
    found = np.empty((len(vectors), first.shape[1]), np.float32)
    for part in blocks(len(vectors), 8_192):
        rows = (vectors[part] - middle) @ first
        found[part] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return found
