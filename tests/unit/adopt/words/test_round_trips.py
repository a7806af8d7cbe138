"""What is written is read again as it was, bit by bit, in every format and every packing."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.adopt.words import read_vectors, write_vectors
from cospace.encode.words import Subwords, WordVectors
from cospace.errors import BadArgument, BadInput

from .files import WORDS, tables

WRITTEN = ("glove", "word2vec", "word2vec-binary", "fasttext")
ENDING = {"glove": ".txt", "word2vec": ".txt", "word2vec-binary": ".bin", "fasttext": ".vec"}
NO_SPACES = WORDS.filter(lambda word: " " not in word)


def same(one: WordVectors, other: WordVectors) -> bool:
    return list(one.words) == list(other.words) and one.rows.tobytes() == other.rows.tobytes()


@pytest.mark.parametrize("format", WRITTEN)
@given(data=st.data())
def test_a_table_is_read_as_it_was_written(
    tmp_path: Path, format: str, data: st.DataObject
) -> None:
    table = data.draw(tables(NO_SPACES if format == "word2vec-binary" else WORDS))
    path = tmp_path / f"vectors{ENDING[format]}"
    write_vectors(table, path, format=format, replace=True)
    found = read_vectors(path, format=format)
    assert () == found.notes
    assert same(table, found.table)


@pytest.mark.parametrize("format", WRITTEN)
def test_the_format_is_recognised_by_what_the_file_holds(tmp_path: Path, format: str) -> None:
    rows = np.random.default_rng(3).standard_normal((300, 7)).astype(np.float32)
    table = WordVectors([f"w{n}" for n in range(300)], rows)
    path = tmp_path / f"vectors{ENDING[format]}"
    write_vectors(table, path, format=format)
    found = read_vectors(path)
    assert (format, ()) == (found.format, found.notes)
    assert same(table, found.table)


def zst(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data))


PACKINGS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zst}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("format", WRITTEN)
def test_a_packed_file_is_unpacked(tmp_path: Path, packing: str, format: str) -> None:
    rows = np.random.default_rng(4).standard_normal((200, 4)).astype(np.float32)
    table = WordVectors([f"w{n}" for n in range(200)], rows)
    write_vectors(table, tmp_path / "plain", format=format)
    packed = tmp_path / f"vectors{ENDING[format]}.{packing}"
    packed.write_bytes(PACKINGS[packing]((tmp_path / "plain").read_bytes()))
    found = read_vectors(packed)
    assert (format, ()) == (found.format, found.notes)
    assert same(table, found.table)


def test_a_table_of_several_blocks_keeps_its_order(tmp_path: Path) -> None:
    rows = np.random.default_rng(5).standard_normal((20_000, 60)).astype(np.float32)
    table = WordVectors([f"w{n}" for n in range(20_000)], rows)
    for format in WRITTEN:
        write_vectors(table, tmp_path / "vectors", format=format, replace=True)
        found = read_vectors(tmp_path / "vectors")
        assert () == found.notes
        assert same(table, found.table)


@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False).map(str)
        | st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr)
        | st.floats(-1e30, 1e30).map(repr),
        min_size=1,
    )
)
def test_a_number_is_what_numpy_makes_of_its_text(tmp_path: Path, texts: list[str]) -> None:
    with np.errstate(over="ignore"):
        numbers = np.array([np.float32(text) for text in texts])
    texts = [text for text, number in zip(texts, numbers, strict=True) if np.isfinite(number)]
    expected = numbers[np.isfinite(numbers)]
    path = tmp_path / "vectors.txt"
    path.write_text("".join(f"w{n} {text} 1.5\n" for n, text in enumerate(["0", *texts])))
    found = read_vectors(path)
    assert expected.tobytes() == found.table.rows[1:, 0].tobytes()


def test_a_number_is_rounded_twice_as_numpy_and_gensim_do(tmp_path: Path) -> None:
    text = "1.000000059604644775391"  # a hair above the middle of two float32
    path = tmp_path / "vectors.txt"
    path.write_text(f"sofa {text} 2\n")
    assert np.float32(text) == read_vectors(path).table.rows[0, 0] == np.float32(1)


def test_what_a_format_cannot_hold_is_reported(tmp_path: Path) -> None:
    grams = Subwords(np.ones((1, 2), np.float32), np.array([5]), 10, 3, 6)
    table = WordVectors(["sofa"], np.ones((1, 2), np.float32), np.array([3]), grams)
    notes = write_vectors(table, tmp_path / "vectors.txt", format="glove")
    assert [True, True] == ["n-grams" in notes[0], "how often" in notes[1]]


def test_a_word_with_a_space_has_no_place_in_the_binary_format(tmp_path: Path) -> None:
    table = WordVectors(["New York"], np.ones((1, 2), np.float32))
    with pytest.raises(BadInput, match="'New York' holds a space"):
        write_vectors(table, tmp_path / "vectors.bin", format="word2vec-binary")
    assert [] == list(tmp_path.iterdir())


def test_a_word_that_is_no_unicode_is_refused(tmp_path: Path) -> None:
    table = WordVectors(["a\ud800"], np.ones((1, 2), np.float32))
    with pytest.raises(BadInput, match="UTF-8"):
        write_vectors(table, tmp_path / "vectors.txt", format="glove")


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    table = WordVectors(["sofa"], np.ones((1, 2), np.float32))
    path = tmp_path / "vectors.txt"
    path.write_text("mine")
    with pytest.raises(BadArgument, match="exists already"):
        write_vectors(table, path, format="glove")
    assert "mine" == path.read_text()


def test_only_formats_that_are_known_are_written_and_read(tmp_path: Path) -> None:
    table = WordVectors(["sofa"], np.ones((1, 2), np.float32))
    with pytest.raises(BadArgument, match="'csv'"):
        write_vectors(table, tmp_path / "v", format="csv")
    write_vectors(table, tmp_path / "v", format="glove")
    with pytest.raises(BadArgument, match="'csv'"):
        read_vectors(tmp_path / "v", format="csv")
