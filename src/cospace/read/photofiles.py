"""Photo files: what a cell names, when it may be used: a file inside a folder."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from cospace.errors import BadItem, NotFound
from cospace.item import Image, Part
from cospace.read.headers import sniff
from cospace.read.photos import IMAGE_FORMATS, is_url
from cospace.read.regular import open_regular, shown
from cospace.read.signals import NOUNS, made

__all__ = ["Missing", "Photos"]


class Missing(NamedTuple):
    """Why a file cannot be used, and its path, where there is one."""

    reason: str
    path: str = ""


class Photos:
    """The files below the folder of a table, and below `images` where that is given.

    `scale` is what the numbers of depth maps mean. Raises `NotFound` when `images` is no folder.
    """

    def __init__(
        self, folder: Path, images: Path | None = None, scale: Mapping[str, float] | None = None
    ) -> None:
        if images is not None and not images.is_dir():
            raise NotFound(f"no such folder of images: {shown(images)}")
        self._images = images
        self._urls: dict[str, str] = {}  # what was asked for under the name of a file
        self._folders = [folder] if images is None else [folder, images]
        self._homes = [os.path.realpath(one) for one in self._folders]
        self._scale = scale

    def find(
        self, value: Any, column: str, kind: str = "image", *, several: bool = False
    ) -> Part | Missing | None:
        """The part that `value` names, why it cannot be used, or None where it names none.

        Of `several` images, each is looked into: one that holds no image is passed over.
        """
        if value is None or (isinstance(value, (str, bytes)) and not value):
            return None
        if isinstance(value, Part):
            if value.kind == kind:
                return value
            return Missing(f"column {column!r} holds a part of kind {value.kind!r}, not {kind!r}")
        if isinstance(value, (bytes, bytearray, memoryview)):
            return made(kind, bytes(value), self._scale)
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            what = type(value).__name__
            noun = _a(NOUNS[kind])
            return Missing(f"column {column!r} holds {what}; {noun} is a path or bytes")
        found = self._file(value, kind)
        if several and isinstance(found, Path):
            return self._looked(found, value)
        return made(kind, found, self._scale) if isinstance(found, Path) else found

    def _file(self, value: str, kind: str) -> Path | Missing | None:
        """The file at a path that stays inside the folder."""
        if not value.strip():
            return None
        if is_url(value):
            return self._downloaded(value, kind)
        looked = [self._below(folder, value, kind) for folder in self._folders]
        # What is in neither is told of the last: there the pictures are said to be.
        return next((one for one in looked if isinstance(one, Path)), looked[-1])

    def _downloaded(self, url: str, kind: str) -> Path | Missing:
        """The file of a URL's name in the folder of images: the shop's picture, downloaded."""
        noun, place = NOUNS[kind], _place_of(url)
        name = _name_in(place)
        if self._images is None or not name:
            return Missing(
                f"the {noun} is a URL ({shown(url)[:80]}), which is never fetched: download it into"
                " a folder, and say images=FOLDER"
            )
        found = self._below(self._images, name, kind)
        if isinstance(found, Missing):
            # With its path: what is stored of a file that is away is kept.
            looked = f"looked for in {shown(self._images)[:200]}"
            return found._replace(reason=f"{found.reason} ({shown(url)[:80]}), {looked}")
        other = self._urls.setdefault(name, place)
        if other == place:
            return found
        return Missing(
            f"two URLs end in {shown(name)[:80]} ({shown(other)[:80]} came first,"
            f" {shown(place)[:80]} now): give their files other names, and write the paths"
        )

    def _below(self, folder: Path, value: str, kind: str) -> Path | Missing:
        """The file at a path below `folder` that stays inside one of the folders."""
        real, noun = "", NOUNS[kind]
        try:
            real = os.path.realpath(Path(folder, value))
            if not any(real.startswith(home.rstrip(os.sep) + os.sep) for home in self._homes):
                homes = " and ".join(map(shown, self._homes))
                return Missing(
                    f"the {noun} {shown(value)[:200]} lies outside {homes}; say where the images"
                    " are with images=FOLDER",
                    real,
                )
            status = Path(real).stat()
        except (FileNotFoundError, NotADirectoryError):
            what = "photo" if kind == "image" else noun
            return Missing(f"{what} missing: {shown(value)[:200]}", real)
        except (OSError, ValueError) as error:
            return Missing(f"the {noun}'s path cannot be used: {shown(error)[:200]}", real)
        if not stat.S_ISREG(status.st_mode):
            return Missing(f"the {noun} {shown(value)[:200]} is not a regular file", real)
        return Path(real)

    def _looked(self, path: Path, value: str) -> Image | Missing:
        try:
            with open_regular(path, shown(value)) as file:
                kind = sniff(file.read(2048))
        except (BadItem, OSError) as error:
            return Missing(f"the image {shown(value)[:200]}: {shown(error)[:200]}", str(path))
        if kind not in IMAGE_FORMATS:
            return Missing(f"the image {shown(value)[:200]} holds {kind}", str(path))
        return Image(path)


def _place_of(url: str) -> str:
    """A URL without its scheme, and without what is asked there; "" for one that is its own data.

    >>> _place_of("https://cdn.example.org/a/red%20chair.jpg?v=1")
    'cdn.example.org/a/red%20chair.jpg'
    """
    path = re.split(r"[?#]", url.strip(), maxsplit=1)[0]
    scheme, colon, rest = path.partition(":")
    if scheme.lower() == "data":
        return ""
    return (rest if colon and rest.startswith("//") else path).lstrip("/")


def _name_in(place: str) -> str:
    """The name of the file that a URL ends in; "" where it names none.

    >>> _name_in("cdn.example.org/a/red%20chair.jpg")
    'red chair.jpg'
    """
    path = place.encode(errors="replace")
    plain = re.sub(rb"%([0-9A-Fa-f]{2})", lambda code: bytes.fromhex(code[1].decode()), path)
    return PurePosixPath(plain.decode(errors="replace").replace("\\", "/")).name


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"
