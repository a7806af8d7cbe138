"""View: a collection read once into columns and matrices, which all checks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from shlex import join, quote
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_instance
from cospace.encode import Encoder
from cospace.errors import BadArgument, CospaceError
from cospace.item import kind_of
from cospace.progress import Meter
from cospace.space import Space
from cospace.store.schema import flatten

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["Matrix", "View", "matrices", "view_of"]

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]

_TYPED = 20  # ids that a command holds
_BLOCK = 4_096  # vectors that a matrix grows by


class Matrix(NamedTuple):
    """The vectors of one kind: unit `array` float32 [m, dim]; `rows` int64 [m], whose they are.

    `rows` are numbers of items, rising; an item of several photos is there once for each.
    """

    rows: Numbers
    array: Floats

    def first(self) -> Matrix:
        """One vector an item: its first."""
        _, at = np.unique(self.rows, return_index=True)
        return self if len(at) == len(self.rows) else Matrix(self.rows[at], self.array[at])

    def of(self, chosen: NDArray[np.bool_]) -> Matrix:
        """The vectors of the items that are chosen, bool [items]."""
        kept = chosen[self.rows]
        return Matrix(self.rows[kept], self.array[kept])


@dataclass
class View:
    """What a collection holds, by number of the item: ids, texts, metadata, paths, reasons.

    `matrices` holds the vectors by kind, "text" and "image" for instance. `refused` counts items
    of a source that were refused as a whole, and so are not there. `schema` is the type of each
    metadata field, `place` its folder, where it has one.
    """

    name: str
    space: Space | None
    ids: list[str] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    metadata: list[Mapping[str, Any]] = field(default_factory=list)
    media: list[Mapping[str, str]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    matrices: dict[str, Matrix] = field(default_factory=dict)
    schema: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    place: str = ""
    load: Callable[[], Encoder] | None = None
    memo: dict[Any, Any] = field(default_factory=dict)  # what several checks need
    tick: Callable[[], object] = lambda: None  # called now and then; what it raises ends a check
    _model: tuple[Encoder | None, str] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def matrix(self, kind: str) -> Matrix | None:
        """The vectors of a kind; None where no item has one."""
        return self.matrices.get(kind)

    def model(self) -> Encoder | None:
        """The collection's model, loaded when it is first asked for; None where there is none."""
        if self._model is None:
            try:
                self._model = (self.load() if self.load else None), "no model was given"
            except CospaceError as error:
                self._model = None, str(error)
        return self._model[0]

    @property
    def folder(self) -> str:
        """What a command names it by, quoted for a shell."""
        place = self.place or self.name
        return quote(f"./{place}" if place.startswith("-") else place)

    def deletion(self, ids: Sequence[str]) -> str:
        """The command that deletes these items, quoted for a shell; in words, if they are many.

        >>> View("shop", None).deletion(["MK 1", "-2"])
        "cospace delete shop -- 'MK 1' -2"
        """
        if len(ids) > _TYPED:
            return (
                f"delete {len(ids):,} items of {self.folder} by cospace delete;"
                " audit --json lists their ids"
            )
        dashes = ["--"] if any(id.startswith("-") for id in ids) else []
        return f"cospace delete {self.folder} {join([*dashes, *ids])}"

    @property
    def no_model(self) -> str:
        """Why there is no model, or ""."""
        return "" if self.model() is not None or self._model is None else self._model[1]

    def column(self, name: str) -> list[Any]:
        """The values of a metadata field by item, None where an item lacks it.

        Raises `BadArgument` for a field that no item has.
        """
        check_instance("a column", name, str, "its name")
        found = [_value(one, name) for one in self.metadata]
        if all(value is None for value in found):
            some = ", ".join(sorted(self.schema)) or "none"
            raise BadArgument(f"{self.name} has no metadata field {name!r}; it has: {some}")
        return found

    def chosen(self, numbers: Sequence[int] | Numbers) -> NDArray[np.bool_]:
        """True for the items of these numbers, bool [items]."""
        found = np.zeros(len(self), bool)
        found[np.asarray(numbers, np.int64)] = True
        return found


class _Growing:
    """Rows of one kind as they come, in blocks, so that they stand in memory once."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.blocks: list[Floats] = []

    def add(self, row: int, vector: Floats) -> None:
        at = len(self.rows) % _BLOCK
        if at == 0:
            self.blocks.append(np.empty((_BLOCK, len(vector)), np.float32))
        self.blocks[-1][at] = vector
        self.rows.append(row)

    def matrix(self) -> Matrix:
        array = np.empty((len(self.rows), self.blocks[0].shape[1]), np.float32)
        for start in range(0, len(array), _BLOCK):
            block = self.blocks.pop(0)
            array[start : start + _BLOCK] = block[: len(array) - start]
        return Matrix(np.array(self.rows, np.int64), array)


def view_of(collection: Collection, *, meter: Meter | None = None) -> View:
    """The collection as it is now, read once. `meter` is told of each item.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Armchair", "Rake"])
    >>> view = view_of(shop)
    >>> view.ids, view.matrices["text"].array.shape
    (['MK-1', 'MK-2'], (2, 384))
    """
    store = collection.store
    schema = {one.name: str(one.type) for one in store.schema.fields.values()}
    view = View(collection.name, store.space, schema=schema, load=lambda: collection.model)
    address = getattr(store, "address", None)
    view.place = str(getattr(store, "folder", "")) if address is None else address.whole
    growing: dict[str, _Growing] = {}
    for number, row in enumerate(store.scan(vectors=True)):
        view.ids.append(row.id)
        view.texts.append(row.text)
        view.metadata.append(row.metadata)
        view.media.append(row.media)
        view.reasons.append(row.reason)
        for name in sorted(row.vectors, key=_order):
            growing.setdefault(kind_of(name), _Growing()).add(number, row.vectors[name])
        if meter is not None:
            meter.add()
    view.matrices = {kind: growing.pop(kind).matrix() for kind in sorted(growing)}
    view.refused = store.info().failures
    return view


def _order(name: str) -> tuple[str, int]:
    """ "image", "image 2", ..., "image 10" in their order."""
    kind, _, number = name.partition(" ")
    return kind, int(number) if number.isdigit() else 1


def _value(metadata: Mapping[str, Any], name: str) -> Any:
    """The field of a dotted name; a list counts by its first value."""
    value = metadata.get(name)
    if value is None and "." in name:
        value = dict(flatten(metadata)).get(name)
    if isinstance(value, list):
        return value[0] if value else None
    return value


def matrices(view: View) -> Iterator[tuple[str, Matrix]]:
    """Each kind with its vectors, one an item."""
    return ((kind, matrix.first()) for kind, matrix in view.matrices.items())
