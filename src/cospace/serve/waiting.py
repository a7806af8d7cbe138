"""Waiting for work that others do, and dropping it when the client has gone."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

from cospace.serve.body import BadRequest

if TYPE_CHECKING:
    from starlette.requests import Request

    from cospace.serve.metrics import Metrics

__all__ = ["Arrivals", "finished"]

T = TypeVar("T")
_PATIENCE = 0.5  # seconds, before it is worth asking whether the client is there


class Arrivals:
    """Results of threads, brought to the event loop: one wakeup for all that came since the last.

    The results of a batch come at once, and to wake the loop costs each a call of the system.
    """

    def __init__(self) -> None:
        self._came: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def of(self, future: Future[T]) -> asyncio.Future[T]:
        """The same result, to be awaited."""
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(partial(self._arrived, loop, mine))
        return mine

    def _arrived(
        self, loop: asyncio.AbstractEventLoop, mine: asyncio.Future[T], future: Future[T]
    ) -> None:
        # In this order: what is there before the loop says that it is awake, it finds.
        self._came.append((mine, future))
        if not self._woken:
            self._woken = True
            try:
                loop.call_soon_threadsafe(self._tell)
            except RuntimeError:  # the loop has ended, and whoever waited with it
                self._came.clear()

    def _tell(self) -> None:
        self._woken = False
        while self._came:
            mine, future = self._came.popleft()
            if mine.done():
                continue
            if future.cancelled():
                mine.cancel()
            elif (error := future.exception()) is not None:
                mine.set_exception(error)
            else:
                mine.set_result(future.result())


# Of each event loop; a server has one.
_ARRIVALS: WeakKeyDictionary[asyncio.AbstractEventLoop, Arrivals] = WeakKeyDictionary()


async def finished(request: Request, future: Future[T], metrics: Metrics) -> T:
    """The result. A client that goes away takes with it what has not begun for it.

    Raises `BadRequest` of status 499 then, and what the work raised.
    """
    loop = asyncio.get_running_loop()
    work = _ARRIVALS.setdefault(loop, Arrivals()).of(future)
    watch = _Watch(request, work)
    timer = loop.call_later(_PATIENCE, watch.begin)
    try:
        return await work
    except BaseException:
        future.cancel()  # nobody waits for it
        if watch.gone:
            metrics.dropped.inc()
        raise
    finally:
        timer.cancel()
        watch.end()


class _Watch:
    """Ends the waiting for `work` when the client's connection ends."""

    def __init__(self, request: Request, work: asyncio.Future[Any]) -> None:
        self.gone = False
        self._request = request
        self._work = work
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.ensure_future(self._wait())

    def end(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _wait(self) -> None:
        # The body has been read by now; what still comes is the end.
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        if not self._work.done():
            self.gone = True
            self._work.set_exception(BadRequest("the client has gone", status=499))
