"""Rows and filters for engines: what Hypothesis draws, and what an engine must find of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cospace.store.remote.engine import PHOTOS, Ask, Engine, Point
from cospace.store.remote.filters import valued
from cospace.store.schema import Field, Schema
from cospace.store.where import Node, matches, parse

LARGE = 2**53
NUMBERS = st.sampled_from(
    [0, -0.0, 1, 1.0, 2, 2.5, -3, 9, 300, 1e22, 10**22, LARGE - 1, LARGE, LARGE + 1, LARGE + 2,
     -LARGE - 1, 1e308]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["", " ", "a", "A", "a ", "Zürich", "日本語", "it's", 'say "x"', "b\\n", "1.0", "true", "+",
     "2026-01-31", "2026-01-31T09:30:00+02:00", "9999-12-31", "0001-01-01", "$in", "🙂"]
)  # fmt: skip
PLACES = st.builds(
    lambda lat, lon: {"lat": lat, "lon": lon},
    st.sampled_from([-90, -89.9, 0, 0.05, 53.07, 89.99, 90]),
    st.sampled_from([-180, -179.95, 0, 8.8, 179.9, 180]),
)


def lists_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, max_size=3))


METADATA = st.fixed_dictionaries(
    {},
    optional={
        "price": lists_of(NUMBERS),
        "city": lists_of(TEXTS),
        "new": lists_of(st.booleans()),
        "shop": st.fixed_dictionaries({"at": lists_of(PLACES)}),
    },
)
ROWS = st.lists(METADATA, min_size=1, max_size=8)


def _on(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    one = st.one_of(
        st.builds(lambda op, v: {op: v}, st.sampled_from(["$eq", "$ne"]), values),
        st.builds(
            lambda op, v: {op: v}, st.sampled_from(["$in", "$nin"]), st.lists(values, max_size=3)
        ),
        st.builds(lambda yes: {"$exists": yes}, st.booleans()),
    )  # fmt: skip
    return st.one_of(one, st.builds(lambda c: {"$not": c}, one)).map(lambda c: {field: c})


def _range(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    ops = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
    one = st.builds(lambda op, v: {op: v}, ops, values)
    return st.one_of(one, st.builds(lambda c: {"$not": c}, one)).map(lambda c: {field: c})


_DATES = st.sampled_from(["2026-01-31", "2026-01-31T07:30:00", "9999-12-31", "0001-01-01"])
_NEAR = st.builds(
    lambda at, km: {"$near": [at["lat"], at["lon"]], "$km": km},
    PLACES,
    st.sampled_from([0.001, 5, 12, 300, 9_000, 25_000]),
)
LEAVES = st.one_of(
    _on("price", NUMBERS),
    _range("price", NUMBERS),
    _on("city", TEXTS),
    _range("city", _DATES),
    _on("new", st.booleans()),
    _NEAR.map(lambda near: {"shop.at": near}),
    st.booleans().map(lambda yes: {"shop.at": {"$exists": yes}}),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$and": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$or": parts}),
        inner.map(lambda part: {"$not": part}),
    ),
    max_leaves=5,
)

# A schema that knows all fields, as after other rows.
SCHEMA = Schema()
SCHEMA.add(
    SCHEMA.learn(
        {"price": 1, "city": "a", "new": True, "shop": {"at": {"lat": 0, "lon": 0}}}, "first"
    )
)
FIELDS: list[Field] = list(SCHEMA.fields.values())


def units(n: int, dim: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """[n, dim], each of length 1."""
    drawn = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def points_of(rows: Sequence[dict[str, Any]], dim: int) -> list[Point]:
    """A point for each row, numbered as those of the keys 1, 2, ..."""
    vectors = units(len(rows), dim)
    return [
        Point((i + 1) * PHOTOS, vectors[i], valued(row, SCHEMA.fields))
        for i, row in enumerate(rows)
    ]


def check_filter(
    engine: Engine, rows: Sequence[dict[str, Any]], where: dict[str, Any], exact: bool
) -> None:
    """What the engine lets through holds all that matches, and no more where it is exact."""
    node: Node = parse(where, SCHEMA)
    vector = units(1, len(points_of(rows[:1], 8)[0].vector), seed=1)[0]
    (hits,) = engine.nearest([Ask("text", vector, 100, node)])
    found = {hit.number // PHOTOS - 1 for hit in hits}
    expected = {i for i, row in enumerate(rows) if matches(node, row)}
    assert found >= expected, where
    if exact:
        assert found == expected, where
