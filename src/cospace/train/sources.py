"""Where a corpus comes from: text files, compressed ones, folders of them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from cospace.errors import BadArgument, BadItem, NotFound
from cospace.read.regular import open_regular, shown

__all__ = ["text_files", "text_pieces"]

_PIECE = 1 << 20

# What opens a compressed file, by its first bytes. The names of files may lie.
_MAGIC = {b"\x1f\x8b": "gz", b"\xfd7zXZ\x00": "xz", b"BZh": "bz2", b"\x28\xb5\x2f\xfd": "zst"}


def text_files(path: Path) -> list[Path]:
    """The file itself, or every file in a folder and below, by name; hidden ones are left out.

    Raises `NotFound` where there is nothing, `BadArgument` for a folder without files.
    """
    if not path.is_dir():
        if not path.exists():
            raise NotFound(
                f"{path}: there is no such file; a corpus is a file, a folder, or lists of words"
            )
        return [path]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(p.startswith(".") for p in file.relative_to(path).parts)
    )
    if not found:
        raise BadArgument(f"{path}: the folder holds no files")
    return found


def text_pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a text file, unpacked, about a megabyte at a time.

    Raises `BadItem` for what is no text (it holds NUL), is cut off, or cannot be read.
    """
    at = 0
    with open_regular(path, shown(path)) as file, _unpacked(file, path) as stream:
        while True:
            try:
                piece = stream.read(_PIECE)
            except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
                raise BadItem(
                    shown(path), f"cut off or damaged after {at:,} bytes of text ({error})"
                ) from error
            if not piece:
                return
            nul = piece.find(b"\x00")
            if nul >= 0:
                raise BadItem(
                    shown(path),
                    f"not a text: it holds a NUL at byte {at + nul:,}. A corpus is text in UTF-8",
                )
            at += len(piece)
            yield piece


@contextmanager
def _unpacked(file: BinaryIO, path: Path) -> Iterator[Any]:
    start = file.read(6)
    file.seek(0)
    kind = next((name for magic, name in _MAGIC.items() if start.startswith(magic)), "")
    if kind == "gz":
        with gzip.GzipFile(fileobj=file) as stream:
            yield stream
    elif kind == "xz":
        with lzma.LZMAFile(file) as stream:
            yield stream
    elif kind == "bz2":
        with bz2.BZ2File(file) as stream:
            yield stream
    elif kind == "zst":
        import pyarrow as pa

        with closing(pa.CompressedInputStream(file, "zstd")) as stream:
            yield _Raised(stream, path)
    else:
        yield file


class _Raised:
    """Arrow's stream, whose errors are those of the other streams."""

    def __init__(self, stream: Any, path: Path) -> None:
        self._stream, self._path = stream, path

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except Exception as error:
            raise OSError(str(error)) from error
