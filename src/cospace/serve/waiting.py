"""Waiting for work that others do, and dropping it when the client has gone."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from cospace.serve.body import BadRequest

if TYPE_CHECKING:
    from fastapi import Request

    from cospace.serve.metrics import Metrics

__all__ = ["finished"]

T = TypeVar("T")
_PATIENCE = 0.5  # seconds, before it is worth asking whether the client is there


async def finished(request: Request, future: Future[T], metrics: Metrics) -> T:
    """The result. A client that goes away takes with it what has not begun for it."""
    work: asyncio.Future[T] = asyncio.wrap_future(future)
    done, _ = await asyncio.wait({work}, timeout=_PATIENCE)
    if done:
        return work.result()
    gone = asyncio.ensure_future(_gone(request))
    try:
        both: set[asyncio.Future[Any]] = {work, gone}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        future.cancel()
        metrics.dropped.inc()
        raise BadRequest("the client has gone", status=499)
    finally:
        gone.cancel()


async def _gone(request: Request) -> None:
    """Ends when the client's connection does; the body has been read by then."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
