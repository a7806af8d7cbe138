"""A map as one file of HTML, which a browser opens without a server and asks nobody for more."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np

from cospace.errors import BadItem
from cospace.item import Image
from cospace.map.colours import base64_of, colours, fields
from cospace.map.making import Source, vectors_of
from cospace.map.map import Map
from cospace.map.neighbours import EXACT, nearest_of_all
from cospace.pages.bundle import bundle, style
from cospace.read.small import small_webp
from cospace.store.protocol import Row
from cospace.store.schema import Schema

__all__ = ["page"]

_PICTURES = 2_000  # items whose small pictures go into the file, about 3 kB each
_WIDTH = 120
_NEIGHBOURS = 8
_TEXT = 300  # characters of an item's text
_AT_ONCE = 1_000


class Kept(Source, Protocol):
    """A store whose items are shown."""

    @property
    def schema(self) -> Schema:
        """The fields of the metadata."""
        ...

    def get(self, ids: Sequence[str], *, vectors: bool = False) -> list[Row | None]:
        """The rows of ids."""
        ...


def page(map: Map, store: Kept, name: str) -> str:
    """The file's text: the map, its items' titles, and the nearest of each in the full space.

    Of up to 2,000 items the small pictures are in it too; of more than 20,000 the nearest ones
    are left out. Texts end after 300 characters. The file may hold what is private: it has all
    metadata of all items.
    """
    rows = list(_rows(map.ids, store))
    pictures = len(rows) <= _PICTURES
    names = fields(store.schema, [row.metadata for row in rows[:: max(1, len(rows) // 200)]])
    schema = {field.name: field.type for field in store.schema.fields.values()}
    data = {
        "name": name,
        "metadata": schema,
        "head": map.to_json() | {"fields": names},
        "points": base64_of(map.xy.astype("<f4")),
        "labels": base64_of(map.labels.astype("<u2")),
        "items": [_item(row, pictures) for row in rows],
        "fields": {one: colours(map, one, store.schema, store.get).to_json() for one in names},
        "neighbours": _neighbours(map, store),
    }
    # Strings of items cannot end the script that they stand in.
    told = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    script = f"{bundle('standalone.js')}\nstart({told});\n"
    sheet = style()
    policy = (
        f"default-src 'none'; script-src 'sha256-{_sha(script)}'; style-src 'sha256-{_sha(sheet)}';"
        " img-src data: blob:"
    )
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(name)}</title><style>{sheet}</style></head><body>",
            f'<script type="module">{script}</script></body></html>\n',
        ]
    )


def _rows(ids: Sequence[str], store: Kept) -> Iterator[Row]:
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        for id, row in zip(part, store.get(part), strict=True):
            yield Row(id) if row is None else row  # deleted meanwhile: a point without a name


def _item(row: Row, pictures: bool) -> dict[str, Any]:
    media = {}
    path = row.media.get("image")
    if pictures and path:
        try:
            small = small_webp(Image(path), _WIDTH)
        except BadItem:
            pass  # it is shown as an item without a picture
        else:
            media["image"] = "data:image/webp;base64," + base64.b64encode(small).decode()
    text = None if row.text is None else row.text[:_TEXT]
    return {"id": row.id, "text": text, "metadata": dict(row.metadata), "media": media}


def _neighbours(map: Map, store: Kept) -> str | None:
    """For each point the numbers of the points nearest in the full space, nearest first."""
    ids, vectors = vectors_of(store)
    place = {id: at for at, id in enumerate(ids)}
    if not _NEIGHBOURS < len(map) <= EXACT or not place.keys() >= set(map.ids):
        return None
    rows = vectors[[place[id] for id in map.ids]]
    near = nearest_of_all(rows, _NEIGHBOURS)
    scores = np.einsum("nd,nkd->nk", rows, rows[near])
    ordered = np.take_along_axis(near, np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return base64_of(ordered.astype("<u4"))


def _sha(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
