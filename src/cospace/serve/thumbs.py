"""Small images for a page: made once in the process that decodes, and kept in the cache folder."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import Request, Response

from cospace.encode.cache.disk import cache_home
from cospace.errors import BadArgument, BadItem, ItemNotFound, StorageError
from cospace.files import make_folder, remove, write_bytes
from cospace.item import kind_of
from cospace.limits import limit
from cospace.read.regular import read_file
from cospace.serve.body import BadRequest

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.serve.server import Server

__all__ = ["WIDTHS", "Thumbnails", "path_of", "read_part", "shown"]

# Few widths, so that nobody fills the disk by asking for all of them.
WIDTHS = (120, 240, 480, 960)
# Another way to make them is another number: the old ones are not asked for any more.
_VERSION = 1
_FRESH = 600  # seconds that a browser shows one without asking again
_KEPT = 0.8  # of the most bytes, once the oldest have gone


class Thumbnails:
    """Files in `folder`, by the hash of what they show: it may be deleted at any time."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._bytes: int | None = None
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        """Where they are: beside other caches, never in a collection."""
        return self._folder or cache_home() / "thumbnails"

    def get(self, key: str) -> bytes | None:
        """The one of this key, if it is there."""
        try:
            return (self.folder / key[:2] / key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keep one. On a disk that is full, or cannot be written, it is made again next time."""
        with suppress(StorageError, OSError):
            make_folder(self.folder / key[:2])
            write_bytes(self.folder / key[:2] / key, data)
            self._count(len(data))

    def _count(self, more: int) -> None:
        """The oldest go where there are too many bytes."""
        with self._lock:
            if self._bytes is not None and self._bytes + more <= limit("thumbnail_bytes"):
                self._bytes += more
                return
            files = sorted(_sized(self.folder))
            self._bytes = sum(size for _, size, _ in files)
            if self._bytes <= limit("thumbnail_bytes"):
                return
            for _, size, path in files:
                if self._bytes <= _KEPT * limit("thumbnail_bytes"):
                    break
                remove(path)
                self._bytes -= size


def _sized(folder: Path) -> list[tuple[float, int, Path]]:
    """When each file was written, and its size; those that go meanwhile are left out."""
    found = []
    for path in folder.glob("*/*"):
        with suppress(OSError):
            stat = path.stat()
            found.append((stat.st_mtime, stat.st_size, path))
    return found


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
