"""Maps: `GET /collections/{name}/map` and its points, ids, labels and fields; `POST` makes one."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from numpy.typing import NDArray

from cospace.errors import BadArgument, CollectionReadOnly, MapMissing
from cospace.item import kind_of
from cospace.map import FILE, Map
from cospace.map.colours import colours, fields
from cospace.serve.answers import answer, described
from cospace.serve.body import BadRequest, read
from cospace.serve.server import Server
from cospace.serve.shapes import MapRequest

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["router"]


@dataclass(frozen=True)
class _Seen:
    """A map as it is now, and what of the file and of the collection it was read at."""

    at: tuple[object, ...]
    map: Map


class _Maps:
    """The maps of a server's collections, read again when something has changed."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._mutex = threading.Lock()

    def of(self, name: str, collection: Collection) -> Map:
        """The collection's map. Raises `MapMissing`."""
        at = (_state(_folder(collection) / FILE), collection.store.revision)
        with self._mutex:  # one request reads it, the others wait
            seen = self._seen.get(name)
            if seen is None or seen.at != at:
                seen = _Seen(at, collection.map())
                self._seen[name] = seen
            return seen.map


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["maps"])
    maps = _Maps()
    path = "/collections/{name}/map"

    @routes.get(path, summary="The map of a collection: its clusters, and how it was made.")
    async def about(name: str) -> Response:
        collection = server.collection(name)
        return await server.searches.run(_about, server, maps, name, collection)

    @routes.post(path, **described(MapRequest, "Make the map, or place on it what is new."))
    async def make(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, MapRequest)
        if server.settings.read_only:
            raise CollectionReadOnly("this server is read-only: it makes no map")
        begin = partial(server.makings.start, name, _folder(collection), again=asked.again)
        return answer({"making": await server.writes.run(begin)}, 202)

    @routes.get(path + "/points", summary="Where the points are: x, y, x, y, ... as float32.")
    async def points(name: str, request: Request, version: str | None = None) -> Response:
        map = await _current(server, maps, name, version)
        return _bytes(request, map, map.xy.astype("<f4"))

    @routes.get(path + "/labels", summary="Each point's cluster as uint16; 65535 is none.")
    async def labels(name: str, request: Request, version: str | None = None) -> Response:
        map = await _current(server, maps, name, version)
        return _bytes(request, map, map.labels.astype("<u2"))

    @routes.get(path + "/ids", summary="Each point's item.")
    async def ids(name: str, version: str | None = None) -> Response:
        map = await _current(server, maps, name, version)
        return _tagged(answer({"ids": map.ids}), map)

    @routes.get(path + "/field", summary="A field of the metadata, by point.")
    async def field(
        name: str, field: Annotated[str, Query(alias="name")], version: str | None = None
    ) -> Response:
        map = await _current(server, maps, name, version)
        collection = server.collection(name)
        return _tagged(await server.searches.run(_field, collection, map, field), map)

    return routes


async def _current(server: Server, maps: _Maps, name: str, version: str | None) -> Map:
    """The map, when it is still of the version that was asked for."""
    map = await server.searches.run(maps.of, name, server.collection(name))
    if version not in (None, map.version):
        raise BadRequest(
            f"the map is of version {map.version} by now; ask for all of it again",
            status=409,
            code="MapChanged",
        )
    return map


def _about(server: Server, maps: _Maps, name: str, collection: Collection) -> Response:
    making = server.makings.of(name)
    now = {} if making is None else {"making": making}
    try:
        map = maps.of(name, collection)
    except MapMissing:
        if making is None:
            raise
        return answer({"points": 0, **now}, 202)
    info = collection.info()
    record = map.to_json() | {
        "fields": fields(info.schema, _sample(collection, map)),
        "image": any(kind_of(name) == "image" for name in info.fields),
    }
    return _tagged(answer(record | now), map)


def _sample(collection: Collection, map: Map) -> list[Any]:
    """The metadata of some items, from all over."""
    ids = map.ids[:: max(1, len(map) // 200)]
    return [row.metadata for row in collection.store.get(ids) if row is not None]


def _field(collection: Collection, map: Map, name: str) -> Response:
    return answer(colours(map, name, collection.store.schema, collection.store.get).to_json())


def _bytes(request: Request, map: Map, array: NDArray[Any]) -> Response:
    """The array's bytes; nothing where the client has them."""
    held = request.headers.get("if-none-match", "")
    if f'"{map.version}"' in [one.strip() for one in held.split(",")]:
        return _tagged(Response(status_code=304), map)
    return _tagged(Response(array.tobytes(), media_type="application/octet-stream"), map)


def _tagged(response: Response, map: Map) -> Response:
    """The response under the map's version: a client keeps it, and asks whether it still holds."""
    response.headers["ETag"] = f'"{map.version}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _folder(collection: Collection) -> Path:
    """Where its map is kept. Raises `BadArgument` for a store without a folder."""
    folder: Path | None = getattr(collection.store, "folder", None)
    if folder is None:
        raise BadArgument(
            f"{collection.name}: its store has no folder to keep a map in; copy it to a folder and"
            " serve that: cospace copy"
        )
    return folder


def _state(path: Path) -> object:
    """What tells a file from another that took its place."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
