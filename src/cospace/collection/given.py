"""What `add` was given, as items: Items, a reading, a DataFrame, dicts, or columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set, Sized
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol, TypeAlias

from cospace.arguments import is_one_of
from cospace.errors import BadArgument, BadItem
from cospace.item import Item, Part, Parts
from cospace.read import Reading, read
from cospace.read.dicts import Dicts
from cospace.read.frames import is_frame
from cospace.read.reading import Pass
from cospace.read.rows import Row
from cospace.vectors import Vectors

__all__ = ["Columns", "Frame", "Given", "Incoming", "changes_of", "items_of"]


class Frame(Protocol):
    """A DataFrame of pandas or polars, or an Arrow table."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table as a stream of Arrow's."""
        ...


Given: TypeAlias = Item | Iterable[Item] | Iterable[Mapping[str, Any]] | Frame


class Columns(NamedTuple):
    """Lists of one length, or one value each; None for what is not given."""

    ids: Any = None
    documents: Any = None
    metadatas: Any = None
    images: Any = None
    embeddings: Vectors | None = None

    def listed(self, *, changes: bool = False) -> Columns:
        """The same as lists.

        Raises `BadArgument` when their lengths differ, when there are no ids, and when there is
        nothing to encode or to store beside them.
        """
        if self.ids is None:
            raise BadArgument("columns need ids: add(ids=[...], documents=[...])")
        if changes and all(c is None for c in (self.documents, self.images, self.metadatas)):
            raise BadArgument("beside ids= give what changes: metadatas=, documents= or images=")
        if not changes and all(
            column is None for column in (self.documents, self.images, self.embeddings)
        ):
            raise BadArgument("beside ids= give documents=, images= or embeddings=")
        if self.embeddings is not None and not isinstance(self.embeddings, Vectors):
            raise BadArgument(
                f"embeddings= takes Vectors, which say what model they are of, not"
                f" {type(self.embeddings).__name__}: write cs.Vectors(array, collection.space), or"
                " cs.Vectors(array, cs.Space.of('name', dim)) for a model of your own"
            )
        if self.embeddings is not None and self.images is not None:
            raise BadArgument(
                "embeddings= does not go with images=; store the vectors of images with"
                " add_vectors(ids, vectors, field='image')"
            )
        listed = self._replace(
            ids=_list("ids", self.ids, str),
            documents=_list("documents", self.documents, str),
            metadatas=_list("metadatas", self.metadatas, Mapping),
            images=_list("images", self.images, Part),
        )
        given = {name: one for name, one in listed._asdict().items() if one is not None}
        lengths = {name: len(column) for name, column in given.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{count} {name}" for name, count in lengths.items())
            raise BadArgument(f"all columns have one length; these are {told}")
        return listed

    def reading(self, *, changes: bool = False) -> Reading:
        """Their items. What is not given for an item is None."""
        one = self.listed(changes=changes)
        empty = [None] * len(one.ids)
        rows = [
            {"id": id, "parts": {"text": text, "image": image}, "metadata": metadata}
            for id, text, image, metadata in zip(
                one.ids,
                empty if one.documents is None else one.documents,
                empty if one.images is None else one.images,
                empty if one.metadatas is None else one.metadatas,
                strict=True,
            )
        ]
        return Reading(Dicts(rows), _item, [])


def _list(name: str, column: Any, single: type) -> list[Any] | None:
    """A column as a list; a value alone is a column of one."""
    if column is None:
        return None
    if isinstance(column, single):
        return [column]
    if isinstance(column, Set | Mapping | str) or not isinstance(column, Iterable):
        raise BadArgument(f"{name}= takes a list, not {type(column).__name__}")
    return list(column)


def _item(row: Row, _: Pass) -> Item:
    assert not isinstance(row.values, str)
    values = row.values
    metadata = {} if values["metadata"] is None else values["metadata"]
    return Item(values["id"], Parts(**values["parts"]), metadata)


class Incoming(NamedTuple):
    """Items on their way in: how many, as far as that is known, and where they come from.

    With `strict` the first bad one raises.
    """

    items: Iterable[Item]
    total: int | None
    strict: bool
    reading: Reading | None = None


def items_of(
    items: Given | None, columns: Columns, errors: str | None, *, changes: bool = False
) -> Incoming:
    """The items to add, or the changes of stored ones. Raises `BadArgument` for what gives none."""
    if errors is not None and not is_one_of(errors, ("raise", "report")):
        raise BadArgument(f"errors is 'raise' or 'report', not {errors!r}")
    by_column = any(column is not None for column in columns)
    if by_column and items is not None:
        raise BadArgument("give items, or columns (ids=, documents=, ...), not both")
    given: Any = columns.reading(changes=changes) if by_column else items
    if is_frame(given):
        given = read(given, changes=changes)
    elif _is_many(given):
        first, given = _first(given)
        if isinstance(first, Mapping) and not isinstance(first, Parts):
            given = read(given, changes=changes)
    if isinstance(given, Item):
        return Incoming([given], 1, errors != "report")
    if isinstance(given, str | Mapping) or not isinstance(given, Iterable):
        raise BadArgument(
            "expected an Item, a list of them or of dicts, cs.read(...), a DataFrame, or columns"
            f" (ids=, documents=, ...), not {type(given).__name__}"
        )
    if not isinstance(given, Reading):
        total = len(given) if isinstance(given, Sized) else None
        return Incoming(_items_only(given), total, errors != "report")
    strict = errors == "raise" or (errors is None and by_column)
    return Incoming(_strictly(given) if strict else given, given.total, strict, given)


def _is_many(given: Any) -> bool:
    single = isinstance(given, Item | Reading | str | Mapping)
    return isinstance(given, Iterable) and not single


def _first(given: Iterable[Any]) -> tuple[Any, Iterable[Any]]:
    """The first of what was given, or None, and all of it, the first included."""
    if isinstance(given, Sequence):
        return (given[0] if given else None), given
    if isinstance(given, Sized):
        return next(iter(given), None), given
    once = iter(given)
    head = list(islice(once, 1))
    return (head[0] if head else None), chain(head, once)


def changes_of(items: str | Given | None, changes: Mapping[str, Any]) -> Given | None:
    """An id with its changes as an item: `text` and `image` are parts, the rest is metadata.

    Items stay as they are. Raises `BadArgument` for an id without changes or the reverse, and
    for a part that is None.
    """
    if not isinstance(items, str):
        if changes:
            raise BadArgument(
                f"{', '.join(changes)}: fields are given after an id, as in"
                ' update("MK-1", price=90)'
            )
        return items
    id = items
    if not changes:
        raise BadArgument(f"say what changes, as in update({id!r}, price=90)")
    parts = {kind: changes[kind] for kind in ("text", "image") if kind in changes}
    for kind, value in parts.items():
        if value is None:
            raise BadArgument(
                f"{kind}=None: an update changes a part, and takes none away; upsert the item"
                " without it"
            )
    fields = {name: value for name, value in changes.items() if name not in parts}
    return Item(id, Parts(**parts), fields)


def _strictly(reading: Reading) -> Iterator[Item]:
    """The items of `reading`, up to the first thing in it that fails: that is raised."""
    for item in chain(reading, [None]):
        for failure in chain(reading.failed, reading.partial):
            raise BadItem(*failure)
        if item is not None:
            yield item


def _items_only(items: Iterable[Any]) -> Iterator[Item]:
    for position, item in enumerate(items):
        if not isinstance(item, Item):
            raise BadItem(
                f"number {position}",
                f"expected an Item, not {type(item).__name__}: write cs.Item(id, text, metadata),"
                " or give nothing but dicts, which are rows of a table",
            )
        yield item
