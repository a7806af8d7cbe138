"""A shop of five items, in a store of each kind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.testing.tiny import tiny_model

TEXTS = {
    "MK-1": "a red armchair",
    "MK-2": "a blue bicycle",
    "MK-3": "a green lamp",
    "MK-4": "a red kettle",
    "MK-5": "a yellow violin",
}


@pytest.fixture(params=["memory", "local"])
def empty(request: Any, fast_path: Path) -> Iterator[cs.Collection]:
    place = ":memory:" if request.param == "memory" else fast_path / "shop.cospace"
    with cs.open(place, model=tiny_model()) as shop:
        yield shop


@pytest.fixture
def shop(empty: cs.Collection) -> cs.Collection:
    for n, (id, text) in enumerate(TEXTS.items()):
        empty.add(cs.Item(id, text, {"n": n, "sold": n % 2 == 0}))
    return empty
