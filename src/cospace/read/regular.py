"""Regular files: opened for reading, and nothing else is.

A folder of somebody else's data may hold pipes and devices. Opening one by accident waits for
ever, or reads without an end, so the check is made on the descriptor that is then read.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from cospace.errors import BadItem
from cospace.limits import limit

__all__ = ["bad_byte", "check_size", "listed", "open_regular", "read_file", "read_text", "shown"]

_BOM = b"\xef\xbb\xbf"


def open_regular(path: Path, name: str) -> BinaryIO:
    """`path` opened for reading, when it is a regular file; `BadItem` for all else."""
    # Without O_NONBLOCK, opening a named pipe waits for a writer for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        url = re.match(r"https?:/", str(path))  # a path has one slash of the two
        told = "is a URL, and nothing is fetched: download it, and give its path"
        raise BadItem(name, told if url else f"no such file: {shown(path)}") from None
    except (OSError, ValueError) as error:
        raise BadItem(name, f"cannot be opened: {shown(error)}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadItem(name, "not a regular file (a folder, a pipe or a device)")
    return os.fdopen(descriptor, "rb")


def read_file(path: Path, name: str, *, most: str) -> bytes:
    """The bytes of a regular file; `most` is the limit (limits.py) that its size is held to.

    Raises `BadItem` for what is missing, not a regular file, or too large; it is then unread.
    """
    with open_regular(path, name) as file:
        check_size(os.fstat(file.fileno()).st_size, name, most=most)
        try:
            data = file.read(limit(most) + 1)
        except OSError as error:
            raise BadItem(name, f"cannot be read: {error}") from error
    check_size(len(data), name, most=most)  # the file may have grown since its size was asked
    return data


def check_size(size: int, name: str, *, most: str) -> None:
    """Raises `BadItem` for a file of more bytes than the limit called `most`."""
    if size > limit(most):
        raise BadItem(
            name,
            f"the file has {size:,} bytes or more; at most {limit(most):,} are read. Make it"
            f" smaller, or raise COSPACE_LIMIT_{most.upper()}",
        )


def read_text(path: Path, name: str) -> str:
    """The text of a UTF-8 file, exactly, without a byte order mark.

    Raises `BadItem` for a file over the limit `row_bytes`, or one that is not UTF-8.
    """
    most = limit("row_bytes")
    with open_regular(path, name) as file:
        try:
            data = file.read(most + 1)
        except OSError as error:
            raise BadItem(name, f"cannot be read: {shown(error)}") from error
    if len(data) > most:
        raise BadItem(name, f"the file has more than {most:,} bytes. Split it into several")
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start + len(data) - len(data.removeprefix(_BOM))
        raise BadItem(name, bad_byte(data[at], at)) from None


def bad_byte(byte: int, offset: int) -> str:
    """The reason of a row or file whose bytes are not UTF-8."""
    return f"byte 0x{byte:02X} at offset {offset:,} is not valid UTF-8. Save the file as UTF-8"


def listed(words: Sequence[str], most: int) -> str:
    """The first `most` words, and how many more there are.

    >>> listed(["a", "b", "c"], 2)
    'a, b, and 1 more'
    """
    more = [f"and {len(words) - most:,} more"] if len(words) > most else []
    return ", ".join([*words[:most], *more])


def shown(value: object) -> str:
    """`value` as text that can be printed, also where a file's name is not valid Unicode."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
