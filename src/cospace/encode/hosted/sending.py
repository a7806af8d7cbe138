"""Sending: inputs to a service in batches, and the pieces that come back.

A batch that is refused is split until what is bad stands alone, so a good input is never lost to
a bad one, and each has the same vector in every batch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar

from cospace.encode.engines.threads import pool, submit
from cospace.encode.hosted.bill import Bill, tokens_about
from cospace.encode.hosted.calls import Refused, Trouble, answer, without_keys
from cospace.encode.protocol import Piece
from cospace.errors import BadItem, CospaceError, ServiceError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Answer", "Facts", "Sending", "Sent"]

T = TypeVar("T")

# A text that is too long is cut to this share of itself until it is taken. Where the service says
# how much too long it is, the share follows from that, in these bounds: tokens are not spread
# evenly, and at least half of what would be taken is kept.
_SHORTER = 0.75
_LEAST, _MOST = 0.5, 0.95


@dataclass(frozen=True)
class Facts:
    """What a service says of one of its models; `dims` are those it can give, the default first.

    A request holds at most `inputs`, and texts of at most `bytes` in all: no tokenizer gives
    more tokens than bytes, so a limit in tokens is held without one.
    """

    dims: Sequence[int]
    tokens: int
    kinds: tuple[str, ...] = ("text",)
    inputs: int = 1
    bytes: int = 1_000_000_000
    chars: int = 1_000_000_000
    preprocess: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sent:
    """One input as it is sent: its text, its image (the bytes of a file), or both."""

    text: str | None = None
    image: bytes | None = None

    @property
    def size(self) -> int:
        """The bytes of the text."""
        return len((self.text or "").encode())


class Answer(NamedTuple):
    """Rows in the order of the inputs, and the tokens that the service counted, if it did."""

    rows: Sequence[Any]
    tokens: int | None


class Service(Protocol):
    """What sending needs of a hosted model. `Hosted` says what each of them is."""

    SERVICE: ClassVar[str]
    WORKERS: ClassVar[int]
    CUTS: ClassVar[bool]
    facts: Facts
    bill: Bill
    sleep: Callable[[float], object] | None

    def client(self) -> Any: ...
    def ask(self, client: Any, inputs: Sequence[Sent], role: str) -> Answer: ...
    def why(self, error: Exception) -> Trouble | None: ...
    def is_cut(self, client: Any, sent: Sent) -> bool: ...
    def sound(self, rows: Sequence[Any], count: int) -> NDArray[np.float32]: ...


class Sending:
    """One list of inputs on its way to a service, in one role."""

    def __init__(self, model: Service, inputs: Sequence[Sent], role: str) -> None:
        self._model, self._inputs, self._role = model, inputs, role
        self._over = threading.Event()

    def pieces(self) -> Generator[Piece, None, None]:
        """The inputs' vectors, as they come back; all that came is given before an error is."""
        batches = list(self._batches())
        errors: list[tuple[int, CospaceError]] = []
        at_once = max(1, min(self._model.WORKERS, len(batches)))
        left = iter(batches)
        with pool(at_once) as threads:
            running = {submit(threads, self._work, at): at[0] for at in islice(left, at_once)}
            try:
                while running:
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        first = running.pop(future)
                        done, error = future.result()
                        if error is not None:
                            errors.append((first, error))
                            left = iter(())  # what is under way is the last
                        # Kept by who asked before more is paid for.
                        yield from done
                        for at in islice(left, 1):
                            running[submit(threads, self._work, at)] = at[0]
            finally:
                self._over.set()  # who waits for another attempt waits no longer
                for future in running:
                    future.cancel()
        if errors:
            raise min(errors, key=lambda one: one[0])[1]

    def _work(self, at: list[int]) -> tuple[list[Piece], CospaceError | None]:
        done: list[Piece] = []
        try:
            self._solve(at, done)
        except CospaceError as error:
            return done, error
        return done, None

    def _batches(self) -> Iterator[list[int]]:
        facts = self._model.facts
        batch: list[int] = []
        held = 0
        for position, sent in enumerate(self._inputs):
            size = sent.size
            if batch and (len(batch) == facts.inputs or held + size > facts.bytes):
                yield batch
                batch, held = [], 0
            batch.append(position)
            held += size
        if batch:
            yield batch

    def _solve(self, at: list[int], done: list[Piece]) -> None:
        """Adds the pieces of a batch, and splits it when it is refused."""
        given = [self._within(self._inputs[i]) for i in at]
        try:
            cut = [
                i
                for i, sent in zip(at, given, strict=True)
                if sent is not self._inputs[i] or self._is_cut(sent)
            ]
            done.append(Piece(at, self._asked(given), cut))
        except Refused as refused:
            trouble = refused.trouble
        else:
            return
        if len(at) == 1:
            done.append(self._alone(at[0], given[0], trouble))
            return
        for part in self._split(at, trouble):
            self._solve(part, done)

    def _split(self, at: list[int], trouble: Trouble) -> list[list[int]]:
        """Two smaller batches: the texts that surely fit and the others, or else halves."""
        most = self._model.facts.tokens
        fits = [i for i in at if self._inputs[i].size <= most]
        rest = [i for i in at if self._inputs[i].size > most]
        if trouble.kind == "long" and fits and rest:
            return [fits, rest]
        return [at[: len(at) // 2], at[len(at) // 2 :]]

    def _alone(self, position: int, sent: Sent, trouble: Trouble) -> Piece:
        """The vector of an input that was refused: of as much of its text as is taken."""
        while trouble.kind == "long" and sent.text is not None and len(sent.text) > 1:
            keep = _SHORTER if trouble.ratio is None else min(max(trouble.ratio, _LEAST), _MOST)
            sent = replace(sent, text=sent.text[: max(1, int(len(sent.text) * keep))])
            try:
                return Piece([position], self._asked([sent]), [position])
            except Refused as refused:
                trouble = refused.trouble
        reason = without_keys(trouble.reason)[:300]
        self._check_that_anything_is_taken(reason)
        raise BadItem(f"input {position}", f"{self._model.SERVICE} refuses it: {reason}")

    def _check_that_anything_is_taken(self, reason: str) -> None:
        """Raises `ServiceError` when it is not the input that is refused, but every request.

        So a wrong setting is reported once, and not as the fault of each input.
        """
        if self._model.bill.requests:
            return
        try:
            self._asked([Sent("a")])
        except Refused:
            why = f"{self._model.SERVICE} refuses every request: {reason}"
        else:
            return
        raise ServiceError(why)

    def _within(self, sent: Sent) -> Sent:
        """The input itself, or what the service's limit of characters leaves of it."""
        most = self._model.facts.chars
        if sent.text is None or len(sent.text) <= most:
            return sent
        return replace(sent, text=sent.text[:most])

    def _is_cut(self, sent: Sent) -> bool:
        model = self._model
        if not model.CUTS or sent.size <= model.facts.tokens:
            return False
        return bool(self._answer(lambda: model.is_cut(model.client(), sent)))

    def _asked(self, inputs: Sequence[Sent]) -> NDArray[np.float32]:
        """Unit rows float32 [n, dim] of one request, once they are sound; the bill is kept."""
        model = self._model

        def request() -> NDArray[np.float32]:
            given = model.ask(model.client(), inputs, self._role)
            images = sum(sent.image is not None for sent in inputs)
            if given.tokens is None:
                about = sum(tokens_about(sent.text) for sent in inputs if sent.text)
                model.bill.add(requests=1, estimated=about, images=images)
            else:
                model.bill.add(requests=1, tokens=given.tokens, images=images)
            return model.sound(given.rows, len(inputs))

        return self._answer(request)

    def _answer(self, request: Callable[[], T]) -> T:
        model = self._model
        return answer(request, model.why, model.SERVICE, model.sleep or self._over.wait)
