"""`encode_items`: items to vectors, in this process or on the nodes of a Ray cluster.

What comes out is the same: a batch is encoded the same way wherever that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count
from cospace.encode import bulk
from cospace.encode.bulk import Encoded
from cospace.encode.folder import read_space
from cospace.encode.model import Model
from cospace.encode.names import folder_of, installed, load_folder
from cospace.encode.protocol import Encoder
from cospace.encode.ray import Job, check, over_nodes
from cospace.errors import BadArgument, BadItem, CospaceError, ModelNotFound
from cospace.item import Item
from cospace.space import Space

__all__ = ["Executor", "encode_items", "executor"]


class Executor(Protocol):
    """Where items are encoded."""

    def __call__(
        self, encoder: Encoder, items: Iterable[Item], *, batch: int
    ) -> Generator[list[Encoded], None, None]:
        """Lists of `batch` encoded items, in the order of `items`."""
        ...


def executor(ray: str | None) -> Executor:
    """This process, or the nodes of the cluster at an address: see `over_nodes`.

    Raises `BadArgument` for an address that cannot be, `MissingExtra` without Ray.
    """
    return bulk.encode_items if ray is None else _OnNodes(ray)


def encode_items(
    encoder: Encoder,
    items: Iterable[Item],
    *,
    batch: int,
    known: Callable[[Encoded], bool] | None = None,
    ray: str | None = None,
) -> Generator[list[Encoded], None, None]:
    """Lists of `batch` encoded items (the last may be shorter), in the order of `items`.

    An `Encoded` has the `item`, its unit `vectors` float32 [dim] by the name of the part, the
    sha256 of its content (`hash`), and in `failed` why other parts have none: one bad part never
    fails the batch.

    With `ray` a batch is what a node takes at a time, and each node of the cluster encodes with
    all its processors: "local" starts a cluster on this machine alone, "auto" and "host:port"
    join one that runs. Every node has cospace and the model installed, and sees the files that
    items name by the same path. See docs/ray.md.

    `known` is given an item with its hash before anything is encoded, and tells that it is not to
    be encoded: `Encoded.skipped`. It is called from another thread, and not with `ray`.

    If you stop before the end, close it (`contextlib.closing`).

    Raises `BadItem` for what is no `Item`, `BadArgument` for a batch below 1, and with `ray` for a
    model without a folder and for `known`; `MissingExtra`, `NetworkError` and `CospaceError` as
    far as Ray fails.

    >>> import cospace as cs
    >>> items = [cs.Item("1", "a red chair"), cs.Item("2", "a blue bicycle")]
    >>> [one.item.id for batch in cs.encode_items(cs.load("starter"), items, batch=1)
    ...  for one in batch if one.vectors]
    ['1', '2']
    """
    if isinstance(encoder, str | Path) or not isinstance(getattr(encoder, "space", None), Space):
        raise BadArgument(f"encoder is a model, such as cs.load('starter'), not {encoder!r:.60}")
    batch = check_count("batch", batch)
    if isinstance(items, Item | str | Mapping) or not isinstance(items, Iterable):
        raise BadArgument(f"items is a list of them, or another iterable, not {items!r:.60}")
    if ray is None:
        return bulk.encode_items(encoder, _items_only(items), batch=batch, known=known)
    if known is not None:
        raise BadArgument("known= is asked in this process: leave it out, or ray=")
    return executor(ray)(encoder, _items_only(items), batch=batch)


def _items_only(items: Iterable[Any]) -> Iterator[Item]:
    for position, item in enumerate(items):
        if not isinstance(item, Item):
            raise BadItem(
                f"number {position}", f"expected an Item, not {type(item).__name__}: {item!r:.60}"
            )
        yield item


class _Loads(NamedTuple):
    """What a node needs to load the same model."""

    folder: str
    space: Space
    engine: str


class _Encodes(NamedTuple):
    """What comes back of one item: its vectors stand in the rows of the batch."""

    hash: bytes
    names: list[str]
    failed: dict[str, str]
    truncated: bool


class _OnNodes:
    """The nodes of a Ray cluster."""

    def __init__(self, address: str) -> None:
        check(address)
        self._address = address

    def __call__(
        self, encoder: Encoder, items: Iterable[Item], *, batch: int
    ) -> Generator[list[Encoded], None, None]:
        """As `encode_items`."""
        if batch < 1:
            raise BadArgument(f"a batch holds at least one item, not {batch}")
        if not isinstance(encoder, Model):
            raise BadArgument(
                f"each node loads the model from its folder, and {type(encoder).__name__} has none:"
                " leave out ray="
            )
        loads = _Loads(str(encoder.path.absolute()), encoder.space, encoder.engine)
        return self._batches(Job(_load, _encode, loads), iter(items), batch)

    def _batches(
        self, job: Job, items: Iterator[Item], batch: int
    ) -> Generator[list[Encoded], None, None]:
        under_way: list[list[Item]] = []

        def units() -> Iterator[list[Item]]:
            while some := list(islice(items, batch)):
                under_way.append(some)
                # Metadata stay here: no vector depends on them.
                yield [Item(one.id, one.parts) for one in some]

        results = over_nodes(job, units(), self._address)
        try:
            for told, rows in results:
                yield _joined(under_way.pop(0), told, rows)
        finally:
            results.close()


def _joined(items: list[Item], told: list[_Encodes], rows: NDArray[np.float32]) -> list[Encoded]:
    """The items with what a node gave for them."""
    left = iter(rows)
    return [
        Encoded(
            item,
            one.hash,
            dict(zip(one.names, islice(left, len(one.names)), strict=True)),
            one.failed,
            one.truncated,
        )
        for item, one in zip(items, told, strict=True)
    ]


# --- on a node ---


def _load(given: _Loads) -> Model:
    """The model that was asked for, of the folder there or of a model that is installed here.

    Raises `ModelNotFound`, and `SpaceMismatch` when the folder holds another model.
    """
    folder = Path(given.folder)
    if not folder.is_dir():
        folder = _same(given.space)
    model = load_folder(folder, given.space.dim, given.engine)
    if model.space.kinds != given.space.kinds:
        model = model.restricted(*given.space.kinds)
    given.space.check(model.space, what=f"the model in {folder}", stored=True)
    return model


def _same(space: Space) -> Path:
    """The folder of the model that is installed here and has these towers."""
    wanted = {(tower.kind, tower.fingerprint) for tower in space.towers}
    for name in installed():
        try:
            folder = folder_of(name)
            found = read_space(folder)
        except CospaceError:  # another model's affair
            continue
        if wanted <= {(tower.kind, tower.fingerprint) for tower in found.towers}:
            return folder
    raise ModelNotFound(
        f"this node has no model {space}: install it here as it is where the job was started"
    )


def _encode(model: Model, items: list[Item]) -> tuple[list[_Encodes], Any]:
    """One batch: (an `_Encodes` an item, float32 [n, dim] of all their vectors in order)."""
    [batch] = bulk.encode_items(model, items, batch=len(items))
    told = [_Encodes(one.hash, list(one.vectors), one.failed, one.truncated) for one in batch]
    rows = [row for one in batch for row in one.vectors.values()]
    return told, np.stack(rows) if rows else np.zeros((0, model.space.dim), np.float32)
