"""The vector engine: everything of qdrant-edge that decides what is found stands in this file.

A shard holds one point a row: its number is the row's key, its named vectors are the row's
fields and "words" (BM25), its payload the schema's slots. Nothing here is the truth: a shard is
built from it, and thrown away on any doubt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe
from numpy.typing import NDArray

from cospace.errors import StorageError
from cospace.store.protocol import Found, Row
from cospace.store.schema import Field, flatten
from cospace.store.where import All, Any_, Compare, Exists, In, Near, Node, Not
from cospace.store.words import Words, searchable, unseen

__all__ = ["ENGINE", "EXACT_BELOW", "QUANTIZATIONS", "Edge"]

ENGINE = f"qdrant-edge {version('qdrant-edge-py')}"

# Up to this many rows a search compares with every one of them: measured 2.5 ms for 20,000 x 384
# on 2 cores (bench/search.py --curve), and nothing is ever missed.
EXACT_BELOW = 20_000
# Candidates that the graph walks through for one search: bench/search.py --curve.
_EF = 80
_WORDS = "words"


class Edge:
    """One shard in `folder`, for the given vector fields of `dim` numbers.

    `exact` searches compare with every row; otherwise the graph is walked, over copies that
    `quantization` made smaller, and what it finds is scored again with the full vectors.
    """

    def __init__(
        self, folder: Path, *, dim: int, fields: Sequence[str], create: bool, quantization: str
    ) -> None:
        self.fields = tuple(fields)
        self._rescored = QUANTIZATIONS[quantization][1]
        self._words = Words()
        with _engine_errors():
            config = _config(dim, self.fields, QUANTIZATIONS[quantization][0])
            make = qe.EdgeShard.create if create else qe.EdgeShard.load
            self._shard = make(str(folder), config)
            self._slots = set(self._shard.info().payload_schema)

    # --- writing ---

    def learn(self, fields: Iterable[Field]) -> None:
        """Index the payload slots of those metadata fields that are not indexed yet."""
        with _engine_errors():
            for field in [f for f in fields if f.slot not in self._slots]:
                params = _INDEXES[field.type]()
                self._shard.update(qe.UpdateOperation.create_field_index(field.slot, params))
                self._slots.add(field.slot)

    def put(self, changes: Sequence[tuple[int, Row]], schema: Mapping[str, Field]) -> None:
        """Insert or replace rows by key."""
        points = [qe.Point(key, self._vector(row), _payload(row, schema)) for key, row in changes]
        with _engine_errors():
            self._shard.update(qe.UpdateOperation.upsert_points(points))

    def _vector(self, row: Row) -> dict[str, Any]:
        vector: dict[str, Any] = dict(row.vectors)
        text = searchable(row.id, row.text, row.metadata)
        if text:
            words = self._words.document(text)
            if words:
                vector[_WORDS] = qe.SparseVector(list(words), list(words.values()))
        return vector

    def drop(self, keys: Sequence[int]) -> None:
        """Forget rows by key."""
        with _engine_errors():
            self._shard.update(qe.UpdateOperation.delete_points(list(keys)))

    def optimize(self) -> None:
        """Build the graph and the compact copies; takes about 20 s for 100,000 x 384."""
        with _engine_errors():
            self._shard.optimize()

    def flush(self) -> None:
        """Bring everything to the disk."""
        with _engine_errors():
            self._shard.flush()

    def close(self) -> None:
        """Flush and let go of the folder."""
        with _engine_errors():
            self._shard.close()

    # --- asking ---

    def count(self, where: Node | None) -> int:
        """How many rows pass the filter."""
        with _engine_errors():
            condition = None if where is None else _filter(where)
            return self._shard.count(qe.CountRequest(exact=True, filter=condition))

    def nearest(
        self,
        field: str,
        vector: NDArray[np.float32],
        k: int,
        *,
        exact: bool,
        where: Node | None = None,
        among: Sequence[int] | None = None,
    ) -> Found:
        """The `k` keys nearest to `vector` in `field`, with their cosines."""
        numbers: Any = vector  # the binding takes arrays; its stubs say lists
        query = qe.Query.Nearest(numbers, using=field)
        walk = not exact and among is None
        params = _params(max(_EF, k), self._rescored) if walk else _EXACT
        found = self._query(query, k, params, _condition(where, among))
        if found.scores and (found.scores[0] > 1 or found.scores[-1] < -1):  # rounding
            return Found(found.keys, [min(1.0, max(-1.0, score)) for score in found.scores])
        return found

    def lexical(
        self,
        text: str,
        k: int,
        *,
        where: Node | None = None,
        among: Sequence[int] | None = None,
    ) -> Found:
        """The `k` keys that hold words of `text`, with their BM25 scores."""
        words = self._words.query(text)
        if not words:
            return Found([], [])
        sparse = qe.SparseVector(list(words), list(words.values()))
        query = qe.Query.Nearest(sparse, using=_WORDS)
        found = self._query(query, k, None, _condition(where, among))
        return found if among is not None else found._replace(full=self._full(words))

    def _full(self, words: Mapping[int, float]) -> float:
        """The sum over the words of the best score that any row has for it."""
        single = [qe.SparseVector([word], [weight]) for word, weight in words.items()]
        requests = [
            qe.QueryRequest(limit=1, query=qe.Query.Nearest(one, using=_WORDS)) for one in single
        ]
        with _engine_errors():
            best = self._shard.query_batch(qe.QueryBatchRequest(requests))
            rows = self._shard.info().points_count if not all(best) else 0
        return sum(points[0].score if points else unseen(rows) for points in best)

    def _query(
        self, query: Any, k: int, params: qe.SearchParams | None, condition: qe.Filter | None
    ) -> Found:
        request = qe.QueryRequest(limit=k, query=query, filter=condition, params=params)
        with _engine_errors():
            points = self._shard.query(request)
        # The engine leaves the order of equal scores open; by key it is the same every time.
        pairs: list[tuple[float, Any]] = sorted([(-p.score, p.id) for p in points])
        return Found([key for _, key in pairs], [-score for score, _ in pairs])


_EXACT = qe.SearchParams(exact=True, quantization=qe.QuantizationSearchParams(ignore=True))

# By name: how the graph's copies are made, and how many times k of them are scored again with
# the full vectors. Binary copies need that: of the 100 nearest of 5,000 passages (MiniLM, 384)
# they find 83 without it, 95 with 2 times k, 98.9 with 4, and 99.8 with 8. The query stays
# in 8 bits beside them: as one bit a number it finds 98.2 with 8.
QUANTIZATIONS: Mapping[str, tuple[Any, float | None]] = {
    "none": (None, None),
    "int8": (
        qe.ScalarQuantizationConfig(type=qe.ScalarType.Int8, quantile=0.99, always_ram=True),
        None,
    ),
    "binary": (
        qe.BinaryQuantizationConfig(
            always_ram=True, query_encoding=qe.BinaryQuantizationQueryEncoding.Scalar8Bits
        ),
        8.0,
    ),
}


@cache
def _params(ef: int, times: float | None) -> qe.SearchParams:
    again = qe.QuantizationSearchParams(rescore=True, oversampling=times)
    return qe.SearchParams(hnsw_ef=ef, quantization=again)


_INDEXES: Mapping[str, Any] = {
    "number": qe.FloatIndexParams,
    "bool": qe.KeywordIndexParams,
    "string": qe.KeywordIndexParams,
    "location": qe.GeoIndexParams,
}
# How a value stands in the payload: one type for whole and broken numbers, so that one index
# holds both; words for booleans, since the binding (0.9.0) takes True for the number 1.
_FORMS: Mapping[str, Any] = {"number": float, "bool": str}


def _config(dim: int, fields: Sequence[str], quantization: Any) -> qe.EdgeConfig:
    full_scan_kb = EXACT_BELOW * dim * 4 // 1024
    vectors = {f: qe.EdgeVectorParams(size=dim, distance=qe.Distance.Cosine) for f in fields}
    return qe.EdgeConfig(
        vectors=vectors,
        sparse_vectors={_WORDS: qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)},
        hnsw_config=qe.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=full_scan_kb),
        quantization_config=quantization,
        optimizers=qe.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1),
        wal_enabled=False,  # the truth is our log
        # The caller's thread waits anyway, and waking one of several costs 0.1 ms a search.
        # Searches of several threads queue here; past some thousands a second, use a server.
        max_search_threads=1,
    )


def _payload(row: Row, schema: Mapping[str, Field]) -> dict[str, Any]:
    payload: dict[str, Any] = {}
    for name, value in flatten(row.metadata):
        field = schema.get(name)
        if field is None:
            continue
        form = _FORMS.get(field.type)
        if form is None:
            payload[field.slot] = value
        else:
            payload[field.slot] = (
                [form(v) for v in value] if isinstance(value, list) else form(value)
            )
    return payload


def _condition(where: Node | None, among: Sequence[int] | None) -> qe.Filter | None:
    must: list[Any] = [] if where is None else [_filter(where)]
    if among is not None:
        must.append(qe.HasIdCondition(set(among)))
    return qe.Filter(must=must) if must else None


def _filter(node: Node) -> qe.Filter:
    """The engine's form of a filter; `where.matches` is what it must mean."""
    if isinstance(node, All):
        return qe.Filter(must=[_filter(part) for part in node.parts])
    if isinstance(node, Any_):
        return qe.Filter(should=[_filter(part) for part in node.parts])
    if isinstance(node, Not):
        return qe.Filter(must_not=[_filter(node.part)])
    if isinstance(node, Exists):
        return qe.Filter(must_not=[qe.FieldCondition(node.field.slot, is_empty=True)])
    if isinstance(node, In):
        return _one_of(node)
    if isinstance(node, Near):
        circle = qe.GeoRadius(qe.GeoPoint(lon=node.lon, lat=node.lat), node.km * 1000)
        return qe.Filter(must=[qe.FieldCondition(node.field.slot, geo_radius=circle)])
    assert isinstance(node, Compare)
    span = qe.RangeFloat(**{node.op: node.value})
    return qe.Filter(must=[qe.FieldCondition(node.field.slot, range=span)])


def _one_of(node: In) -> qe.Filter:
    slot = node.field.slot
    if not node.values:
        return qe.Filter(must=[qe.HasIdCondition(set())])
    if node.field.type in ("string", "bool"):
        match = qe.MatchAny([str(value) for value in node.values])
        return qe.Filter(must=[qe.FieldCondition(slot, match=match)])
    spans = [qe.RangeFloat(gte=value, lte=value) for value in node.values]
    return qe.Filter(should=[qe.FieldCondition(slot, range=span) for span in spans])


@contextmanager
def _engine_errors() -> Iterator[None]:
    """A block in which the engine's failures, Rust panics too, are raised as `StorageError`."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit, MemoryError, StorageError):
        raise
    except BaseException as error:
        # A panic comes as a BaseException of the binding's own.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise StorageError(f"{ENGINE}: {error}") from error
        raise


def is_due(rows: int, unindexed: int) -> bool:
    """Whether building the graph pays: enough rows to need one, and a tenth of them outside."""
    return rows > EXACT_BELOW and unindexed > max(EXACT_BELOW / 2, rows / 10)
