"""`/collections/{name}/status`: what is indexed, what failed and why, what is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query, Response

from cospace.errors import CollectionReadOnly
from cospace.limits import TABLE, limit
from cospace.serve.answers import answer
from cospace.serve.server import Server

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["router"]


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["collections"])

    @routes.get("/collections/{name}/status", summary="What is indexed, what failed, what waits.")
    async def status(
        name: str,
        limit: int = Query(100, ge=1, le=1_000),
        offset: int = Query(0, ge=0, le=2**62),
    ) -> Response:
        collection = server.collection(name)
        found = await server.searches.run(_status, collection, limit, offset)
        own = {"read_only": server.settings.read_only, "ingest": server.ingests.told(name)}
        return answer({"name": name, **found, **own, "limits": _limits()})

    @routes.post("/collections/{name}/retry", summary="Try again what could not be encoded.")
    async def retry(name: str) -> Response:
        collection = server.collection(name)
        if server.settings.read_only:
            raise CollectionReadOnly("this server only reads: retry where the collection is owned")
        found = await server.writes.run(collection.retry)
        return answer(found.to_json())

    return routes


def _status(collection: Collection, most: int, offset: int) -> dict[str, Any]:
    from cospace.store.edge import EXACT_BELOW

    info = collection.info()
    space = collection.space
    return {
        "items": info.items,
        "indexed": {
            kind: {"items": count, "vectors": info.fields.get(kind, count)}
            for kind, count in info.holders.items()
        },
        "waiting": info.items - info.indexed,
        "exact": info.items <= EXACT_BELOW,
        "failed": _failed(collection.store, info.failures, most, offset),
        "space": None
        if space is None
        else {
            "name": space.name,
            "fingerprint": space.fingerprint,
            "dim": space.dim,
            "metric": space.metric,
            "kinds": list(space.kinds),
        },
        "metadata": {field.name: field.type for field in info.schema.fields.values()},
        "language": info.language,
        "engine": info.engine,
        "quantization": info.quantization,
        "bytes": info.bytes,
    }


def _failed(store: Any, count: int, most: int, offset: int) -> dict[str, Any]:
    """One page of what failed: first items that are not stored, then those without a part."""
    refused = store.failures(most, offset) if offset < count else []
    partial, some = store.partial(most - len(refused), max(0, offset - count))
    rows = [{"id": one.name, "reason": one.reason, "stored": False} for one in refused]
    rows += [{"id": one.name, "reason": one.reason, "stored": True} for one in some]
    end = offset + len(rows)
    return {
        "not_stored": count,
        "without_a_part": partial,
        "items": rows,
        "next_offset": end if end < count + partial else None,
    }


def _limits() -> list[dict[str, Any]]:
    return [
        {"name": row.name, "value": limit(row.name), "unit": row.unit, "help": row.help}
        for row in TABLE.values()
    ]
