"""The vector engine: everything of qdrant-edge that decides what is found stands in this file.

A shard holds one point a row: its number is the row's key, its named vectors are the row's
fields (of several photos one multivector) and "words" (BM25), its payload the schema's slots.
Nothing here is the truth: a shard is built from it, and thrown away on any doubt.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import qdrant_edge as qe

from cospace.errors import StorageError
from cospace.item import kind_of
from cospace.store.counts import Counts
from cospace.store.edge_filter import condition, filter_of
from cospace.store.payload import DATES, payload_of
from cospace.store.protocol import Found, Lexical, Nearest, Request, Row
from cospace.store.schema import Field
from cospace.store.where import Node
from cospace.store.words import FEW, VERSION, asked, document

__all__ = [
    "BUILD",
    "ENGINE",
    "EXACT_BELOW",
    "QUANTIZATIONS",
    "SEGMENT_ROWS",
    "SEVERAL",
    "Edge",
    "build_graph",
]

ENGINE = f"qdrant-edge {version('qdrant-edge-py')}"

# An index that was built otherwise is built anew.
BUILD = f"{ENGINE}, words {VERSION}, dates"

# Up to this many rows a search compares with every one of them: measured 2.5 ms for 20,000 x 384
# on 2 cores (bench/curve.py), and nothing is ever missed.
EXACT_BELOW = 20_000
# Candidates that the graph walks through for one search: bench/curve.py.
_EF = 88
_WORDS = "words"
SEVERAL = "*"  # ends the name of a field in which rows may have several vectors
_BEST = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
# Rows of one graph. While one is built its rows are held twice, and what comes later makes a
# graph of its own, or with a small one, instead of all anew. A search asks each graph.
SEGMENT_ROWS = 250_000


class Edge:
    """One shard in `folder`, for the given vector fields of `dim` numbers.

    `language` is that of the words. A field whose name ends with SEVERAL takes rows of several
    vectors: 0.5 ms a search and 16 s a graph instead of 0.25 and 6.5 (30,000 x 384).

    `exact` searches compare with every row; otherwise the graph is walked, over copies that
    `quantization` made smaller, and what it finds is scored again with the full vectors.
    """

    def __init__(
        self,
        folder: Path,
        *,
        dim: int,
        fields: Sequence[str],
        create: bool,
        quantization: str,
        language: str,
    ) -> None:
        self.layout = tuple(fields)
        self.fields = tuple(field.removesuffix(SEVERAL) for field in fields)
        self._several = {field.removesuffix(SEVERAL) for field in fields if field.endswith(SEVERAL)}
        self._rescored = QUANTIZATIONS[quantization][1]
        self._language = language
        self._counts_file = folder / "words.counts"
        self._counts = Counts() if create else Counts.load(self._counts_file)
        # Rows with keys above this one are new to the shard.
        self.newest = -1 if create else sys.maxsize
        with _engine_errors:
            config = _config(dim, self.layout, QUANTIZATIONS[quantization][0])
            make = qe.EdgeShard.create if create else qe.EdgeShard.load
            self._shard = make(str(folder), config)
            self._slots = set(self._shard.info().payload_schema)

    # --- writing ---

    def learn(self, fields: Iterable[Field]) -> None:
        """Index the payload slots of those metadata fields that are not indexed yet."""
        with _engine_errors:
            for field in fields:
                self._index(field.slot, field.type)

    def _index(self, slot: str, kind: str) -> None:
        if slot not in self._slots:
            params = _INDEXES[kind]()
            self._shard.update(qe.UpdateOperation.create_field_index(slot, params))
            self._slots.add(slot)

    def put(self, changes: Sequence[tuple[int, Row]], schema: Mapping[str, Field]) -> None:
        """Insert or replace rows by key."""
        words = [document(row.id, row.text, row.metadata, self._language) for _, row in changes]
        payloads = [payload_of(row, schema) for _, row in changes]
        points = [
            qe.Point(key, _vector(row, held, self._several), payload)
            for (key, row), held, payload in zip(changes, words, payloads, strict=True)
        ]
        self._forget([key for key, _ in changes])
        with _engine_errors:
            for slot in {slot for payload in payloads for slot in payload}:
                if slot.endswith(DATES):
                    self._index(slot, "number")
            self._shard.update(qe.UpdateOperation.upsert_points(points))
        self._counts.add(words)
        self.newest = max([self.newest, *(key for key, _ in changes)])

    def drop(self, keys: Sequence[int]) -> None:
        """Forget rows by key."""
        self._forget(keys)
        with _engine_errors:
            self._shard.update(qe.UpdateOperation.delete_points(list(keys)))

    def _forget(self, keys: Sequence[int]) -> None:
        """Take the words of rows that are there, and will go, off the counts."""
        old: list[Any] = [key for key in keys if key <= self.newest]
        if old:
            with _engine_errors:
                records: list[Any] = self._shard.retrieve(old, False, [_WORDS])
            self._counts.remove(r.vector[_WORDS].indices for r in records if _WORDS in r.vector)

    def tidy(self) -> None:
        """What `build_graph` does, here: of few rows, that is done in a moment."""
        with _engine_errors:
            _optimize(self._shard)

    def flush(self) -> None:
        """Bring everything to the disk."""
        with _engine_errors:
            self._shard.flush()
        self._counts.save(self._counts_file)

    def close(self) -> None:
        """Flush and let go of the folder."""
        with _engine_errors:
            self._shard.close()

    # --- asking ---

    def size(self) -> int:
        """How many rows there are; known, where `count` would go through all of them."""
        with _engine_errors:
            return int(self._shard.info().points_count)

    def count(self, where: Node) -> int:
        """How many rows pass the filter."""
        with _engine_errors:
            return self._shard.count(qe.CountRequest(exact=True, filter=filter_of(where)))

    def keys(self, where: Node, limit: int) -> list[int]:
        """The keys of rows that pass the filter, at most `limit` of them."""
        request = qe.ScrollRequest(limit=limit, filter=filter_of(where), with_payload=False)
        with _engine_errors:
            records, _ = self._shard.scroll(request)
        return [int(record.id) for record in records]

    def find(self, requests: Sequence[Request], *, exact: bool) -> list[Found]:
        """What each request finds, in their order: one call to the engine for many of them.

        A filter can cut the graph into islands. What found fewer rows there than it asked for
        is compared with every row, which cannot miss.
        """
        found: list[Found] = []
        for start in range(0, len(requests), _AT_ONCE):
            found += self._cut(requests[start : start + _AT_ONCE], exact)
        if not exact:
            short = [
                place
                for place, one in enumerate(requests)
                if one.where and len(found[place].keys) < one.k and isinstance(one, Nearest)
            ]
            again = self.find([requests[place] for place in short], exact=True) if short else []
            for place, one in zip(short, again, strict=True):
                found[place] = one
        return found

    def _cut(self, requests: Sequence[Request], exact: bool) -> list[Found]:
        """What each request finds; of equally near rows at the end of it, the oldest.

        The engine leaves open which of equal rows it gives. So it is asked for one more, and
        where that one is as near as the last, for twice as many.
        """
        more = [one._replace(k=one.k + 1) if _is_dense(one) else one for one in requests]
        found = self._find(more, exact)
        for place, one in enumerate(requests):
            if not _is_dense(one):
                continue
            here, limit = found[place], one.k + 1
            while one.k and len(here.keys) == limit and _is_tied(here, one.k) and limit < _TIED:
                limit = min(2 * limit, _TIED)
                [here] = self._find([one._replace(k=limit)], exact)
            found[place] = Found(here.keys[: one.k], here.scores[: one.k])
        return found

    def _find(self, requests: Sequence[Request], exact: bool) -> list[Found]:
        posed = [
            self._nearest(one, exact) if isinstance(one, Nearest) else self._lexical(one)
            for one in requests
        ]
        queries = [query for one in posed for query in one.queries]
        if not queries:
            return [one.answer([]) for one in posed]
        with _engine_errors:
            answers = iter(self._shard.query_batch(qe.QueryBatchRequest(queries)))
        return [one.answer([next(answers) for _ in one.queries]) for one in posed]

    def _lexical(self, request: Lexical) -> _Asked:
        """The engine's form of a request: the words, and each name that can be in it."""
        text, k, where, among, unknown, meant = request
        terms = asked(text, self._counts, unknown, self._language, meant)
        if not terms.weights:
            return _Asked([])
        passing = condition(where, among)
        queries = [_sparse(terms.weights, k, passing)]
        names = {} if among is not None else terms.names
        queries += [_sparse({name: 1.0}, FEW, passing) for name in names]
        return _Asked(queries, names=list(names.values()), spread=terms.spread)

    def _nearest(self, request: Nearest, exact: bool) -> _Asked:
        """The engine's form of a request; an empty one where no row has such a vector."""
        field, vector, k, where, among = request
        if field not in self.fields:
            return _Asked([])
        query = qe.QueryRequest(
            limit=k,
            # A list: the binding takes twice the time to read an array.
            query=qe.Query.Nearest(vector.tolist(), using=field),
            filter=None if where is None and among is None else condition(where, among),
            params=_EXACT
            if exact or among is not None
            else _params(max(_EF, k), self._rescored, where is not None),
        )
        return _Asked([query], cosines=True)


# So many equally near rows are put in order; of more the engine's choice is taken.
_TIED = 16_384
# Requests that go to the engine in one call. It holds Python's lock until it has answered, so
# more than these would keep other threads waiting.
_AT_ONCE = 64


def _is_dense(one: Request) -> bool:
    return isinstance(one, Nearest)


def _is_tied(found: Found, k: int) -> bool:
    """Whether the row behind the first `k` is as near as the last of them."""
    return found.scores[k - 1] == found.scores[-1]


class _Asked(NamedTuple):
    """The engine's queries for one request, and how its answers become what was asked for."""

    queries: list[qe.QueryRequest]
    cosines: bool = False
    names: Sequence[float] = ()
    spread: float = 0.0

    def answer(self, answers: Sequence[Sequence[qe.ScoredPoint]]) -> Found:
        """The first answer as it is; of the others, which rows hold the names."""
        if not answers:
            return Found([], [])
        found = _found(answers[0], self.cosines)
        if self.cosines:
            return found
        names: dict[Any, float] = {}
        for part, holders in zip(self.names, answers[1:], strict=True):
            for point in holders:
                names[point.id] = names.get(point.id, 0.0) + part
        return found._replace(spread=self.spread, names=names)


def _sparse(words: Mapping[int, float], k: int, condition: qe.Filter | None) -> qe.QueryRequest:
    vector = qe.SparseVector(list(words), list(words.values()))
    return qe.QueryRequest(limit=k, query=qe.Query.Nearest(vector, using=_WORDS), filter=condition)


def _vector(row: Row, words: Mapping[int, float], several: Collection[str]) -> dict[str, Any]:
    vector: dict[str, Any] = {}
    for name, one in row.vectors.items():
        if (field := kind_of(name)) in several:
            vector.setdefault(field, []).append(one.tolist())
        else:
            vector[field] = one.tolist()
    if words:
        vector[_WORDS] = qe.SparseVector(list(words), list(words.values()))
    return vector


def build_graph(folder: Path) -> None:
    """Build the graph and the compact copies of a shard that nobody has open.

    Takes about 20 s for 100,000 x 384. The shard's folder says how. Raises `StorageError`.
    """
    with _engine_errors:
        shard = qe.EdgeShard.load(str(folder))
        _optimize(shard)
        shard.close()


def _optimize(shard: Any) -> None:
    shard.optimize()
    # Only now the engine (0.9.0) lets go of what the graph replaced, on the disk and in memory.
    shard.flush()


def _found(points: Sequence[qe.ScoredPoint], cosines: bool) -> Found:
    """Keys and scores, best first."""
    # The engine leaves the order of equal scores open; by key it is the same every time.
    pairs: list[tuple[float, Any]] = sorted([(-p.score, p.id) for p in points])
    if cosines and pairs and (pairs[0][0] < -1 or pairs[-1][0] > 1):  # rounding
        pairs = [(min(1.0, max(-1.0, score)), key) for score, key in pairs]
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
def _params(ef: int, times: float | None, filtered: bool) -> qe.SearchParams:
    again = qe.QuantizationSearchParams(rescore=True, oversampling=times)
    # A row that does not pass still leads on to those behind it (ACORN). Without, a filter that
    # 10% of 100,000 rows pass finds 75 of 100, and one that 50% pass 92; with, 98.9 and 98.7.
    through = qe.AcornSearchParams(enable=True, max_selectivity=1.0) if filtered else None
    return qe.SearchParams(hnsw_ef=ef, quantization=again, acorn=through)


_INDEXES: Mapping[str, Any] = {
    "number": qe.FloatIndexParams,
    "bool": qe.KeywordIndexParams,
    "string": qe.KeywordIndexParams,
    "location": qe.GeoIndexParams,
}


def _config(dim: int, fields: Sequence[str], quantization: Any) -> qe.EdgeConfig:
    full_scan_kb = EXACT_BELOW * dim * 4 // 1024
    vectors = {}
    for field in fields:
        several = _BEST if field.endswith(SEVERAL) else None
        params = qe.EdgeVectorParams(dim, qe.Distance.Cosine, multivector_config=several)
        vectors[field.removesuffix(SEVERAL)] = params
    return qe.EdgeConfig(
        vectors=vectors,
        sparse_vectors={_WORDS: qe.EdgeSparseVectorParams()},
        hnsw_config=qe.HnswIndexConfig(
            m=16,
            ef_construct=100,
            full_scan_threshold=full_scan_kb,
            # No further graphs for the values of fields: at a million rows they take longer than
            # the graph itself, and a field that comes later has none. See `_params`.
            payload_m=0,
        ),
        quantization_config=quantization,
        optimizers=qe.EdgeOptimizersConfig(
            default_segment_number=1,
            indexing_threshold=1,
            max_segment_size=SEGMENT_ROWS * dim * 4 // 1024,
        ),
        wal_enabled=False,  # the truth is our log
        # The caller's thread waits anyway, and waking one of several costs 0.1 ms a search.
        # Searches of several threads queue here; past some thousands a second, use a server.
        max_search_threads=1,
    )


class _EngineErrors:
    """A block in which the engine's failures, Rust panics too, are told as `StorageError`."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if error is None or isinstance(error, MemoryError | StorageError):
            return
        # A panic comes as a BaseException of the binding's own.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise StorageError(f"{ENGINE}: {error}") from error


# One for all: a search enters it, and making a new one each time costs more than the entering.
_engine_errors = _EngineErrors()


def is_small(rows: int) -> bool:
    """Whether a search compares with every row, so that there is no graph to build."""
    return rows <= EXACT_BELOW


def is_due(rows: int, unindexed: int) -> bool:
    """Whether building the graph pays: enough rows to need one, and a tenth of them outside.

    And whether tidying does: the engine (0.9.0) keeps each version of a row that is written again,
    on the disk and in memory, until it builds. Few rows that change all day would fill both.
    """
    if unindexed > rows + EXACT_BELOW / 2:
        return True
    return rows > EXACT_BELOW and unindexed > max(EXACT_BELOW / 2, rows / 10)
