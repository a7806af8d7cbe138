"""The bytes of a file of word vectors, unpacked where it is packed."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from cospace.errors import BadItem
from cospace.read.regular import open_regular

__all__ = ["PACKINGS", "open_unpacked"]

# What packed files are called, and what they start with.
PACKINGS = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\x00", ".zst": b"\x28\xb5\x2f\xfd"}

# Vectors pack to a third or a half; what unpacks to more than this many times its size is no
# table of numbers.
_MOST_TIMES = 100
_ALWAYS = 1 << 26  # bytes that any file may unpack to

_FAULTS = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, pa.ArrowException)


@contextmanager
def open_unpacked(path: Path) -> Iterator[tuple[BinaryIO, int | None]]:
    """The bytes of a regular file, and how many there are; None where it is packed.

    Raises `BadItem` for a file that is not regular, or cannot be unpacked.
    """
    with open_regular(path, path.name) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(6)
        file.seek(0)
        packing = next((p for p, mark in PACKINGS.items() if start.startswith(mark)), "")
        if not packing:
            yield file, size
            return
        with _opened(file, packing) as inner:
            yield io.BufferedReader(_Unpacked(inner, path.name, size), 1 << 16), None


def _opened(file: BinaryIO, packing: str) -> Any:
    if packing == ".gz":
        return gzip.GzipFile(fileobj=file, mode="rb")
    if packing == ".bz2":
        return bz2.BZ2File(file)
    if packing == ".xz":
        return lzma.LZMAFile(file)
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")


class _Unpacked(io.RawIOBase):
    """The bytes of a packed file, held to a multiple of its size; faults as `BadItem`."""

    def __init__(self, inner: Any, name: str, size: int) -> None:
        self._inner = inner
        self._name = name
        self._left = max(_ALWAYS, _MOST_TIMES * size)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer; the number of bytes, 0 at the end."""
        try:
            data = self._inner.read(len(buffer))
        except _FAULTS as error:
            raise BadItem(self._name, f"cannot be unpacked ({error}); it may be cut off") from error
        self._left -= len(data)
        if self._left < 0:
            raise BadItem(
                self._name,
                f"it unpacks to more than {_MOST_TIMES} times its size, which no table of vectors"
                " does; unpack it yourself, and give that file",
            )
        buffer[: len(data)] = data
        return len(data)
