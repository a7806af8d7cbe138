"""The journal of a large commit: folded into the file at once, without waiting for readers."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from cospace.store import sqlite
from cospace.store.protocol import Row
from cospace.store.truth import Truth

LARGE = [Row(f"id-{i}", "x" * 1_000, hash=b"h") for i in range(600)]
SMALL = [Row("small", "y", hash=b"h")]


@pytest.fixture
def truth(fast_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Truth]:
    monkeypatch.setattr(sqlite, "LOG_BYTES", 200_000)
    one = Truth(fast_path / "truth.sqlite")
    yield one
    one.close()


def journal(truth: Truth) -> int:
    return Path(f"{truth.path}-wal").stat().st_size


def copied(truth: Truth) -> Truth:
    """The truth as it would be found were the process killed now."""
    assert truth.path is not None
    place = truth.path.parent / "copy.sqlite"
    for end in ("", "-wal"):
        Path(f"{place}{end}").write_bytes(Path(f"{truth.path}{end}").read_bytes())
    return Truth(place)


def test_a_large_commit_leaves_a_small_journal_and_every_row(truth: Truth) -> None:
    truth.write(LARGE, replace=False, failures=[])
    assert journal(truth) <= 200_000
    killed = copied(truth)
    assert [row.id for row in LARGE] == [change.row.id for change in killed.scan(vectors=False)]
    killed.close()


def test_so_does_a_large_deletion(truth: Truth) -> None:
    truth.write(LARGE, replace=False, failures=[])
    assert 600 == truth.delete([row.id for row in LARGE])
    assert journal(truth) <= 200_000
    killed = copied(truth)
    assert [] == list(killed.scan(vectors=False))
    killed.close()


def test_a_small_commit_leaves_its_journal_alone(truth: Truth) -> None:
    truth.write(SMALL, replace=False, failures=[])
    assert 0 < journal(truth) <= 200_000


def test_a_reader_keeps_its_snapshot_and_the_writer_goes_on(truth: Truth) -> None:
    reader = apsw.Connection(str(truth.path), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN; SELECT count(*) FROM items").fetchall()
    truth.write(LARGE, replace=False, failures=[])
    assert journal(truth) > 200_000
    assert [(0,)] == reader.execute("SELECT count(*) FROM items").fetchall()
    reader.execute("COMMIT")
    reader.close()
    truth.write(SMALL, replace=False, failures=[])
    assert journal(truth) <= 200_000
    assert 601 == truth.counts()[0]


def test_a_failure_while_folding_is_no_failure_of_the_commit(
    truth: Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A connection to a disk that is full as soon as the journal is to be folded in."""

        def __init__(self, db: apsw.Connection) -> None:
            self.db = db

        def set_busy_timeout(self, milliseconds: int) -> None:
            self.db.set_busy_timeout(milliseconds)

        def wal_checkpoint(self, *, mode: int) -> None:
            raise apsw.FullError("database or disk is full")

    truth.write(LARGE[:50], replace=False, failures=[])
    monkeypatch.setattr(sqlite, "LOG_BYTES", 1)
    assert truth.path is not None
    sqlite.bound_log(Full(truth._db), truth.path)  # type: ignore[arg-type]
    assert 50 == truth.counts()[0]


def test_a_truth_in_memory_has_no_journal() -> None:
    memory = Truth(None)
    memory.write(SMALL, replace=False, failures=[])
    assert 1 == memory.counts()[0]
    memory.close()
