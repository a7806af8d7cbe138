"""fit: a head that binds features to vectors that stay as they are, stopped in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument, TrainingDiverged
from cospace.train.adamw import AdamW
from cospace.train.binding.head import Head, Trainee
from cospace.train.binding.measure import ranks
from cospace.train.card import Point
from cospace.train.losses import clip_loss, siglip_loss

__all__ = ["Fitted", "Pairs", "Settings", "fit"]

Array = NDArray[np.float32]
# The scale of the loss is learnt, and held below this (Radford et al. 2021).
_MOST = 100.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Features [n, f] with the vectors [n, d] they are to come near.

    `own` are the vectors that the tower gives without the head, where they are of the same space.
    `meaning` numbers what the pairs mean: two with the same are not one another's negatives.
    `group` numbers what must not be torn apart: near duplicates.
    """

    features: Array
    targets: Array
    meaning: NDArray[np.intp]
    group: NDArray[np.intp]
    own: Array | None = None

    def __len__(self) -> int:
        return len(self.features)

    def part(self, keep: NDArray[np.intp]) -> Pairs:
        """The pairs at these positions."""
        own = None if self.own is None else self.own[keep]
        return Pairs(
            self.features[keep], self.targets[keep], self.meaning[keep], self.group[keep], own
        )

    def shuffled(self, seed: int) -> Pairs:
        """The same features with each other's targets: nothing can be learnt from them."""
        order = np.random.default_rng(seed).permutation(len(self))
        return Pairs(self.features, self.targets[order], self.meaning[order], self.group, self.own)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a head is trained.

    `loss` is "softmax" (CLIP) or "sigmoid" (SigLIP). `hidden` is the width of a hidden layer, 0
    for none. `base` is how much the tower's own vectors count beside what is learnt. `patience` is
    after how many epochs without a better one it stops.
    """

    loss: str = "softmax"
    hidden: int = 0
    base: float = 1.0
    epochs: int = 40
    batch: int = 256
    rate: float = 1e-3
    decay: float = 0.05
    drop: float = 0.5
    patience: int = 12
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in ("softmax", "sigmoid"):
            raise BadArgument(f"the loss is 'softmax' or 'sigmoid', not {self.loss!r}")
        whole = (self.epochs, self.batch - 1, self.patience)
        if min(whole) < 1 or not 0 < self.rate < 1 or not 0 <= self.drop < 1 or self.hidden < 0:
            raise BadArgument(
                "a head takes epochs and patience of 1 or more, a batch of 2 or more, a rate"
                f" between 0 and 1, and drop from 0 to below 1; given was {self.to_json()}"
            )

    def to_json(self) -> dict[str, Any]:
        """The settings by name, for a card."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Fitted:
    """A head, its curve, the epoch that it is of, and whether somebody stopped the training."""

    head: Head
    points: list[Point]
    epoch: int
    stopped: bool = False


def fit(
    pairs: Pairs,
    settings: Settings,
    *,
    validation: Pairs | None = None,
    stop_after: int | None = None,
    tell: Callable[[int, float, float | None], object] = lambda *_: None,
) -> Fitted:
    """The head after the epoch that was best on `validation`, by the mean of 1 / rank both ways.

    Without `validation` it is that after `stop_after` epochs. `tell` is called after each epoch
    with its number, its loss and the measure. Ctrl-C gives the best so far.

    Raises `BadArgument` for fewer than two different targets, `TrainingDiverged`.
    """
    made = _trainee(pairs, settings)
    random = np.random.default_rng(settings.seed)
    batches = max(1, round(len(pairs) / settings.batch))
    optimiser = AdamW(
        made.parameters,
        steps=settings.epochs * batches,
        rate=settings.rate,
        decay=settings.decay,
        faster={"scale": 10, "bias": 10},
    )
    best, points, at, stopped = -1.0, [], 0, False
    head = made.head()
    try:
        for epoch in range(1, (stop_after or settings.epochs) + 1):
            loss = _epoch(pairs, settings, made, optimiser, random, batches)
            if not np.isfinite(loss):
                raise TrainingDiverged(
                    f"epoch {epoch}: the loss is no longer a finite number. The likely cause is"
                    f" the rate, {settings.rate:g}: try a tenth of it"
                )
            measure = None if validation is None else _measure(made.head(), validation)
            tell(epoch, loss, measure)
            if measure is not None:
                points.append(Point(epoch, loss, measure))
            if measure is None or measure > best:
                best, at, head = measure or 0.0, epoch, made.head()
            elif epoch - at >= settings.patience:
                break
    except KeyboardInterrupt:
        stopped = True
    return Fitted(head, points, at, stopped)


def _trainee(pairs: Pairs, settings: Settings) -> Trainee:
    """The head before the first step, with the scale and the bias of its loss."""
    if len(np.unique(pairs.meaning)) < 2:
        raise BadArgument(
            f"nothing can be learnt from {len(pairs)} pairs of one target: all say the same"
        )
    made = Trainee(
        pairs.features,
        pairs.targets.shape[1],
        hidden=settings.hidden,
        base=settings.base if pairs.own is not None else 0.0,
        drop=settings.drop,
        seed=settings.seed,
    )
    sigmoid = settings.loss == "sigmoid"
    made.parameters["scale"] = np.log(np.array([10 if sigmoid else 20], np.float32))
    if sigmoid:
        made.parameters["bias"] = np.array([-10], np.float32)
    return made


def _epoch(
    pairs: Pairs,
    settings: Settings,
    made: Trainee,
    optimiser: AdamW,
    random: np.random.Generator,
    batches: int,
) -> float:
    """The mean loss of one pass over the pairs."""
    total = 0.0
    for chosen in np.array_split(random.permutation(len(pairs)), batches):
        batch = pairs.part(chosen)
        same = batch.meaning[:, None] == batch.meaning[None, :]
        rows = made.forward(batch.features, batch.own, random)
        scale = float(np.exp(made.parameters["scale"][0]))
        if settings.loss == "sigmoid":
            bias = float(made.parameters["bias"][0])
            loss = siglip_loss(rows, batch.targets, scale, bias, same)
        else:
            loss = clip_loss(rows, batch.targets, scale, same)
        gradients = made.backward(loss.x)
        gradients["scale"] = np.array([loss.log_scale], np.float32)
        if settings.loss == "sigmoid":
            gradients["bias"] = np.array([loss.bias], np.float32)
        optimiser.step(gradients)
        np.minimum(made.parameters["scale"], np.log(_MOST), out=made.parameters["scale"])
        total += loss.value
    return total / batches


def _measure(head: Head, pairs: Pairs) -> float:
    return ranks(head.apply(pairs.features, pairs.own), pairs.targets, pairs.meaning).reciprocal
