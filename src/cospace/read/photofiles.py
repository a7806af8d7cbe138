"""Photo files: the picture that a cell names, when it may be used: a file inside a folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, NamedTuple

from cospace.errors import BadItem, NotFound
from cospace.item import Image
from cospace.read.headers import sniff
from cospace.read.photos import IMAGE_FORMATS, is_url
from cospace.read.regular import open_regular, shown

__all__ = ["Missing", "Photos"]


class Missing(NamedTuple):
    """Why a picture cannot be used, and its path, where there is one."""

    reason: str
    path: str = ""


class Photos:
    """The pictures below the folder of a table, and below `images` where that is given.

    Raises `NotFound` when `images` is no folder.
    """

    def __init__(self, folder: Path, images: Path | None = None) -> None:
        if images is not None and not images.is_dir():
            raise NotFound(f"no such folder of images: {shown(images)}")
        self._folders = [folder] if images is None else [folder, images]
        self._homes = [os.path.realpath(one) for one in self._folders]

    def find(self, value: Any, column: str, *, several: bool) -> Image | Missing | None:
        """The picture that `value` names, why it cannot be used, or None where it names none.

        Of `several`, each is looked into: one that holds no image is passed over.
        """
        if value is None or (isinstance(value, (str, bytes)) and not value):
            return None
        if isinstance(value, Image):
            return value
        if isinstance(value, (bytes, bytearray, memoryview)):
            return Image(bytes(value))
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if not isinstance(value, str):
            kind = type(value).__name__
            return Missing(f"column {column!r} holds {kind}; an image is a path or bytes")
        found = self._file(value)
        if several and isinstance(found, Image):
            return self._looked(found, value)
        return found

    def _file(self, value: str) -> Image | Missing | None:
        """The image at a path that stays inside the folder."""
        if not value.strip():
            return None
        if is_url(value):
            return Missing(
                f"the image is a URL ({shown(value)[:80]}), which is never fetched: download"
                " it and write its path",
            )
        looked = [self._below(folder, value) for folder in self._folders]
        # What is in neither is told of the last: there the pictures are said to be.
        return next((one for one in looked if isinstance(one, Image)), looked[-1])

    def _below(self, folder: Path, value: str) -> Image | Missing:
        """The image at a path below `folder` that stays inside one of the folders."""
        real = ""
        try:
            real = os.path.realpath(Path(folder, value))
            if not any(real.startswith(home.rstrip(os.sep) + os.sep) for home in self._homes):
                homes = " and ".join(map(shown, self._homes))
                return Missing(
                    f"the image {shown(value)[:200]} lies outside {homes}; say where the images"
                    " are with images=FOLDER",
                    real,
                )
            status = Path(real).stat()
        except (FileNotFoundError, NotADirectoryError):
            return Missing(f"photo missing: {shown(value)[:200]}", real)
        except (OSError, ValueError) as error:
            return Missing(f"the image's path cannot be used: {shown(error)[:200]}", real)
        if not stat.S_ISREG(status.st_mode):
            return Missing(f"the image {shown(value)[:200]} is not a regular file", real)
        return Image(Path(real))

    def _looked(self, image: Image, value: str) -> Image | Missing:
        assert isinstance(image.value, Path)
        try:
            with open_regular(image.value, shown(value)) as file:
                kind = sniff(file.read(2048))
        except (BadItem, OSError) as error:
            return Missing(
                f"the image {shown(value)[:200]}: {shown(error)[:200]}", str(image.value)
            )
        if kind not in IMAGE_FORMATS:
            return Missing(f"the image {shown(value)[:200]} holds {kind}", str(image.value))
        return image
