"""Texts from a file: a table as `cospace index` reads it, or a .txt with one text a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cospace.cli.flags import spoken
from cospace.errors import BadArgument, BadItem, NotFound
from cospace.limits import limit

__all__ = ["TextFile", "lines_of"]


class TextFile:
    """The texts of a file, streamed, by name: "notes.txt:17", or the id of an item.

    What cannot be a text goes to `failed`, with why; `notes` says what was guessed of a table.
    Empty lines of a .txt file are passed over.

    Raises `NotFound`, and what `cospace.read` raises for a table.
    """

    def __init__(self, name: str) -> None:
        import cospace as cs
        from cospace.read import Failures

        self.failed = Failures()
        self.notes: list[str] = []
        self._path = Path(name)
        self._reading = None
        suffix = self._path.suffix.lower()
        if suffix != ".txt" or self._path.is_dir():
            self._reading = cs.read(name, metadata=[])
            self.notes = [spoken(note) for note in self._reading.notes]
        elif not self._path.is_file():
            raise NotFound(f"no such file: {name}")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """(name, text) of each text that can be encoded."""
        from cospace.read.texts import check_text

        for name, text in self._lines() if self._reading is None else self._items():
            try:
                yield name, check_text(text)
            except BadItem as error:
                self.failed.add(name, error.reason)

    def _items(self) -> Iterator[tuple[str, str]]:
        assert self._reading is not None
        for item in self._reading:
            if item.parts.text is None:
                self.failed.add(item.id, "it has no text")
            else:
                yield item.id, item.parts.text
        self.failed.take(self._reading.failed)

    def _lines(self) -> Iterator[tuple[str, str]]:
        most, number = limit("row_bytes"), 0
        with self._path.open("rb") as file:
            while line := file.readline(most + 1):
                number += 1
                name = f"{self._path.name}:{number}"
                if len(line) > most:
                    self.failed.add(name, f"the line is longer than {most:,} bytes")
                    while line and not line.endswith(b"\n"):
                        line = file.readline(most)
                    continue
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                except UnicodeDecodeError as error:
                    self.failed.add(name, f"the line is not UTF-8 ({error.reason})")
                    continue
                if text:
                    yield name, text


def lines_of(file: str, what: str = "question") -> list[str]:
    """The lines of a text file that hold something, one of `what` each.

    Raises `NotFound`; `BadItem` for a file over the limit `document_bytes`; `BadArgument` for one
    that is not UTF-8, or holds nothing.
    """
    from cospace.read.regular import read_file

    path = Path(file)
    if not path.is_file():
        raise NotFound(f"no such file: {path}")
    data = read_file(path, str(path), most="document_bytes")
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise BadArgument(f"{path} is not UTF-8 (byte {error.start})") from None
    lines = [line for line in lines if line]
    if not lines:
        raise BadArgument(f"{path} holds no {what}: expected one a line")
    return lines
