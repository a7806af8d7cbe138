"""The progress bar: items, rate and time left on a terminal; nothing on a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cospace.train import Progress

__all__ = ["bar", "training_bar"]


@contextmanager
def bar(total: int | None) -> Iterator[Callable[[int], object]]:
    """A function to call with the number of items that were just done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=" items", file=sys.stderr, dynamic_ncols=True, leave=False) as one:
        yield one.update


@contextmanager
def training_bar() -> Iterator[Callable[[Progress], object] | None]:
    """A function to call with the `Progress` of a training; None on a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    shape = "{percentage:3.0f}%|{bar}| {desc}"
    with tqdm(total=1.0, bar_format=shape, file=sys.stderr, dynamic_ncols=True, leave=False) as one:

        def show(now: Progress) -> None:
            loss = "" if now.loss is None else f", loss {now.loss:.3f}"
            left = tqdm.format_interval(now.seconds_left)
            one.set_description_str(
                f"epoch {now.epoch}/{now.epochs}, {now.per_second:,.0f}/s{loss}, {left} left", False
            )
            one.update(now.share - one.n)

        yield show
