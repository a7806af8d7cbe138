"""Turns: one thread that encodes for all who ask, questions first.

What waits while a batch is being encoded is the next batch: nothing waits for company, and under
load the batches grow by themselves. Long lists and what is being indexed are cut into slices, so
that a question waits for one slice at most.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cospace.encode.inputs import renamed
from cospace.encode.tally import tokens_read
from cospace.errors import CollectionClosed, TooBusy
from cospace.item import Content, Part
from cospace.limits import limit
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.base import BaseEncoder
    from cospace.encode.cache.disk import VectorCache
    from cospace.encode.protocol import Remembered, Role

__all__ = ["Encoded", "Turns"]

# A request of so few inputs is a question: it goes before all longer ones.
FEW = 8
# Inputs and characters that are encoded together: of questions; of the rest; and of the rest while
# questions come, whose wait is the time of one such slice.
_TOGETHER = (256, 200_000)
_SLICE = (256, 40_000)
_POLITE = (4, 600)
_BUSY_SECONDS = 0.5  # after a question, so long
_MOST_IN_A_ROW = 16  # batches of questions before what waits behind them has a slice


class Encoded(NamedTuple):
    """What a request gets: rows float32 [n, dim], the positions cut short, the tokens read."""

    rows: NDArray[np.float32]
    cut: list[int]
    tokens: int


@dataclass(eq=False)
class _Job:
    """A request on its way: its inputs, how far it is, and who waits for it.

    `key` says how it is encoded: a role, or the kind of prepared parts.
    """

    key: tuple[str, str]
    inputs: Sequence[Any]
    count: bool = False
    future: Future[Encoded] = field(default_factory=Future)
    begun: bool = False
    done: int = 0
    rows: list[NDArray[np.float32]] = field(default_factory=list)
    cut: list[int] = field(default_factory=list)
    tokens: int = 0

    def begin(self) -> bool:
        """Whether it still has somebody who waits; once begun, it is brought to its end."""
        self.begun = self.begun or self.future.set_running_or_notify_cancel()
        return self.begun

    def take(self, rows: NDArray[np.float32], cut: list[int], tokens: int) -> None:
        self.cut += [self.done + i for i in cut]
        self.rows.append(rows)
        self.tokens += tokens
        self.done += len(rows)
        if self.done == len(self.inputs):
            rows = self.rows[0] if len(self.rows) == 1 else np.concatenate(self.rows)
            self.future.set_result(Encoded(rows, self.cut, self.tokens))


_Slices = list[tuple[_Job, int, int]]


class Turns:
    """The turns of one model. `close` ends its thread once all that was taken in is encoded.

    It stands where a model has its cache (`BaseEncoder.through`), so that a collection that holds
    the model asks here too.
    """

    def __init__(
        self, model: BaseEncoder, *, watch: Callable[[int, float], object] | None = None
    ) -> None:
        self.model = model
        self.hits = 0
        self.cache: VectorCache | None = model.cache
        self._watch = watch
        self._lines: tuple[deque[_Job], ...] = (deque(), deque(), deque())
        self._came = threading.Condition()
        self._waiting = 0
        self._rate = 100.0  # inputs a second, lately
        self._asked = 0.0  # when the last question came
        self._row = 0
        self._third = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="cospace-turns", daemon=True)
        self._thread.start()

    # --- those who ask ---

    def submit(self, inputs: Sequence[Content], role: Role, *, count: bool = False) -> Future[Any]:
        """A future of `Encoded`. Raises `TooBusy` at once where too much is waiting."""
        line = 0 if len(inputs) <= FEW else 1
        return self._put(_Job(("role", role), inputs, count), line, bounded=True).future

    @property
    def waiting(self) -> int:
        """Inputs that wait for their turn."""
        return self._waiting

    def encode(self, own: Remembered, inputs: Sequence[Content], role: Role) -> Vectors:
        """Vectors [n, dim]; the caller's thread waits for its turn."""
        line = 0 if role == "query" and len(inputs) <= FEW else 2
        job = self._put(_Job(("role", role), list(inputs)), line, bounded=line == 0)
        rows, cut, _ = job.future.result()
        report = own._report(cut, len(inputs), {})
        return Vectors(rows, own.space, report=report, truncated=cut)

    def prepare(self, own: Remembered, kind: str, part: Part, data: bytes | None) -> Any:
        """What `encode_prepared` takes, worked out in the caller's thread."""
        del own
        return self.model.prepare(kind, part, data)

    def encode_prepared(self, own: Remembered, kind: str, prepared: Sequence[Any]) -> Vectors:
        """Vectors [n, dim] of prepared parts: what is being indexed, behind all questions."""
        rows, cut, _ = self._put(_Job(("kind", kind), prepared), 2, bounded=False).future.result()
        report = own._report(cut, len(prepared), {})
        return Vectors(rows, own.space, report=report, truncated=cut)

    def close(self) -> None:
        """What was taken in is encoded; what comes later is refused."""
        with self._came:
            self._closed = True
            self._came.notify()
        self._thread.join()

    # --- the thread ---

    def _put(self, job: _Job, line: int, *, bounded: bool) -> _Job:
        if not job.inputs:
            job.future.set_result(Encoded(np.empty((0, self.model.space.dim), np.float32), [], 0))
            return job
        with self._came:
            if self._closed:
                raise CollectionClosed("the server is shutting down")
            if bounded and self._waiting + len(job.inputs) > limit("queue_inputs"):
                raise TooBusy(
                    f"{self._waiting:,} inputs are waiting to be encoded; send it again later",
                    retry_after=max(1, round(self._waiting / self._rate)),
                )
            self._waiting += len(job.inputs)
            self._lines[line].append(job)
            if line == 0:
                self._asked = time.monotonic()
            self._came.notify()
        job.future.add_done_callback(partial(self._forget, len(job.inputs)))
        return job

    def _forget(self, inputs: int, future: Future[Encoded]) -> None:
        """A request that was cancelled before its turn: nothing of it waits any more."""
        if future.cancelled():
            with self._came:
                self._waiting -= inputs

    def _run(self) -> None:
        while slices := self._next():
            started = time.monotonic()
            self._encode(slices)
            seconds = time.monotonic() - started
            count = sum(stop - start for _, start, stop in slices)
            self._rate = 0.9 * self._rate + 0.1 * count / max(seconds, 1e-4)
            if self._watch is not None:
                with suppress(Exception):  # who counts must not stop who encodes
                    self._watch(count, seconds)

    def _next(self) -> _Slices:
        """What is encoded next; empty when it is closed and nothing waits."""
        with self._came:
            while True:
                if not any(self._lines) and self._closed:
                    return []
                if not any(self._lines):
                    self._came.wait()
                    continue
                slices = self._chosen()
                if slices:
                    return slices

    def _chosen(self) -> _Slices:
        """Slices of the first jobs of one line, all encoded in the same way."""
        first, second, third = self._lines
        behind = second or third
        if first and not (behind and self._row >= _MOST_IN_A_ROW):
            self._row += 1
            return self._cut(first, _TOGETHER)
        self._row = 0
        busy = time.monotonic() - self._asked < _BUSY_SECONDS
        self._third = bool(third) and not (second and self._third)  # in turn, where both wait
        return self._cut(third if self._third else second, _POLITE if busy else _SLICE)

    def _cut(self, line: deque[_Job], most: tuple[int, int]) -> _Slices:
        """Up to `most` inputs and characters from the head of a line, at least one."""
        slices: _Slices = []
        inputs = letters = 0
        while line:
            job = line[0]
            if not job.begin():
                line.popleft()  # `_forget` has counted it out
                continue
            if slices and job.key != slices[0][0].key:
                break
            stop = job.done
            while stop < len(job.inputs) and inputs < most[0] and (not inputs or letters < most[1]):
                letters += _size(job.inputs[stop])
                inputs += 1
                stop += 1
            if stop == job.done:
                break
            slices.append((job, job.done, stop))
            self._waiting -= stop - job.done
            if stop < len(job.inputs):
                break
            line.popleft()
        return slices

    def _encode(self, slices: _Slices) -> None:
        """Encode the slices together; one that fails is told so, and the others do not mind."""
        inputs = [one for job, start, stop in slices for one in job.inputs[start:stop]]
        try:
            with tokens_read() as read:
                vectors = self._vectors(slices[0][0].key, inputs)
            counts = self._counts(slices, read)
            if len(vectors) != len(inputs):
                raise RuntimeError(f"{len(vectors)} vectors came of {len(inputs)} inputs")
        except BaseException as error:  # noqa: BLE001 - a panic of Rust is no Exception
            if len(slices) > 1:
                for one in slices:
                    self._encode([one])
                return
            self._fail(slices[0], error)
            return
        at = 0
        for (job, start, stop), tokens in zip(slices, counts, strict=True):
            size = stop - start
            cut = [i - at for i in vectors.truncated if at <= i < at + size]
            job.take(vectors.array[at : at + size], cut, tokens)
            at += size

    def _vectors(self, key: tuple[str, str], inputs: Sequence[Any]) -> Vectors:
        what, name = key
        if what == "kind":
            return self.model.encode_prepared(name, inputs)
        if name == "query":
            return self.model.encode_query(inputs)
        return self.model.encode_document(inputs)

    def _counts(self, slices: _Slices, read: list[int]) -> list[int]:
        """The tokens read of each slice's texts, where it wants to know."""
        if not any(job.count for job, _, _ in slices):
            return [0] * len(slices)
        texts = [[t for one in job.inputs[a:b] if (t := _text(one))] for job, a, b in slices]
        if len(read) != sum(map(len, texts)):  # a cache knew some
            count = getattr(self.model, "count_tokens", lambda texts, _: [0] * len(texts))
            read = [n for some in texts for n in (count(some, slices[0][0].key[1]) if some else ())]
        left = iter(read)
        sums = [sum(islice(left, len(some))) for some in texts]
        return [n if job.count else 0 for (job, _, _), n in zip(slices, sums, strict=True)]

    def _fail(self, one: tuple[_Job, int, int], error: BaseException) -> None:
        job, start, stop = one
        if not isinstance(error, Exception):
            error = RuntimeError(f"encoding failed: {error!r:.300}")
        try:
            with renamed(range(start, stop)):
                raise error
        except Exception as named:  # noqa: BLE001 - it is handed to who waits
            job.future.set_exception(named)
        with self._came:
            for line in self._lines:
                if line and line[0] is job:
                    self._waiting -= len(job.inputs) - stop
                    line.popleft()


def _text(one: Any) -> str:
    return one if isinstance(one, str) else (getattr(one, "text", None) or "")


def _size(one: Any) -> int:
    """About how many characters of text an input takes as long as."""
    return len(one) if isinstance(one, str) else 2_000
