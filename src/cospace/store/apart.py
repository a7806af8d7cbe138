"""Graphs are built in processes of their own: the engine holds Python's lock while it builds one.

The child begins as `python -m cospace.store.apart FOLDER PARENT`, with the folder of a shard that
nobody has open. On standard output it says that it has begun, and then why it could not build.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess  # this interpreter with a fixed program; see test_layout
import sys
import threading
from contextlib import suppress
from pathlib import Path

from cospace.child import environment
from cospace.errors import CollectionClosed, StorageError
from cospace.store.edge import build_graph

__all__ = ["Builder", "main"]

_NICE = 10  # searches come first
_BEGUN = "begun"
_PR_SET_PDEATHSIG = 1


class Builder:
    """Builds graphs, each in a child process. Threads may share it."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def build(self, shard: Path) -> None:
        """Build the graph of the shard in this folder, and wait for it.

        Raises `StorageError` where that fails, and `CollectionClosed` after `stop`. Where no
        such process can be started, it is built in this one.
        """
        child = self._begin(shard)
        if child is None:
            build_graph(shard)
            return
        try:
            said = _said(child)
        finally:
            with self._mutex:
                self._running.discard(child)
                stopped = self._stopped
        if stopped:
            raise CollectionClosed(f"{shard.parent}: closed while its search index was built")
        first, _, why = said.decode(errors="replace").strip().partition("\n")
        if first != _BEGUN and child.returncode >= 0:
            build_graph(shard)
        elif child.returncode:  # negative: killed, and this process shall not be the next one
            raise StorageError(
                f"{shard.parent}: the process that builds the search index ended with exit code"
                f" {child.returncode} ({why.strip() or 'is there memory for it?'})"
            )

    def _begin(self, shard: Path) -> subprocess.Popen[bytes] | None:
        """The child, or None where the system starts none."""
        words = ["-P", "-m", "cospace.store.apart", str(shard.absolute()), str(os.getpid())]
        with self._mutex:
            if self._stopped:
                raise CollectionClosed(f"{shard.parent}: this collection was closed")
            if not sys.executable or getattr(sys, "frozen", False):  # a program of its own
                return None
            try:
                child = subprocess.Popen(  # noqa: S603 - this interpreter, a fixed program
                    [sys.executable, *words],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    env=environment() | {"PYTHONPATH": _path()},
                )
            except OSError:
                return None
            self._running.add(child)
            return child

    def stop(self) -> None:
        """End what is being built; from now on nothing is."""
        with self._mutex:
            self._stopped = True
            for child in self._running:
                child.kill()


def _path() -> str:
    """Where this process looks for its code, so that the child finds the same."""
    return os.pathsep.join(str(place) for place in sys.path if place)


def _said(child: subprocess.Popen[bytes]) -> bytes:
    """All that the child says until it ends; this thread's end is its end."""
    assert child.stdout is not None
    with child:
        try:
            said = child.stdout.read()
            child.wait()
        except BaseException:
            child.kill()
            raise
    return said


def main() -> None:
    """The child's whole life."""
    shard, parent = Path(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's answer to it ends this one
    _end_with(parent)
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(_NICE)
    sys.stdout.write(f"{_BEGUN}\n")
    sys.stdout.flush()
    try:
        build_graph(shard)
    except StorageError as error:
        sys.stdout.write(f"{error}\n")
        sys.exit(1)


def _end_with(parent: int) -> None:
    """End when the parent does, where the system can see to that.

    Elsewhere the child works on in a folder that nobody else uses, and ends by itself.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it has ended already
            sys.exit(1)


if __name__ == "__main__":
    main()
