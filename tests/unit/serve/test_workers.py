"""Workers: so much may wait, and what nobody waits for any more is not begun."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from starlette.requests import Request

from cospace.errors import TooBusy
from cospace.serve import waiting
from cospace.serve.body import BadRequest
from cospace.serve.metrics import Metrics
from cospace.serve.server import Workers


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def workers(metrics: Metrics) -> Iterator[Workers]:
    one = Workers("test", 1, 3, metrics)
    yield one
    one.close()


def client(gone: asyncio.Event) -> Request:
    """A request whose client goes away when it is told to."""

    async def receive():
        await gone.wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


def test_a_search_whose_client_goes_away_before_it_begins_never_runs(
    workers: Workers, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "_PATIENCE", 0)
    ran: list[str] = []
    held = threading.Event()

    async def story():
        gone, stays = asyncio.Event(), asyncio.Event()
        first = asyncio.ensure_future(workers.run(held.wait, 30))
        left = asyncio.ensure_future(workers.run_for(client(gone), ran.append, "left"))
        other = asyncio.ensure_future(workers.run_for(client(stays), ran.append, "other"))
        await asyncio.sleep(0)
        assert 3 == workers.under_way
        gone.set()
        with pytest.raises(BadRequest, match="the client has gone") as caught:
            await left
        assert 499 == caught.value.http_status
        assert 2 == workers.under_way, "it waits no longer"
        held.set()
        await asyncio.gather(first, other)

    asyncio.run(story())
    assert ["other"] == ran
    assert 0 == workers.under_way
    assert b"cospace_dropped_total 1.0" in metrics.page()


def test_what_has_begun_is_brought_to_its_end(workers: Workers, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(waiting, "_PATIENCE", 0)
    begun, held, ran = threading.Event(), threading.Event(), []

    def task():
        begun.set()
        held.wait(30)
        ran.append("whole")

    async def story():
        gone = asyncio.Event()
        asking = asyncio.ensure_future(workers.run_for(client(gone), task))
        await asyncio.to_thread(begun.wait, 30)
        gone.set()
        with pytest.raises(BadRequest):
            await asking
        assert 1 == workers.under_way, "it still takes a thread"
        held.set()

    asyncio.run(story())
    workers.close()
    assert (["whole"], 0) == (ran, workers.under_way)


def test_too_much_is_refused_at_once(workers: Workers):
    held = threading.Event()

    async def story():
        waiting = [asyncio.ensure_future(workers.run(held.wait, 30)) for _ in range(3)]
        await asyncio.sleep(0)
        for ask in (
            workers.run(print),
            workers.run_for(client(asyncio.Event()), print),
        ):
            with pytest.raises(TooBusy, match="3 requests to test are waiting"):
                await ask
        held.set()
        await asyncio.gather(*waiting)

    asyncio.run(story())
    assert 0 == workers.under_way


def test_what_a_task_raises_comes_to_who_asked_and_frees_its_place(workers: Workers):
    async def story():
        for _ in range(10):  # more than may wait
            with pytest.raises(ZeroDivisionError):
                await workers.run_for(client(asyncio.Event()), divmod, 1, 0)
            with pytest.raises(ZeroDivisionError):
                await workers.run(divmod, 1, 0)

    asyncio.run(story())
    assert 0 == workers.under_way


def test_limits_in_force_hold_in_the_thread(workers: Workers):
    from cospace.limits import limit, override

    async def story():
        with override(max_k=7):
            return [
                await workers.run(limit, "max_k"),
                await workers.run_for(client(asyncio.Event()), limit, "max_k"),
            ]

    assert [7, 7] == asyncio.run(story())
