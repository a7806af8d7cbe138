"""Closing under Ctrl-C: wherever it falls, the next `close` does the rest."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import cospace as cs
from cospace.testing.tiny import tiny_model

_PARTS = ("local.py", "reader.py", "gate.py", "cache.py", "lock.py", "edge.py", "seal.py")


@contextmanager
def interrupted(line: int) -> Iterator[Callable[[], bool]]:
    """Ctrl-C at that line that the store runs; the function says whether it came so far."""
    left, before = line, sys.gettrace()

    def at(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if not left:
                sys.settrace(before)
                raise KeyboardInterrupt
        return at

    def enter(frame: FrameType, _event: str, _: Any) -> Any:
        path = Path(frame.f_code.co_filename)
        return at if path.parent.name == "store" and path.name in _PARTS else None

    sys.settrace(enter)
    try:
        yield lambda: left <= 0
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("reads", [False, True])
def test_ctrl_c_in_a_close_leaves_a_close_that_does_the_rest(fast_path: Path, reads: bool) -> None:
    place, model = fast_path / "shop.cospace", tiny_model()
    with cs.open(place, model=model) as shop:
        shop.add(ids=["MK-1"], documents=["Armchair"])
    for line in range(1, 400, 3):
        shop = cs.open(place, model=model, read_only=reads)
        shop.search("chair")
        if not reads:
            shop.upsert(ids=["MK-1"], documents=[f"Armchair {line}"])
        with interrupted(line) as was:
            try:
                shop.close()
            except KeyboardInterrupt:
                assert was()
        shop.close()
        with cs.open(place, model=model) as again:  # `CollectionBusy` where the lock was kept
            assert ["MK-1"] == again.search("chair").ids
        if not was():
            break
    assert line > 10
    assert not list(place.glob(".*.graph"))
