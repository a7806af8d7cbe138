"""Every backend passes the public suite."""

from itertools import count
from pathlib import Path

from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.testing.store import check_store


def test_memory_store() -> None:
    check_store(MemoryStore)


def test_local_store(tmp_path: Path) -> None:
    number = count()
    check_store(lambda: LocalStore(tmp_path / f"{next(number)}.cospace"))
