import zlib
from collections.abc import Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest

from cospace.errors import CollectionNotFound, DataDamaged, DuplicateId, FormatTooNew, StorageError
from cospace.space import Space
from cospace.store.packing import is_whole, pack, shown_id, unpack
from cospace.store.protocol import Failure, Row
from cospace.store.schema import Schema
from cospace.store.sqlite import connect, peek, sqlite_errors
from cospace.store.truth import FORMAT, Truth

VECTOR = np.array([0.6, 0.8], np.float32)


def row(id: str, text: str | None = "a chair", **given: object) -> Row:
    return Row(id, text, {"n": 1}, {"image": "a.jpg"}, {"text": VECTOR}, b"hash", **given)  # type: ignore[arg-type]


@pytest.fixture
def truth(fast_path: Path) -> Iterator[Truth]:
    one = Truth(fast_path / "truth.sqlite")
    yield one
    one.close()


def sql(truth: Truth, statement: str) -> None:
    truth._db.execute(statement)


# --- records ---


def test_a_record_that_is_taken_back_was_never_there(truth: Truth) -> None:
    assert "int8" == truth.quantization
    with pytest.raises(RuntimeError), truth._db:
        truth._set("quantization", "binary")
        assert "binary" == truth.quantization
        raise RuntimeError
    assert "int8" == truth.quantization
    truth.quantization = "none"
    assert "none" == truth.quantization


# --- packing ---


@pytest.mark.parametrize("text", [None, "", "a chair", "x\x00y", "東京 🚲", "x" * 100_000])
def test_rows_are_packed_and_unpacked(text: str | None) -> None:
    given = row("id-\u00e9", text, reason="kept without its image")
    n, id, _, hash_, *texts, crc = pack(7, 3, given)
    record = (n, id.encode(), hash_, *(None if t is None else t.encode() for t in texts), crc)
    assert is_whole(record)
    back = unpack(record, given.vectors)
    assert given == back
    assert "id-\u00e9" == shown_id(record)


def test_any_change_of_a_record_is_seen() -> None:
    n, id, _, hash_, *texts, crc = pack(7, 3, row("a", reason="r"))
    record = [n, id.encode(), hash_, *(t.encode() for t in texts), crc]
    for at, other in (
        (1, b"b"),
        (2, b"hasi"),
        (3, None),
        (3, b"a chaiR"),
        (4, b"{}"),
        (6, b""),
        (7, 0),
        (3, 7),
    ):
        changed = tuple(other if i == at else value for i, value in enumerate(record))
        assert not is_whole(changed), at
        with pytest.raises(DataDamaged) as caught:
            unpack(changed, None)
        assert [shown_id(changed)] == caught.value.ids
    assert "\ufffd" == shown_id((1, b"\xff"))


# --- commits ---


def test_every_write_is_one_commit(truth: Truth) -> None:
    assert 0 == truth.seq
    assert 0 == truth.write([row("a"), row("b")], replace=False, failures=[])
    assert 1 == truth.seq
    assert 1 == truth.write([row("b", "new"), row("c")], replace=True, failures=[])
    assert (2, 3) == (truth.seq, truth.count_since(0))
    assert (2, 0) == (truth.count_since(1), truth.count_since(2))
    assert 1 == truth.delete(["a", "a", "nothing"])
    assert 3 == truth.seq
    assert 0 == truth.delete(["nothing"])
    assert 3 == truth.seq


def test_changes_and_deletions_since_a_commit(truth: Truth) -> None:
    truth.write([row("a"), row("b")], replace=False, failures=[])
    truth.write([row("c")], replace=False, failures=[])
    keys = {change.row.id: change.key for change in truth.changes(0)}
    assert ["a", "b", "c"] == list(keys)
    truth.write([row("a", "new")], replace=True, failures=[])
    assert [("c", keys["c"]), ("a", keys["a"])] == [(c.row.id, c.key) for c in truth.changes(1)]
    truth.delete(["b"])
    assert ([keys["b"]], [keys["b"]], []) == (
        truth.deleted_since(0),
        truth.deleted_since(3),
        truth.deleted_since(4),
    )
    truth.write([row("b")], replace=False, failures=[])
    [again] = list(truth.changes(4))
    assert again.key > max(keys.values())  # a key is never used again


@pytest.mark.parametrize("count", [1, 1999, 2000, 2001, 4100])
def test_pages_join_without_a_seam(count: int, truth: Truth) -> None:
    rows = [Row(f"{i}", vectors={"text": VECTOR}) for i in range(count)]
    truth.write(rows[: count // 3], replace=False, failures=[])
    truth.write(rows[count // 3 :], replace=False, failures=[])
    expected = [r.id for r in rows]
    assert expected == [c.row.id for c in truth.changes(0)]
    assert expected == [c.row.id for c in truth.scan(vectors=True)]
    ids = [r.id if r else None for r in truth.get(["nothing", *expected[::-1]], vectors=False)]
    assert [None, *expected[::-1]] == ids
    assert count == len(truth.rows(range(count + 10)))


def test_a_refused_batch_leaves_nothing(truth: Truth) -> None:
    truth.write([row("a")], replace=False, failures=[])
    for rows, replace in (([row("b"), row("a")], False), ([row("b"), row("b")], True)):
        with pytest.raises(DuplicateId):
            truth.write(rows, replace=replace, failures=[Failure("x", "y")])
    assert (1, (1, {"text": 1}, 0)) == (truth.seq, truth.counts())
    with pytest.raises(DuplicateId, match="and 15 more"):
        truth.write([row(f"{i}") for i in range(20)] * 2, replace=False, failures=[])


def test_a_write_that_breaks_in_the_middle_leaves_nothing(truth: Truth) -> None:
    truth.write([row("a")], replace=False, failures=[])
    bad = Row("c", metadata={"x": "\ud800"}, vectors={"text": VECTOR})
    with pytest.raises(Exception):  # noqa: B017
        truth.write([row("a", "new"), row("b"), bad], replace=True, failures=[])
    assert (1, (1, {"text": 1}, 0)) == (truth.seq, truth.counts())
    assert ["a chair"] == [r.text for r in truth.get(["a"], vectors=False) if r]
    truth.write([row("b")], replace=False, failures=[])


def test_failures_are_kept_until_the_item_comes(truth: Truth) -> None:
    truth.write([], replace=True, failures=[Failure("b", "broken"), Failure("a", "empty")])
    assert [Failure("a", "empty"), Failure("b", "broken")] == truth.failures()
    truth.write([row("a")], replace=True, failures=[Failure("b", "still")])
    assert [Failure("b", "still")] == truth.failures()
    assert [] == truth.failures(0)


def test_space_schema_and_token_are_remembered(truth: Truth, fast_path: Path) -> None:
    assert (None, [], "") == (truth.space, truth.schema.to_json(), truth.token)
    schema = Schema()
    schema.add(schema.learn({"price": 1}, "x"))
    truth.extend(Space.of("mine", 2), schema)
    truth.extend(None, schema)
    token = truth.new_token()
    other = Truth(fast_path / "truth.sqlite", read_only=True)
    assert (Space.of("mine", 2), schema.to_json()) == (other.space, other.schema.to_json())
    assert token == other.token != truth.new_token()
    with pytest.raises(StorageError):
        other.write([row("a")], replace=False, failures=[])
    other.close()


# --- damage ---


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE items SET text='other' WHERE id='b'", "item 'b' (key 2) fails its checksum"),
        ("UPDATE items SET id='c' WHERE id='b'", "item 'c' (key 2) fails its checksum"),
        ("UPDATE items SET metadata=CAST(x'ff' AS TEXT) WHERE id='b'", "item 'b' (key 2)"),
        ("UPDATE items SET text=7 WHERE id='b'", "item 'b' (key 2)"),
        ("UPDATE vectors SET vector=x'00' WHERE n=2", "item 'b': its text vector fails"),
        ("DELETE FROM items WHERE id='b'", "a vector of key 2, which is no item's"),
        ("UPDATE about SET value='9' WHERE key='seq'", "the record 'seq' fails its checksum"),
        ("UPDATE about SET value=CAST(x'ff' AS TEXT) WHERE key='seq'", "the record 'seq'"),
    ],
)
def test_verify_names_every_damage(statement: str, fault: str, truth: Truth) -> None:
    truth.write([row("a"), row("b")], replace=False, failures=[])
    assert [] == truth.verify()
    sql(truth, statement)
    [found] = truth.verify()
    assert fault in found


def test_reading_what_is_damaged_is_an_error_that_names_it(truth: Truth) -> None:
    truth.write([row("a"), row("b")], replace=False, failures=[])
    sql(truth, "UPDATE vectors SET vector=x'0000' WHERE n=2")
    assert truth.get(["a"], vectors=True)[0] is not None
    assert truth.get(["b"], vectors=False)[0] is not None
    with pytest.raises(DataDamaged, match="item 'b'") as caught:
        truth.get(["a", "b"], vectors=True)
    assert ["b"] == caught.value.ids
    sql(truth, "UPDATE items SET text=CAST(x'c328' AS TEXT) WHERE id='a'")
    for read in (lambda: truth.rows([1]), lambda: list(truth.scan(vectors=False))):
        with pytest.raises(DataDamaged, match="item 'a'"):
            read()
    sql(truth, "UPDATE about SET value='1' || value WHERE key='seq'")
    with pytest.raises(DataDamaged, match="'seq'"):
        _ = truth.seq


# --- the file ---


def test_a_file_is_made_in_one_step(fast_path: Path) -> None:
    """A process that was killed while it made the file left one of these."""
    path = fast_path / "truth.sqlite"
    path.touch()
    with pytest.raises(CollectionNotFound):
        Truth(path, read_only=True)
    Truth(path).close()
    path.unlink()
    db = connect(path, read_only=False)
    db.close()
    header = peek(path)
    assert header is not None
    assert (True, 0, 0, False) == header
    with pytest.raises(CollectionNotFound):
        Truth(path, read_only=True)
    with_tables = Truth(path)
    assert 0 == with_tables.seq
    with_tables.close()
    assert 1 == (peek(path) or header).version


def test_a_newer_format_in_the_journal_is_seen_too(fast_path: Path) -> None:
    path = fast_path / "truth.sqlite"
    one = Truth(path)
    sql(one, f"PRAGMA user_version={FORMAT + 1}")
    header = peek(path)
    assert header is not None
    assert header.version in (0, FORMAT)  # it stands in the journal alone
    with pytest.raises(FormatTooNew):
        Truth(path)
    one.close()


def test_a_backup_is_a_truth_of_its_own(truth: Truth, fast_path: Path) -> None:
    truth.write([row("a"), row("b")], replace=False, failures=[])
    truth.backup(fast_path / "copy.sqlite")
    truth.delete(["a"])
    copy = Truth(fast_path / "copy.sqlite", read_only=True)
    assert (2, []) == (copy.counts()[0], copy.verify())
    copy.close()


def test_compact_gives_room_back(truth: Truth, fast_path: Path) -> None:
    path = fast_path / "truth.sqlite"
    truth.write([row(f"{i}", "x" * 2000) for i in range(500)], replace=False, failures=[])
    truth.delete([f"{i}" for i in range(499)])
    truth.compact()
    assert path.stat().st_size < 200_000
    assert ([], []) == (truth.verify(), truth.deleted_since(0))
    assert ["499"] == [change.row.id for change in truth.scan(vectors=True)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (apsw.FullError, "DiskFull"),
        (apsw.CorruptError, "DataDamaged"),
        (apsw.NotADBError, "DataDamaged"),
        (apsw.BusyError, "CollectionBusy"),
        (apsw.LockedError, "CollectionBusy"),
        (apsw.IOError, "DurabilityError"),
        (apsw.ReadOnlyError, "StorageError"),
        (apsw.CantOpenError, "StorageError"),
    ],
)
def test_sqlites_errors_become_ours(error: type[apsw.Error], expected: str, tmp_path: Path) -> None:
    for path in (tmp_path / "truth.sqlite", None):
        with pytest.raises(Exception) as caught, sqlite_errors(path):
            raise error("broken")
        assert expected == type(caught.value).__name__
        assert str(path or "the collection in memory") in str(caught.value)


def test_commits_are_durable_and_journalled(truth: Truth) -> None:
    assert "wal" == truth._value("PRAGMA journal_mode")
    assert 2 == truth._value("PRAGMA synchronous")  # FULL
    assert zlib.crc32(b"0") == truth._value("SELECT crc FROM about WHERE key='seq'")
