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


class Forgetful(MemoryStore):
    """Keeps the weights of parts where those of lists are."""

    def weigh_parts(self, weights: dict[str, float] | None) -> None:
        self.weigh(weights)


def test_a_store_that_mixes_its_weights_up_is_told() -> None:
    with pytest.raises(AssertionError, match=r"^weights_are_kept: A store that keeps weights"):
        check_store(Forgetful)
