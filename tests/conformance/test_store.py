"""Every backend passes the public suite."""

from itertools import count
from pathlib import Path

import pytest

from cospace.store.edge import QUANTIZATIONS
from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.testing.store import check_store


def test_the_memory_store_keeps_the_protocol() -> None:
    check_store(MemoryStore)


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_the_local_store_keeps_the_protocol(tmp_path: Path, quantization: str) -> None:
    number = count()

    def make() -> LocalStore:
        return LocalStore(tmp_path / f"{next(number)}.cospace", quantization=quantization)

    check_store(make)
