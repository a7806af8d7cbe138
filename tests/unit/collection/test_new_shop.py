"""A filter on a field that no item has yet: in a new shop it finds nothing, and raises nothing."""

from typing import Any

import pytest

import cospace as cs
from cospace.errors import BadFilter
from cospace.limits import override

NOTHING: list[dict[str, Any]] = [
    {"price": 3},
    {"price": {"$lt": 3}},
    {"city": {"$in": ["Kiel"]}},
    {"city": {"$exists": True}},
    {"place": {"$near": [50, 8], "$km": 3}},
    {"sold": {"$not": {"$ne": True}}},
    {"$or": [{"price": 3}, {"city": "Kiel"}]},
    {"price": {"$gt": 1, "$ne": 2}},
]
ALL: list[dict[str, Any]] = [
    {"sold": {"$ne": True}},
    {"city": {"$nin": ["Kiel"]}},
    {"city": {"$exists": False}},
    {"price": {"$not": {"$gt": 2}}},
    {"$not": {"price": 3}},
    {},
]


@pytest.mark.parametrize("items", [0, 2])
def test_a_field_that_no_item_has_is_nowhere(empty: cs.Collection, items: int) -> None:
    for n in range(items):
        empty.add(cs.Item(f"A{n}", "a red lamp"))
    for where in NOTHING:
        assert 0 == empty.count(where), where
        assert [] == list(empty.search("lamp", where=where)), where
        assert [] == empty.get(where=where)
    for where in ALL:
        assert items == empty.count(where) == len(empty.search("lamp", where=where)), where


def test_it_is_found_once_an_item_has_it(empty: cs.Collection) -> None:
    where = {"price": {"$lt": 3}}
    assert 0 == empty.count(where)
    empty.add(cs.Item("A1", "a lamp", {"price": 2}))
    assert ["A1"] == [hit.id for hit in empty.search("lamp", where=where)]
    with pytest.raises(BadFilter, match="unknown field 'prize'"):
        empty.count({"prize": 3})
    empty.delete("A1")
    assert 0 == empty.count({"prize": 3})


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"price": {}}, "expected an operator"),
        ({"price": {"$lessthan": 3}}, "unknown operator"),
        ({"price": {"$lt": 3, "x": 3}}, "unknown operator"),
        ({"price": {"$not": {"$not": {"$not": {"$not": 3}}}}}, "levels deep"),
        ({"$price": 3}, "expected the name of a field"),
    ],
)
def test_a_filter_that_is_wrong_is_refused_all_the_same(
    empty: cs.Collection, where: dict[str, Any], told: str
) -> None:
    with override(filter_depth=3), pytest.raises(BadFilter, match=told):
        empty.count(where)


@pytest.mark.parametrize("where", [{"sold": {"$ne": True}}, {"sold": {"$nin": []}}])
def test_what_is_said_of_no_field_deletes_nothing(
    empty: cs.Collection, where: dict[str, Any]
) -> None:
    empty.add(cs.Item("A1", "a lamp"))
    with pytest.raises(BadFilter):
        empty.delete(where=where)
    assert 1 == len(empty)
