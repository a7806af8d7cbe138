"""The progress bar: items, rate and time left on a terminal; nothing on a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["bar"]


@contextmanager
def bar(total: int | None) -> Iterator[Callable[[int], object]]:
    """A function to call with the number of items that were just done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=total, unit=" items", file=sys.stderr, dynamic_ncols=True, leave=False) as one:
        yield one.update
