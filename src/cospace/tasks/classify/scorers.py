"""Scores of each class for each item, by neighbours or by a linear probe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cospace.evaluate.probe import Probe, fit, probe_classes
from cospace.tasks.material import Floats
from cospace.topk import cosines, top_k

__all__ = ["FOLDS", "K", "Neighbours", "ProbeScorer", "Scorer", "folds", "out_of_fold"]

K = 5  # neighbours that vote, as in `cospace compare`
FOLDS = 5
_ASKED = 2_000  # rows of a fold: 10,000 in all calibrate as well as more
# What a class has before anybody votes: with 5 votes, none is no proof that it cannot be.
_PRIOR = 0.05
_NEVER = -50.0

Numbers = NDArray[np.float64]
Classes = NDArray[np.intp]


class Scorer(Protocol):
    """A classifier that was trained: scores [m, classes] of rows [m, dim]; the highest wins."""

    def scores(self, rows: Floats) -> Numbers:
        """Scores float64 [m, classes], as logarithms of odds."""
        ...

    def again(self, rows: Floats, classes: Classes, count: int) -> Scorer:
        """The same settings, trained on other rows of `count` classes."""
        ...


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The vote of the k nearest rows: who wins is who `neighbour_classes` names.

    The score of a class is the logarithm of its votes; the cosines, made too small to make a
    vote, break ties.
    """

    rows: Floats
    classes: Classes
    count: int
    k: int = K

    def scores(self, rows: Floats) -> Numbers:
        """Scores float64 [m, classes]."""
        numbers, close = top_k(cosines(rows, self.rows), len(rows), len(self.rows), self.k)
        votes = np.zeros((len(rows), self.count))
        places = np.repeat(np.arange(len(rows)), numbers.shape[1])
        each = 1 + close.reshape(-1) / (4 * self.k)
        np.add.at(votes, (places, self.classes[numbers].reshape(-1)), each)
        found: Numbers = np.log(votes + _PRIOR)
        return found

    def again(self, rows: Floats, classes: Classes, count: int) -> Neighbours:
        """The same k, with other rows."""
        return Neighbours(rows, classes, count, self.k)


@dataclass(frozen=True, slots=True)
class ProbeScorer:
    """A logistic regression; its penalty was chosen on a part of its own training rows."""

    probe: Probe

    @classmethod
    def trained(cls, rows: Floats, classes: Classes, *, seed: int) -> ProbeScorer:
        """As `cospace compare` trains it."""
        return cls(probe_classes(rows, classes, rows[:1], seed=seed)[1])

    def scores(self, rows: Floats) -> Numbers:
        """Scores float64 [m, classes]."""
        return self.probe.scores(rows)

    def again(self, rows: Floats, classes: Classes, count: int) -> ProbeScorer:
        """The same penalty; `count` is that of all classes, some of which may be missing."""
        # There is one answer wherever the search for it begins; this is a good place.
        start = self.probe if int(classes.max()) + 1 == self.probe.weights.shape[1] else None
        return ProbeScorer(fit(rows, classes, penalty=self.probe.penalty, start=start)).padded(
            count
        )

    def padded(self, count: int) -> ProbeScorer:
        """The same, with scores of so many classes: one that was not there is never said."""
        probe = self.probe
        lacking = count - probe.weights.shape[1]
        if not lacking:
            return self
        weights = np.pad(probe.weights, ((0, 0), (0, lacking)))
        weights[-1, -lacking:] = _NEVER
        return ProbeScorer(replace(probe, weights=weights))


def folds(classes: Classes, *, seed: int) -> NDArray[np.intp]:
    """The fold of each item, 0 to 4: every class is spread over them as evenly as can be.

    >>> np.bincount(folds(np.zeros(12, np.intp), seed=0)).tolist()
    [3, 3, 2, 2, 2]
    """
    random = np.random.default_rng(seed)
    found = np.empty(len(classes), np.intp)
    for one in np.unique(classes):
        members = random.permutation(np.flatnonzero(classes == one))
        found[members] = np.arange(len(members)) % FOLDS
    return found


def out_of_fold(
    scorer: Scorer, rows: Floats, classes: Classes, *, count: int, seed: int
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Scores of rows by a scorer that was trained without their fold, and which rows have them.

    At most 2,000 rows of each fold are asked for. A fold whose rest has fewer than two classes is
    left out.
    """
    fold = folds(classes, seed=seed)
    found = np.zeros((len(rows), count))
    done = np.zeros(len(rows), bool)
    for one in range(FOLDS):
        own = fold == one
        if not own.any() or len(np.unique(classes[~own])) < 2:
            continue
        asked = np.flatnonzero(own)
        if len(asked) > _ASKED:
            asked = np.random.default_rng([seed, one]).choice(asked, _ASKED, replace=False)
        found[asked] = scorer.again(rows[~own], classes[~own], count).scores(rows[asked])
        done[asked] = True
    return found, done
