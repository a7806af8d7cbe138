"""Small images for a page: made once in the process that decodes, and kept in the cache folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request, Response

from cospace.errors import BadArgument, BadItem, ItemNotFound
from cospace.item import kind_of
from cospace.read.regular import read_file
from cospace.serve.body import BadRequest

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.serve.server import Server

__all__ = ["WIDTHS", "path_of", "read_part", "shown"]

# Few widths, so that nobody fills the disk by asking for all of them.
WIDTHS = (120, 240, 480, 960)
# Another way to make them is another number: the old ones are not asked for any more.
_VERSION = 1
_FRESH = 600  # seconds that a browser shows one without asking again


def path_of(collection: Collection, id: str, part: str) -> Path:
    """The file of a part. Raises `ItemNotFound`."""
    found = collection[id].parts.get(part)
    path: Path | None = None if found is None else found.path
    if path is None:
        raise ItemNotFound(f"{id!r} has no file {part[:100]!r}", id=id)
    return path


def read_part(path: Path, id: str, part: str) -> bytes:
    """The bytes of the file of a part. Raises `BadRequest` (404) where they cannot be read."""
    most = "image_bytes" if kind_of(part) == "image" else "video_bytes"
    try:
        return read_file(path, part, most=most)
    except BadItem as error:
        raise BadRequest(f"{part} of {id!r} cannot be read now", status=404) from error


async def shown(
    server: Server, request: Request, collection: Collection, named: tuple[str, str], width: int
) -> Response:
    """The answer to `?width=`: a WebP, or 304 where the browser has it.

    Raises `BadArgument` for another width, `BadRequest` (422) for what is no whole image.
    """
    id, part = named
    if width not in WIDTHS:
        raise BadArgument(f"width is one of {', '.join(map(str, WIDTHS))}, not {width}")
    if kind_of(part) != "image":
        raise BadRequest(f"{part[:100]!r} is no image: leave out width", status=422)
    data = await server.searches.run(lambda: read_part(path_of(collection, id, part), id, part))
    key = f"{hashlib.sha256(data).hexdigest()}-{width}-{_VERSION}.webp"
    headers = {"ETag": f'"{key}"', "Cache-Control": f"private, max-age={_FRESH}"}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    small = await server.searches.run(server.thumbnails.get, key)
    if small is None:
        try:
            small = await server.decoding.run(server.decoder.thumbnail, data, width, part)
        except BadItem as error:
            raise BadRequest(
                f"{part} of {id!r} cannot be shown: {error.reason}", status=422, code="BadItem"
            ) from error
        await server.searches.run(server.thumbnails.put, key, small)
    return Response(small, media_type="image/webp", headers=headers)
