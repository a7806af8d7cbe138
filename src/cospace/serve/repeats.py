"""Idempotency keys: a write that is sent again under its key is answered as before.

    POST /collections/market/items
    Idempotency-Key: 5f0c...

Keys are kept while the server runs. After that nothing is lost: an item that is stored already is
"unchanged" when it is sent again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeAlias

from cospace.serve.body import BadRequest

__all__ = ["Answer", "Repeats"]

# A status and a body.
Answer: TypeAlias = tuple[int, bytes]
_MOST = 1_000  # keys
_MOST_BYTES = 50_000_000  # of the answers kept


@dataclass
class _Kept:
    digest: bytes
    answer: asyncio.Future[Answer]
    size: int | None = None  # of the answer, once it is there and counted


class Repeats:
    """The answers kept, the oldest first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._bytes = 0

    async def once(
        self, key: str, request: bytes, write: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> tuple[Answer, bool]:
        """The answer, and whether it is one from before; `request` is what came under the key.

        Raises `BadRequest` for a key that came with another request.
        """
        digest = hashlib.sha256(request).digest()
        known = self._kept.get(key)
        if known is not None:
            if known.digest != digest:
                raise BadRequest("this Idempotency-Key came with another request", status=422)
            return await asyncio.shield(known.answer), True
        # A task of its own: a client that goes away stops neither the write nor who else waits.
        one = _Kept(digest, asyncio.ensure_future(write()))
        self._kept[key] = one
        one.answer.add_done_callback(lambda _: self._done(key, one))
        return await asyncio.shield(one.answer), False

    def _done(self, key: str, one: _Kept) -> None:
        if one.answer.cancelled() or one.answer.exception() is not None:
            del self._kept[key]  # not kept: it may be tried again
            return
        one.size = len(one.answer.result()[1])
        self._bytes += one.size
        self._forget()

    def _forget(self) -> None:
        for key, one in list(self._kept.items()):
            if len(self._kept) <= _MOST and self._bytes <= _MOST_BYTES:
                return
            if one.size is not None:
                self._bytes -= one.size
                del self._kept[key]
