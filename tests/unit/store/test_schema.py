from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadItem
from cospace.store.schema import Schema, flatten, is_location

PLACE = {"lat": 54.3, "lon": 10.1}


def learnt(*records: dict[str, Any]) -> Schema:
    schema = Schema()
    for record in records:
        schema.add(schema.learn(record, "x"))
    return schema


def test_types_are_learnt_from_the_first_value() -> None:
    record = {"n": 1, "f": 1.5, "b": True, "s": "x", "p": PLACE, "l": ["a"], "d": {"e": {"f": 2}}}
    types = {name: field.type for name, field in learnt(record).fields.items()}
    assert {
        "n": "number", "f": "number", "b": "bool", "s": "string", "p": "location", "l": "string",
        "d.e.f": "number",
    } == types  # fmt: skip


def test_learning_changes_nothing_until_it_is_taken_in() -> None:
    schema = learnt({"a": 1})
    copy = schema.copy()
    fields = schema.learn({"a": 2, "b": "x"}, "x")
    assert (["b"], {"a"}) == ([f.name for f in fields], set(schema.fields))
    schema.add(fields)
    assert ({"a", "b"}, {"a"}) == (set(schema.fields), set(copy.fields))


def test_a_slot_is_of_a_name_and_a_type_whoever_meets_it_first() -> None:
    schema = learnt({"a": 1}, {"b": {"c": 1, "d": "x"}}, {"e": 1, "a": 2})
    other = learnt({"e": 3}, {"b": {"d": "y"}})
    slots = {name: field.slot for name, field in schema.fields.items()}
    assert 4 == len(set(slots.values()))
    assert {"e": slots["e"], "b.d": slots["b.d"]} == {n: f.slot for n, f in other.fields.items()}
    assert learnt({"a": "x"}).fields["a"].slot != slots["a"]


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        (1, "x", "'a' is a string here, and a number elsewhere"),
        ("x", 1, "number here, and a string"),
        (True, 1, "number here, and a bool"),
        (1, True, "bool here, and a number"),
        (PLACE, "Kiel", "string here, and a location"),
        (["x"], [1], "number here, and a string"),
        ("x", [1, "x"], "mixed types"),
        (1, [1, True], "mixed types"),
    ],
)
def test_a_field_keeps_its_type(first: Any, then: Any, says: str) -> None:
    schema = learnt({"a": first})
    with pytest.raises(BadItem, match=says) as caught:
        schema.learn({"a": then}, "item-7")
    assert "item-7" == caught.value.name


def test_two_spellings_of_one_name_are_one_field() -> None:
    assert {"a.b"} == set(learnt({"a.b": 1, "a": {"b": 2}}).fields)
    with pytest.raises(BadItem):
        learnt({"a.b": 1, "a": {"b": "x"}})


def test_empty_lists_none_and_empty_dicts_say_nothing() -> None:
    assert {} == learnt({"a": [], "b": None, "c": {}}).fields
    assert "string" == learnt({"a": []}, {"a": ["x"]}).fields["a"].type
    schema = learnt({"a": 1})
    assert [] == schema.learn({"a": []}, "x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PLACE, True),
        ({"lat": 90, "lon": -180}, True),
        ({"lat": 90.1, "lon": 0}, False),
        ({"lat": 0, "lon": 181}, False),
        ({"lat": "1", "lon": 2}, False),
        ({"lat": True, "lon": 2}, False),
        ({"lat": 1}, False),
        ({"lat": 1, "lon": 2, "name": "x"}, False),
        ([1, 2], False),
        (None, False),
    ],
)
def test_a_location_is_a_pair_of_degrees(value: Any, expected: bool) -> None:
    assert expected == is_location(value)


def test_flatten_gives_leaves_by_dotted_name() -> None:
    record = {"a": 1, "b": {"c": [1], "d": {"e": None, "f": PLACE}}, "g": {}}
    assert [("a", 1), ("b.c", [1]), ("b.d.f", PLACE)] == flatten(record)


def test_a_dotted_name_that_is_there_twice_is_one_leaf() -> None:
    record = {"a.b": 1, "a": {"b": [2, 3]}, "c": {"d": PLACE}, "c.d": PLACE}
    assert [("a.b", [1, 2, 3]), ("c.d", [PLACE, PLACE])] == flatten(record)


@given(st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=3) | st.booleans()))
def test_a_record_comes_back_equal(record: dict[str, Any]) -> None:
    schema = learnt(record)
    assert schema.fields == Schema.from_json(schema.to_json()).fields
    assert [] == schema.learn(record, "x")
