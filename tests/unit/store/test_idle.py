"""What is done once nothing has happened for a while."""

import gc
import threading
import weakref

from cospace.store.idle import Idle


class Job:
    def __init__(self, seconds: float) -> None:
        self.done = threading.Semaphore(0)
        self.runs = 0
        self.idle = Idle(self.run, seconds)

    def run(self) -> None:
        self.runs += 1
        self.done.release()


def test_it_runs_once_after_many_touches() -> None:
    job = Job(0.05)
    for _ in range(100):
        job.idle.wait_anew()
    assert job.done.acquire(timeout=20)
    assert not job.done.acquire(timeout=0.2)
    assert 1 == job.runs


def test_it_runs_again_after_another_touch() -> None:
    job = Job(0.01)
    for _ in range(3):
        job.idle.wait_anew()
        assert job.done.acquire(timeout=20)
    assert 3 == job.runs


def test_it_waits_while_something_happens() -> None:
    job = Job(600)
    job.idle.wait_anew()
    timer = job.idle._timer
    assert timer is not None
    timer.cancel()
    job.idle._timer = threading.current_thread()  # type: ignore[assignment]
    job.idle._fire()  # as if its time had come, though it was touched a moment ago
    assert 0 == job.runs
    assert job.idle._timer is not threading.current_thread()
    assert 0 < job.idle._timer.interval <= 600  # type: ignore[union-attr]
    job.idle.stop()


def test_nothing_runs_after_stop() -> None:
    job = Job(0.05)
    job.idle.wait_anew()
    job.idle.stop()
    job.idle.stop()
    assert not job.done.acquire(timeout=0.3)


def test_its_thread_keeps_neither_python_nor_the_object_alive() -> None:
    job = Job(600)
    job.idle.wait_anew()
    timer = job.idle._timer
    assert timer is not None
    assert timer.daemon
    timer.cancel()
    gone = weakref.ref(job)
    del job, timer
    gc.collect()
    assert gone() is None


def test_an_object_that_is_gone_is_not_called() -> None:
    job = Job(600)
    job.idle.wait_anew()
    idle, timer = job.idle, job.idle._timer
    assert timer is not None
    timer.cancel()
    idle._last -= 600
    idle._timer = threading.current_thread()  # type: ignore[assignment]
    del job
    gc.collect()
    idle._fire()
    assert idle._timer is None
