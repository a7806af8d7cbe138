"""`drive`: epochs, checkpoints, progress and Ctrl-C, the same for every trainer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from cospace.cores import installed_memory
from cospace.errors import BadArgument, TrainingDiverged
from cospace.progress import Meter, Watch, metered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.words import WordVectors
    from cospace.train.checkpoint import Checkpoint
    from cospace.train.options import Settings

__all__ = ["Pulse", "Run", "Stopped", "check_memory", "drive"]


class Stopped(Exception):
    """Somebody pressed Ctrl-C: workers leave at their next chunk."""


# Called with (how much of the epoch is done, the loss of late or None); raises Stopped.
Pulse = Callable[[float, "float | None"], None]


class Run(Protocol):
    """One training of one method. `work` is what an epoch goes through: words, or pairs."""

    work: int

    def epoch(self, number: int, pulse: Pulse) -> float:
        """Trains epoch `number`, from 0; its mean loss. All that is drawn follows from it."""
        ...

    def sound(self) -> bool:
        """False when a number is no longer finite."""
        ...

    def state(self) -> Mapping[str, NDArray[Any]]:
        """The arrays that a resumed training needs."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Takes them back."""
        ...

    def table(self) -> WordVectors:
        """The vectors as they are."""
        ...


def drive(
    run: Run,
    settings: Settings,
    *,
    checkpoint: Checkpoint | None = None,
    progress: Watch = None,
    stage: str = "",
    tell: Callable[[str], object] = lambda _: None,
) -> float:
    """Trains to the end, and gives how much of it was done: 1.0, or less after Ctrl-C.

    `stage` is what the progress calls it. `tell` is called with a line when the training goes on
    from its checkpoint.
    Raises `TrainingDiverged` that names the epoch when numbers are no longer finite.
    """
    done = 0
    if checkpoint is not None:
        done, state = checkpoint.load()
        if state:
            run.restore(state)
            tell(f"{checkpoint.folder}: {done} of {settings.epochs} epochs were done before")
    unit = "pairs" if settings.method == "glove" else "words"
    total, before = settings.epochs * run.work, done * run.work
    with metered(progress, total, unit, done=before) as meter:
        meter.stage = stage
        clock = _Clock(settings.epochs, done, run.work, meter)
        try:
            _epochs(run, settings, clock, checkpoint, done)
        except (KeyboardInterrupt, Stopped):
            return min(clock.share, 1 - 1e-9)
    return 1.0


def _epochs(
    run: Run, settings: Settings, clock: _Clock, checkpoint: Checkpoint | None, done: int
) -> None:
    for number in range(done, settings.epochs):
        clock.number = number
        loss = run.epoch(number, clock.pulse)
        if not run.sound() or loss != loss:  # noqa: PLR0124 - NaN
            raise TrainingDiverged(
                f"epoch {number + 1} of {settings.epochs}: the vectors are no longer finite"
                f" numbers. The likely cause is the rate, {settings.rate:g}: try a tenth of it"
            )
        if checkpoint is not None:
            checkpoint.save(number + 1, run.state())


class _Clock:
    """Turns shares of epochs into progress, a few times a second."""

    def __init__(self, epochs: int, done: int, work: int, meter: Meter) -> None:
        self.number = done
        self.share = done / epochs
        self._epochs, self._work = epochs, work
        self._meter = meter
        self._reported = 0.0

    def pulse(self, share: float, loss: float | None) -> None:
        self.share = (self.number + share) / self._epochs
        now = time.monotonic()
        if now - self._reported < 0.2 and share < 1:
            return
        self._reported = now
        done = round((self.number + share) * self._work)
        self._meter.at(done, epoch=self.number + 1, epochs=self._epochs, loss=loss)


def check_memory(need: int, advice: str) -> None:
    """Raises `BadArgument` with `advice` when the machine has less than `need` bytes in all."""
    total = installed_memory()
    if total is not None and need > total:
        raise BadArgument(
            f"this needs {need / 1e9:,.1f} GB of memory; the machine has {total / 1e9:,.1f}."
            f" {advice}"
        )
