"""Files of word vectors that are broken or lie: what can be used is read, the rest reported."""

from __future__ import annotations

import gzip
import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.adopt.words import adopt_words, read_vectors
from cospace.errors import BadArgument, BadInput, BadItem, CospaceError, NotFound, UnsafeFile
from cospace.limits import override

HEADER = b"3 2\n"
GOOD = b"sofa 0.5 1\nlamp 2 -3\ncouch 1e-3 4\n"
VECTORS = [[0.5, 1], [2, -3], [1e-3, 4]]


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def binary(rows: list[tuple[bytes, list[float]]], header: bytes, feed: bytes = b"\n") -> bytes:
    return header + b"".join(w + b" " + np.array(v, "<f4").tobytes() + feed for w, v in rows)


ROWS = [(b"sofa", [0.5, 1.0]), (b"lamp", [2.0, -3.0]), (b"couch", [1e-3, 4.0])]


def check(path: Path, *notes: str) -> None:
    """The three good words are read, and the notes say what was wrong."""
    found = read_vectors(path)
    assert ["sofa", "lamp", "couch"] == list(found.table.words)
    assert np.array_equal(np.array(VECTORS, np.float32), found.table.rows)
    assert list(notes) == list(found.notes)


# --- text ---


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        GOOD.rstrip(),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + GOOD,
        b"\n\n" + GOOD.replace(b"\n", b"\n\n \n"),
        GOOD.replace(b"\n", b" \n"),
        GOOD.replace(b"\n", b" \r\n"),
        GOOD.replace(b" ", b"\t"),
        GOOD.replace(b" ", b"  "),
        GOOD.replace(b"4", b"+4"),
        HEADER + GOOD,
        b"\xef\xbb\xbf" + HEADER + GOOD,
        HEADER.replace(b"\n", b"\r\n") + GOOD.replace(b"\n", b" \r\n"),
        b"3\t2\n" + GOOD.replace(b" ", b"\t"),
    ],
)
def test_line_ends_blanks_and_marks_of_order_change_nothing(tmp_path: Path, data: bytes) -> None:
    check(put(tmp_path, "v.txt", data))


BAD_LINES = {
    b"bed 1": "1 row left out, with too few numbers: line 2",
    b"bed": "1 row left out, with too few numbers: line 2",
    b"bed 1 x": "1 row left out, with something that is not a number: line 2",
    b"bed 1 1_0": "1 row left out, with something that is not a number: line 2",
    b"bed 1 0x10": "1 row left out, with something that is not a number: line 2",
    b"bed 1e999 1": "1 row left out, with a number that is not finite: line 2",
    b"bed 1e39 1": "1 row left out, with a number that is not finite: line 2",
    b"bed nan 1": "1 row left out, with a number that is not finite: line 2",
    b"bed 1 -inf": "1 row left out, with a number that is not finite: line 2",
    b" 1 2": "1 row left out, without a word: line 2",
    b"sofa 7 7": "1 row left out, of words that stood before: 'sofa'",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_is_left_out_and_reported(tmp_path: Path, line: bytes) -> None:
    data = GOOD.replace(b"\n", b"\n" + line + b"\n", 1)
    check(put(tmp_path, "v.txt", data), BAD_LINES[line])


def test_bad_lines_far_apart_are_reported_with_their_numbers(tmp_path: Path) -> None:
    lines = [b"w%d 1 2" % n for n in range(200_000)]
    for number in (10, 70_000, 199_999):
        lines[number] = b"w 1e999 2"
    path = put(tmp_path, "v.txt", b"\n".join(lines))
    found = read_vectors(path)
    assert 199_997 == len(found.table)
    assert (
        "3 rows left out, with a number that is not finite: lines 11, 70,001, 200,000",
    ) == found.notes
    assert ["w9", "w11"] == list(found.table.words[9:11])


def test_more_bad_lines_than_are_named_are_counted(tmp_path: Path) -> None:
    path = put(tmp_path, "v.txt", GOOD + b"bed 1 nan\n" * 7)
    check(
        path,
        "7 rows left out, with a number that is not finite: lines 4, 5, 6, 7, 8, ...",
    )


def test_words_hold_spaces_quotes_commas_and_numbers(tmp_path: Path) -> None:
    words = ["the", "New York", '"', "'", '""', ",", "a,b", ". . .", "#", "NULL", "NA", "nan", "1"]
    data = "".join(f"{word} {n} 0.5 -1\n" for n, word in enumerate(words))
    found = read_vectors(put(tmp_path, "v.txt", data.encode()))
    assert (words, ()) == (list(found.table.words), found.notes)
    assert list(range(len(words))) == found.table.rows[:, 0].tolist()


def test_spaces_in_words_are_distinguished_from_one_at_each_lines_end(tmp_path: Path) -> None:
    lines = ["a 1 2 ", "b c 3 4", "d 5 6 ", "e 7 8 ", "f g 9 10 "]
    found = read_vectors(put(tmp_path, "v.txt", "\n".join(lines).encode()))
    assert ["a", "b c", "d", "e", "f g"] == list(found.table.words)
    assert [1, 3, 5, 7, 9] == found.table.rows[:, 0].tolist()


@pytest.mark.parametrize(
    ("header", "note"),
    [
        (b"4 2\n", "number of words: the header says 4, the file has 3"),
        (b"1 2\n", "number of words: the header says 1, the file has 3"),
        (b"9999999999 2\n", "number of words: the header says 9,999,999,999, the file has 3"),
        (b"3 9\n", "the header says 9 dimensions, the rows have 2"),
        (b"3 9999999999\n", "the header says 9,999,999,999 dimensions, the rows have 2"),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_reported(tmp_path: Path, header: bytes, note: str) -> None:
    check(put(tmp_path, "v.txt", header + GOOD), note)


def test_bytes_that_are_not_utf_8_are_replaced_and_reported(tmp_path: Path) -> None:
    data = b"caf\xc3 5 6\n" + GOOD
    found = read_vectors(put(tmp_path, "v.txt", data))
    assert ["caf\ufffd", "sofa", "lamp", "couch"] == list(found.table.words)
    assert ("1 row with a word that is not UTF-8, its bad bytes replaced: line 1",) == found.notes


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    data = "".join(f"шкаф{n} 1 2\n" for n in "абвгд").encode("cp1251")
    with pytest.raises(BadItem, match="bad bytes replaced: lines 1, 2, 3, 4, 5"):
        read_vectors(put(tmp_path, "v.txt", data))


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_line_without_end_is_passed_over_in_bounded_memory(tmp_path: Path, place: int) -> None:
    lines = GOOD.splitlines(keepends=True)
    lines.insert(place, b"x" * 50_000 + b"\n")
    path = put(tmp_path, "v.txt", b"".join(lines))
    with override(word_line_bytes=200):
        check(path, f"1 row left out, longer than 200 bytes: line {place + 1}")


def test_a_line_longer_than_a_block_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cospace.adopt.words import text

    monkeypatch.setattr(text, "_BLOCK", 64)
    data = GOOD + b"y" * 5_000 + b"\nbed 7 7\n" + b"z" * 5_000
    with override(word_line_bytes=200):
        found = read_vectors(put(tmp_path, "v.txt", data))
    assert ["sofa", "lamp", "couch", "bed"] == list(found.table.words)
    assert ("2 rows left out, longer than 200 bytes: lines 4, 6",) == found.notes


# --- binary ---


@pytest.mark.parametrize("feed", [b"\n", b""])
def test_rows_end_with_a_line_feed_or_without(tmp_path: Path, feed: bytes) -> None:
    check(put(tmp_path, "v.bin", binary(ROWS, HEADER, feed)))


@pytest.mark.parametrize(
    ("header", "note"),
    [
        (b"4 2\n", "number of words: the header says 4, the file has 3"),
        (b"1 2\n", "number of words: the header says 1, the file has 3"),
        (b"9999999999 2\n", "number of words: the header says 9,999,999,999, the file has 3"),
    ],
)  # fmt: skip
def test_a_binary_header_that_lies_is_reported(tmp_path: Path, header: bytes, note: str) -> None:
    check(put(tmp_path, "v.bin", binary(ROWS, header)), note)


BAD_ROWS: dict[str, tuple[bytes, list[float]]] = {
    "1 row left out, with a number that is not finite: row 2": (b"bed", [np.nan, 1]),
    "1 row left out, without a word: row 2": (b"", [1, 1]),
    "1 row left out, with a line break in its word: row 2": (b"b\ned", [1, 1]),
    "1 row left out, of words that stood before: 'sofa'": (b"sofa", [1, 1]),
}


@pytest.mark.parametrize("note", BAD_ROWS)
def test_a_bad_binary_row_is_left_out_and_reported(tmp_path: Path, note: str) -> None:
    rows = [ROWS[0], BAD_ROWS[note], *ROWS[1:]]
    check(put(tmp_path, "v.bin", binary(rows, b"4 2\n")), note)


def test_words_cut_inside_a_character_are_replaced_and_reported(tmp_path: Path) -> None:
    rows = [(b"K\xc3\xbcche"[:2], [1.0, 2.0]), *ROWS]
    found = read_vectors(put(tmp_path, "v.bin", binary(rows, b"4 2\n")))
    assert ["K\ufffd", "sofa", "lamp", "couch"] == list(found.table.words)
    assert ("1 row with a word that is not UTF-8, its bad bytes replaced: row 1",) == found.notes


@pytest.mark.parametrize("cut", range(1, 15))
def test_a_last_row_that_is_cut_off_is_reported(tmp_path: Path, cut: int) -> None:
    data = binary([*ROWS, (b"wardrobe", [1.0, 2.0])], b"4 2\n", b"")[:-cut]
    left = 17 - cut
    check(
        put(tmp_path, "v.bin", data),
        f"the last {left} bytes are no whole row, and were left out",
        "number of words: the header says 4, the file has 3",
    )


def test_a_word_without_end_is_passed_over_in_bounded_memory(tmp_path: Path) -> None:
    data = binary(ROWS, HEADER, b"") + b"x" * 9_000_000
    with override(word_line_bytes=200):
        check(
            put(tmp_path, "v.bin", data),
            "the last 9,000,000 bytes are no whole row, and were left out",
        )


def test_a_dimension_that_lies_is_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    rows = [(b"word%d" % n, rng.standard_normal(20).tolist()) for n in range(200)]
    for dim in (1, 7, 10, 19, 40, 16_384, 16_385, 10**17):
        with pytest.raises(BadInput):
            read_vectors(put(tmp_path, "v.bin", binary(rows, b"200 %d\n" % dim)))


def test_headers_that_lie_take_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    text = put(tmp_path, "v.txt", b"999999999999 2\n" + GOOD)
    rows = put(tmp_path, "v.bin", binary(ROWS, b"999999999999 2\n"))
    packed = put(tmp_path, "v.bin.gz", gzip.compress(rows.read_bytes()))
    read_vectors(text)
    tracemalloc.start()
    for path in (text, rows, packed):
        read_vectors(path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 40_000_000


# --- fastText ---


def fasttext(**changes: int) -> bytes:
    """A .bin of one word without n-grams; `changes` say other things than are there."""
    said = {
        "magic": 793_712_314, "version": 12, "dim": 2, "buckets": 0, "most": 0, "entries": 1,
        "words": 1, "pruned": -1, "quantised": 0, "rows": 1, "columns": 2, **changes,
    }  # fmt: skip
    data = struct.pack("<ii", said["magic"], said["version"])
    arguments = (said["dim"], 5, 5, 1, 5, 1, 2, 2, said["buckets"], 0, said["most"], 100)
    data += struct.pack("<12id", *arguments, 1e-4)
    data += struct.pack("<iiiqq", said["entries"], said["words"], 0, 1, said["pruned"])
    data += b"sofa\0" + struct.pack("<qb", 1, 0)
    data += struct.pack("<?qq", bool(said["quantised"]), said["rows"], said["columns"])
    return data + np.array([0.5, 1], "<f4").tobytes()


def test_the_sound_file_of_the_next_test_is_sound(tmp_path: Path) -> None:
    assert ["sofa"] == read_vectors(put(tmp_path, "v.bin", fasttext())).table.words


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 11},
        {"version": 13},
        {"dim": -1},
        {"dim": 0},
        {"dim": 2**31 - 1, "columns": 2**31 - 1},
        {"dim": 3},
        {"buckets": -1},
        {"buckets": 2**31 - 1},
        {"buckets": 2**31 - 1, "most": 6, "rows": 2**31},
        {"most": 2**31 - 1},
        {"entries": 2**31 - 1},
        {"entries": 2**31 - 1, "words": 2**31 - 1},
        {"entries": 0, "words": 0},
        {"words": -1},
        {"pruned": 3},
        {"quantised": 1},
        {"rows": 2**62},
        {"rows": -1},
        {"columns": -2},
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_numbers_of_fasttext_that_lie_are_refused(
    tmp_path: Path, changes: dict[str, int], packed: bool
) -> None:
    data = fasttext(**changes)
    path = put(tmp_path, "v.bin", gzip.compress(data) if packed else data)
    with pytest.raises(BadItem):
        read_vectors(path)


def test_fasttext_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    data = fasttext()
    for size in range(4, len(data)):
        with pytest.raises(BadItem):
            read_vectors(put(tmp_path, "v.bin", data[:size]))


def test_a_number_of_fasttext_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    data = fasttext()[:-4] + struct.pack("<f", np.nan)
    with pytest.raises(BadInput, match="NaN"):
        read_vectors(put(tmp_path, "v.bin", data))


# --- what is no file of word vectors ---


class Runs:
    """A pickle of this makes a folder when it is loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize(
    "name", ["v.kv", "v.model", "v.pkl", "v.pickle", "v.npy", "v.KV", "v.bin", "v.txt", "v.bin.gz"]
)
@pytest.mark.parametrize("protocol", [2, 5])
def test_pickles_are_refused_with_the_way_to_convert(
    tmp_path: Path, name: str, protocol: int
) -> None:
    data = pickle.dumps(Runs(tmp_path / "ran"), protocol)
    path = put(tmp_path, name, gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(UnsafeFile, match=r"KeyedVectors.load.*cospace models add vectors\.bin"):
        read_vectors(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "data", "kind", "match"),
    [
        ("pytorch_model.bin", b"PK\x03\x04" + b"\0" * 40, UnsafeFile, "can run code"),
        ("model.pt", b"1 2\na 1 2\n", UnsafeFile, "safetensors are taken"),
        ("v.bin", b"\x93NUMPY\x01\0", UnsafeFile, "can run code"),
        ("model.safetensors", b"", BadItem, "give the folder"),
        ("glove.6B.zip", b"PK\x03\x04" + b"\0" * 40, BadItem, "unpack it"),
        ("empty.txt", b"", BadItem, "empty"),
        ("blank.txt", b"\n \n\r\n", BadItem, "empty"),
        ("header.txt", b"3 2\n", BadItem, "empty"),
        ("bom.txt", b"\xef\xbb\xbf", BadItem, "empty"),
        ("prose.txt", b"A sofa is a seat.\nIt is soft.\n", BadItem, "lines of a word"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), BadItem, "lines of a word"),
        ("zeros.bin", bytes(5_000), BadItem, "lines of a word"),
        ("nan.txt", b"sofa nan nan\n", BadItem, "no row of it can be used .*not finite: line 1"),
        ("cut.txt.gz", gzip.compress(GOOD, mtime=0)[:-9], BadItem, "cannot be unpacked"),
        ("bomb.txt.gz", gzip.compress(bytes(1 << 27), 1), BadItem, "100 times|lines of a word"),
        ("ascii.bin", b"9 3\nabc", BadItem, "no row of it can be used"),
    ],
)
def test_what_holds_no_word_vectors_is_refused(
    tmp_path: Path, name: str, data: bytes, kind: type[Exception], match: str
) -> None:
    with pytest.raises(kind, match=match):
        read_vectors(put(tmp_path, name, data))


def test_a_packed_file_that_unpacks_without_end_is_given_up(tmp_path: Path) -> None:
    data = gzip.compress(GOOD + b"y" * (1 << 27))
    with pytest.raises(BadItem, match="100 times its size"):
        read_vectors(put(tmp_path, "v.txt.gz", data))


def test_what_is_missing_or_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        read_vectors(tmp_path / "v.txt")
    with pytest.raises(BadItem, match="not a regular file"):
        read_vectors(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.txt")
        with pytest.raises(BadItem, match="not a regular file"):
            read_vectors(tmp_path / "pipe.txt")


FORMATS = ("", "glove", "word2vec", "fasttext", "word2vec-binary", "fasttext-bin")


@given(
    st.binary(max_size=300) | st.binary(max_size=60).map(lambda b: b"2 3\n" + b)
    | st.binary(max_size=150).map(lambda b: (793_712_314).to_bytes(4, "little") + b)
    | st.text("ab 01.e-\n\r\t", max_size=80).map(str.encode),
    st.sampled_from(FORMATS),
)  # fmt: skip
def test_any_bytes_give_a_table_or_a_typed_error(tmp_path: Path, data: bytes, format: str) -> None:
    path = put(tmp_path, "v.txt", data)
    try:
        table = read_vectors(path, format=format).table
    except CospaceError:
        return
    assert len(table) == len(table.rows) == len(set(table.words))
    assert np.isfinite(table.rows).all()


def test_a_file_that_is_refused_leaves_no_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    with pytest.raises(BadItem):
        adopt_words(put(tmp_path, "v.txt", b"sofa nan\n"))
    with pytest.raises(BadArgument, match="--name"):
        adopt_words(put(tmp_path, "-.txt", GOOD))
    assert not (tmp_path / "home").exists()
