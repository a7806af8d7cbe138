"""`POST /collections/{name}/ask`, answered whole or in pieces, and hits by document.

In pieces the answer is a stream of server-sent events, in the form that browsers read
(https://html.spec.whatwg.org/multipage/server-sent-events.html):

    event: piece     data: {"text": "..."}     what the chat model writes, as it comes
    event: answer    data: {...}               the whole, with citations, each held or not
    event: error     data: {"error": {...}}    in place of the answer
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse

from cospace.collection.grouped import document_of
from cospace.errors import BadArgument, CospaceError
from cospace.serve.answers import answer, described, of_error, of_fault
from cospace.serve.body import read
from cospace.serve.collections import content_of, link
from cospace.serve.server import Server
from cospace.serve.shapes import AskRequest, DocumentsRequest

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.answer import Answer
    from cospace.item import Content

__all__ = ["router"]


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["collections"])

    @routes.post(
        "/collections/{name}/ask",
        **described(AskRequest, "The answer to a question, each sentence with a citation."),
    )
    async def ask(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, AskRequest)
        work = partial(
            collection.ask,
            asked.question,
            tokens=asked.tokens,
            where=asked.where,
            chat=server.chat,
            least=asked.least,
        )
        if not asked.stream:
            found = await server.asking.run_for(request, work)
            return answer(found.to_dict())
        pieces = _Pieces(server, request, work)
        return StreamingResponse(await pieces.begun(), media_type="text/event-stream")

    @routes.post(
        "/collections/{name}/documents",
        **described(DocumentsRequest, "The documents nearest to a query, the best chunk of each."),
    )
    async def documents(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, DocumentsRequest)
        content = await content_of(server, asked, None)
        if content is None:
            raise BadArgument("give query (a text), image, like (an id), or several")
        return await server.searches.run_for(request, _grouped, name, collection, content, asked)

    return routes


def _grouped(
    name: str, collection: Collection, content: Content, asked: DocumentsRequest
) -> Response:
    results = collection.documents(content, asked.k, where=asked.where, by=asked.by)
    record = results.to_json()
    for hit, shown in zip(results, record["hits"], strict=True):
        shown["document"] = document_of(hit)
        shown["media"] = {part: link(name, hit.id, part) for part in hit.media}
    return answer(record)


class _Gone(Exception):
    """Nobody reads the pieces any more."""


class _Pieces:
    """The events of an answer that is on its way. What goes wrong before the first is raised."""

    def __init__(self, server: Server, request: Request, ask: Callable[..., Answer]) -> None:
        self._request = request
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self._gone = False
        self._work: Future[Answer] = server.asking.begin(partial(ask, tell=self._tell))
        self._work.add_done_callback(self._ended)

    async def begun(self) -> AsyncIterator[bytes]:
        """The events, once the first is there. Raises what `Collection.ask` does."""
        first = await self._events.get()
        if isinstance(first, BaseException):
            raise first
        return self._each(first)

    async def _each(self, event: bytes | BaseException | None) -> AsyncIterator[bytes]:
        try:
            while event is not None:
                if isinstance(event, BaseException):
                    yield await self._error(event)
                    if not isinstance(event, CospaceError):
                        raise event  # so that the log has it
                    return
                yield event
                event = await self._events.get()
        finally:  # also when the client has gone
            self._gone = True
            self._work.cancel()

    async def _error(self, error: BaseException) -> bytes:
        said = of_error if isinstance(error, CospaceError) else of_fault
        told = await said(self._request, error)
        return b"event: error\ndata: " + bytes(told.body) + b"\n\n"

    def _tell(self, piece: str) -> None:
        """Told in the thread that asks: what it raises ends the writing."""
        if self._gone:
            raise _Gone
        self._put(_event("piece", {"text": piece}))

    def _ended(self, work: Future[Answer]) -> None:
        if work.cancelled():
            return
        error = work.exception()
        if error is None:
            self._put(_event("answer", work.result().to_dict()))
            self._put(None)
        elif not isinstance(error, _Gone):
            self._put(error)

    def _put(self, event: bytes | BaseException | None) -> None:
        self._loop.call_soon_threadsafe(self._events.put_nowait, event)


def _event(kind: str, record: dict[str, Any]) -> bytes:
    data = orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)
