"""`learn`: epochs, looks at what is held out, an early stop, Ctrl-C; the same for every student."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cospace.errors import TrainingDiverged
from cospace.progress import Watch, metered
from cospace.train.card import Point
from cospace.train.students.agreement import agreement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.space import Space
    from cospace.train.students.lesson import Lesson

__all__ = ["Learner", "Learnt", "learn"]

# Looks in an epoch, and how many in a row without a better figure end the training.
_LOOKS, _PATIENCE = 2, 4


class Learner(Protocol):
    """A student while it learns."""

    batch: int

    def encode(self, positions: NDArray[np.intp]) -> NDArray[np.float32]:
        """Its unit rows [n, dim] of texts of the lesson."""
        ...

    def batches(
        self, positions: NDArray[np.intp], random: np.random.Generator
    ) -> Iterable[NDArray[np.intp]]:
        """The texts of an epoch, drawn anew."""
        ...

    def step(self, positions: NDArray[np.intp], rows: NDArray[np.float32], share: float) -> float:
        """Learns that texts have the teacher's `rows` [n, dim]; the loss.

        `share` is how much of the training is done, 0 to 1.
        """
        ...

    def state(self) -> Any:
        """A copy of all that it has learnt."""
        ...

    def restore(self, state: Any) -> None:
        """Takes a state back."""
        ...

    def blank(self) -> Learner:
        """Another that knows nothing, and learns by the same rules."""
        ...

    def write(self, folder: Path, name: str, teacher: Space, training: dict[str, Any]) -> None:
        """Writes the student's model into a folder."""
        ...


@dataclass
class Learnt:
    """What a training came to: the best agreement on texts that choose, and how much was done."""

    points: list[Point] = field(default_factory=list)
    best: float = -1.0
    share: float = 0.0
    early: bool = False


def learn(
    learner: Learner, lesson: Lesson, *, epochs: int, seed: int, progress: Watch = None
) -> Learnt:
    """Trains, and leaves the learner as it was when it agreed best on the texts that choose.

    Ctrl-C ends it in the same way; then `share` is below 1. Raises `TrainingDiverged`.
    """
    found = Learnt()
    best = learner.state()
    with metered(progress, epochs * len(lesson.kept), "texts") as meter:
        meter.stage = "learning"
        clock = time.monotonic()
        try:
            for share, loss, look in _steps(learner, lesson, epochs, seed):
                found.share = share
                if look:
                    held = agreement(learner.encode(lesson.choose), lesson.rows[lesson.choose])
                    found.points.append(Point(share * epochs, loss, float(held.mean())))
                    if found.points[-1].held > found.best:
                        found.best, best = found.points[-1].held, learner.state()
                    if _no_better(found.points):
                        found.early = True
                        break
                if look or time.monotonic() - clock > 0.2:
                    clock = time.monotonic()
                    done, epoch = round(share * epochs * len(lesson.kept)), int(share * epochs)
                    meter.at(done, epoch=min(epoch + 1, epochs), epochs=epochs, loss=loss)
        except KeyboardInterrupt:
            learner.restore(best)
            found.share = min(found.share, 1 - 1e-9)
            return found
    learner.restore(best)
    found.share = 1.0
    return found


def _steps(
    learner: Learner, lesson: Lesson, epochs: int, seed: int
) -> Iterator[tuple[float, float, bool]]:
    """After each step: how much of all is done, the loss of late, and whether to look."""
    random = np.random.default_rng(seed)
    loss, looks = float("nan"), 0
    for epoch in range(epochs):
        done = 0
        for some in learner.batches(lesson.kept, random):
            share = (epoch + done / len(lesson.kept)) / epochs
            now = learner.step(some, lesson.rows[some], share)
            if not np.isfinite(now):
                raise TrainingDiverged(
                    f"epoch {epoch + 1} of {epochs}: the loss is no longer a finite number"
                )
            loss = now if loss != loss else 0.95 * loss + 0.05 * now  # noqa: PLR0124 - NaN
            done += len(some)
            share = min(1.0, (epoch + done / len(lesson.kept)) / epochs)
            look = int(share * epochs * _LOOKS + 1e-9) > looks
            looks += look
            yield share, loss, look


def _no_better(points: list[Point]) -> bool:
    best = max(range(len(points)), key=lambda i: points[i].held)
    return len(points) - 1 - best >= _PATIENCE
