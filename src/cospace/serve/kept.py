"""Small images that were made once, in the cache folder; the oldest go where there are too many."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from cospace.encode.cache.disk import cache_home
from cospace.errors import StorageError
from cospace.files import make_folder, remove, write_bytes
from cospace.limits import limit

__all__ = ["Thumbnails"]

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
