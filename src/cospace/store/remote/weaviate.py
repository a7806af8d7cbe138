"""Weaviate: a class for each field, through its own SDK: REST for the schema, gRPC for the rest.

`weaviate://HOST:8080/market?grpc=50051&tls=1&index=flat`. Texts are kept as hashes, since every
tokenization of Weaviate takes texts for equal that are not; and each list has one more element,
so that what is missing can be told without an index of nulls, which leaves out all objects that
are older than a property.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from cospace.errors import BadArgument, NotACollection, StorageError
from cospace.need import need
from cospace.store.payload import DATES
from cospace.store.remote import flat
from cospace.store.remote.address import Address
from cospace.store.remote.engine import Ask, Hit, Point, Traits
from cospace.store.remote.weaviate_client import Client
from cospace.store.schema import Field
from cospace.store.where import Node

__all__ = ["EXTRA", "OPTIONS", "Weaviate", "connect"]

EXTRA = "weaviate"
OPTIONS = ("grpc", "tls", "index")

_MAX_DIM = 65_535
_MAX_HITS = 10_000  # QUERY_MAXIMUM_RESULTS of a server, as it is delivered
_MAX_VALUES = 1_000_000
_MAX_POINTS = 1_000  # of one message
_MAX_BYTES = 6_000_000  # of one message; servers take 10 MB
_OURS = "A collection of cospace"  # begins the description of each class that cospace made
_IDS = 0xC05BACE0 << 96  # a point's UUID is this and its number; a UUID of all zeros is none
_THERE = "present"  # the element that each list has: no hash is like it, and no stop word


class _Index(NamedTuple):
    """An index of vectors: how many it compares, all of them, and its settings."""

    exact_rows: int
    settings: Mapping[str, Any]


_INDEXES: Mapping[str, _Index] = {
    "flat": _Index(1 << 62, {}),
    "hnsw": _Index(0, {"ef": 512, "efConstruction": 256, "maxConnections": 32}),
}


def connect(address: Address) -> Weaviate:
    """The server at an address. A key, where it needs one, is WEAVIATE_API_KEY.

    Raises `BadArgument` for an option's value, and `MissingExtra`.
    """
    return Weaviate(address)


class Weaviate:
    """A collection's place in a server: see `Engine`.

    The class Market holds the mark of the collection market, Market_Text the points of its texts.
    """

    def __init__(self, address: Address) -> None:
        self._classes = need("weaviate.classes", extra=EXTRA)
        self._address = address
        self._index = address.options.get("index", "flat")
        if self._index not in _INDEXES:
            raise BadArgument(f"{address}: index={self._index!r:.40} is neither flat nor hnsw")
        self._do = Client(address)
        self._learnt: dict[str, str] = {}  # the properties of all classes, and their types
        self._known: dict[str, set[str]] = {}  # the properties that the class of a field has

    # --- classes ---

    def _class_of(self, field: str = "") -> str:
        name = self._address.name
        own = name[0].upper() + name[1:]
        # Names of collections have no capitals, so none is like this.
        return f"{own}_{field[:1].upper()}{field[1:]}" if field else own

    def _found(self, name: str) -> Any:
        """What the schema says of a class, or None. Raises `NotACollection` if others made it."""

        def ask(client: Any) -> Any:
            try:
                return client.collections.export_config(name)
            except need("weaviate.exceptions", extra=EXTRA).UnexpectedStatusCodeError as error:
                if error.status_code == 404:
                    return None
                raise

        config = self._do(ask)
        if config is not None and not (config.description or "").startswith(_OURS):
            raise NotACollection(
                f"{self._address}: the class {name!r} of this server was not made by cospace, and"
                " was left as it is. Take another name"
            )
        return config

    def _make(self, name: str, description: str, properties: list[dict[str, Any]]) -> None:
        config = {
            "class": name,
            "description": description,
            "vectorizer": "none",
            "vectorIndexType": self._index,
            # No class of ours follows a server's wish to keep vectors in fewer bits.
            "vectorIndexConfig": {
                "distance": "cosine",
                "skipDefaultQuantization": True,
                **_INDEXES[self._index].settings,
            },
            "properties": properties,
        }

        def make(client: Any) -> None:
            if not client.collections.exists(name):  # as after a lost answer
                client.collections.create_from_dict(config)

        self._do(make)

    def _ready(self, field: str, level: str = "ONE") -> Any:
        """The objects of a field, "" for the mark, or None where it has no place.

        What is written to ALL copies of the data can be read from ONE.
        """
        name = self._class_of(field)
        if field not in self._known:
            config = self._found(name)
            if config is None:
                return None
            self._known[field] = {one.name for one in config.properties}
        copies = self._classes.config.ConsistencyLevel(level)
        return lambda client: client.collections.use(name).with_consistency_level(copies)

    def _extend(self, field: str, properties: Mapping[str, str]) -> None:
        """Give a class the properties that it lacks."""
        name = self._class_of(field)

        def extend(client: Any) -> None:
            held = {one.name for one in client.collections.export_config(name).properties}
            for key, type_ in properties.items():
                if key not in held:
                    client.collections.use(name).config.add_property(self._property(key, type_))
            self._known[field] = held | properties.keys()

        if not properties.keys() <= self._known[field]:
            self._do(extend)

    def _property(self, name: str, type_: str) -> Any:
        config = self._classes.config
        return config.Property(
            name=name,
            data_type=config.DataType(type_),
            index_filterable=True,
            index_searchable=False if type_ == "text[]" else None,
            index_range_filters=True if type_ == "number" else None,
            tokenization=config.Tokenization.FIELD if type_ == "text[]" else None,
        )

    # --- the engine ---

    @property
    def traits(self) -> Traits:
        """What a server takes; with index=hnsw its search does not compare with every point."""
        self._do(lambda _: None)
        name = f"Weaviate {self._do.version}"
        return Traits(name, _INDEXES[self._index].exact_rows, _MAX_DIM, _MAX_HITS, _MAX_VALUES)

    def read_mark(self) -> str | None:
        """See `Engine`."""
        name = self._class_of()
        if self._found(name) is None:
            return None
        held = self._do(
            lambda client: client.collections.use(name).query.fetch_object_by_id(UUID(int=_IDS))
        )
        return None if held is None else str(held.properties["mark"])

    def write_mark(self, mark: str) -> None:
        """See `Engine`."""
        if self._ready("") is None:
            shown = {"dataType": ["text"], "indexFilterable": False, "indexSearchable": False}
            self._make(self._class_of(), f"{_OURS}: its mark", [{"name": "mark", **shown}])
        one = self._classes.data.DataObject(properties={"mark": mark}, uuid=UUID(int=_IDS))
        self._insert(self._ready("", "ALL"), [one])

    def prepare(self, dim: int, fields: Sequence[str]) -> None:
        """See `Engine`."""
        if dim > _MAX_DIM:
            raise BadArgument(f"Weaviate takes up to {_MAX_DIM} dimensions, and these are {dim}")
        for field in fields:
            name, description = self._class_of(field), f"{_OURS}: {field}, {dim} dimensions"
            config = self._found(name)
            if config is None:
                self._make(name, description, [])
            else:
                metric = getattr(config.vector_index_config, "distance_metric", None)
                metric = getattr(metric, "value", metric)
                if config.description != description or metric != "cosine":
                    raise NotACollection(
                        f"{self._address}: the class {name!r} is {config.description!r} with metric"
                        f" {metric}; expected {description!r} and cosine. Take another name"
                    )
            self._ready(field)
            self._extend(field, self._learnt)

    def lacks(self, fields: Sequence[str]) -> list[str]:
        """See `Engine`."""
        return [field for field in fields if self._found(self._class_of(field)) is None]

    def learn(self, fields: Sequence[Field]) -> None:
        """Give the classes the properties that filters on these fields name."""
        for one in fields:
            self._learnt |= _properties_of(one)
        for field in filter(None, list(self._known)):
            self._extend(field, self._learnt)

    def put(self, field: str, points: Sequence[Point]) -> None:
        """See `Engine`. Every copy of the data has the points on return."""
        objects = self._ready(field, "ALL")
        if objects is None:
            raise StorageError(f"{self._address}: there is no place for {field!r:.60}; prepare one")
        for batch in self._batches(points):
            needed = {
                key: "number" if isinstance(value, float) else "text[]"
                for one in batch
                for key, value in one.properties.items()
            }
            self._extend(field, needed)
            self._insert(objects, batch)

    def _insert(self, objects: Callable[[Any], Any], batch: list[Any]) -> None:
        done = self._do(lambda client: objects(client).data.insert_many(batch))
        for error in done.errors.values():
            raise StorageError(
                f"{self._address}: Weaviate refused {len(done.errors)} of {len(batch)} objects:"
                f" {error.message[:300]}"
            )

    def _batches(self, points: Sequence[Point]) -> Iterator[list[Any]]:
        batch: list[Any] = []
        size = 0
        for point in {point.number: point for point in points}.values():
            if not np.isfinite(point.vector).all():  # Weaviate would store it
                raise StorageError(f"the vector of point {point.number} holds NaN or Inf")
            values = {
                key: value if isinstance(value, float) else [*map(_hash, value), _THERE]
                for key, value in flat.flattened(point.values).items()
            }
            own = 4 * len(point.vector) + len(json.dumps(values)) + 200
            if batch and (len(batch) == _MAX_POINTS or size + own > _MAX_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(
                self._classes.data.DataObject(
                    properties=values,
                    uuid=UUID(int=_IDS | point.number),
                    vector=point.vector.tolist(),
                )
            )
            size += own
        if batch:
            yield batch

    def drop(self, field: str, numbers: Sequence[int]) -> None:
        """See `Engine`. Every copy of the data lacks the points on return."""
        objects = self._ready(field, "ALL")
        if objects is None:
            return
        by_id = self._classes.query.Filter.by_id()
        for start in range(0, len(numbers), _MAX_POINTS):
            ids = [str(UUID(int=_IDS | n)) for n in numbers[start : start + _MAX_POINTS]]
            where = by_id.contains_any(ids)
            done = self._do(partial(_delete, objects, where))
            if done.failed:
                raise StorageError(f"{self._address}: Weaviate kept {done.failed} of {len(ids)}")

    def count(self, field: str) -> int:
        """See `Engine`."""
        objects = self._ready(field)
        if objects is None:
            return 0
        return int(
            self._do(
                lambda client: objects(client).aggregate.over_all(total_count=True)
            ).total_count
        )

    def nearest(self, asked: Sequence[Ask]) -> list[list[Hit]]:
        """See `Engine`: one message for each, since Weaviate takes no more."""
        return [self._nearest(ask) for ask in asked]

    def _nearest(self, ask: Ask) -> list[Hit]:
        objects = self._ready(ask.field)
        if objects is None or ask.limit < 1:  # 0 would be no limit
            return []
        query = self._classes.query
        words = _Filters(query.Filter, self._known[ask.field])
        form = None if ask.where is None else flat.said(ask.where, words)
        if form is not None and form.nothing:
            return []
        answer = self._do(
            lambda client: objects(client).query.near_vector(
                near_vector=ask.vector.tolist(),
                limit=ask.limit,
                filters=None if form is None else form.form,
                return_metadata=query.MetadataQuery(distance=True),
                return_properties=[],
            )
        )
        hits = [Hit(one.uuid.int ^ _IDS, 1 - one.metadata.distance) for one in answer.objects]
        if not all(np.isfinite(hit.score) for hit in hits):
            raise StorageError(f"{self._address}: Weaviate gave a distance that is no number")
        return hits

    def says(self, where: Node) -> bool:
        """See `Engine`."""
        known = [held for field, held in self._known.items() if field]
        words = _Filters(self._classes.query.Filter, set.intersection(*known) if known else set())
        return flat.said(where, words).exact

    def optimize(self) -> None:
        """Nothing is to be done: Weaviate does it by itself."""

    def remove(self) -> None:
        """See `Engine`."""
        start = f"{self._class_of()}_"
        found = self._do(lambda client: client.collections.list_all(simple=True))
        places = [
            name
            for name, config in found.items()
            if name.startswith(start)
            and name[len(start) :][:1].isupper()
            and (config.description or "").startswith(_OURS)
        ]
        for name in [*places, self._class_of()]:
            if self._found(name) is not None:
                self._do(partial(_remove, name))
        self._known.clear()

    def close(self) -> None:
        """See `Engine`."""
        self._do.close()


class _Filters:
    """The words of Weaviate's filters: see `flat.Words`. A condition on a list is on an element."""

    def __init__(self, words: Any, known: set[str]) -> None:
        self._words, self._known = words, known

    def knows(self, slot: str) -> bool:
        return slot in self._known

    def one_of(self, name: str, texts: Sequence[str]) -> Any:
        return self._words.by_property(name).contains_any([_hash(text) for text in texts])

    def none_of(self, name: str, texts: Sequence[str]) -> Any:
        parts = [self._words.by_property(name).not_equal(_hash(text)) for text in texts]
        return parts[0] if len(parts) == 1 else self.every(parts)

    def compare(self, name: str, op: str, number: float) -> Any:
        on = self._words.by_property(name)
        said = {
            "gt": on.greater_than,
            "gte": on.greater_or_equal,
            "lt": on.less_than,
            "lte": on.less_or_equal,
        }
        return said[op](number)

    def there(self, name: str, yes: bool) -> Any:
        on = self._words.by_property(name)
        return on.equal(_THERE) if yes else on.not_equal(_THERE)

    def every(self, parts: Sequence[Any]) -> Any:
        return self._words.all_of(list(parts))

    def some(self, parts: Sequence[Any]) -> Any:
        return self._words.any_of(list(parts))


def _delete(objects: Callable[[Any], Any], where: Any, client: Any) -> Any:
    return objects(client).data.delete_many(where)


def _remove(name: str, client: Any) -> None:
    client.collections.delete(name)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _properties_of(field: Field) -> dict[str, str]:
    """The properties that points have of a metadata field, and their types."""
    examples: dict[str, Any] = {
        "number": 0,
        "bool": True,
        "string": "",
        "location": {"lat": 0, "lon": 0},
    }
    values = {field.slot: [examples[field.type]]}
    if field.type == "string":
        values[field.slot + DATES] = [0]
    return {
        key: "number" if isinstance(value, float) else "text[]"
        for key, value in flat.flattened(values).items()
    }
