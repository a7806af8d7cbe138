"""How many rows hold each term: against a plain count, whatever comes and goes."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import StorageError
from cospace.store import counts as module
from cospace.store.counts import Counts

TERMS = st.integers(0, 2**32 - 1) | st.integers(0, 5)
ROWS = st.lists(st.sets(TERMS, max_size=6), max_size=12)


def equal(counts: Counts, rows: list[set[int]]) -> None:
    expected = Counter(term for row in rows for term in row)
    assert sum(map(bool, rows)) == counts.rows
    for term in {*expected, 0, 1, 2**32 - 1}:
        assert expected[term] == counts.of(term)


@given(ROWS, ROWS, st.integers(0, 8))
def test_rows_that_come_and_go(first: list[set[int]], then: list[set[int]], waiting: int) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "_WAITING", waiting)
    counts = Counts()
    counts.add(first)
    equal(counts, first)
    counts.add(then)
    equal(counts, first + then)
    counts.remove(list(row) for row in first)
    equal(counts, then)
    patch.undo()


def test_a_mapping_counts_by_its_keys() -> None:
    counts = Counts()
    counts.add([{7: 0.25, 8: 3.0}, {7: 9.0}])
    assert (2, 2, 1) == (counts.rows, counts.of(7), counts.of(8))


def test_they_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    counts = Counts()
    counts.add([{1, 2**32 - 1}, {1}, set(), {3}])
    counts.remove([[3]])
    counts.save(tmp_path / "counts")
    again = Counts.load(tmp_path / "counts")
    equal(again, [{1, 2**32 - 1}, {1}])
    again.add([{1}])
    again.save(tmp_path / "counts")
    equal(Counts.load(tmp_path / "counts"), [{1, 2**32 - 1}, {1}, {1}])


def test_none_are_read_back(tmp_path: Path) -> None:
    Counts().save(tmp_path / "counts")
    equal(Counts.load(tmp_path / "counts"), [])


@pytest.mark.parametrize("change", ["gone", "empty", "cut", "longer"])
def test_a_file_that_is_not_whole_is_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / "counts"
    counts = Counts()
    counts.add([{1, 2}, {2}])
    counts.save(path)
    data = path.read_bytes()
    path.write_bytes({"gone": b"", "empty": b"", "cut": data[:-1], "longer": data + b"x"}[change])
    if change == "gone":
        path.unlink()
    with pytest.raises(StorageError, match="counts"):
        Counts.load(path)
