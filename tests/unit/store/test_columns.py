"""Columns mean what `matches` means, follow each commit, and sort as one key says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.store.columns import Columns, order_key
from cospace.store.masks import passing
from cospace.store.protocol import Row
from cospace.store.schema import Field, Schema
from cospace.store.truth import Change
from cospace.store.where import In, matches, parse

NUMBERS = st.one_of(
    st.integers(-5, 5),
    st.floats(-5, 5, allow_nan=False),
    st.sampled_from([2**53, 2**53 + 1, -(2**60), 0.1, -0.0]),
)
TEXTS = st.sampled_from(["oak", "Ash", "", "2026-01-31", "2026-01-31T09:30:00", "ä", "2026-13-01"])
PLACES = st.fixed_dictionaries({"lat": st.floats(-90, 90), "lon": st.floats(-180, 180)})


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, st.lists(values, max_size=3), st.none())


METADATA = st.fixed_dictionaries(
    {},
    optional={
        "n": some(NUMBERS),
        "t": some(TEXTS),
        "b": some(st.booleans()),
        "p": some(PLACES),
        "in": st.fixed_dictionaries({}, optional={"n": some(NUMBERS)}),
        "in.n": some(NUMBERS),
    },
)


def leaf() -> st.SearchStrategy[dict[str, Any]]:
    ranges = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
    dates = st.sampled_from(["2026-01-31", "2026-02-01"])
    return st.one_of(
        st.builds(lambda name, v: {name: v}, st.sampled_from(["n", "in.n"]), NUMBERS),
        st.builds(lambda op, v: {"n": {op: v}}, ranges, NUMBERS),
        st.builds(lambda op, v: {"t": {op: v}}, ranges, dates),
        st.builds(lambda op, v: {"t": {op: v}}, st.sampled_from(["$eq", "$ne"]), TEXTS),
        st.builds(lambda op, v: {"t": {op: v}}, st.sampled_from(["$in", "$nin"]), st.lists(TEXTS)),
        st.builds(lambda v: {"b": v}, st.booleans()),
        st.builds(lambda name, v: {name: {"$exists": v}}, st.sampled_from("ntbp"), st.booleans()),
        st.builds(
            lambda p, km: {"p": {"$near": [p["lat"], p["lon"]], "$km": km}},
            PLACES,
            st.floats(0.001, 30_000),
        ),
    )


FILTERS = st.recursive(
    leaf(),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"$and": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"$or": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"$not": part}, inner),
    ),
    max_leaves=6,
)


def schema() -> Schema:
    made = Schema()
    full = {"n": 1, "t": "a", "b": True, "p": {"lat": 0, "lon": 0}, "in": {"n": 1}}
    made.add(made.learn(full, ""))
    return made


def changes(rows: dict[int, dict[str, Any]]) -> list[Change]:
    return [Change(key, Row(f"id{key}", metadata=metadata)) for key, metadata in rows.items()]


@settings(max_examples=200, deadline=None)
@given(st.lists(METADATA, max_size=8), FILTERS)
def test_a_filter_over_columns_is_matches(rows, where):
    node = parse(where, schema())
    columns = Columns().after(changes(dict(enumerate(rows))), ())
    assert [matches(node, row) for row in rows] == passing(columns, node).tolist()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.integers(0, 5), METADATA, max_size=4),
            st.sets(st.integers(0, 5), max_size=3),
        ),
        max_size=6,
    ),
    FILTERS,
)
def test_columns_that_follow_hold_what_columns_made_anew_hold(steps, where):
    node = parse(where, schema())
    columns, now = Columns(), {}
    for put, gone in steps:
        columns = columns.after([], gone).after(changes(put), ())
        now = {key: row for key, row in now.items() if key not in gone} | put
    mask = passing(columns, node)
    assert {k for k, row in now.items() if matches(node, row)} == set(columns.keys[mask].tolist())
    assert sorted(now) == sorted(columns.keys[columns.alive].tolist())


def test_a_field_may_have_another_type_when_nothing_holds_it_any_more():
    columns = Columns().after(changes({1: {"n": "oak"}}), ()).after([], {1})
    columns = columns.after(changes({2: {"n": 3}}), ())
    assert [3] == columns.fields["n"].values


def test_what_was_read_before_stays_as_it_was():
    before = Columns().after(changes({1: {"t": "oak"}}), ())
    before.after(changes({2: {"t": "ash"}, 1: {"t": "elm"}}), ())
    assert ([1], [True]) == (before.keys.tolist(), before.alive.tolist())
    assert [0] == before.fields["t"].codes.tolist()


def test_a_value_that_another_thread_adds_meanwhile_is_held_by_nothing():
    columns = Columns().after(changes({1: {"t": "oak"}}), ())

    class Added(str):
        """A text that is stored while a filter looks it up."""

        __slots__ = ()

        def __hash__(self) -> int:
            columns.after(changes({2: {"t": str(self)}}), ())
            return str.__hash__(self)

    node = In(Field("t", "string", ""), (Added("ash"), "oak"))
    assert [True] == passing(columns, node).tolist()


@given(st.lists(st.one_of(TEXTS), max_size=8))
def test_values_are_sorted_by_one_key(values):
    rows = {at: {"t": value} for at, value in enumerate(values)}
    columns = Columns().after(changes(rows), ())
    if values:
        column = columns.fields["t"]
        by_column = np.argsort(column.order[column.codes], kind="stable").tolist()
        assert sorted(range(len(values)), key=lambda at: order_key(values[at])) == by_column


@pytest.mark.parametrize("kind", ["memory", "folder"])
def test_each_commit_is_followed(kind: str, tmp_path: Path):
    place = ":memory:" if kind == "memory" else tmp_path / "a.cospace"
    space = cs.Space.of("mine", 2)
    with cs.open(place) as shop:

        def add(ids: list[str], city: str) -> None:
            vectors = cs.Vectors([[1.0, 0.0]] * len(ids), space)
            rows = [{"city": city} for _ in ids]
            shop.add_vectors(ids, vectors, metadata=rows, replace=True)

        def cities() -> dict[str, int]:
            return dict(shop.facets(fields=["city"])["city"].values) if len(shop) else {}

        assert [] == shop.browse().ids
        add(["1", "2", "3"], "Graz")
        assert {"Graz": 3} == cities()
        add(["2"], "Bonn")
        assert {"Graz": 2, "Bonn": 1} == cities()
        shop.delete(["1"])
        assert {"Graz": 1, "Bonn": 1} == cities()
        if kind == "folder":
            shop.store.compact()
            shop.delete(["2"])
            shop.store.compact()
            assert {"Graz": 1} == cities()
            with cs.open(place, read_only=True) as beside:
                assert {"Graz": 1} == dict(beside.facets(fields=["city"])["city"].values)
                add(["9"], "Wien")
                assert {"Graz": 1, "Wien": 1} == dict(beside.facets(fields=["city"])["city"].values)
        assert shop.browse().ids == [item.id for item in shop]


def test_only_what_changed_is_read_again(monkeypatch, tmp_path: Path):
    from cospace.store.truth import Truth

    read: list[int] = []
    whole = Truth.changed

    def counted(self: Truth, *given: Any, **more: Any) -> Any:
        page = whole(self, *given, **more)
        if not more["vectors"]:  # the index reads with them
            read.append(len(page))
        return page

    monkeypatch.setattr(Truth, "changed", counted)
    with cs.open(tmp_path / "a.cospace") as shop:
        space = cs.Space.of("mine", 2)
        ids = [str(n) for n in range(50)]
        shop.add_vectors(ids, cs.Vectors([[1.0, 0.0]] * 50, space))
        shop.facets()
        assert 50 == sum(read)
        read.clear()
        shop.facets()
        assert [] == read
        shop.add_vectors(["new"], cs.Vectors([[1.0, 0.0]], space))
        shop.facets()
        assert 1 == sum(read)


def test_a_reading_that_was_broken_off_begins_anew(monkeypatch, tmp_path: Path):
    from cospace.store import truth

    monkeypatch.setattr(truth, "_PAGE", 10)
    broken = iter([False, False, True])

    def after(self: Columns, *given: Any) -> Columns:
        if next(broken, False):
            raise MemoryError
        return whole(self, *given)

    whole = Columns.after
    monkeypatch.setattr(Columns, "after", after)
    with cs.open(tmp_path / "a.cospace") as shop:
        space = cs.Space.of("mine", 2)
        ids = [str(n) for n in range(50)]
        rows = [{"n": n} for n in range(50)]
        shop.add_vectors(ids, cs.Vectors([[1.0, 0.0]] * 50, space), metadata=rows)
        with pytest.raises(MemoryError):
            shop.facets()
        assert 50 == shop.facets().items
        assert ids == shop.browse(k=50).ids
