"""How much of the truth the approximate index of a collection finds, filter by filter.

The exact answer compares each question with every stored vector, read from the truth and not from
the index. Recall@k is the share of the exact first k that the index gives among its first k.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count, check_texts
from cospace.collection.collection import check_collection
from cospace.errors import BadArgument
from cospace.item import kind_of
from cospace.limits import limit
from cospace.measures.bootstrap import Interval, check_seed, mean_interval
from cospace.progress import Meter, Watch, metered
from cospace.store.columnar import columnar
from cospace.store.columns import Columns
from cospace.store.masks import passing
from cospace.store.protocol import Found, Nearest
from cospace.store.where import Node, matches, parse
from cospace.topk import TopK, products

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["FilterRecall", "IndexRecall", "index_recall"]

SHARES = (0.5, 0.1, 0.01, 0.001)  # of the items, that filters are looked for to let through
_NEAR = 2.0  # a filter stands for a share when it lets through at most twice, or half, as many
_AS_GOOD = 1e-5  # a hit whose score equals that of the last exact one is as good as it
_BLOCK = 2_048  # rows that are compared together
_AT_ONCE = 64  # questions that the index is asked together
_LEAST = 10  # items that must pass a filter

Where = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FilterRecall:
    """What the index finds of one field under one filter (None: all items).

    `share` of the items pass it, `passing` in number. `recall` is the mean over questions with its
    95% interval, `worst` the least of a question. `ms` is the time a question, in batches.
    """

    field: str
    where: Where | None
    passing: int
    share: float
    recall: Interval
    worst: float
    ms: float

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        names = ("field", "passing", "share", "worst", "ms")
        where = None if self.where is None else dict(self.where)
        record = {name: getattr(self, name) for name in names}
        return {**record, "where": where, "recall": self.recall.to_json()}


@dataclass(frozen=True, slots=True)
class IndexRecall:
    """All filters of all fields; `questions` says what was asked."""

    name: str
    k: int
    questions: str
    asked: int
    results: tuple[FilterRecall, ...]
    notes: tuple[str, ...] = ()

    @property
    def least(self) -> float:
        """The lowest mean recall."""
        return min(one.recall.value for one in self.results)

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "name": self.name,
            "k": self.k,
            "questions": self.questions,
            "asked": self.asked,
            "least": self.least,
            "results": [one.to_json() for one in self.results],
            "notes": list(self.notes),
        }


class _Filter(NamedTuple):
    where: Where | None
    node: Node | None


def index_recall(
    collection: Collection,
    queries: Sequence[str] | None = None,
    *,
    k: int = 10,
    sample: int = 200,
    where: Where | None = None,
    seed: int = 0,
    progress: Watch = None,
) -> IndexRecall:
    """Recall@k of the collection's index against an exact search, by the share that filters pass.

    `queries` are texts, encoded as questions. Without them, stored vectors are drawn with `seed`,
    at most `sample` a field, and each looks for its neighbours, itself left out: these lie among
    the items, where questions lie beside them, so give real questions where there are some.
    Filters that let through about 50%, 10%, 1% and 0.1% are made of the collection's own metadata,
    where it has such; `where` is one that you want to know of besides. Vectors are read once.

    A filter that nothing passes is not measured, and `notes` say so.

    Raises `BadArgument` for a collection without two items to compare, `BadFilter`.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["1", "2", "3"], documents=["a chair", "a rake", "a lamp"])
    >>> index_recall(shop, k=1).least
    1.0
    """
    store = check_collection(collection).store
    check_seed(seed)
    k, sample = check_count("k", k, most=limit("max_k") - 1), check_count("sample", sample)
    queries = None if queries is None else check_texts("queries", queries)
    fields = [field for field, held in store.info().holders.items() if held]
    if queries is not None:
        fields = [field for field in fields if field in _askable(collection)]
    if not fields:
        raise BadArgument(f"{collection.name} holds no vectors that could be asked for")
    filters, notes = _filters(collection, where)
    asked = _questions(collection, fields, queries, sample, seed)
    results: list[FilterRecall] = []
    total = store.info().items
    with metered(progress, len(fields) * (total + len(filters) * sample), "steps") as meter:
        for field in fields:
            exact = _exact(collection, field, asked[field], filters, k, meter)
            for one, best in zip(filters, exact, strict=True):
                if not any(best.ids):
                    what = "is there to be found" if one.where is None else f"passes {one.where}"
                    notes.append(f"no other item with {field} {what}: not measured")
                else:
                    results.append(_measured(collection, field, asked[field], one, best, (k, seed)))
                meter.add(sample)
    if not results:
        raise BadArgument(f"{collection.name}: nothing could be measured; {'; '.join(notes)}")
    what = "texts, as questions" if queries is not None else "stored vectors, themselves left out"
    count = max(len(asked[field].vectors) for field in fields)
    return IndexRecall(collection.name, k, what, count, tuple(results), tuple(notes))


# --- questions ---


class _Drawn(NamedTuple):
    vectors: NDArray[np.float32]  # [q, dim]
    own: list[str]  # the id of the item that each is of; "" for a question


def _askable(collection: Collection) -> set[str]:
    """The fields that a text is compared with."""
    from cospace.collection.query import query_of

    return set(query_of("a", collection, None, None).vectors)


def _questions(
    collection: Collection,
    fields: Sequence[str],
    queries: Sequence[str] | None,
    sample: int,
    seed: int,
) -> dict[str, _Drawn]:
    if queries is not None:
        rows = collection.asker.encode_query(queries).normalized
        return {field: _Drawn(rows, [""] * len(rows)) for field in fields}
    rng = np.random.default_rng(seed)
    kept: dict[str, list[tuple[str, NDArray[np.float32]]]] = {field: [] for field in fields}
    seen = dict.fromkeys(fields, 0)
    for row in collection.store.scan(vectors=True):
        for field in fields:
            if field not in row.vectors:
                continue
            seen[field] += 1
            # Reservoir sampling (Vitter, 1985, algorithm R): each item is drawn alike.
            if len(kept[field]) < sample:
                kept[field].append((row.id, row.vectors[field]))
            elif (at := int(rng.integers(seen[field]))) < sample:
                kept[field][at] = (row.id, row.vectors[field])
    return {
        field: _Drawn(np.stack([v for _, v in some]), [id for id, _ in some])
        for field, some in kept.items()
    }


# --- filters ---


def _filters(collection: Collection, where: Where | None) -> tuple[list[_Filter], list[str]]:
    """No filter, the one that was given, and one for each share that the metadata can pass."""
    schema = collection.store.schema
    found = [_Filter(None, None)]
    if where:
        found.append(_Filter(where, parse(where, schema)))
    store = columnar(collection.store)
    if store is None:
        return found, ["this store keeps no columns, so no filters were made"]
    columns = store.columns()
    items = max(1, int(columns.alive.sum()))
    candidates = list(_candidates(columns))
    notes = []
    for share in SHARES:
        near = [
            (abs(math.log(passed / items / share)), at)
            for at, (_, passed) in enumerate(candidates)
            if passed >= _LEAST and abs(math.log(passed / items / share)) <= math.log(_NEAR)
        ]
        if items * share < _LEAST:
            continue
        if not near:
            notes.append(f"no filter of one field lets through about {100 * share:g}% of the items")
            continue
        chosen = candidates[min(near)[1]][0]
        node = parse(chosen, schema)
        if int(passing(columns, node).sum()) >= _LEAST:
            found.append(_Filter(chosen, node))
    return found, notes


def _candidates(columns: Columns) -> Iterator[tuple[Where, int]]:
    """Filters of one field, and how many items pass: a value each, and ends of ranges."""
    for name, column in columns.fields.items():
        alive = columns.alive[column.rows]
        if not alive.any() or isinstance(column.values[0], tuple):
            continue
        held = column.held(alive)
        if isinstance(column.values[0], int | float) and not isinstance(column.values[0], bool):
            values = np.sort(column.numbers.values[column.codes[alive]])
            for share in SHARES:
                end = float(values[min(len(values) - 1, int(share * len(columns.alive)))])
                below = int(np.searchsorted(values, end))
                yield {name: {"$lt": int(end) if end.is_integer() else end}}, below
            continue
        for code in np.argsort(-held, kind="stable")[:200].tolist():
            yield {name: column.values[code]}, int(held[code])


# --- exact, and not ---


class _Best(NamedTuple):
    ids: list[list[str]]  # the exact first k of each question
    last: list[float]  # the score of the last of them
    passing: int


def _exact(
    collection: Collection,
    field: str,
    drawn: _Drawn,
    filters: Sequence[_Filter],
    k: int,
    meter: Meter,
) -> list[_Best]:
    vectors, own = drawn
    tops = [TopK(len(vectors), k + 1) for _ in filters]
    passed = [0] * len(filters)
    ids: list[str] = []
    for block in _blocks(collection, field, meter):
        starts = np.cumsum([0, *(len(rows) for _, _, rows in block)])[:-1]
        # An item of several photos is as near as the nearest of them.
        scores = products(vectors, np.concatenate([rows for _, _, rows in block]))
        scores = np.maximum.reduceat(scores, starts, axis=1)
        numbers = np.arange(len(ids), len(ids) + len(block))
        ids += [id for id, _, _ in block]
        for at, one in enumerate(filters):
            node = one.node
            mask = [node is None or matches(node, metadata) for _, metadata, _ in block]
            there = np.flatnonzero(mask)
            if len(there):
                passed[at] += len(there)
                tops[at].add(len(there), _of(scores, there), numbers=numbers[there])
    best = []
    for top, count in zip(tops, passed, strict=True):
        found = top.found()
        first, last = [], []
        for row, score, mine in zip(found.rows, found.scores, own, strict=True):
            named = zip(row.tolist(), score.tolist(), strict=True)
            both = [(ids[n], s) for n, s in named if ids[n] != mine][:k]
            first.append([id for id, _ in both])
            last.append(both[-1][1] if both else 0.0)
        best.append(_Best(first, last, count))
    return best


def _of(
    scores: NDArray[np.float32], there: NDArray[np.intp]
) -> Callable[[slice, slice], NDArray[np.float32]]:
    taken = scores[:, there]
    return lambda q, r: taken[q, r]


def _blocks(
    collection: Collection, field: str, meter: Meter
) -> Iterator[list[tuple[str, Mapping[str, Any], NDArray[np.float32]]]]:
    """(id, metadata, vectors [m, dim]) of all items that have the field, some together."""
    block = []
    for row in collection.store.scan(vectors=True):
        rows = [vector for name, vector in row.vectors.items() if kind_of(name) == field]
        meter.add(1)
        if rows:
            block.append((row.id, row.metadata, np.stack(rows)))
            if len(block) == _BLOCK:
                yield block
                block = []
    if block:
        yield block


def _measured(
    collection: Collection,
    field: str,
    drawn: _Drawn,
    one: _Filter,
    best: _Best,
    setting: tuple[int, int],
) -> FilterRecall:
    store, (k, seed) = collection.store, setting
    vectors, own = drawn
    requests = [Nearest(field, vector, k + 1, one.node) for vector in vectors]
    answers: list[Found] = []
    seconds = 0.0
    for start in range(0, len(requests), _AT_ONCE):
        began = time.perf_counter()
        answers += store.find(requests[start : start + _AT_ONCE])
        seconds += time.perf_counter() - began
    rows = store.rows(list({key for each in answers for key in each.keys}))
    recalls: list[float] = []
    for each, first, last, mine in zip(answers, best.ids, best.last, own, strict=True):
        if not first:
            continue
        hits = [
            (rows[key].id, score)
            for key, score in zip(each.keys, each.scores, strict=True)
            if key in rows and rows[key].id != mine
        ][:k]
        right = sum(id in first or score >= last - _AS_GOOD for id, score in hits)
        recalls.append(min(1.0, right / len(first)))
    figure = mean_interval(recalls, seed=seed)
    share = best.passing / max(1, store.info().items)
    worst = min(recalls)
    return FilterRecall(
        field, one.where, best.passing, share, figure, worst, 1_000 * seconds / len(requests)
    )
