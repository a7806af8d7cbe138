"""Progress: how far a job is. `progress=True` shows a bar; a function is called with `Progress`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from cospace.errors import BadArgument

__all__ = ["Meter", "Progress", "Watch", "metered"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: `done` of `total` units, such as "texts", in `seconds` so far.

    `total` is None where nobody knows it. `per_second` counts what was done in this run alone.
    `stage` is what is under way where a job has several parts, such as the model that is
    measured. A training counts the words of all its epochs (GloVe: co-occurrences), and says
    its `epoch` of `epochs`, and its `loss` of late.

    >>> now = Progress(done=300, total=1_200, unit="texts", seconds=3.0, per_second=100.0)
    >>> now.share, now.seconds_left
    (0.25, 9.0)
    """

    done: int
    total: int | None
    unit: str = "items"
    seconds: float = 0.0
    per_second: float = 0.0
    stage: str = ""
    epoch: int | None = None
    epochs: int | None = None
    loss: float | None = None

    @property
    def share(self) -> float | None:
        """How much of the whole is done, 0 to 1; None where the total is not known."""
        return None if self.total is None else self.done / self.total if self.total else 1.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at this rate; None where that cannot be known."""
        if self.total is None or not self.per_second:
            return None
        return (self.total - self.done) / self.per_second


class Meter:
    """Counts what is done of a job, and tells who watches. Threads may share it."""

    def __init__(
        self,
        show: Callable[[Progress], object] | None = None,
        total: int | None = None,
        unit: str = "items",
        *,
        done: int = 0,
    ) -> None:
        self.total, self.unit, self.done = total, unit, done
        self.stage = ""
        self._show = show
        self._began, self._started = done, time.monotonic()
        self._counting = threading.Lock()

    def add(self, more: int = 1) -> None:
        """`more` units are done."""
        with self._counting:
            self.done += more
            done = self.done
        self._tell(done)

    def at(self, done: int, *, epoch: int, epochs: int, loss: float | None) -> None:
        """A training has done so many units in all."""
        self.done = done
        self._tell(done, epoch, epochs, loss)

    def _tell(
        self,
        done: int,
        epoch: int | None = None,
        epochs: int | None = None,
        loss: float | None = None,
    ) -> None:
        if self._show is None:
            return
        seconds = time.monotonic() - self._started
        rate = (done - self._began) / max(seconds, 1e-9)
        self._show(
            Progress(done, self.total, self.unit, seconds, rate, self.stage, epoch, epochs, loss)
        )


# What the argument `progress=` of a function takes. A meter is one that the caller holds: what is
# done is added to it.
Watch: TypeAlias = "bool | Callable[[Progress], object] | Meter | None"


@contextmanager
def metered(
    progress: Watch, total: int | None = None, unit: str = "items", *, done: int = 0
) -> Iterator[Meter]:
    """The meter of a job of `total` units, `done` of which were done in a run before.

    `progress` is True for a bar on stderr with the rate and the time left, False for nothing, or
    a function that is called with a `Progress` after each step. What it raises ends the job.

    Raises `BadArgument` for anything else.

    >>> seen = []
    >>> with metered(seen.append, total=3, unit="texts") as meter:
    ...     meter.add(2)
    ...     meter.add(1)
    >>> [(now.done, now.total, now.unit) for now in seen]
    [(2, 3, 'texts'), (3, 3, 'texts')]
    """
    if isinstance(progress, Meter):
        yield progress
    elif progress is True:
        with _bar(total, unit, done) as show:
            yield Meter(show, total, unit, done=done)
    elif progress is None or progress is False:
        yield Meter(None, total, unit, done=done)
    elif callable(progress):
        yield Meter(progress, total, unit, done=done)
    else:
        raise BadArgument(
            f"progress is True, False, or a function that takes a Progress; not {progress!r}"
        )


@contextmanager
def _bar(total: int | None, unit: str, done: int) -> Iterator[Callable[[Progress], object]]:
    from tqdm import tqdm

    with tqdm(
        total=total,
        initial=done,
        unit=f" {unit}",
        unit_scale=total is not None and total >= 1_000_000,
        file=sys.stderr,
        dynamic_ncols=True,
        leave=False,
    ) as bar:

        def show(now: Progress) -> None:
            words = [now.stage] if now.stage else []
            words += [] if now.epoch is None else [f"epoch {now.epoch}/{now.epochs}"]
            words += [] if now.loss is None else [f"loss {now.loss:.3f}"]
            bar.total = now.total
            bar.update(now.done - bar.n)
            if ", ".join(words) != bar.desc:  # drawn at once; numbers a few times a second
                bar.set_description_str(", ".join(words))

        yield show
