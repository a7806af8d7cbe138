"""Folders: images and texts below a folder, in a fixed order, one row each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cospace.errors import BadItem, EmptyItem
from cospace.item import Image
from cospace.read.regular import read_text, shown
from cospace.read.rows import IMAGE_SUFFIXES, Row, Sample

__all__ = ["TEXT_SUFFIXES", "Files"]

TEXT_SUFFIXES = frozenset({".txt", ".md"})


class Files:
    """Rows from a folder, or from one file: `id`, `text` and `image`.

    A row's id is the path below the folder, with "/" on every system. An image takes the text
    of a .txt or .md of the same stem beside it; hidden files are left out, and other kinds of
    file are counted in `notes`. Folders that are symlinks are not entered, and a file that is a
    symlink has to stay inside.
    """

    cells = False

    def __init__(self, path: Path) -> None:
        self.name = shown(path.name or path)
        self.folder = path if path.is_dir() else path.parent
        self.notes: list[str] = []
        self.sample = Sample()
        self.sample.add({"id": None, "text": None, "image": None}, cells=False)
        self._path = path
        self._unlisted: dict[str, str] = {}  # folders below, and why they cannot be listed
        self._home = os.path.realpath(self.folder)
        others: Counter[str] = Counter()
        self.total: int | None = sum(1 for _ in self._found(others))
        if not self.total:
            kinds = ", ".join(sorted(IMAGE_SUFFIXES | TEXT_SUFFIXES))
            raise EmptyItem(self.name, f"the folder holds no images or texts ({kinds})")
        if others:
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in others.most_common(5))
            count = sum(others.values())
            self.notes.append(f"{count:,} files of other kinds were left out ({shown(kinds)})")

    def choose(self, columns: set[str]) -> None:
        """There is nothing to choose from."""

    def rows(self) -> Iterator[Row]:
        """Every image and every text, sorted by path."""
        self._unlisted.clear()
        number = 0
        for number, (image, text) in enumerate(self._found(Counter()), start=1):
            path = image or text
            assert path is not None
            below = path.relative_to(self.folder).as_posix()
            name = shown(below)
            try:
                for part in (image, text):
                    self._check(part, name)
                values = {
                    "id": below,
                    "text": read_text(text, name) if text else None,
                    "image": Image(image) if image else None,
                }
            except BadItem as error:
                yield Row(name, number, error.reason)
            else:
                yield Row(name, number, values)
        for where, why in self._unlisted.items():
            number += 1
            yield Row(where, number, f"the folder cannot be listed: {why}")

    def _found(self, others: Counter[str]) -> Iterator[tuple[Path | None, Path | None]]:
        """Each image with its text, if there is one, and each text that stands alone."""
        if self._path.is_dir():
            yield from self._below(self._path, others)
        elif self._path.suffix.lower() in IMAGE_SUFFIXES:
            yield self._path, None
        else:
            yield None, self._path

    def _below(
        self, folder: Path, others: Counter[str]
    ) -> Iterator[tuple[Path | None, Path | None]]:
        try:
            with os.scandir(folder) as entries:
                names = {e.name: e.is_dir(follow_symlinks=False) for e in entries}
        except OSError as error:
            where = shown(folder.relative_to(self.folder).as_posix())
            self._unlisted[where] = str(error.strerror)
            return
        files = {name for name, is_folder in names.items() if not is_folder}
        stems = {Path(n).stem for n in files if Path(n).suffix.lower() in IMAGE_SUFFIXES}
        for name in sorted(names):
            path = folder / name
            suffix = path.suffix.lower()
            if name.startswith("."):
                continue
            if names[name]:
                yield from self._below(path, others)
            elif suffix in IMAGE_SUFFIXES:
                texts = (path.stem + s for s in (".txt", ".md"))
                beside = next((text for text in texts if text in files), None)
                yield path, folder / beside if beside else None
            elif suffix in TEXT_SUFFIXES:
                if path.stem not in stems:
                    yield None, path
            else:
                others[suffix or "no suffix"] += 1

    def _check(self, path: Path | None, name: str) -> None:
        """Refuse a link that leads out of the folder, and what is not a regular file."""
        if path is None:
            return
        # A single file was named by the caller, who may well have named a link.
        if path.is_symlink() and self._path.is_dir():
            real = os.path.realpath(path)
            if not Path(real).is_relative_to(self._home):
                raise BadItem(name, "a symlink that leads out of the folder; it is not followed")
        if not path.is_file():
            raise BadItem(name, "not a regular file (a pipe, a device or a broken link)")
