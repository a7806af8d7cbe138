"""How SQLite is opened: each setting holds, whatever SQLite was built with."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from cospace.store.sqlite import connect


@pytest.fixture
def careless() -> Iterator[None]:
    """Every new connection begins with other settings than ours."""

    def spoil(db: apsw.Connection) -> None:
        for setting in ("synchronous=OFF", "fullfsync=0", "checkpoint_fullfsync=0", "cache_size=7"):
            db.execute(f"PRAGMA {setting}").fetchall()

    apsw.connection_hooks.append(spoil)
    yield
    apsw.connection_hooks.remove(spoil)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("synchronous", 2),  # FULL: a commit waits for the disk
        ("journal_mode", "wal"),
        ("page_size", 8192),
        ("fullfsync", 1),
        ("checkpoint_fullfsync", 1),
        ("cache_size", -65536),
    ],
)
def test_every_setting_is_executed(
    careless: None, tmp_path: Path, setting: str, value: object
) -> None:
    db = connect(tmp_path / "truth.sqlite", read_only=False)
    db.execute("CREATE TABLE one (n)")
    assert [(value,)] == db.execute(f"PRAGMA {setting}").fetchall()
    db.close()


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "truth.sqlite"
    connect(path, read_only=False).close()
    before = path.read_bytes()
    db = connect(path, read_only=True)
    with pytest.raises(apsw.ReadOnlyError):
        db.execute("CREATE TABLE one (n)")
    db.close()
    assert before == path.read_bytes()
