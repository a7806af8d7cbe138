"""Items in bulk: `POST` adds, `PUT` replaces, `PATCH` changes, `DELETE`; a status for each."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from fastapi import APIRouter, Request, Response
from starlette.convertors import Convertor, register_url_convertor

from cospace.errors import BadArgument, BadItem, CospaceError, TooBusy
from cospace.item import Image, Item, Parts
from cospace.limits import limit
from cospace.serve.answers import Answer, answer, described
from cospace.serve.body import BadRequest, read, shaped
from cospace.serve.collections import link
from cospace.serve.guard import refusal
from cospace.serve.inputs import file_of
from cospace.serve.repeats import Answer as Kept
from cospace.serve.server import Server
from cospace.serve.shapes import Change, Delete, Get, Items, Updates, Write

if TYPE_CHECKING:
    from cospace.collection import Collection, Report

__all__ = ["router"]

# By id, in the order given: what became of each.
_Statuses: TypeAlias = dict[str, dict[str, Any]]
_BY_KEY = "idempotency-key"
_LONGEST_KEY = 255


class _Id(Convertor[str]):
    """An id in an address: any characters, also those that end a line."""

    regex = r"[\s\S]+"

    def convert(self, value: str) -> str:
        """The id."""
        return value

    def to_string(self, value: str) -> str:
        """The id."""
        return value


register_url_convertor("id", _Id())


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["items"])
    path = "/collections/{name}/items"

    @routes.post(path, **described(Items, "Store items whose ids are new."))
    async def add(name: str, request: Request) -> Response:
        asked = await read(request, Items)
        collection = server.collection(name)
        return await _once(
            server, request, lambda: _stored(server, name, asked.items, collection.add)
        )

    @routes.put(path, **described(Items, "Store items, in place of those of the same id."))
    async def upsert(name: str, request: Request) -> Response:
        asked = await read(request, Items)
        collection = server.collection(name)
        return await _once(
            server,
            request,
            lambda: _stored(server, name, asked.items, collection.upsert, last=True),
        )

    @routes.patch(path, **described(Updates, "Change stored items: what is not named stays."))
    async def update(name: str, request: Request) -> Response:
        asked = await read(request, Updates)
        collection = server.collection(name)
        return await _once(
            server,
            request,
            lambda: _stored(server, name, asked.items, collection.update, Change),
        )

    @routes.delete(path, **described(Delete, "Delete items, by ids or by a filter."))
    async def delete(name: str, request: Request) -> Response:
        asked = await read(request, Delete)
        collection = server.collection(name)
        return await _once(server, request, lambda: _deleted(server, collection, asked))

    @routes.post(path + "/get", **described(Get, "Stored items, by ids or by a filter."))
    async def get(name: str, request: Request) -> Response:
        asked = await read(request, Get)
        collection = server.collection(name)
        if asked.ids is not None and len(asked.ids) > limit("request_items"):
            raise BadArgument(f"one request takes {limit('request_items'):,} ids")
        return await server.searches.run(lambda: answer({"items": _got(name, collection, asked)}))

    @routes.get(path + "/{id:id}", summary="One stored item.")
    async def one(name: str, id: str) -> Response:
        collection = server.collection(name)
        item = await server.searches.run(lambda: collection[id])
        return answer(_record(name, item))

    return routes


async def _once(
    server: Server, request: Request, write: Callable[[], Coroutine[Any, Any, Kept]]
) -> Response:
    """The answer to a write, or to the same one before it."""
    key = request.headers.get(_BY_KEY)
    if key is None:
        status, body = await write()
        return Answer(body, status)
    if len(key) > _LONGEST_KEY:
        raise BadRequest(f"an Idempotency-Key has at most {_LONGEST_KEY} characters")
    sent = f"{request.method} {request.url.path}\n".encode() + await request.body()
    (status, body), again = await server.repeats.once(f"{request.url.path} {key}", sent, write)
    return Answer(body, status, {"Idempotent-Replayed": "true"} if again else {})


async def _stored(
    server: Server,
    name: str,
    given: list[Any],
    write: Callable[..., Report],
    shape: type[Write | Change] = Write,
    *,
    last: bool = False,
) -> Kept:
    """The items, each stored or refused for itself."""
    if len(given) > limit("request_items"):
        raise BadArgument(f"{len(given):,} items; one request takes {limit('request_items'):,}")
    statuses: _Statuses = {}
    items: dict[str, Item] = {}
    failed: list[dict[str, Any]] = []
    for at, raw in enumerate(given):
        named = isinstance(raw, dict) and isinstance(raw.get("id"), str)
        try:
            one = shaped(raw, shape)
            again = one.id in items
            if again and not last:
                raise BadItem("", "the id is there twice in this request; the first was taken")
            items[one.id] = await _item(server, one)
            statuses[one.id] = {"id": one.id}
            if again:
                statuses[one.id]["note"] = "the id is there twice in this request; the last counts"
        except TooBusy:
            raise
        except CospaceError as error:
            failed.append(_failed(raw["id"] if named else f"item {at}", error))
    there = list(items.values())
    report = None
    if there:
        with server.ingests.writing(name, len(there)) as watch:
            report = await server.writes.run(write, there, errors="report", progress=watch)
    if report is not None:
        _tell(statuses, report)
    told = [*statuses.values(), *failed]
    counts = {
        what: sum(one["status"] == what for one in told)
        for what in ("added", "updated", "unchanged", "failed")
    }
    cut = {"truncated": report.truncated} if report is not None and report.truncated else {}
    status, fault = _whole(told)
    body = orjson.dumps({**counts, **cut, "items": told, **fault})
    return status, body


def _whole(told: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """The status of the whole; where all that was to be changed is not there, the error too."""
    kinds = {one["error"]["type"] if "error" in one else "" for one in told}
    if kinds != {"ItemNotFound"}:
        return 207 if kinds - {""} else 200, {}
    first = told[0]["error"]["message"]
    message = first if len(told) == 1 else f"none of these {len(told)} items is stored"
    fault: dict[str, Any] = orjson.loads(
        refusal(message, kind="invalid_request_error", code="ItemNotFound")
    )
    return 404, fault


async def _item(server: Server, one: Write | Change) -> Item:
    image: Image | None = None
    if one.image is not None:
        image = await server.image(file_of(one.image, one.id))
    return Item(one.id, Parts(text=one.text, image=image), one.metadata)


def _tell(statuses: _Statuses, report: Report) -> None:
    """What the report says of each item, into its status."""
    reasons: dict[str, list[str]] = {}
    for id, reason in report.reasons:
        reasons.setdefault(id, []).append(reason)
    for id, status in statuses.items():
        became = report.became.get(id, "failed")
        why = "; ".join(reasons.get(id, ()))
        status["status"] = "failed" if became == "missing" else became
        if status["status"] == "failed":
            kind = "ItemNotFound" if became == "missing" else "BadItem"
            status["error"] = {"type": kind, "message": why or "it was not stored"}
        elif why:
            status["note"] = "; ".join(filter(None, (status.get("note"), why)))


def _failed(name: str, error: CospaceError) -> dict[str, Any]:
    reason = error.reason if isinstance(error, BadItem) else str(error)
    return {
        "id": name,
        "status": "failed",
        "error": {"type": type(error).__name__, "message": reason},
    }


async def _deleted(server: Server, collection: Collection, asked: Delete) -> Kept:
    if (asked.ids is None) == (asked.where is None):
        raise BadArgument("give ids, or where; one of the two")
    if asked.ids is None:
        count = await server.writes.run(collection.delete, where=asked.where)
        return 200, orjson.dumps({"deleted": count})
    if len(asked.ids) > limit("request_items"):
        raise BadArgument(f"one request takes {limit('request_items'):,} ids")
    ids = list(dict.fromkeys(asked.ids))

    def delete() -> list[bool]:
        there = [item is not None for item in collection.get(ids)]
        collection.delete(ids)
        return there

    there = await server.writes.run(delete)
    told = [
        {"id": id, "status": "deleted" if was else "not found"}
        for id, was in zip(ids, there, strict=True)
    ]
    return 200, orjson.dumps({"deleted": sum(there), "items": told})


def _got(name: str, collection: Collection, asked: Get) -> list[dict[str, Any] | None]:
    if asked.ids is not None:
        if asked.where is not None or asked.offset:
            raise BadArgument("with ids, leave out where and offset")
        items = collection.get(asked.ids, vectors=asked.vectors)
        return [None if one is None else _record(name, one) for one in items]
    found = collection.get(
        where=asked.where, limit=asked.limit, offset=asked.offset, vectors=asked.vectors
    )
    return [_record(name, one) for one in found]


def _record(collection: str, item: Item) -> dict[str, Any]:
    media = {name: link(collection, item.id, name) for name, p in item.parts.items() if p.path}
    record: dict[str, Any] = {
        "id": item.id,
        "text": item.parts.text,
        "metadata": dict(item.metadata),
        "media": media,
    }
    if item.vectors:
        record["vectors"] = {name: row.tolist() for name, row in item.vectors.items()}
    return record
