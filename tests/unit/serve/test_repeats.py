"""Idempotency keys: once means once, whatever happens in between."""

import asyncio

import pytest

from cospace.serve.body import BadRequest
from cospace.serve.repeats import Repeats


def test_a_write_that_failed_may_be_tried_again():
    repeats, tries = Repeats(), []

    async def write():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("disk full")
        return 200, b"done"

    async def story():
        with pytest.raises(OSError, match="disk full"):
            await repeats.once("k", b"x", write)
        assert ((200, b"done"), False) == await repeats.once("k", b"x", write)
        assert ((200, b"done"), True) == await repeats.once("k", b"x", write)

    asyncio.run(story())
    assert 2 == len(tries)


def test_who_waits_for_a_write_that_fails_fails_too():
    repeats = Repeats()
    go = asyncio.Event()

    async def write():
        await go.wait()
        raise OSError("disk full")

    async def story():
        first = asyncio.create_task(repeats.once("k", b"x", write))
        await asyncio.sleep(0)
        second = asyncio.create_task(repeats.once("k", b"x", write))
        await asyncio.sleep(0)
        go.set()
        found = await asyncio.gather(first, second, return_exceptions=True)
        assert [OSError, OSError] == [type(one) for one in found]

    asyncio.run(story())


def test_another_request_under_the_key_is_refused():
    async def write():
        return 200, b""

    async def story():
        repeats = Repeats()
        await repeats.once("k", b"x", write)
        with pytest.raises(BadRequest, match="another request"):
            await repeats.once("k", b"y", write)

    asyncio.run(story())


def test_the_oldest_keys_are_forgotten():
    async def story():
        repeats = Repeats()

        async def write():
            return 200, b"x" * 100_000

        for n in range(1_200):
            await repeats.once(str(n), b"", write)
        assert len(repeats._kept) <= 500
        assert repeats._bytes <= 50_000_000
        assert "1199" in repeats._kept

    asyncio.run(story())


def test_a_client_that_goes_away_stops_neither_the_write_nor_who_else_waits():
    repeats, tries = Repeats(), []
    go = asyncio.Event()

    async def write():
        tries.append(1)
        await go.wait()
        return 200, b"done"

    async def story():
        first = asyncio.create_task(repeats.once("k", b"x", write))
        await asyncio.sleep(0)
        second = asyncio.create_task(repeats.once("k", b"x", write))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        third = asyncio.create_task(repeats.once("k", b"x", write))
        await asyncio.sleep(0)
        go.set()
        assert [((200, b"done"), True)] * 2 == await asyncio.gather(second, third)

    asyncio.run(story())
    assert [1] == tries


def test_writes_that_end_together_are_each_counted_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("cospace.serve.repeats._MOST", 2)
    repeats, faults = Repeats(), []

    async def story():
        asyncio.get_running_loop().set_exception_handler(lambda _, told: faults.append(told))
        go = asyncio.Event()

        async def write(fails: bool):
            await go.wait()
            if fails:
                raise OSError("disk full")
            return 200, b"done"

        waiting = [
            asyncio.create_task(repeats.once(f"k{n}", b"x", lambda n=n: write(n % 2 == 0)))
            for n in range(8)
        ]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(story())
    assert [] == faults
    assert repeats._bytes == sum(one.size for one in repeats._kept.values()) <= 8
