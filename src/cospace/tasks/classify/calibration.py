"""Calibration: confidences that come true as often as they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.evaluate.probe import minimise

__all__ = ["Calibration", "calibration_error", "expected_error", "probabilities", "temperature"]

_BINS = 15
_GOLDEN = (5**0.5 - 1) / 2
_COLDEST, _HOTTEST = 0.01, 100.0
_DRAWS = 200
_CERTAIN = 30.0
_RIDGE = 1e-4  # where all odds are the same, the slope stays 1

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure an answer is, of the scores of its classes.

    One temperature brings the scores to probabilities, and the logarithm of the odds of the
    highest goes through a line: `slope` times it plus `offset`. The temperature is right for all
    classes together; the line, for the answer that is given.

    Source: Guo et al., 2017, as for `temperature`; Platt, Probabilistic outputs for support vector
    machines, 1999, for the line and its targets; Gupta and Ramdas, Top-label calibration, 2022.
    """

    heat: float = 1.0
    slope: float = 1.0
    offset: float = 0.0

    @classmethod
    def fitted(cls, scores: Numbers, classes: NDArray[np.intp]) -> Calibration:
        """Of scores [n, classes] that no training has seen, and the classes that are true."""
        heat = temperature(scores, classes)
        odds = _odds(scores, heat)
        right = scores.argmax(axis=1) == classes
        many = np.count_nonzero(right)
        # Platt's targets: with few items nothing is certain.
        target = np.where(right, (many + 1) / (many + 2), 1 / (len(right) - many + 2))
        slope, offset = minimise(lambda x: _line_loss(x, odds, target), np.array([1.0, 0.0]))[0]
        return cls(heat, float(slope), float(offset))

    def confidence(self, scores: Numbers) -> Numbers:
        """How often the class of the highest score is right: float64 [n], 0 to 1."""
        line = self.slope * _odds(scores, self.heat) + self.offset
        found: Numbers = 1 / (1 + np.exp(-np.clip(line, -_CERTAIN, _CERTAIN)))
        return found


def _odds(scores: Numbers, heat: float) -> Numbers:
    """The logarithm of the odds of the highest score [n], within what floats can say."""
    best = probabilities(scores, heat).max(axis=1)
    best = np.clip(best, 1e-9, 1 - 1e-9)
    found: Numbers = np.log(best / (1 - best))
    return found


def _line_loss(x: Numbers, odds: Numbers, target: Numbers) -> tuple[float, Numbers]:
    """The surprise of `target` at a line's confidences, and its gradient."""
    line = x[0] * odds + x[1]
    loss = float(np.mean(np.logaddexp(0, line) - target * line)) + _RIDGE * float((x[0] - 1) ** 2)
    apart = 1 / (1 + np.exp(-np.clip(line, -_CERTAIN, _CERTAIN))) - target
    gradient = np.array([np.mean(apart * odds) + 2 * _RIDGE * (x[0] - 1), np.mean(apart)])
    return loss, gradient


def probabilities(scores: Numbers, heat: float = 1.0) -> Numbers:
    """softmax(scores / heat) of each row [n, classes]; the order of classes stays.

    >>> probabilities(np.array([[2.0, 0.0]]), heat=2.0).round(2).tolist()
    [[0.73, 0.27]]
    """
    scaled = scores / heat
    each = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    found: Numbers = each / each.sum(axis=1, keepdims=True)
    return found


def temperature(scores: Numbers, classes: NDArray[np.intp]) -> float:
    """The temperature at which scores [n, classes] of items of known class are least surprised.

    The mean of -log p(class) is convex in 1 / temperature; its least is found by golden sections
    between 0.01 and 100. `scores` come from items that the classifier was not trained on: on its
    own it is too sure.

    Source: Guo et al., On calibration of modern neural networks, 2017.

    >>> scores = np.array([[3.0, 0.0]] * 10)
    >>> classes = np.array([0] * 7 + [1] * 3)
    >>> heat = temperature(scores, classes)
    >>> probabilities(scores[:1], heat).round(2).tolist()
    [[0.7, 0.3]]
    """
    right = np.arange(len(classes)), classes

    def surprise(log_heat: float) -> float:
        scaled = scores / np.exp(log_heat)
        scaled -= scaled.max(axis=1, keepdims=True)
        total = np.log(np.exp(scaled).sum(axis=1))
        return float(np.mean(total - scaled[right]))

    low, high = float(np.log(_COLDEST)), float(np.log(_HOTTEST))
    for _ in range(60):
        left, middle = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if surprise(left) <= surprise(middle):
            high = middle
        else:
            low = left
    return float(np.exp((low + high) / 2))


def calibration_error(confidence: Numbers, right: NDArray[np.bool_]) -> float:
    """The expected calibration error: how far confidence and accuracy are apart, 0 to 1.

    Items are put into 15 bins of equal width by their confidence [n]; the error is the mean over
    items of |accuracy - mean confidence| of their bin.

    Source: Naeini et al., Obtaining well calibrated probabilities using Bayesian binning, 2015.

    >>> calibration_error(np.full(4, 0.9), np.array([True, True, True, False])).__round__(2)
    0.15
    """
    bins = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    apart = np.bincount(bins, weights=right - confidence, minlength=_BINS)
    return float(np.abs(apart).sum() / len(confidence))


def expected_error(confidence: Numbers, *, seed: int = 0) -> float:
    """The calibration error that such confidences show when they are exactly true.

    With few items in a bin its accuracy strays by luck alone, so no error is ever 0: this is the
    mean over 200 draws in which each item is right as often as its confidence says.
    """
    random = np.random.default_rng(seed)
    drawn = random.random((_DRAWS, len(confidence))) < confidence
    return float(np.mean([calibration_error(confidence, one) for one in drawn]))
