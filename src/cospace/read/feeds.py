"""Feeds: the items of RSS 2.0 and Atom, as Google Shopping takes them, in bounded memory.

The parser is the standard library's expat. A document type is refused, and with it all entities
that a file could define.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat

from cospace.errors import BadItem
from cospace.limits import limit
from cospace.read.regular import shown
from cospace.read.tables import TextFile

__all__ = ["Feed"]

_CHUNK = 1 << 16
_DEEPEST = 64  # levels of elements
_ITEMS = {"item": ("channel", "RDF"), "entry": ("feed",)}
_GOOGLE = "http://base.google.com/"


class Feed(TextFile):
    """Rows of a product feed in XML: the elements of each item are its cells.

    An element that an item has several times is a list; what elements hold within others, such as
    g:shipping, is one text. Where an element is there with the namespace of Google and without,
    the former counts.
    """

    cells = True

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._fed = 0
        self._look()
        if not self.sample.rows:
            why = next((row.values for row in self.rows() if isinstance(row.values, str)), None)
            raise BadItem(
                self.name,
                f"{why or 'holds no items'}. Of XML, product feeds are read: RSS 2.0 with"
                " <channel> and <item>, or Atom with <feed> and <entry>",
            )

    def _place(self) -> int:
        return self._fed

    def _values(self, file: BinaryIO) -> Iterator[tuple[str, dict[str, Any] | str]]:
        self._fed = 0
        most = limit("row_bytes")
        parser = expat.ParserCreate(namespace_separator=" ")
        items = _Items(parser, most)
        more = True
        while more:
            chunk = file.read(_CHUNK)
            more = bool(chunk)
            fault = ""
            try:
                parser.Parse(chunk, not more)
            except expat.ExpatError as error:
                fault = f"is not well-formed XML here ({shown(error)})"
            except _RefusedError as error:
                fault = str(error)
            self._fed += len(chunk)
            # The parser holds what it has not understood yet, such as a tag without an end.
            if not fault and self._fed - parser.CurrentByteIndex > most + _CHUNK:
                fault = f"a tag has more than {most:,} bytes"
            for line, values in items.done:
                yield f"{self.name}:{line}", values
            items.done.clear()
            if fault:
                yield f"{self.name}:{parser.CurrentLineNumber}", f"{fault}; the rest was not read"
                return


class _RefusedError(Exception):
    """Why nothing more of a file is read."""


class _Items:
    """Takes the parser's calls, and makes items of them."""

    def __init__(self, parser: expat.XMLParserType, most: int) -> None:
        self.done: list[tuple[int, dict[str, Any] | str]] = []
        self._parser, self._most = parser, most
        self._path: list[str] = []
        self._depth = 0  # of the item that is open; 0 outside of all
        self._line = self._size = 0
        self._plain: dict[str, list[str]] = {}
        self._google: dict[str, list[str]] = {}
        self._text: list[str] = []
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = _refuse

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, name = _split(tag)
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        depth = len(self._path)
        if depth > _DEEPEST:
            raise _RefusedError(f"elements stand more than {_DEEPEST} levels deep")
        if not self._depth:
            if parent in _ITEMS.get(name, ()):
                self._depth = depth
                self._line, self._size = self._parser.CurrentLineNumber, 0
                self._plain, self._google = {}, {}
        elif depth == self._depth + 1:
            self._text = []
            if name == "link" and "href" in attributes:
                self._data(attributes["href"])
        elif space.startswith(_GOOGLE):
            self._data(f"{', ' if self._text else ''}{name}: ")
        else:
            self._data(" ")

    def _data(self, text: str) -> None:
        if not self._depth:
            return
        self._size += len(text)
        if self._size <= self._most:
            self._text.append(text)

    def _end(self, tag: str) -> None:
        depth = len(self._path)
        space, name = _split(tag)
        self._path.pop()
        if not self._depth:
            return
        if depth == self._depth:
            self._finish()
        elif depth == self._depth + 1:
            google = space.startswith(_GOOGLE)
            text = "".join(self._text).strip()
            if text:
                (self._google if google else self._plain).setdefault(name, []).append(text)
            self._size += len(name)
            self._text = []
        elif not space.startswith(_GOOGLE):
            self._data(" ")

    def _finish(self) -> None:
        self._depth = 0
        if self._size > self._most:
            reason = f"the item has more than {self._most:,} bytes"
            self.done.append((self._line, reason))
            return
        found = self._plain | self._google
        values = {name: one[0] if len(one) == 1 else one for name, one in found.items()}
        self.done.append((self._line, values))


def _split(tag: str) -> tuple[str, str]:
    """The namespace of a tag, "" where it has none, and its name."""
    space, _, name = tag.rpartition(" ")
    return space, name


def _refuse(*_: object) -> None:
    raise _RefusedError("holds a document type (<!DOCTYPE ...>), which is refused")
