"""After a write: what the search index needs is done at once or in the background."""

import logging
import threading
from pathlib import Path

import pytest

import cospace as cs
from cospace.errors import CollectionClosed, DiskFull, StoreUnreachable
from cospace.store.local import LocalStore
from cospace.testing.tiny import tiny_model

OPTIMIZE = LocalStore.optimize


class Slow:
    """A store whose `optimize` begins when it is let, and raises what it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.let = threading.Semaphore(0), threading.Event()
        self.count = 0
        self.raises: Exception | None = None

        def optimize(store: LocalStore) -> None:
            self.count += 1
            self.begun.release()
            assert self.let.wait(60)
            if self.raises is not None:
                raise self.raises
            OPTIMIZE(store)

        monkeypatch.setattr(LocalStore, "optimize", optimize)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(monkeypatch)


@pytest.fixture
def shop(tmp_path: Path) -> cs.Collection:
    return cs.open(tmp_path / "shop.cospace", model=tiny_model())


def ended() -> None:
    for thread in threading.enumerate():
        if thread.name == "cospace-settle":
            thread.join(60)
            assert not thread.is_alive()


def test_a_write_does_not_wait_and_is_found(shop: cs.Collection, slow: Slow) -> None:
    shop.settle_in_background()
    assert 1 == shop.upsert(cs.Item("a", "red chair")).added
    assert slow.begun.acquire(timeout=60)
    assert ["a"] == shop.search("red chair").ids
    slow.let.set()
    ended()
    shop.close()


def test_many_writes_meanwhile_are_followed_by_one(shop: cs.Collection, slow: Slow) -> None:
    shop.settle_in_background()
    shop.upsert(cs.Item("a", "red chair"))
    assert slow.begun.acquire(timeout=60)
    for n in range(5):
        shop.upsert(cs.Item(f"b-{n}", "blue chair"))
    slow.let.set()
    ended()
    assert 2 == slow.count
    shop.upsert(cs.Item("c", "lamp"))  # and a later write begins again
    ended()
    assert 3 == slow.count
    shop.close()


@pytest.mark.parametrize("background", [False, True])
def test_what_fails_afterwards_fails_no_write(
    shop: cs.Collection, slow: Slow, caplog: pytest.LogCaptureFixture, background: bool
) -> None:
    if background:
        shop.settle_in_background()
    slow.let.set()
    slow.raises = DiskFull("no room", need=10, free=5)
    with caplog.at_level(logging.WARNING, "cospace.collection"):
        assert 1 == shop.upsert(cs.Item("a", "red chair")).added
        ended()
        shop.upsert(cs.Item("b", "lamp"))  # nothing is tried again at once
        ended()
    assert 1 == slow.count
    [said] = caplog.messages
    assert "shop.cospace: all is stored, but the search index is not up to date" in said
    assert said.endswith("no room")
    slow.raises = None
    assert {"a", "b"} == set(shop.search("red chair").ids)
    shop.optimize()  # who asks for it is answered, and told
    assert 2 == slow.count
    shop.close()


def test_a_server_that_is_away_is_tried_after_the_next_write(
    shop: cs.Collection, slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    slow.let.set()
    slow.raises = StoreUnreachable("no answer")
    with caplog.at_level(logging.WARNING, "cospace.collection"):
        for name in "ab":
            assert 1 == shop.upsert(cs.Item(name, "red chair")).added
    assert 2 == slow.count
    assert "when the server answers: no answer" in caplog.messages[-1]
    slow.raises = None
    shop.close()


def test_a_close_meanwhile_is_no_failure(
    shop: cs.Collection, slow: Slow, caplog: pytest.LogCaptureFixture
) -> None:
    shop.settle_in_background()
    with caplog.at_level(logging.WARNING):
        shop.upsert(cs.Item("a", "red chair"))
        assert slow.begun.acquire(timeout=60)
        shop.close()
        slow.let.set()
        ended()
    assert [] == caplog.messages
    with pytest.raises(CollectionClosed):
        shop.optimize()
