"""`read_vectors`: the table of a file of word vectors, in any format that is known."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cospace.adopt.words.binary import read_binary
from cospace.adopt.words.fasttext import read_fasttext
from cospace.adopt.words.kinds import HEAD, Layout, layout_of, refuse
from cospace.adopt.words.notes import Notes
from cospace.adopt.words.opening import open_unpacked
from cospace.adopt.words.text import read_text
from cospace.arguments import check_path
from cospace.encode.words import Subwords, WordVectors
from cospace.errors import BadInput, BadItem, NotFound

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Read", "read_vectors"]


@dataclass(frozen=True)
class Read:
    """What a file held: its table, its format, and notes on what in it was not as it should be."""

    table: WordVectors
    format: str
    notes: tuple[str, ...] = ()


def read_vectors(path: str | os.PathLike[str], *, format: str = "") -> Read:
    """The word vectors of a file: word2vec's text or binary, GloVe's text, fastText's .vec or .bin.

    The format is recognised by what the file holds, unless `format` names one of `FORMATS`. Files
    may be packed (gz, bz2, xz, zst). Bad rows are left out, and listed in the notes with their
    places; so are headers that say something else than the file holds. Of a word that stands in
    the file twice the first vector is kept. Memory is bounded by what the file holds, not what it
    says.

    Raises `NotFound`, `UnsafeFile` for pickles, `BadItem` for a file that holds no word vectors,
    and `BadArgument` for a format that is unknown.

    >>> import tempfile
    >>> from cospace.adopt.words import read_vectors
    >>> with tempfile.NamedTemporaryFile(suffix=".txt") as file:
    ...     _ = file.write(b"sofa 0.1 0.2\\nlamp 0.3 oops\\nNew York 0.5 0.6\\n")
    ...     file.flush()
    ...     found = read_vectors(file.name)
    >>> found.table.words, found.format
    (['sofa', 'New York'], 'glove')
    >>> found.notes
    ('1 row left out, with something that is not a number: line 2',)
    """
    path = check_path("path", path)
    refuse(path)
    if not path.exists():
        raise NotFound(f"{path}: there is no such file")
    with open_unpacked(path) as (stream, _):
        layout = layout_of(stream.read(HEAD), path.name, format)
    notes = Notes("line" if layout.format not in ("word2vec-binary", "fasttext-bin") else "row")
    for note in layout.notes:
        notes.say(note)
    words, rows, counts, subwords = _parts(path, layout, notes)
    if not words:
        why = "; ".join(notes.lines())
        raise BadItem(path.name, f"no row of it can be used ({why or 'there is none'})")
    # Where a binary header lies on the dimensions, most of what is read as a row is none.
    odd = notes.broken + (notes.refused if layout.format == "word2vec-binary" else 0)
    if 2 * odd > len(words) + notes.refused:
        raise BadItem(
            path.name,
            f"most of its rows are not sound, so it is not {layout.format} of {layout.dim or 'its'}"
            f" dimensions, or not UTF-8 ({'; '.join(notes.lines())})",
        )
    table = _table(words, rows, counts, subwords, notes)
    return Read(table, layout.format, notes.lines())


def _parts(
    path: Path, layout: Layout, notes: Notes
) -> tuple[list[str], NDArray[np.float32], NDArray[np.int64] | None, Subwords | None]:
    with open_unpacked(path) as (stream, size):
        if layout.format == "fasttext-bin":
            found = read_fasttext(stream, path.name, size, notes)
            return found.words, found.rows, found.counts, found.subwords
        read = read_binary if layout.format == "word2vec-binary" else read_text
        words, rows = read(stream, layout, size, notes)
    return words, rows, None, None


def _table(
    words: Sequence[str],
    rows: NDArray[np.float32],
    counts: NDArray[np.int64] | None,
    subwords: Subwords | None,
    notes: Notes,
) -> WordVectors:
    """The table; of words that stand twice the first is kept."""
    try:
        return WordVectors(words, rows, counts, subwords)  # whose check finds them anyway
    except BadInput:
        first: dict[str, int] = {}
        for row, word in enumerate(words):
            if word and "\n" not in word and "\r" not in word:  # of a dictionary of fastText
                first.setdefault(word, row)
        if len(first) == len(words):
            raise
    twice = len(words) - len(first)
    some = [word for row, word in enumerate(words) if first.get(word, row) != row][:3]
    named = ", ".join(repr(word[:40]) for word in some)
    plural = "s" if twice > 1 else ""
    notes.say(
        f"{twice:,} row{plural} left out, of words that stood before: {named}"
        if some
        else f"{twice:,} row{plural} left out, with a word that is empty or has a line break"
    )
    kept = np.fromiter(first.values(), np.int64, len(first))
    return WordVectors(list(first), rows[kept], None if counts is None else counts[kept], subwords)
