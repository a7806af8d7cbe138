"""The training itself: epochs over batches, looks at held-out examples, the best weights kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cospace.errors import TrainingDiverged
from cospace.train.card import Point
from cospace.train.contrastive.batches import Batch, batches
from cospace.train.contrastive.losses import at_each, cosent, cosine, ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.train.contrastive.examples import Examples
    from cospace.train.contrastive.net import Net
    from cospace.train.contrastive.options import TuneSettings

__all__ = ["Work", "fit"]

_LOOKS = 4  # in each epoch
_PATIENCE = 8  # looks without anything better, before it ends; those of the warm-up do not count
_WARM = 0.1  # the share of steps in which the rate rises


@dataclass(frozen=True, slots=True)
class Work:
    """What is learnt from: examples, their tokens by text and role, and hard negatives."""

    examples: Examples
    anchors: list[list[int]]
    documents: list[list[int]]
    negatives: NDArray[np.intp]


def fit(
    net: Net,
    work: Work,
    worth: Callable[[], float],
    settings: TuneSettings,
    *,
    pulse: Callable[[int, int, float], object] = lambda _done, _epoch, _loss: None,
) -> tuple[list[Point], bool]:
    """The curve, and whether Ctrl-C ended it. The weights of `net` are the best that were seen.

    `worth` measures the net on examples that it does not learn from; a start that is never
    surpassed stays. `pulse` is called with the examples done, the epoch, and the loss.

    Raises `TrainingDiverged` when the loss is no longer finite.
    """
    trained = net.trained(settings.frozen)
    torch.manual_seed(settings.seed)
    random = np.random.default_rng(settings.seed)
    steps = settings.epochs * -(-len(work.examples) // settings.batch)
    every = max(1, steps // (_LOOKS * settings.epochs))
    optimiser = torch.optim.AdamW(trained, lr=settings.rate, weight_decay=0.01)
    best = _copy(trained)
    points, waited, step, done = [Point(0, 0.0, worth())], 0, 0, 0
    lengths = np.array([len(ids) for ids in work.documents], np.intp)
    try:
        for epoch in range(settings.epochs):
            for batch in batches(
                work.examples, lengths, work.negatives, size=settings.batch, random=random
            ):
                loss = _step(net, work, batch, settings, (optimiser, trained, step / steps))
                points[0] = points[0]._replace(loss=loss) if step == 0 else points[0]
                step, done = step + 1, done + len(batch.anchors)
                pulse(done, epoch + 1, loss)
                if step % every:
                    continue
                points.append(Point(step * settings.epochs / steps, loss, worth()))
                waited = 0 if points[-1].held > max(p.held for p in points[:-1]) else waited + 1
                if waited == 0:
                    best = _copy(trained)
                if step < _WARM * steps:
                    waited = 0
            if waited >= _PATIENCE:
                break
    except KeyboardInterrupt:
        _restore(trained, best)
        return points, True
    _restore(trained, best)
    return points, False


def _step(
    net: Net, work: Work, batch: Batch, settings: TuneSettings, how: tuple[Any, list[Any], float]
) -> float:
    """One step down the gradient of a batch; its loss."""
    optimiser, trained, share = how
    net.module.train()
    for group in optimiser.param_groups:
        group["lr"] = settings.rate * min(share / _WARM, (1 - share) / (1 - _WARM), 1)
    n = len(batch.anchors)
    ids = [work.anchors[i] for i in batch.anchors] + [work.documents[i] for i in batch.documents]
    rows = net.module(*net.padded(ids))
    loss = at_each(
        [net.built.dim, *settings.matryoshka], _loss(batch, settings), rows[:n], rows[n:]
    )
    value = float(loss.detach())
    if not np.isfinite(value):
        raise TrainingDiverged(
            f"the loss is {value}. The likely cause is the rate, {settings.rate:g}: try a tenth"
        )
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimiser.step()
    return value


def _loss(batch: Batch, settings: TuneSettings) -> Callable[[Any, Any], Any]:
    """The loss of a batch, as a function of the rows of its two sides."""
    scores = torch.from_numpy(batch.scores.astype(np.float32))
    same = torch.from_numpy(batch.same)
    if settings.loss == "cosine":
        return lambda one, two: cosine(one, two, scores)
    if settings.loss == "cosent":
        return lambda one, two: cosent(one, two, scores)
    return lambda one, two: ranking(one, two, same)


def _copy(weights: list[Any]) -> list[Any]:
    return [weight.detach().clone() for weight in weights]


def _restore(weights: list[Any], kept: list[Any]) -> None:
    with torch.no_grad():
        for weight, value in zip(weights, kept, strict=True):
            weight.copy_(value)
