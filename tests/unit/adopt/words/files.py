"""Files of word vectors that tests read, written byte by byte: nothing here is of cospace's own."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from cospace.encode.words import WordVectors

MAGIC = 793_712_314


def fasttext_bytes(
    words: Sequence[tuple[bytes, int]],
    matrix: NDArray[np.float32],
    *,
    buckets: int,
    grams: tuple[int, int] = (3, 6),
    labels: Sequence[bytes] = (),
    quantised: bool = False,
) -> bytes:
    """A .bin as fastText's source, version 12, lays it out, up to the end of its input matrix."""
    model = 3 if labels else 2
    data = struct.pack("<ii", MAGIC, 12)
    arguments = (matrix.shape[1], 5, 5, 1, 5, 1, 2, model, buckets, *grams, 100)
    data += struct.pack("<12id", *arguments, 1e-4)
    entries = len(words) + len(labels)
    tokens = sum(count for _, count in words)
    data += struct.pack("<iiiqq", entries, len(words), len(labels), tokens, -1)
    for word, count in words:
        data += word + b"\0" + struct.pack("<qb", count, 0)
    for label in labels:
        data += label + b"\0" + struct.pack("<qb", 1, 1)
    return data + struct.pack("<?qq", quantised, *matrix.shape) + matrix.astype("<f4").tobytes()


def binary_bytes(rows: Sequence[tuple[bytes, Sequence[float]]], *, feed: bytes = b"\n") -> bytes:
    """word2vec's binary format; gensim writes it with `feed` empty."""
    data = b"%d %d\n" % (len(rows), len(rows[0][1]))
    return data + b"".join(w + b" " + np.array(v, "<f4").tobytes() + feed for w, v in rows)


def put(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def _ends_in_number(word: str) -> bool:
    try:
        float(word.rpartition(" ")[2].strip() or "x")
    except ValueError:
        return False
    return True


# Any text is a word but one with a line break. One that ends in a number after a space, or in
# another kind of space, is understood only by the count of numbers in the rest of the file.
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1).filter(
    lambda word: not _ends_in_number(word) and word.strip() == word
)


@st.composite
def tables(draw: st.DrawFn, words: st.SearchStrategy[str] = WORDS) -> WordVectors:
    """A table of 1 to 8 words, of any finite numbers."""
    kept = draw(st.lists(words, min_size=1, max_size=8, unique=True))
    dim = draw(st.integers(2, 5))
    rows = draw(
        arrays.arrays(
            np.float32,
            (len(kept), dim),
            elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
        )
    )
    return WordVectors(kept, rows)
