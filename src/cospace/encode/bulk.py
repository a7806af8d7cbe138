"""Items to encoded items, in a stream: reading, preparing and encoding overlap.

Three stages run ahead of the caller, each in its own threads: items are read and their parts
prepared (files read, images decoded), batches are encoded, and the caller stores what comes
out. A bounded number of batches is under way, so memory does not grow with the source.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cospace.cores import cores
from cospace.encode.cache.hashing import content_hash
from cospace.encode.engines.threads import pool, submit
from cospace.encode.inputs import lacks
from cospace.encode.protocol import Prepares
from cospace.errors import BadArgument, BadInput, BadItem, MissingExtra
from cospace.item import Item, Part, kind_of
from cospace.limits import limit
from cospace.read.media import is_stored, part_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.encode.protocol import Encoder

__all__ = ["Encoded", "content_of", "encode_items"]

# Items that are prepared together: images wait here decoded, 150 kB each.
_CHUNK = 512

# So many parts of items, or the last few more, end a chunk before.
_PARTS = 2 * _CHUNK

# Chunks under way at a time: one is prepared, one encoded, one waits for the caller.
_AHEAD = 3


@dataclass(slots=True)
class Encoded:
    """An item with its unit vectors float32 [dim] by part, and why other parts have none.

    `skipped` is true for an item that the caller knows already: it was not encoded.
    """

    item: Item
    hash: bytes = b""
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    truncated: bool = False
    skipped: bool = False


@dataclass(slots=True)
class _Prepared:
    """An item on its way: what is to be encoded, by the name of the part."""

    result: Encoded
    values: dict[str, Any] = field(default_factory=dict)


def encode_items(
    encoder: Encoder,
    items: Iterable[Item],
    *,
    batch: int,
    known: Callable[[Encoded], bool] | None = None,
) -> Generator[list[Encoded], None, None]:
    """Lists of `batch` encoded items (the last may be shorter), in the order of `items`.

    One bad part never fails the batch: it is listed in `Encoded.failed` with its reason.
    `known` is given an item with its hash, and with what failed in reading; it tells, before
    anything is encoded, that the item has not changed. It is called from another thread. What
    `items` raises is raised here, after the items before it.

    If you stop before the end, close it (`contextlib.closing`): that ends its threads.

    Raises `BadArgument` for a batch below 1.

    >>> from cospace.testing.tiny import tiny_model
    >>> [done] = encode_items(tiny_model(), [Item("1", "a red chair")], batch=10)
    >>> done[0].item.id, sorted(done[0].vectors), done[0].failed
    ('1', ['text'], {})
    """
    if batch < 1:
        raise BadArgument(f"a batch holds at least one item, not {batch}")
    return _stream(encoder, items, batch, known)


def _stream(
    encoder: Encoder,
    items: Iterable[Item],
    batch: int,
    known: Callable[[Encoded], bool] | None,
) -> Generator[list[Encoded], None, None]:
    ready: list[Encoded] = []
    with ExitStack() as stack:
        reading, encoding = stack.enter_context(pool(1)), stack.enter_context(pool(1))
        preparing = stack.enter_context(pool(min(cores(), 8)))
        source = _Source(iter(items), batch)
        under_way: deque[Future[list[Encoded]]] = deque()
        # Entered last, so undone first: what has not begun never will, when the caller stops.
        stack.callback(lambda: [future.cancel() for future in under_way])
        stack.callback(source.stop)

        def prepare_chunk() -> list[_Prepared]:
            chunk = source.take()
            tasks = [submit(preparing, _prepare, encoder, item, known) for item in chunk]
            return [task.result() for task in tasks]

        def encode_chunk(chunk: Future[list[_Prepared]]) -> list[Encoded]:
            return _encode(encoder, chunk.result())

        def start() -> None:
            under_way.append(submit(encoding, encode_chunk, submit(reading, prepare_chunk)))

        for _ in range(_AHEAD):
            start()
        while done := under_way.popleft().result():
            start()
            ready += done
            while len(ready) >= batch:
                yield ready[:batch]
                del ready[:batch]
        if ready:
            yield ready


class _Source:
    """Chunks of an iterator; once it ended or failed, it is not asked again.

    A chunk ends where a batch ends, so that a batch is cut alike wherever it is encoded.
    """

    def __init__(self, items: Iterator[Item], batch: int) -> None:
        self._items, self._batch, self._over = items, batch, False
        self._taken = 0
        self._failure: Exception | None = None

    def stop(self) -> None:
        """Nothing more is taken."""
        self._over = True

    def take(self) -> list[Item]:
        """The next items; none at the end. A failure comes after the items before it."""
        chunk: list[Item] = []
        room = _PARTS
        size = min(_CHUNK, self._batch - self._taken % self._batch)
        try:
            while not self._over and room > 0 and len(chunk) < size:
                chunk.append(next(self._items))
                room -= len(chunk[-1].parts)
        except StopIteration:
            self._over = True
        except Exception as error:  # noqa: BLE001 - kept, and raised by the next call
            self._failure, self._over = error, True
        self._taken += len(chunk)
        if not chunk and self._failure is not None:
            raise self._failure
        return chunk


def _prepare(encoder: Encoder, item: Item, known: Callable[[Encoded], bool] | None) -> _Prepared:
    """What is to be encoded of one item; its hash; why the rest cannot be."""
    done = _Prepared(Encoded(item))
    result = done.result
    most = limit("item_photos")
    more = [name for name, part in item.parts.items() if part.kind == "image"][most:]
    for name, part in item.parts.items():
        if part.kind not in encoder.space.kinds:
            result.failed[name] = lacks(encoder.space, part.kind)
        elif name in more:
            result.failed[name] = f"an item has at most {most} photos (COSPACE_LIMIT_ITEM_PHOTOS)"
    result.hash, loaded, unread = content_of(item)
    failed = {**unread, **result.failed}
    result.failed = {name: failed[name] for name in item.parts if name in failed}
    if known is not None and known(result):
        result.skipped = True
        return done
    for name, part in item.parts.items():
        if name in result.failed:
            continue
        try:
            done.values[name] = _ready(encoder, part.kind, part, loaded.get(name))
        except (BadItem, MissingExtra) as error:
            result.failed[name] = getattr(error, "reason", str(error))
    return done


def content_of(item: Item) -> tuple[bytes, dict[str, bytes], dict[str, str]]:
    """The hash of an item's content, the bytes of its files by part, and which cannot be read."""
    loaded: dict[str, bytes] = {}
    unread: dict[str, str] = {}
    for name, part in item.parts.items():
        try:
            data = part_bytes(part)
        except BadItem as error:
            unread[name] = error.reason
            data = b""  # so that the item is taken again once its file is there
        if data is not None:
            loaded[name] = data
    return content_hash(item.parts, loaded), loaded, unread


def _ready(encoder: Encoder, kind: str, part: Part, data: bytes | None) -> Any:
    if isinstance(encoder, Prepares):
        return encoder.prepare(kind, part, data if is_stored(part.source) else None)
    return part


def _encode(encoder: Encoder, chunk: list[_Prepared]) -> list[Encoded]:
    """The chunk's items with their vectors, one call of the encoder for each modality."""
    for kind in encoder.space.kinds:
        mine = [
            (prepared, name)
            for prepared in chunk
            for name in prepared.values
            if kind_of(name) == kind
        ]
        if mine:
            _encode_kind(encoder, kind, mine)
    return [prepared.result for prepared in chunk]


def _encode_kind(encoder: Encoder, kind: str, chunk: list[tuple[_Prepared, str]]) -> None:
    values = [prepared.values.pop(name) for prepared, name in chunk]
    try:
        if isinstance(encoder, Prepares):
            vectors = encoder.encode_prepared(kind, values)
        else:
            vectors = encoder.encode_document(values)
    except BadInput as error:
        if len(chunk) == 1:
            prepared, name = chunk[0]
            prepared.result.failed[name] = getattr(error, "reason", str(error))
            return
        # One of them is bad: the halves are tried, until it stands alone and the others are kept.
        for (prepared, name), value in zip(chunk, values, strict=True):
            prepared.values[name] = value
        for half in (chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]):
            _encode_kind(encoder, kind, half)
        return
    for (prepared, name), row in zip(chunk, vectors.normalized, strict=True):
        prepared.result.vectors[name] = row
    for position in vectors.truncated:
        chunk[position][0].result.truncated = True
