"""`check_store`: what every backend must do. Each check is named by its docstring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cospace.errors import DuplicateId
from cospace.store.protocol import Lexical, Nearest, Request, Row, Store, one_by_one
from cospace.store.where import matches, parse
from cospace.testing.promised import (
    metadata_is_kept,
    promises_are_held,
    scan_goes_on,
    ties_are_cut_in_order,
)
from cospace.testing.remembering import weights_are_kept
from cospace.testing.rows import SPACE, fill, ids_of, sample, unit

__all__ = ["check_store"]

MakeStore = Callable[[], Store]


def check_store(make: MakeStore) -> None:
    """Run every check on a fresh store from `make`.

    Raises `AssertionError` that begins with the check that failed and its property.

    >>> from cospace.store.memory import MemoryStore
    >>> check_store(MemoryStore)
    """
    for check in _CHECKS:
        store = make()
        try:
            check(store)
        except AssertionError as error:
            raise AssertionError(f"{check.__name__}: {check.__doc__} {error}") from error
        finally:
            store.close()


@contextmanager
def _raises(kind: type[Exception]) -> Iterator[None]:
    try:
        yield
    except kind:
        return
    raise AssertionError(f"expected {kind.__name__}")


def empty_store(store: Store) -> None:
    """An empty store answers every query with nothing."""
    assert store.count() == 0
    assert store.get(["id-1"]) == [None]
    assert list(store.scan()) == []
    assert store.nearest("text", unit(1)[0], 5).keys == []
    assert store.lexical("armchair", 5).keys == []
    assert store.delete(["id-1"]) == 0


def rows_come_back(store: Store) -> None:
    """What is written comes back whole, in the order asked for, None for what is not there."""
    rows = sample()
    fill(store, rows)
    back = store.get(["id-7", "nothing", "id-3"], vectors=True)
    assert back[1] is None
    for expected, actual in ((rows[7], back[0]), (rows[3], back[2])):
        assert actual is not None
        assert (expected.id, expected.text, expected.hash) == (actual.id, actual.text, actual.hash)
        assert expected.metadata == actual.metadata
        assert expected.vectors.keys() == actual.vectors.keys()
        for field, vector in expected.vectors.items():
            assert np.array_equal(vector, actual.vectors[field])
    assert [row.id for row in rows] == [row.id for row in store.scan()]
    assert store.hashes(["id-7", "nothing"]) == {"id-7": rows[7].hash}


def odd_ids(store: Store) -> None:
    """Ids are opaque: quotes, slashes, newlines, emoji and 256 bytes make no difference."""
    ids = ["it's", 'say "x"', "../../etc", "a\nb", "\U0001f6b2", "x" * 256, "1", "%", "id; DROP"]
    vectors = unit(len(ids))
    rows = [Row(one, one, {}, {}, {"text": v}) for one, v in zip(ids, vectors, strict=True)]
    fill(store, rows)
    assert [row.id if row else None for row in store.get(ids)] == ids
    found = store.nearest("text", vectors[2], 1)
    assert ids_of(store, found.keys) == [ids[2]]
    assert store.delete(ids) == len(ids)
    assert store.count() == 0


def duplicate_ids(store: Store) -> None:
    """A duplicate id is refused and nothing of its batch is written; `replace` replaces."""
    rows = sample(10)
    fill(store, rows)
    extra = Row("extra", "x", {}, {}, {"text": unit(1)[0]})
    with _raises(DuplicateId):
        store.write([extra, rows[1]], replace=False)
    with _raises(DuplicateId):
        store.write([extra, extra], replace=True)
    assert store.get(["extra"]) == [None]
    changed = Row("id-1", "changed", {"price": 99}, {}, {"text": unit(1, 5)[0]})
    assert store.write([changed, extra], replace=True) == 1
    assert store.count() == 11
    back = store.get(["id-1"])[0]
    assert back is not None
    assert back.text == "changed"
    assert ids_of(store, store.nearest("text", unit(1, 5)[0], 1).keys) == ["id-1"]
    assert ids_of(store, store.lexical("changed", 5).keys) == ["id-1"]


def deleted_stays_deleted(store: Store) -> None:
    """A deleted row is in no answer any more, and its id may be used again."""
    rows = sample()
    fill(store, rows)
    assert ids_of(store, store.nearest("text", rows[5].vectors["text"], 1).keys) == ["id-5"]
    assert store.delete(["id-5", "id-5", "nothing"]) == 1
    assert store.get(["id-5"]) == [None]
    assert store.count() == len(rows) - 1
    assert "id-5" not in ids_of(store, store.nearest("text", rows[5].vectors["text"], 60).keys)
    assert "id-5" not in ids_of(store, store.lexical("number 5", 60).keys)
    store.write([rows[5]], replace=False)
    assert ids_of(store, store.nearest("text", rows[5].vectors["text"], 1).keys) == ["id-5"]


def nearest_is_cosine(store: Store) -> None:
    """`nearest` gives cosines, best first, of rows that have the field; each finds itself first."""
    rows = sample()
    fill(store, rows)
    for field in ("text", "image"):
        there = [row for row in rows if field in row.vectors]
        query = unit(1, 9)[0]
        found = store.nearest(field, query, 100)
        expected = sorted((float(row.vectors[field] @ query) for row in there), reverse=True)
        assert np.allclose(expected, found.scores, atol=1e-5)
        for row in there:
            best = store.nearest(field, row.vectors[field], 1)
            assert ids_of(store, best.keys) == [row.id]
            assert abs(best.scores[0] - 1) < 1e-5


def among_scores_given_keys(store: Store) -> None:
    """`among` scores exactly the keys given, for vectors and for words."""
    rows = sample()
    fill(store, rows)
    query = unit(1, 9)[0]
    full = store.nearest("text", query, 100)
    some = full.keys[10:20]
    within = store.nearest("text", query, 10, among=some)
    assert some == within.keys
    assert np.allclose(full.scores[10:20], within.scores, atol=1e-5)
    words = store.lexical("armchair", 100)
    assert set(words.keys[:3]) == set(store.lexical("armchair", 3, among=words.keys[:3]).keys)


def found_together(store: Store) -> None:
    """`find` gives for each of many requests what `nearest` and `lexical` give for it alone."""
    schema = fill(store, sample())
    where = parse({"new": True}, schema)
    vectors = unit(4, 11)
    requests: list[Request] = []
    for vector in vectors:
        requests += [Nearest("text", vector, 7), Nearest("image", vector, 60, where)]
        requests += [Nearest("text", vector, 3, None, [2, 3, 5]), Nearest("sound", vector, 3)]
    for text in ("armchair 17", "zeppelin", "", "number"):
        requests += [Lexical(text, 5), Lexical(text, 60, where), Lexical(text, 2, None, [2, 3])]
    assert store.find([]) == []
    assert store.find(requests) == one_by_one(store, requests)
    assert store.find(requests[::-1]) == one_by_one(store, requests[::-1])


def equal_rows_tie(store: Store) -> None:
    """Rows of equal vectors have equal scores, and come in the order in which they were written."""
    vectors, query = unit(3, 31), unit(1, 32)[0]
    fill(store, [Row(f"id-{i}", None, {}, {}, {"text": vectors[i % 3]}) for i in range(47)])
    found = store.nearest("text", query, 47)
    order = sorted(range(47), key=lambda i: (-float(vectors[i % 3] @ query), i))
    assert (ids_of(store, found.keys), len(set(found.scores))) == ([f"id-{i}" for i in order], 3)


def each_photo_finds_its_row(store: Store) -> None:
    """A row of several photos comes back whole, and is found once, by the nearest of them."""
    photos = unit(60, 21)
    names = ["image", "image 2", "image 3"]
    rows = [
        Row(f"p{i}", "lamp", {"price": i}, {}, dict(zip(names, photos[3 * i :], strict=False)))
        for i in range(15)
    ]
    single = [Row(f"s{i}", "lamp", {"price": i}, {}, {"image": photos[45 + i]}) for i in range(15)]
    schema = fill(store, single)
    assert ids_of(store, store.nearest("image", photos[45], 1).keys) == ["s0"]
    store.write(rows, replace=False)
    assert store.info().fields == {"image": 60}
    back = store.get(["p3"], vectors=True)[0]
    assert back is not None
    assert all(np.array_equal(back.vectors[name], rows[3].vectors[name]) for name in names)
    for row in [*rows, *single]:
        for photo in row.vectors.values():
            found = store.nearest("image", photo, 30)
            assert ids_of(store, found.keys)[0] == row.id
            assert abs(found.scores[0] - 1) < 1e-5
            assert len(found.keys) == len(set(found.keys)) == 30
            assert store.nearest("image", photo, 4).keys == found.keys[:4]
            best = [max(float(v @ photo) for v in r.vectors.values()) for r in [*rows, *single]]
            assert np.allclose(sorted(best, reverse=True), found.scores, atol=1e-5)
            some = found.keys[10:13]
            assert store.nearest("image", photo, 3, among=some).keys == some
    where = parse({"price": {"$lt": 5}}, schema)
    assert len(store.nearest("image", photos[0], 30, where=where).keys) == 10
    store.write([Row("p3", "lamp", {"price": 3}, {}, {"image": photos[10]})], replace=True)
    for photo, there in ((photos[9], False), (photos[10], True), (photos[11], False)):
        found = store.nearest("image", photo, 1)
        assert (ids_of(store, found.keys) == ["p3"] and found.scores[0] > 0.999) == there
    store.delete(["p4"])
    assert "p4" not in ids_of(store, store.nearest("image", photos[13], 60).keys)


def words_are_found(store: Store) -> None:
    """`lexical` finds words, codes and ids in any case; a rarer word counts more."""
    rows = sample()
    coded = Row("MK-1042", "Drill KX-4410B, boxed", {"brand": "Grendel"}, {}, {})
    fill(store, [*rows, coded])
    for query in ("kx-4410b", "KX4410B", "mk-1042", "grendel", "drill"):
        assert ids_of(store, store.lexical(query, 1).keys) == ["MK-1042"], query
    assert store.lexical("zeppelin", 5).keys == []
    assert store.lexical("", 5).keys == []
    both = store.lexical("armchair 17", 60)
    assert ids_of(store, both.keys)[0] == "id-17"
    assert both.scores == sorted(both.scores, reverse=True)
    assert all(score > 0 for score in both.scores)


FILTERS: list[dict[str, object]] = [
    {"price": 3},
    {"price": {"$lt": 3.5, "$gte": 1}},
    {"price": {"$in": [1.5, 2, 99]}},
    {"price": {"$in": []}},
    {"price": {"$nin": [1.5, 2]}},
    {"city": "Bremen"},
    {"city": {"$ne": "Bremen"}},
    {"city": {"$exists": False}},
    {"city": {"$exists": True}, "new": True},
    {"new": {"$ne": True}},
    {"tags": "t1"},
    {"tags": {"$in": ["t1", "u4"]}},
    {"size.width": {"$gt": 40}},
    {"place": {"$near": [50.2, 8.0], "$km": 12}},
    {"added": {"$gte": "2026-01-05"}},
    {"added": {"$gt": "2026-01-04T12:00:00", "$lte": "2026-01-09"}},
    {"added": {"$not": {"$lt": "2026-01-05T00:00:00+02:00"}}},
    {"$or": [{"city": "Kiel"}, {"price": {"$gt": 6}}]},
    {"$and": [{"city": "Kiel"}, {"$not": {"price": {"$gt": 2}}}]},
    {"price": {"$not": {"$gt": 2}}},
    {},
]


def filters_mean_the_same(store: Store) -> None:
    """Every filter lets through what `where.matches` says, in count, scan and search."""
    rows = sample()
    schema = fill(store, rows)
    query = unit(1, 3)[0]
    for where in FILTERS:
        node = parse(where, schema)
        expected = {row.id for row in rows if matches(node, row.metadata)}
        assert len(expected) == store.count(node), where
        assert expected == {row.id for row in store.scan(where=node)}, where
        dense = {row.id for row in rows if row.id in expected and "text" in row.vectors}
        found = ids_of(store, store.nearest("text", query, 100, where=node).keys)
        assert dense == set(found), where
        words = {row.id for row in rows if row.id in expected and row.text}
        assert words == set(ids_of(store, store.lexical("number", 100, where=node).keys)), where


BIG = 340123450000000010
_EDGES: list[dict[str, Any]] = [
    {"sscc": {"$in": [BIG, BIG + 1, 7]}},
    {"sscc": {"$nin": [BIG, BIG + 1, 7]}},
    {"sscc": {"$gt": 2**53}},
    {"sscc": {"$lte": -BIG}},
]
_EDGES += [
    {"day": {op: end}}
    for op in ("$gt", "$gte", "$lt", "$lte")
    for end in ("1969-12-31T23:59:59.999999", "2026-01-31", "9998-12-31T23:59:59.999998")
]
_EDGES += [{"sscc": {op: BIG + 3}} for op in ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte")]
_EDGES += [
    {"at": {"$near": [lat, lon], "$km": km}}
    for lat, lon in ((90, 0), (89.99, 10), (-90, 0), (0, 180), (0, -180), (45, 0))
    for km in (0.5, 20, 500)
]


def filters_hold_at_the_edges(store: Store) -> None:
    """Whole numbers past 2^53 and moments far off are told apart; the poles are on the map."""
    places = [(lat, lon) for lat in (90, 89.95, -90, 0, 45) for lon in (0, 180, -179.99)]
    numbers = [BIG + i for i in range(8)] + [-BIG - 1, -BIG, 7, 2**53, 2**53 + 1, 0.5, -1]
    vector = unit(1)[0]
    days = [
        "0001-01-01", "1969-12-31T23:59:59.999999", "1970-01-01", "2026-01-31", "2026-01-31T00:00Z",
        "2026-01-31T00:00:00.000001", "2026-01-30T23:30-01:00", "9998-12-31T23:59:59.999997",
        "9998-12-31T23:59:59.999998", "9998-12-31T23:59:59.999999", "9999-12-31", "2026-02-30",
        "2026", "", "2026-01-31 ",
    ]  # fmt: skip
    rows = [
        Row(
            f"id-{i}",
            None,
            {"sscc": n, "at": {"lat": float(lat), "lon": float(lon)}, "day": day},
            {},
            {"text": vector},
        )
        for i, (n, (lat, lon), day) in enumerate(zip(numbers, places, days, strict=True))
    ]
    schema = fill(store, rows)
    for where in _EDGES:
        node = parse(where, schema)
        expected = {row.id for row in rows if matches(node, row.metadata)}
        found = ids_of(store, store.nearest("text", vector, 100, where=node).keys)
        assert expected == set(found), where
        assert len(expected) == store.count(node), where


def an_empty_store_forgets_types(store: Store) -> None:
    """When all rows are gone, fields may have other types."""
    vector = unit(1)[0]
    fill(store, [Row("a", None, {"ean": 7, "new": True}, {}, {"text": vector})])
    assert store.delete(["a"]) == 1
    assert not store.schema.fields
    schema = fill(store, [Row("b", None, {"ean": "007", "new": 3}, {}, {"text": vector})])
    for where in ({"ean": "007"}, {"new": {"$gt": 2}}):
        node = parse(where, schema)
        assert store.count(node) == 1
        assert ids_of(store, store.nearest("text", vector, 5, where=node).keys) == ["b"]


def words_are_counted_as_they_are(store: Store) -> None:
    """After deletes and replacements, words weigh what they weigh in a store made anew."""
    many = [Row(f"v{i}", f"velvet armchair {i}", {}, {}, {"text": unit(1)[0]}) for i in range(30)]
    few = [Row(f"o{i}", f"oak armchair {i}", {}, {}, {"text": unit(1)[0]}) for i in range(4)]
    fill(store, [*many, *few])
    before = store.lexical("velvet oak", 50)
    assert ids_of(store, before.keys)[0][0] == "o"
    store.delete([row.id for row in many[1:]])
    store.write([Row("o0", "oak table", {}, {}, {"text": unit(1)[0]})], replace=True)
    after = store.lexical("velvet oak", 50)
    assert ids_of(store, after.keys)[0] == "v0"
    # One of the five rows that remain holds the one word, four hold the other.
    assert abs(after.spread - 5 * (1 - (1 - 1 / 5) * (1 - 4 / 5))) < 1e-9


def names_are_found(store: Store) -> None:
    """A code that few rows hold names them, with its part of the query; a common word does not."""
    rows = [
        Row(f"MK-{i}", f"lamp KX-{i % 20}A{i}", {}, {}, {"text": unit(1)[0]}) for i in range(40)
    ]
    fill(store, rows)
    for query in ("KX-3A23", "kx3a23", "kx 3a23"):
        [(key, part)] = store.lexical(query, 5).names.items()
        assert ids_of(store, [key]) == ["MK-23"]
        assert part > 0.99
    assert not store.lexical("lamp", 5).names
    assert not store.lexical("KX-3A23", 5, among=[key]).names


def info_adds_up(store: Store) -> None:
    """`info` counts items and vectors by field, and remembers space and schema."""
    rows = sample()
    schema = fill(store, rows)
    info = store.info()
    assert info.items == len(rows)
    assert info.fields == {"text": 54, "image": 20}
    assert info.space == SPACE
    assert info.schema.to_json() == schema.to_json()
    assert store.space == SPACE
    store.optimize()
    assert store.count() == len(rows)


_CHECKS: list[Callable[[Store], None]] = [
    empty_store,
    rows_come_back,
    odd_ids,
    duplicate_ids,
    deleted_stays_deleted,
    nearest_is_cosine,
    among_scores_given_keys,
    found_together,
    equal_rows_tie,
    each_photo_finds_its_row,
    words_are_found,
    filters_mean_the_same,
    filters_hold_at_the_edges,
    an_empty_store_forgets_types,
    words_are_counted_as_they_are,
    names_are_found,
    info_adds_up,
    weights_are_kept,
    promises_are_held,
    scan_goes_on,
    ties_are_cut_in_order,
    metadata_is_kept,
]
