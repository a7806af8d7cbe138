"""word2vec's binary files whose words hold spaces: read where rows end with a line feed."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.adopt.words import read_vectors

ROWS = np.random.default_rng(1).standard_normal((200, 12)).astype(np.float32)


def written(path: Path, words: list[str], rows: np.ndarray, feed: bytes = b"\n") -> Path:
    lines = [w.encode() + b" " + r.tobytes() + feed for w, r in zip(words, rows, strict=True)]
    path.write_bytes(f"{len(words)} {rows.shape[1]}\n".encode() + b"".join(lines))
    return path


def check(path: Path, words: list[str], rows: np.ndarray) -> None:
    found = read_vectors(path)
    assert words == list(found.table.words)
    assert np.array_equal(rows, found.table.rows)


@pytest.mark.parametrize("at", [[100], [0], [199], [50, 51], [3, 100, 198], list(range(60))])
def test_the_words_and_numbers_are_those_that_were_written(tmp_path: Path, at: list[int]) -> None:
    words = [f"place of {i}" if i in at else f"w{i}" for i in range(200)]
    check(written(tmp_path / "b.bin", words, ROWS), words, ROWS)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 199), max_size=20),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, 3, 12, 50]),
)
def test_numbers_of_any_bytes(
    tmp_path_factory: pytest.TempPathFactory, at: list[int], seed: int, dim: int
) -> None:
    """Numbers hold bytes that are spaces and line feeds, too."""
    rows = np.random.default_rng(seed).standard_normal((200, dim)).astype(np.float32)
    words = [f"New York {i}" if i in at else f"w{i}" for i in range(200)]
    found = read_vectors(written(tmp_path_factory.mktemp("b") / "b.bin", words, rows))
    assert words == list(found.table.words)
    assert np.array_equal(rows, found.table.rows)


def test_a_file_without_line_feeds_is_read_as_before(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(200)]
    check(written(tmp_path / "b.bin", words, ROWS, feed=b""), words, ROWS)


def test_a_line_feed_that_is_missing_once(tmp_path: Path) -> None:
    words = [f"w{i}" for i in range(200)]
    path = written(tmp_path / "b.bin", words, ROWS)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\nw100 ", b"w100 "))
    check(path, words, ROWS)
