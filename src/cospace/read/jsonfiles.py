"""JSON files: the objects of one list, one at a time, in bounded memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cospace.errors import BadArgument, BadItem, EmptyItem
from cospace.limits import limit
from cospace.read.regular import listed, shown
from cospace.read.tables import JsonLines, TextFile, pairs, whole

__all__ = ["JsonList", "open_json"]

_CHUNK = 1 << 18
_AFTER = frozenset(",:]} \t\r\n")
_STRICT = json.JSONDecoder(object_pairs_hook=pairs, parse_int=whole)
_LAX = json.JSONDecoder(parse_int=whole)


def open_json(path: Path) -> JsonLines | JsonList:
    """The rows of a .json file: a list of objects, or an object a line.

    Raises `BadItem` for any other JSON, and `BadArgument` where several lists could be meant.
    """
    found = JsonList(path)
    if found.lines:
        lines = JsonLines(path)
        lines.notes.append("an object a line, as JSON Lines (guessed)")
        return lines
    return found


class JsonList(TextFile):
    """Rows of a file that is a list of objects, or an object with one list of objects in it.

    `lines` is true where further objects follow the first: that is JSON Lines.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.lines = False
        self._key: str | None = None
        with self._open() as (file, _):
            text = _Text(file)
            try:
                if not text.peek():
                    raise EmptyItem(self.name, "the file is empty; expected a list of objects")
                if text.peek() == "{":
                    self._find(text)
                elif text.peek() != "[":
                    raise _BadError("starts with no list and no object")
            except _BadError as error:
                raise BadItem(self.name, f"{error}. Expected [{{...}}, ...]") from None
        if self.lines:
            return
        self._look()
        if not self.sample.rows:
            first = next(self.rows(), None)
            why = "the list is empty" if first is None else f"{first.name}: {first.values}"
            raise BadItem(self.name, f"no object can be read: {why}")

    def _place(self) -> int:
        return self._text.taken

    def _find(self, text: _Text) -> None:
        """The key under which the list of objects is, of an object."""
        found: list[str] = []
        others: list[str] = []
        for key in text.fields():
            (found if text.skip() else others).append(key)
        if text.peek() == "{":
            self.lines = True
        elif not found:
            raise _BadError("is an object without a list of objects in it")
        elif len(found) > 1:
            raise BadArgument(
                f"{self.name} holds several lists of objects: {listed(found, 9)}; write the one to"
                " read into a file of its own"
            )
        else:
            self._key = found[0]
            left = f"; left out beside it: {listed(others, 9)}" if others else ""
            self.notes.append(f"items: the list {self._key!r} of the file (guessed){left}")

    def _values(self, file: BinaryIO) -> Iterator[tuple[str, dict[str, Any] | str]]:
        text = self._text = _Text(file)
        number = 0
        try:
            if self._key is not None:
                for key in text.fields():
                    if key == self._key:
                        break
                    text.skip()
            for value in text.elements():
                number += 1
                yield f"{self.name}, item {number:,}", value
            if self._key is None and text.peek():
                raise _BadError("something follows the list")
        except _BadError as error:
            yield f"{self.name}, after item {number:,}", f"{error}; the rest was not read"


class _BadError(Exception):
    """Why a file cannot be read on."""


class _Text:
    """The text of a file, of which a small part is held."""

    def __init__(self, file: BinaryIO) -> None:
        self.taken = 0  # bytes
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("strict").decode
        self._text, self._at, self._ended = "", 0, False

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            rest = self._text[self._at :].lstrip()
            if rest or self._ended:
                self._text, self._at = rest, 0
                return rest[:1]
            self._fill(_CHUNK)

    def fields(self) -> Iterator[str]:
        """The keys of an object; after each its value has to be taken."""
        self._expect("{")
        while self.peek() != "}":
            key = self._value(_LAX)
            if not isinstance(key, str):
                raise _BadError("is not valid JSON: a key is no text")
            self._expect(":")
            yield key
            self._between("}")
        self._at += 1

    def elements(self) -> Iterator[dict[str, Any] | str]:
        """The objects of a list, and why others are none."""
        self._expect("[")
        while self.peek() != "]":
            fault = ""
            try:
                value = self._value(_STRICT)
            except ValueError as error:  # of an object that ends all the same
                fault, value = f"is not a JSON object: {shown(error)}", self._value(_LAX)
            if not fault and not isinstance(value, dict):
                fault = f"is not a JSON object but a {type(value).__name__}"
            yield fault or value
            self._between("]")
        self._at += 1

    def skip(self) -> bool:
        """Pass over a value; true for a list that begins with an object."""
        if self.peek() != "[":
            self._value(_LAX)
            return False
        kinds = [not isinstance(value, str) for value in self.elements()]
        return any(kinds[:1])

    def _expect(self, sign: str) -> None:
        if self.peek() != sign:
            raise _BadError(f"is not valid JSON: expected {sign!r}")
        self._at += 1

    def _between(self, end: str) -> None:
        if self.peek() == ",":
            self._at += 1
            if self.peek() != end:
                return
        if self.peek() != end:
            raise _BadError(f"is not valid JSON: expected ',' or {end!r}")

    def _value(self, decoder: json.JSONDecoder) -> Any:
        """The next value. Raises `ValueError` for an object of which a key is there twice."""
        self.peek()
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._ended:
                    raise _BadError(f"is not valid JSON: {shown(error.msg)}") from None
            except RecursionError:
                raise _BadError("is nested too deeply to be read") from None
            else:
                # A number may go on.
                if self._ended or self._text[end : end + 1] in _AFTER:
                    self._at = end
                    return value
            held = len(self._text) - self._at
            if held > limit("row_bytes"):
                raise _BadError(f"is not valid JSON, or has more than {held:,} characters")
            self._fill(max(_CHUNK, held))

    def _fill(self, size: int) -> None:
        data = self._file.read(size)
        self._ended = not data
        self.taken += len(data)
        try:
            more = self._decode(data, final=not data)
        except UnicodeDecodeError as error:
            raise _BadError(f"is not valid UTF-8: {error.reason}. Save it as UTF-8") from None
        self._text, self._at = self._text[self._at :] + more, 0
