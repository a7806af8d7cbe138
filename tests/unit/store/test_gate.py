"""The gate: one thread at a time, nobody after the close, nobody in a forked process."""

import os
import signal
import sys
import threading

import pytest

from cospace.errors import CollectionBusy, CollectionClosed
from cospace.store.gate import Gate, Turn


def test_one_thread_at_a_time() -> None:
    gate, inside, most = Gate("shop"), 0, 0

    def enter() -> None:
        nonlocal inside, most
        for _ in range(200):
            with gate:
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (0, 1) == (inside, most)


def test_a_thread_may_enter_twice() -> None:
    gate = Gate("shop")
    with gate, gate:
        gate.check()


def test_nobody_enters_after_it_was_shut() -> None:
    gate = Gate("shop")
    assert shut(gate)
    assert not shut(gate)
    with pytest.raises(CollectionClosed, match="shop: this collection was closed"), gate:
        pass
    with pytest.raises(CollectionClosed):
        gate.check()
    assert gate.acquire(blocking=False)  # a refusal leaves nothing locked


def test_who_waited_while_it_was_shut_is_refused() -> None:
    gate, told = Gate("shop"), []

    def enter() -> None:
        try:
            with gate:
                told.append("in")
        except CollectionClosed:
            told.append("refused")

    with gate:
        threads = [threading.Thread(target=enter) for _ in range(3)]
        for thread in threads:
            thread.start()
        while not all(thread.is_alive() for thread in threads):
            pass
        assert shut(gate)
    for thread in threads:
        thread.join()
    assert ["refused"] * 3 == told


def test_a_close_that_was_ended_is_taken_up_again() -> None:
    gate = Gate("shop")
    with pytest.raises(KeyboardInterrupt), gate.closing():
        raise KeyboardInterrupt
    with pytest.raises(CollectionClosed):
        gate.check()
    assert [True, False] == [shut(gate), shut(gate)]


def test_a_turn_is_one_threads_alone_and_not_twice() -> None:
    turn, told = Turn("shop: in use"), []

    def enter() -> None:
        with pytest.raises(CollectionBusy, match="shop: in use"), turn:
            told.append("in")

    with turn:
        enter()
        thread = threading.Thread(target=enter)
        thread.start()
        thread.join()
    with turn:
        told.append("again")
    assert ["again"] == told


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer of Unix")
@pytest.mark.parametrize("kind", [Gate, Turn])
def test_ctrl_c_leaves_it_open_to_other_threads_wherever_it_falls(kind: type[Gate | Turn]) -> None:
    gate, other, counted = kind("shop"), kind("shop"), 0

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for step in range(400):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0002 + step % 20 * 0.00001)
                while True:
                    with gate, other:
                        counted += 1
            except KeyboardInterrupt:
                pass
            assert free(gate) and free(other), f"it stayed locked after {counted} times"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert counted > 400


def free(gate: Gate | Turn) -> bool:
    """Whether another thread can enter."""
    found = []

    def enter() -> None:
        if gate.acquire(timeout=5):
            gate.release()
            found.append(True)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return bool(found)


def shut(gate: Gate) -> bool:
    with gate.closing() as first:
        return first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("forks", [False, True])
def test_a_forked_process_is_refused_even_while_the_mutex_is_held(forks: bool) -> None:
    gate, held, let = Gate("shop", forks=forks), threading.Event(), threading.Event()

    def hold() -> None:
        with gate:
            held.set()
            let.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    child = os.fork()
    if not child:
        signal.alarm(60)  # ends it where it waits for the mutex
        try:
            gate.check()
            os._exit(1)
        except CollectionClosed:
            os._exit(2 if shut(gate) else 3)
    let.set()
    thread.join()
    _, status = os.waitpid(child, 0)
    assert (1 if forks else 3) == os.waitstatus_to_exitcode(status), sys.platform
    gate.check()
