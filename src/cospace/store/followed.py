"""What is kept in memory of all items, and follows the truth: only what changed is read again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Generic, Protocol, TypeVar

from cospace.store.gate import Gate
from cospace.store.truth import Change, Truth

__all__ = ["Followed", "Follows"]

F = TypeVar("F", bound="Follows")
_ALL = 1 << 62  # behind every key


class Follows(Protocol):
    """What is kept. `after` gives another one, and only that one may be asked for a further."""

    def after(self: F, changes: Sequence[Change], gone: Collection[int]) -> F:
        """The same with the rows of `changes` in place of older ones, and without keys `gone`."""
        ...


class Followed(Generic[F]):
    """What `make` gives empty, after all commits, as of the last one that was asked for."""

    def __init__(self, make: Callable[[], F]) -> None:
        self._make = make
        self._state, self._seq = make(), 0
        self._lock = threading.Lock()

    def now(self, gate: Gate, truth: Truth) -> F:
        """The state that belongs to the truth as it is; the gate is open between pages of it."""
        with self._lock:
            try:
                self._follow(gate, truth)
            except BaseException:  # half of a state is none
                self._state, self._seq = self._make(), 0
                raise
            return self._state

    def _follow(self, gate: Gate, truth: Truth) -> None:
        state, seq, after, since = self._state, self._seq, _ALL, self._seq
        with gate:
            if truth.seq == seq:
                return
        while True:
            with gate, truth.snapshot():
                last = truth.seq
                if last == self._seq:
                    return
                if truth.compacted > since:  # which rows went is not recorded any more
                    state, seq, after, since = self._make(), 0, _ALL, last
                page = truth.changed(seq, after, vectors=False)
                gone = [] if page else truth.deleted_since(since)
            if not page:
                self._state, self._seq = state.after([], gone), last
                return
            state = state.after([change for change, _ in page], ())
            seq, after = page[-1][1], page[-1][0].key
