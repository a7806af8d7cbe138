"""Waiting: results come to the loop together, and what nobody waits for is dropped."""

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from starlette.requests import Request

from cospace.serve import waiting
from cospace.serve.body import BadRequest
from cospace.serve.metrics import Metrics
from cospace.serve.waiting import Arrivals, finished


def client(*, leaves: bool) -> Request:
    """A request whose body has been read; its client stays, or is gone as soon as that is asked."""

    async def receive():
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


def dropped(metrics: Metrics) -> int:
    return int(metrics.dropped._value.get())


def test_the_results_of_a_batch_wake_the_loop_once():
    wakeups = []

    async def story():
        loop = asyncio.get_running_loop()
        sound = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *given: wakeups.append(1) or sound(*given)  # type: ignore[method-assign]
        arrivals = Arrivals()
        futures = [Future() for _ in range(100)]
        mine = [arrivals.of(one) for one in futures]

        def batch():
            for n, one in enumerate(futures):
                one.set_result(n)

        thread = threading.Thread(target=batch)
        thread.start()
        thread.join()  # the loop stands still meanwhile
        assert list(range(100)) == await asyncio.gather(*mine)
        loop.call_soon_threadsafe = sound  # type: ignore[method-assign]

    asyncio.run(story())
    assert 1 == len(wakeups)


def test_each_gets_its_own_from_many_threads():
    async def story():
        arrivals = Arrivals()
        with ThreadPoolExecutor(8) as threads:
            mine = [arrivals.of(threads.submit(pow, n, 2)) for n in range(2_000)]
            assert [n * n for n in range(2_000)] == await asyncio.gather(*mine)

    asyncio.run(story())


def test_an_error_and_a_cancelled_one_come_as_such():
    async def story():
        arrivals = Arrivals()
        wrong, gone = Future(), Future()
        mine = [arrivals.of(wrong), arrivals.of(gone)]
        wrong.set_exception(ValueError("wrong"))
        gone.cancel()
        gone.set_running_or_notify_cancel()
        found = await asyncio.gather(*mine, return_exceptions=True)
        assert ["wrong", ""] == [str(one) for one in found]
        assert isinstance(found[1], asyncio.CancelledError)

    asyncio.run(story())


def test_a_result_that_comes_after_its_loop_has_ended_harms_nobody():
    late = Future()

    async def story():
        Arrivals().of(late)

    asyncio.run(story())
    late.set_result(1)

    async def next_story():
        one = Future()
        one.set_result(2)
        return await finished(client(leaves=False), one, Metrics())

    assert 2 == asyncio.run(next_story())


def test_a_client_that_goes_away_takes_with_it_what_has_not_begun(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(waiting, "_PATIENCE", 0)
    metrics = Metrics()

    async def story():
        work = Future()
        with pytest.raises(BadRequest, match="the client has gone") as caught:
            await finished(client(leaves=True), work, metrics)
        assert (499, True) == (caught.value.http_status, work.cancelled())

    asyncio.run(story())
    assert 1 == dropped(metrics)


def test_a_client_that_stays_gets_its_result(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(waiting, "_PATIENCE", 0)
    metrics = Metrics()

    async def story():
        work = Future()
        asking = asyncio.ensure_future(finished(client(leaves=False), work, metrics))
        for _ in range(5):
            await asyncio.sleep(0)
        work.set_result("there")
        assert "there" == await asking
        failed = Future()
        failed.set_exception(ValueError("wrong"))
        with pytest.raises(ValueError, match="wrong"):
            await finished(client(leaves=False), failed, metrics)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*rest, return_exceptions=True)
        assert not [one for one in rest if not one.cancelled()], "nobody watches any more"

    asyncio.run(story())
    assert 0 == dropped(metrics)


def test_a_request_that_is_cancelled_cancels_its_work():
    async def story():
        work = Future()
        asking = asyncio.ensure_future(finished(client(leaves=False), work, Metrics()))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert work.cancelled()

    asyncio.run(story())
