"""`write_vectors`: a table of words in the formats that other programs read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
from pyarrow import compute

from cospace.arguments import check_flag, check_path, is_one_of
from cospace.errors import BadArgument, BadInput
from cospace.files import check_room, writing

if TYPE_CHECKING:
    from cospace.encode.words import WordVectors

__all__ = ["WRITTEN", "write_vectors"]

WRITTEN = ("word2vec", "word2vec-binary", "glove", "fasttext")

_BLOCK = 4_096  # rows
_DIGITS = 13  # bytes of a number as text, on the average and with its space: rather too many


def write_vectors(
    table: WordVectors, path: str | os.PathLike[str], *, format: str, replace: bool = False
) -> tuple[str, ...]:
    """Writes the words and their vectors, whole or not at all; gives notes on what is left out.

    `format` is one of `WRITTEN`; "fasttext" is the text of its .vec. Numbers are written with as
    few digits as give the same float32 again. Raises `BadArgument` for another format, or where a
    file stands already, unless `replace`; `BadInput` for a word that the format cannot hold.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from cospace.encode.words import WordVectors
    >>> table = WordVectors(["sofa"], np.array([[0.1, -2]], np.float32))
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = write_vectors(table, Path(place) / "sofa.txt", format="word2vec")
    ...     print((Path(place) / "sofa.txt").read_text(), end="")
    1 2
    sofa 0.1 -2
    """
    path = check_path("path", path)
    if not is_one_of(format, WRITTEN):
        raise BadArgument(f"vectors are written as {', '.join(WRITTEN)}; not as {format!r}")
    if path.exists() and not check_flag("replace", replace):
        raise BadArgument(f"{path}: it exists already; name another, or replace it")
    binary = format == "word2vec-binary"
    words = [_encoded(word, format) for word in table.words]
    each = 4 if binary else _DIGITS
    check_room(path.absolute().parent, table.rows.size * each + sum(map(len, words)))
    with writing(path) as stream:
        if format != "glove":
            stream.write(b"%d %d\n" % (len(words), table.dim))
        elif words[0].startswith(b"\xef\xbb\xbf"):
            stream.write(b"\xef\xbb\xbf")  # readers take one away; the word's own stays
        (_write_binary if binary else _write_text)(stream, words, table)
    notes = []
    if table.subwords is not None:
        notes.append("the vectors of n-grams are left out: this format holds whole words alone")
    if table.counts is not None:
        notes.append("how often each word was seen is left out: this format does not hold it")
    return tuple(notes)


def _encoded(word: str, format: str) -> bytes:
    try:
        data = word.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInput(f"the word {word[:80]!r} cannot be written as UTF-8") from error
    if format == "word2vec-binary" and b" " in data:
        raise BadInput(
            f"the word {word[:80]!r} holds a space, where the binary format ends a word; write"
            " glove or word2vec, or put another mark in its place"
        )
    return data


def _write_binary(stream: BinaryIO, words: list[bytes], table: WordVectors) -> None:
    for start in range(0, len(words), _BLOCK):
        rows = table.rows[start : start + _BLOCK].astype("<f4")
        some = words[start : start + _BLOCK]
        stream.writelines(b"%b %b\n" % (w, r.tobytes()) for w, r in zip(some, rows, strict=True))


def _write_text(stream: BinaryIO, words: list[bytes], table: WordVectors) -> None:
    for start in range(0, len(words), _BLOCK):
        rows = table.rows[start : start + _BLOCK]
        columns: list[Any] = [pa.array(words[start : start + _BLOCK], pa.large_binary())]
        for column in rows.T:
            texts = pa.array(np.ascontiguousarray(column)).cast(pa.large_string())
            columns.append(texts.cast(pa.large_binary()))
        feed = pa.scalar(b"\n", pa.large_binary())
        nothing, space = pa.scalar(b"", pa.large_binary()), pa.scalar(b" ", pa.large_binary())
        columns[-1] = compute.binary_join_element_wise(columns[-1], feed, nothing)
        lines = compute.binary_join_element_wise(*columns, space)
        stream.write(lines.buffers()[2])
