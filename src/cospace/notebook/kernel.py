"""What the widget asks of the kernel: the routes of the server that its cards and map need."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from cospace.errors import BadItem, CospaceError
from cospace.item import Image, Parts
from cospace.map import Map
from cospace.map.colours import colours, fields
from cospace.read.small import small_webp
from cospace.results import Results
from cospace.store.protocol import Row, Store

__all__ = ["Reply", "Shown", "reply"]

_WIDTH = 240
_MOST = 200  # items of one answer


class Shown(Protocol):
    """What a notebook has to know of a collection."""

    name: str
    store: Store

    def search(self, query: Any, k: int = 10) -> Results:
        """The best items."""
        ...

    def browse(self, *, k: int = 10) -> Results:
        """The first items."""
        ...

    def map(self) -> Map:
        """The map."""
        ...

    def make_map(self) -> Map:
        """A new map, kept."""
        ...


class Reply(NamedTuple):
    """A status as of HTTP, a record, and bytes where the answer is no record."""

    status: int
    json: Any = None
    data: bytes | None = None


def reply(
    collection: Shown,
    path: str,
    asked: Mapping[str, str],
    body: Mapping[str, Any],
    *,
    posted: bool = False,
) -> Reply:
    """The answer to a question of the widget; errors are answers too.

    A map that is asked for with `posted` is made; the kernel does nothing else meanwhile.
    """
    route = path.split("/", 3)[-1]
    try:
        if posted and route == "map":
            collection.make_map()
        return _of_items(collection, route, body) or _of_map(collection, route, asked)
    except CospaceError as error:
        said = {"message": str(error), "code": type(error).__name__}
        return Reply(error.http_status, {"error": said})


def _of_items(collection: Shown, route: str, body: Mapping[str, Any]) -> Reply | None:
    if route == "search":
        k = min(_MOST, int(body.get("k", 12)))
        query, like = body.get("query"), body.get("like")
        found = (
            collection.search(Parts(text=query, like=like), k)
            if query or like
            else collection.browse(k=k)
        )
        hits = [hit.to_json() | {"media": _media(hit.media)} for hit in found]
        return Reply(200, {"hits": hits})
    if route == "items/get":
        rows = collection.store.get(body["ids"][:_MOST])
        return Reply(200, {"items": [None if row is None else _item(row) for row in rows]})
    return None


def _of_map(collection: Shown, route: str, asked: Mapping[str, str]) -> Reply:
    map = collection.map()
    store = collection.store
    if route == "map":
        ids = map.ids[:: max(1, len(map) // _MOST)]
        sample = [row.metadata for row in store.get(ids) if row is not None]
        return Reply(200, map.to_json() | {"fields": fields(store.schema, sample)})
    if route == "map/points":
        return Reply(200, data=map.xy.astype("<f4").tobytes())
    if route == "map/labels":
        return Reply(200, data=map.labels.astype("<u2").tobytes())
    if route == "map/ids":
        return Reply(200, {"ids": map.ids})
    if route == "map/field":
        return Reply(200, colours(map, asked["name"], store.schema, store.get).to_json())
    return Reply(404, {"error": {"message": f"there is no {route}", "code": "NotFound"}})


def _item(row: Row) -> dict[str, Any]:
    media = _media(row.media)
    return {"id": row.id, "text": row.text, "metadata": dict(row.metadata), "media": media}


def _media(media: Mapping[str, str]) -> dict[str, str]:
    """The image as a small one, in the answer itself; none where it cannot be read."""
    path = media.get("image")
    if path is None:
        return {}
    try:
        small = small_webp(Image(Path(path)), _WIDTH)
    except BadItem:
        return {}
    return {"image": "data:image/webp;base64," + base64.b64encode(small).decode()}
