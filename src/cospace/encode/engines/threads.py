"""Threads for encoding, with the caller's limits in force in each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from cospace.cores import cores

__all__ = ["pool", "spread", "submit"]

T = TypeVar("T")


def pool(threads: int) -> ThreadPoolExecutor:
    """Threads that end with the `with` block they are used in."""
    return ThreadPoolExecutor(threads, thread_name_prefix="cospace-encode")


def submit(threads: ThreadPoolExecutor, task: Callable[..., T], *given: Any) -> Future[T]:
    """The task under way in `threads`; `limits.override` around the caller holds there too."""
    return threads.submit(copy_context().run, task, *given)


def spread(task: Callable[[Any], T], values: Sequence[Any]) -> list[T]:
    """`task` of every value, in order, worked out on all cores; the first failure is raised."""
    if len(values) == 1:  # a thread would cost more than it saves
        return [task(values[0])]
    with pool(min(cores(), 8)) as threads:
        under_way = [submit(threads, task, value) for value in values]
        try:
            return [future.result() for future in under_way]
        finally:
            for future in under_way:
                future.cancel()
