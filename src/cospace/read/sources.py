"""Sources: what `read` was given, known by its type and its suffix, never by trying it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cospace.errors import BadArgument, BadItem, CospaceError, NotFound, UnsafeFile
from cospace.read.dicts import Dicts
from cospace.read.feeds import Feed
from cospace.read.folders import TEXT_SUFFIXES, Files
from cospace.read.frames import Frame, is_frame
from cospace.read.jsonfiles import open_json
from cospace.read.parquet import Parquet
from cospace.read.regular import shown
from cospace.read.rows import Source, is_url
from cospace.read.sheets import Sheet
from cospace.read.signals import media_kinds
from cospace.read.tables import Delimited, JsonLines

__all__ = ["find_source"]

# Formats that can run code when they are loaded, or that may hide one that can.
_UNSAFE = frozenset(
    {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".bin", ".kv", ".npy", ".npz", ".dill"}
)
_ARCHIVES = frozenset(
    {".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar", ".bz2", ".xz", ".zst"}
)

_READABLE = (
    ".csv, .tsv, .jsonl, .ndjson, .json, a product feed in .xml (all also with .gz), .xlsx,"
    " .parquet, a folder of images, recordings, videos and documents (.txt, .md, .html, .pdf,"
    " .docx), one such file, a DataFrame or Arrow table, or an iterable of dicts"
)

_SHEETS = frozenset({".xls", ".xlsb", ".ods", ".numbers", ".gsheet"})
_GZIPPED = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".xml"})
_OPENERS: dict[str, Callable[[Path], Source]] = {
    ".csv": Delimited,
    ".tsv": partial(Delimited, delimiter="\t"),
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".json": open_json,
    ".xml": Feed,
    ".xlsx": Sheet,
    ".xlsm": Sheet,
    ".parquet": Parquet,
}


def find_source(
    source: Any, files: str | None = None, scale: Mapping[str, float] | None = None
) -> Source:
    """The rows of a path, of a frame, or of an iterable of dicts.

    `files` is the kind of a folder's files, `scale` what the numbers of depth maps mean.

    Raises `UnsafeFile` for a format that can run code, by its name and before anything is
    opened; `NotFound` where there is nothing; `BadArgument` for what cannot be read.
    """
    if isinstance(source, (str, os.PathLike)):
        if isinstance(source, str) and is_url(source):
            raise BadArgument(
                f"{source} is a URL; nothing is fetched. Download it and read the file"
            )
        path = Path(os.fsdecode(source))
        try:
            return _file(path, files, scale)
        except CospaceError:
            raise
        except (OSError, ValueError) as error:
            raise BadItem(shown(path)[:200], f"cannot be opened: {shown(error)[:200]}") from None
    if files is not None:
        raise BadArgument(f"files={files!r} is of a folder, or of one file: {_COLUMN}")
    if is_frame(source):
        return Frame(source)
    if isinstance(source, (Mapping, bytes, bytearray)):
        raise BadArgument(f"cannot read a {type(source).__name__}; expected {_READABLE}")
    if isinstance(source, Iterable):
        return Dicts(source)
    raise BadArgument(f"cannot read a {type(source).__name__}; expected {_READABLE}")


_COLUMN = "of a table, name the column, as in audio=COLUMN"


def _file(path: Path, files: str | None, scale: Mapping[str, float] | None) -> Source:
    """The rows of a file or folder, by its suffix."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if set(suffixes) & _UNSAFE and not path.is_dir():
        raise UnsafeFile(
            f"{shown(path)}: files of this kind can run code when they are loaded, so it was not"
            f" opened. Convert it where it comes from; cospace reads {_READABLE}"
        )
    if not path.exists():
        raise NotFound(f"no such file or folder: {shown(path)}")
    if not path.is_dir():
        _check_file(path, suffixes)
    kinds = media_kinds(files)
    last = suffixes[-1] if suffixes else ""
    if path.is_dir() or last in kinds or last in TEXT_SUFFIXES:
        return Files(path, kinds, scale)
    if files is not None:
        raise BadArgument(
            f"{shown(path)}: files={files!r} is of {', '.join(sorted(kinds))}; {_COLUMN}"
        )
    if last == ".gz" and suffixes[0] in _GZIPPED:
        last = suffixes[0]
    if last not in _OPENERS:
        raise BadArgument(f"{shown(path)}: cannot read this kind of file; expected {_READABLE}")
    return _OPENERS[last](path)


def _check_file(path: Path, suffixes: Sequence[str]) -> None:
    """Refuse what is no file of rows, with what to do instead."""
    last = suffixes[-1] if suffixes else ""
    if last in _ARCHIVES or ".tar" in suffixes:
        raise BadArgument(
            f"{shown(path)}: archives are not extracted; extract it and read the folder"
        )
    if last in _SHEETS:
        raise BadArgument(
            f"{shown(path)}: cannot read this kind of sheet; save it as .xlsx or as CSV (UTF-8)"
        )
    if not path.is_file():
        raise BadItem(shown(path), "not a regular file (a pipe or a device)")
