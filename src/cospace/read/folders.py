"""Folders: images, recordings, videos and documents below a folder, in a fixed order."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from cospace.errors import BadArgument, BadItem, EmptyItem, MissingExtra
from cospace.read import documents
from cospace.read.documents.plain import is_tabbed
from cospace.read.regular import shown
from cospace.read.rows import Row, Sample
from cospace.read.signals import SIGNALS, made

__all__ = ["LOST", "OUTLINE", "TEXT_SUFFIXES", "Files"]

TEXT_SUFFIXES = frozenset({".txt", ".md", *documents.SUFFIXES})
# What rows hold of a document beside its text: its outline, and what of it is not read.
OUTLINE, LOST = "outline", "lost"
# The files of one row, by the kind of part that they are.
_Found: TypeAlias = dict[str, Path]


class Files:
    """Rows from a folder, or from one file: `id`, `text`, `image`, `audio`, ...

    `kinds` says by suffix what a file is, `scale` what the numbers of depth maps mean. A row's id
    is the path below the folder, with "/" on every system. Files of one stem are one row: an image
    with the recording of the same name, and the text of a .txt or .md; of several of a kind, the
    others are rows of their own, each with that text. A .pdf, .docx or .html is a row always.
    Hidden files are left out, and other kinds of file are counted in `notes`. Folders that are
    symlinks are not entered, and a file that is a symlink has to stay inside.
    """

    cells = False

    def __init__(
        self, path: Path, kinds: Mapping[str, str], scale: Mapping[str, float] | None = None
    ) -> None:
        if "depth" in kinds.values() and scale is None:
            raise BadArgument(
                "say what one unit of the depth maps stands for: depth_scale={'metres': 0.001,"
                " 'focal': 518.9}, or depth_scale={'disparity': 1.0}"
            )
        self.name = shown(path.name or path)
        self.folder = path if path.is_dir() else path.parent
        self.notes: list[str] = []
        self.sample = Sample()
        names = ["id", "text", "image", *SIGNALS]
        self.sample.add(dict.fromkeys(names), cells=False)
        self._path = path
        self._kinds, self._scale = kinds, scale
        self._unlisted: dict[str, str] = {}  # folders below, and why they cannot be listed
        self._home = os.path.realpath(self.folder)
        others: Counter[str] = Counter()
        rows = [next(iter(row.values())) for row in self._found(others)]
        found = {path.suffix.lower() for path in rows}
        self.total: int | None = len(rows)
        if not self.total:
            suffixes = ", ".join(sorted({*kinds, *TEXT_SUFFIXES}))
            raise EmptyItem(self.name, f"the folder holds no {_listed(kinds)} ({suffixes})")
        if others:
            told = ", ".join(f"{kind} {count:,}" for kind, count in others.most_common(5))
            count = sum(others.values())
            self.notes.append(f"{count:,} files of other kinds were left out ({shown(told)})")
        self.notes += documents.notes(found)
        if not path.is_dir() and path.suffix.lower() == ".txt" and is_tabbed(path):
            self.notes.append(
                "it is read as one text, and looks like a table with tabs between its cells: to"
                " read its rows, name it .tsv"
            )

    def choose(self, columns: set[str]) -> None:
        """There is nothing to choose from."""

    def rows(self) -> Iterator[Row]:
        """Every file that is read, with those of its stem, sorted by path."""
        self._unlisted.clear()
        number = 0
        for number, found in enumerate(self._found(Counter()), start=1):
            below = next(iter(found.values())).relative_to(self.folder).as_posix()
            name = shown(below)
            try:
                for path in found.values():
                    self._check(path, name)
                values: dict[str, object] = {"id": below, "text": None}
                for kind, path in found.items():
                    if kind == "text":
                        found_text = documents.read_document(path, name)
                        values |= {"text": found_text.text, OUTLINE: found_text.outline}
                        values[LOST] = found_text.lost
                    else:
                        values[kind] = made(kind, path, self._scale)
            except (BadItem, MissingExtra) as error:
                yield Row(name, number, getattr(error, "reason", str(error)))
            else:
                yield Row(name, number, values)
        for where, why in self._unlisted.items():
            number += 1
            yield Row(where, number, f"the folder cannot be listed: {why}")

    def _found(self, others: Counter[str]) -> Iterator[_Found]:
        """The files of each row; the first of them names it."""
        if self._path.is_dir():
            yield from self._below(self._path, others)
        else:
            yield {self._kinds.get(self._path.suffix.lower(), "text"): self._path}

    def _below(self, folder: Path, others: Counter[str]) -> Iterator[_Found]:
        try:
            with os.scandir(folder) as entries:
                names = {e.name: e.is_dir(follow_symlinks=False) for e in entries}
        except OSError as error:
            where = shown(folder.relative_to(self.folder).as_posix())
            self._unlisted[where] = str(error.strerror)
            return
        shows = {name for name in names if not name.startswith(".")}
        rows = self._rows_of(folder, sorted(name for name in shows if not names[name]), others)
        for name in sorted(shows):
            if names[name]:
                yield from self._below(folder / name, others)
            elif name in rows:
                yield rows[name]

    def _rows_of(self, folder: Path, names: list[str], others: Counter[str]) -> dict[str, _Found]:
        """By the name of its first file, the files of each row of a folder."""
        media: dict[str, list[tuple[str, str]]] = {}  # by stem: kind and name
        texts: dict[str, str] = {}
        rows: dict[str, _Found] = {}
        for name in names:
            stem, suffix = Path(name).stem, Path(name).suffix.lower()
            if suffix in self._kinds:
                media.setdefault(stem, []).append((self._kinds[suffix], name))
            elif suffix not in TEXT_SUFFIXES:
                others[suffix or "no suffix"] += 1
            elif suffix in documents.SUFFIXES:
                rows[name] = {"text": folder / name}
            elif stem not in texts or suffix == ".txt":  # of both, the .txt stands beside a file
                texts[stem] = name
        for stem, files in media.items():
            files.sort(key=lambda one: (one[0] != "image", one[1]))
            own: list[_Found] = []
            for kind, name in files:
                if own and kind not in own[0]:
                    own[0][kind] = folder / name
                else:
                    own.append({kind: folder / name})
            beside = {"text": folder / texts[stem]} if stem in texts else {}
            rows |= {next(iter(row.values())).name: row | beside for row in own}
        alone = (n for n in names if Path(n).suffix.lower() in TEXT_SUFFIXES)
        return rows | {n: {"text": folder / n} for n in alone if Path(n).stem not in media}

    def _check(self, path: Path, name: str) -> None:
        """Refuse a link that leads out of the folder, and what is not a regular file."""
        # A single file was named by the caller, who may well have named a link.
        if path.is_symlink() and self._path.is_dir():
            real = os.path.realpath(path)
            if not Path(real).is_relative_to(self._home):
                raise BadItem(name, "a symlink that leads out of the folder; it is not followed")
        if not path.is_file():
            raise BadItem(name, "not a regular file (a pipe, a device or a broken link)")


def _listed(kinds: Mapping[str, str]) -> str:
    """What a folder was looked through for."""
    found = set(kinds.values())
    if found == {"image", "audio", "video"}:
        return "images, recordings, videos or documents"
    return f"{' or '.join(sorted(found))} files"
