"""fit: a network that learns where recordings lie among vectors that stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cospace.errors import BadArgument, TrainingDiverged
from cospace.train.binding.fit import Settings
from cospace.train.binding.measure import Ranks, ranks
from cospace.train.card import Point
from cospace.train.signals.augment import moved, voiced
from cospace.train.signals.clips import Clips
from cospace.train.signals.net import Net

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Heard", "Recordings", "fit"]

_MOST = 100.0  # the scale of the loss (Radford et al. 2021)
_WARM = 0.1  # of the steps, in which the rate rises
_SCALE = 10.0  # the scale learns so much faster than the rest


@dataclass(frozen=True, slots=True)
class Recordings:
    """Clips of n recordings with the vectors [n, d] they are to come near; see `binding.Pairs`."""

    clips: Clips
    targets: NDArray[np.float32]
    meaning: NDArray[np.intp]
    group: NDArray[np.intp]
    audio: bool

    def __len__(self) -> int:
        return len(self.targets)

    def part(self, keep: NDArray[np.intp]) -> Recordings:
        """The recordings at these positions."""
        clips = self.clips.part(keep)
        return Recordings(
            clips, self.targets[keep], self.meaning[keep], self.group[keep], self.audio
        )

    def shuffled(self, seed: int) -> Recordings:
        """The same clips with each other's targets: nothing can be learnt from them."""
        order = np.random.default_rng(seed).permutation(len(self))
        return Recordings(
            self.clips, self.targets[order], self.meaning[order], self.group, self.audio
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """A network, its curve, the epoch that it is of, and whether somebody stopped the training."""

    net: Net
    points: list[Point]
    epoch: int
    stopped: bool = False

    def ranks(self, recordings: Recordings) -> Ranks:
        """How well recordings and what they are bound to find one another."""
        rows = recordings.clips.mean(self.net.rows(recordings.clips.array))
        return ranks(rows, recordings.targets, recordings.meaning)


def fit(
    recordings: Recordings,
    settings: Settings,
    *,
    validation: Recordings | None = None,
    stop_after: int | None = None,
    tell: Callable[[int, float, float | None], object] = lambda *_: None,
) -> Heard:
    """The network after the epoch that was best on `validation`, by the mean of 1 / rank.

    Of equals it is the last: the rate falls, and later ones are steadier. Without `validation` it
    is that after `stop_after` epochs. Each step sees one clip of each recording of its batch,
    changed at random. Ctrl-C gives the best so far. The numbers drawn are of `settings.seed`, and
    torch's own stay as they were.

    Raises `BadArgument` for fewer than two different targets, `TrainingDiverged`.
    """
    if len(np.unique(recordings.meaning)) < 2:
        raise BadArgument(
            f"nothing can be learnt from {len(recordings)} pairs of one target: all say the same"
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        return _fit(recordings, settings, validation, stop_after or settings.epochs, tell)


def _fit(
    recordings: Recordings,
    settings: Settings,
    validation: Recordings | None,
    epochs: int,
    tell: Callable[[int, float, float | None], object],
) -> Heard:
    random = np.random.default_rng(settings.seed)
    learner = _Learner(recordings, settings)
    best, points, at, stopped = -1.0, [], 0, False
    kept = learner.net.weights()
    try:
        for epoch in range(1, epochs + 1):
            loss = learner.epoch(random)
            if not np.isfinite(loss):
                raise TrainingDiverged(
                    f"epoch {epoch}: the loss is no longer a finite number. The likely cause is"
                    f" the rate, {settings.rate:g}: try a tenth of it"
                )
            measure = None
            if validation is not None:
                measure = Heard(learner.net, [], epoch).ranks(validation).reciprocal
                points.append(Point(epoch, loss, measure))
            if measure is None or measure >= best:
                best, at, kept = measure or 0.0, epoch, learner.net.weights()
            tell(epoch, loss, measure)
            if epoch - at >= settings.patience:
                break
    except KeyboardInterrupt:
        stopped = True
    learner.net.take(kept)
    return Heard(learner.net, points, at, stopped)


class _Learner:
    """A network while it learns."""

    def __init__(self, recordings: Recordings, settings: Settings) -> None:
        self.recordings, self.batch = recordings, settings.batch
        self.net = Net(
            recordings.clips.array, recordings.targets.shape[1], audio=recordings.audio,
            width=settings.hidden, drop=settings.drop,
        )  # fmt: skip
        self.batches = max(1, round(len(recordings) / settings.batch))
        self.scale = torch.nn.Parameter(torch.tensor(np.log(20.0), dtype=torch.float32))
        groups = [
            {"params": list(self.net.parameters())},
            {"params": [self.scale], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(groups, lr=settings.rate, weight_decay=settings.decay)
        self.rates = (settings.rate, _SCALE * settings.rate)
        self.steps, self.step = settings.epochs * self.batches, 0
        self.starts = np.searchsorted(recordings.clips.owner, np.arange(len(recordings)))
        self.counts = np.bincount(recordings.clips.owner)

    def epoch(self, random: np.random.Generator) -> float:
        """The mean loss of one pass over the recordings."""
        self.net.train()
        losses = []
        for chosen in np.array_split(random.permutation(len(self.recordings)), self.batches):
            self._warm_and_cool()
            loss = self._loss(chosen, random)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            with torch.no_grad():
                self.scale.clamp_(max=float(np.log(_MOST)))
            losses.append(loss.item())
        return float(np.mean(losses))

    def _loss(self, chosen: NDArray[np.intp], random: np.random.Generator) -> Any:
        """CLIP's loss of a batch, as `cospace.train.losses.clip_loss`."""
        recordings = self.recordings
        which = self.starts[chosen] + random.integers(self.counts[chosen])
        clips = torch.from_numpy(recordings.clips.array[which])
        changed = voiced(clips) if recordings.audio else moved(clips)
        rows = self.net(changed)
        targets = torch.from_numpy(recordings.targets[chosen])
        meaning = recordings.meaning[chosen]
        same = torch.from_numpy(meaning[:, None] == meaning[None])
        same.fill_diagonal_(False)
        logits = (self.scale.exp() * rows @ targets.T).masked_fill(same, -torch.inf)
        own = torch.arange(len(chosen))
        cross = torch.nn.functional.cross_entropy
        return (cross(logits, own) + cross(logits.T, own)) / 2

    def _warm_and_cool(self) -> None:
        """The rate of this step: it rises, then falls along a cosine."""
        self.step += 1
        warm = max(1.0, _WARM * self.steps)
        share = min(1.0, max(0.0, (self.step - warm) / max(1.0, self.steps - warm)))
        now = min(1.0, self.step / warm) * (1 + np.cos(np.pi * share)) / 2
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group["lr"] = rate * now
