"""Linear probe: how well a linear classifier reads the classes off the vectors.

Multinomial logistic regression, trained on fixed vectors. The loss is convex, so there is one
answer, and how it is found does not matter; here by L-BFGS.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.evaluate.split import stratified

__all__ = ["PENALTIES", "Probe", "fit", "loss_and_gradient", "minimise", "probe_classes"]

# From hardly any to very much, for inputs of about unit scale.
PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0)
_CHOOSING_SHARE = 0.25

Loss = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Probe:
    """Weights [dim + 1, classes], the last row the intercepts, for centred and scaled rows."""

    weights: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: float
    penalty: float
    converged: bool

    def scores(self, rows: NDArray[np.float32]) -> NDArray[np.float64]:
        """The score of each class [m, classes] for each row [m, dim]; the highest is its class."""
        inputs = (rows - self.centre) / self.scale
        found: NDArray[np.float64] = inputs @ self.weights[:-1] + self.weights[-1]
        return found


def probe_classes(
    train: NDArray[np.float32], classes: NDArray[np.intp], test: NDArray[np.float32], *, seed: int
) -> tuple[NDArray[np.intp], Probe]:
    """The class of each row of `test`, and the probe that says so.

    The penalty is chosen among `PENALTIES` on a quarter of `train` that is set aside for it
    (stratified by class, drawn with `seed`); the probe is then trained on all of `train`.
    The rows of `test` have no part in either.

    Source: Alain and Bengio, Understanding intermediate layers using linear classifier probes,
    2016.
    """
    aside = stratified(classes, share=_CHOOSING_SHARE, seed=seed)
    penalty = PENALTIES[len(PENALTIES) // 2]  # where no class is large enough to choose on
    if aside.any():
        right = []
        start: Probe | None = None
        for tried in sorted(PENALTIES, reverse=True):
            # The answer for a larger penalty is a good place to begin looking for the next.
            start = fit(train[~aside], classes[~aside], penalty=tried, start=start)
            guessed = start.scores(train[aside]).argmax(axis=1)
            right.append((float(np.mean(guessed == classes[aside])), tried))
        penalty = max(right)[1]  # of equals the larger: the simpler classifier
    found = fit(train, classes, penalty=penalty)
    return found.scores(test).argmax(axis=1), found


def fit(
    rows: NDArray[np.float32],
    classes: NDArray[np.intp],
    *,
    penalty: float,
    start: Probe | None = None,
) -> Probe:
    """The logistic regression of `classes` [n], numbers from 0, on `rows` [n, dim].

    The rows are centred, and divided by one number, so that `penalty` means alike for every
    model and no direction is favoured.

    Raises `BadArgument` for fewer than two classes.
    """
    count = int(classes.max()) + 1 if len(classes) else 0
    if count < 2:
        raise BadArgument(f"a classifier needs at least 2 classes; there are {count}")
    centre = rows.mean(axis=0, dtype=np.float64)
    scale = float(np.sqrt(np.mean((rows - centre) ** 2))) or 1.0
    # In float32 the gradient's last digits are noise before the answer is reached.
    inputs: NDArray[np.float64] = (rows - centre) / scale
    shape = (rows.shape[1] + 1, count)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = loss_and_gradient(flat.reshape(shape), inputs, classes, penalty=penalty)
        return value, gradient.reshape(-1)

    first = np.zeros(shape) if start is None else start.weights
    weights, converged = minimise(loss, first.reshape(-1))
    return Probe(weights.reshape(shape), centre, scale, penalty, converged)


def loss_and_gradient(
    weights: NDArray[np.float64],
    inputs: NDArray[np.float64],
    classes: NDArray[np.intp],
    *,
    penalty: float,
) -> tuple[float, NDArray[np.float64]]:
    """The loss that a probe minimises, and its gradient by the weights [dim + 1, classes].

    loss = mean over i of -log p(class_i | x_i) + penalty / (2 dim) * sum of squared weights,
    with p = softmax(x W + b); intercepts are not penalised. The mean input has a squared length
    of `dim`, so the penalty's share does not depend on the dimension.

    The gradient of the first term is the mean of x_i (p_i - y_i): what the classifier claims
    less what is true, times the input that made it claim so.
    """
    n, dim = inputs.shape
    scores = inputs @ weights[:-1] + weights[-1]
    scores -= scores.max(axis=1, keepdims=True)  # so that exp cannot overflow
    each = np.exp(scores)
    total = each.sum(axis=1, keepdims=True)
    right = np.arange(n), classes
    strength = penalty / dim
    fit_loss = float(np.mean(np.log(total[:, 0]) - scores[right]))
    loss = fit_loss + strength / 2 * float(np.sum(weights[:-1] ** 2))
    excess = each / total
    excess[right] -= 1
    excess /= n
    gradient = np.empty_like(weights)
    gradient[:-1] = inputs.T @ excess + strength * weights[:-1]
    gradient[-1] = excess.sum(axis=0)
    return loss, gradient


def minimise(
    loss: Loss,
    start: NDArray[np.float64],
    *,
    tolerance: float = 1e-6,
    most: int = 1_000,
    memory: int = 10,
) -> tuple[NDArray[np.float64], bool]:
    """Where a smooth convex `loss` is least, and whether it was reached.

    L-BFGS: the last `memory` steps, and how the gradient changed along them, say how the loss
    curves, which turns the gradient into a step of about the right length in every direction.
    It ends when no part of the gradient exceeds `tolerance`, or after `most` steps.

    Source: Liu and Nocedal, On the limited memory BFGS method for large scale optimization,
    1989; Nocedal and Wright, Numerical optimization, 2006, algorithms 7.4 and 3.1.

    >>> where, reached = minimise(lambda x: (float((x - 3) @ (x - 3)), 2 * (x - 3)), np.zeros(2))
    >>> where.round(3).tolist(), reached
    ([3.0, 3.0], True)
    """
    at = start.astype(np.float64)
    value, gradient = loss(at)
    steps: deque[tuple[NDArray[np.float64], NDArray[np.float64]]] = deque(maxlen=memory)
    for _ in range(most):
        if np.abs(gradient).max() <= tolerance:
            return at, True
        direction = -_curved(gradient, steps)
        slope = float(direction @ gradient)
        length = 1.0 if steps else 1 / max(1.0, float(np.abs(gradient).sum()))
        while True:
            step = length * direction
            new_value, new_gradient = loss(at + step)
            if new_value <= value + 1e-4 * length * slope:
                break
            length /= 2
            if length < 1e-10:  # the numbers carry no further
                return at, False
        change = new_gradient - gradient
        if step @ change > 1e-12 * (change @ change):
            steps.append((step, change))
        at, value, gradient = at + step, new_value, new_gradient
    return at, bool(np.abs(gradient).max() <= tolerance)


def _curved(
    gradient: NDArray[np.float64], steps: deque[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """The gradient times the inverse of the curvature that the steps have shown."""
    found = gradient.copy()
    shares = []
    for step, change in reversed(steps):
        share = (step @ found) / (step @ change)
        found -= share * change
        shares.append(share)
    if steps:
        step, change = steps[-1]
        found *= (step @ change) / (change @ change)
    for (step, change), share in zip(steps, reversed(shares), strict=True):
        found += (share - (change @ found) / (step @ change)) * step
    return found
