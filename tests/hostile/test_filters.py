"""Filters: every fault is a `BadFilter` that names its place, and every store means the same."""

import math
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cospace.errors import BadFilter
from cospace.limits import override
from cospace.read.metadata import check_metadata
from cospace.space import Space
from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.store.protocol import Row, Store
from cospace.store.schema import Schema, flatten
from cospace.store.where import Node, distance_km, matches, parse

SCHEMA = Schema()
SCHEMA.add(
    SCHEMA.learn(
        {
            "price": 1.5, "city": "Kiel", "new": True, "size": {"width": 3},
            "place": {"lat": 1, "lon": 2}, "tags": ["a"],
        },
        "one",
    )
)  # fmt: skip


def deep(levels: int) -> dict[str, Any]:
    where: dict[str, Any] = {"price": 1}
    for _ in range(levels):
        where = {"$not": where}
    return where


def operators(levels: int) -> dict[str, Any]:
    where: dict[str, Any] = {"$gt": 1}
    for _ in range(levels):
        where = {"$not": where}
    return {"price": where}


# The filter, and what its refusal says: the place, then the fault.
BAD: list[tuple[Any, str]] = [
    # unknown names
    ({"prise": 1}, "where.prise: unknown field 'prise'; did you mean 'price'?"),
    ({"size.widht": 1}, "where.size.widht: unknown field 'size.widht'; did you mean 'size.width'?"),
    ({"size": 1}, "where.size: unknown field 'size'"),
    ({"xyzzy": 1}, "unknown field 'xyzzy'; there are city, new, place, price, size.width, tags"),
    ({"": 1}, "where.: unknown field ''"),
    ({"price": {"$lte ": 1}}, "where.price.$lte : unknown operator '$lte '; did you mean $lte?"),
    ({"price": {"gt": 1}}, "where.price.gt: unknown operator 'gt'; did you mean $gt?"),
    ({"price": {"$regex": ".*"}}, "where.price.$regex: unknown operator '$regex'"),
    ({"price": {"$where": "1"}}, "unknown operator '$where'"),
    ({"price": {1: 2}}, "where.price.1: unknown operator 1; there are $eq"),
    ({"price": {None: 2}}, "unknown operator None"),
    ({"$nor": []}, "where.$nor: expected the name of a field, $and, $or or $not"),
    ({"$gt": 1}, "where.$gt: expected the name of a field"),
    ({"$where": "sleep(1)"}, "where.$where: expected the name of a field"),
    ({1: 2}, "where.1: a field's name is a str, got 1"),
    ({None: 2}, "a field's name is a str, got None"),
    # wrong types
    ({"price": "300"}, "where.price: expected a number, got '300'"),
    ({"price": {"$lt": "300"}}, "where.price.$lt: expected a number, got '300'"),
    ({"price": True}, "where.price: expected a number, got True"),
    ({"price": None}, "where.price: expected a number, got None"),
    ({"price": [1, 2]}, "where.price: expected a number, got [1, 2]"),
    ({"price": math.nan}, "where.price: expected a number, got nan"),
    ({"price": {"$lt": math.inf}}, "where.price.$lt: expected a number, got inf"),
    ({"price": 10**400}, "where.price: expected a number, got 1000"),
    ({"price": {"$in": [1, "2"]}}, "where.price.$in: expected a number, got '2'"),
    ({"price": {"$in": 1}}, "where.price.$in: expected a list of values, got 1"),
    ({"price": {"$in": "12"}}, "where.price.$in: expected a list of values, got '12'"),
    ({"price": {"$in": {1: 2}}}, "where.price.$in: expected a list of values"),
    ({"price": {"$nin": None}}, "where.price.$nin: expected a list of values"),
    ({"price": {"$exists": 1}}, "where.price.$exists: expected true or false, got 1"),
    ({"price": {"$eq": {"$gt": 1}}}, "where.price.$eq: expected a number"),
    ({"city": 7}, "where.city: expected a string, got 7"),
    ({"city": {"$gt": "K"}}, "where.city.$gt: 'city' is a string, so a range needs a date"),
    ({"new": 1}, "where.new: expected a bool, got 1"),
    ({"new": "true"}, "where.new: expected a bool, got 'true'"),
    ({"new": {"$lt": True}}, "where.new.$lt: 'new' is a bool; ranges need a number"),
    ({"tags": ["a"]}, "where.tags: expected a string, got ['a']"),
    ({"price": {}}, "where.price: expected an operator"),
    ({"price": {"$not": 3, "$in": 4}}, "where.price.$in: expected a list"),
    # wrong shapes
    ([], "where: expected a dict of conditions, got []"),
    ("price < 3", "where: expected a dict of conditions, got 'price < 3'"),
    (7, "where: expected a dict"),
    (None, "where: expected a dict"),
    ({"$and": {}}, "where.$and: expected a list of conditions, got {}"),
    ({"$and": []}, "where.$and: expected a list of conditions, got []"),
    ({"$or": [{"price": 1}, 7]}, "where.$or[1]: expected a dict of conditions, got 7"),
    ({"$or": [{"price": 1}, {"city": 2}]}, "where.$or[1].city: expected a string, got 2"),
    ({"$and": [{"$or": [{"x": 1}]}]}, "where.$and[0].$or[0].x: unknown field"),
    ({"$not": [{"price": 1}]}, "where.$not: expected a dict of conditions"),
    ({"$not": {"new": 3}}, "where.$not.new: expected a bool, got 3"),
    # places
    ({"place": "Kiel"}, "where.place: a location takes"),
    ({"place": {"lat": 1, "lon": 2}}, "where.place.lat: unknown operator 'lat'"),
    ({"place": {"$eq": {"lat": 1, "lon": 2}}}, "where.place.$eq: a location takes"),
    ({"place": {"$near": [1, 2]}}, 'where.place: write {"$near": [lat, lon], "$km": 10}'),
    ({"place": {"$km": 3}}, "where.place.$km: unknown operator '$km'"),
    ({"place": {"$near": [1, 2], "$km": 3, "$gt": 1}}, "and nothing beside it"),
    ({"place": {"$near": [1], "$km": 3}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [1, 2, 3], "$km": 3}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": "12", "$km": 3}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": {"lat": 1, "long": 2}, "$km": 3}}, "where.place.$near: expected [lat"),
    ({"place": {"$near": [1, "2"], "$km": 3}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [1, True], "$km": 3}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [math.nan, 2], "$km": 3}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [1, 2], "$km": "3"}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [1, 2], "$km": math.inf}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [1, 2], "$km": 10**400}}, "where.place.$near: expected [lat, lon]"),
    ({"place": {"$near": [1, 2], "$km": 0}}, "where.place.$near: lat is -90..90"),
    ({"place": {"$near": [1, 2], "$km": -1}}, "$km above 0"),
    ({"place": {"$near": [91, 2], "$km": 1}}, "lat is -90..90"),
    ({"place": {"$near": [1, 181], "$km": 1}}, "lon -180..180"),
    ({"price": {"$near": [1, 2], "$km": 1}}, "where.price.$near: 'price' is a number, not a"),
    # sizes
    ({"price": {"$in": list(range(10_000))}}, "where.price.$in: more than 1024 clauses"),
    ({"$or": [{"price": i} for i in range(10_000)]}, "more than 1024 clauses in one filter"),
    (deep(16), "nested more than 16 levels deep"),
    (deep(900), "nested more than 16 levels deep"),
    (operators(17), "nested more than 16 levels deep"),
    (operators(900), "nested more than 16 levels deep"),
]  # fmt: skip


@pytest.mark.parametrize(("where", "says"), BAD, ids=lambda x: ascii(x)[:40])
def test_what_is_wrong_is_named_with_its_place(where: Any, says: str) -> None:
    with pytest.raises(BadFilter) as caught:
        parse(where, SCHEMA)
    assert says in str(caught.value)
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 1000


def test_the_limits_can_be_changed_and_are_exact() -> None:
    parse({"price": {"$in": list(range(1022))}}, SCHEMA)
    with pytest.raises(BadFilter):
        parse({"price": {"$in": list(range(1023))}}, SCHEMA)
    parse(deep(15), SCHEMA)
    with override(filter_clauses=2, filter_depth=2):
        parse({"$not": {"price": 1}}, SCHEMA)
        with pytest.raises(BadFilter, match="more than 2 clauses"):
            parse({"price": 1, "city": "a", "new": True}, SCHEMA)
        with pytest.raises(BadFilter, match="more than 2 levels"):
            parse({"$not": {"$not": {"price": 1}}}, SCHEMA)


def test_a_long_or_odd_value_is_shown_short_and_plain() -> None:
    for value in ("x" * 10_000_000, "\ud800\u202e\x1b[31m", b"\xff" * 1000, object()):
        with pytest.raises(BadFilter) as caught:
            parse({"price": value}, SCHEMA)
        assert str(caught.value).isascii()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 120


INJECTIONS = [
    "x' OR 1=1 --", "'; DROP TABLE items; --", '" or ""="', "%", "_", "*", "$gt", '{"$gt": 0}',
    "\\", "${jndi:ldap://x}", "{{7*7}}", "__class__", "lc", "../..", "a\nb", "🚲", "\u202e", "",
    " ", "NULL", "true", "0", "Kiel'", "KIEL", "kiel",
]  # fmt: skip


# --- one meaning in every store ---

FIELDS = ["num", "flag", "word", "place", "box.num", "rare"]
NUMBERS = [
    0, -0.0, 1, 1.0, 1.5, -3, 7, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 1e308, -1e308, 5e-324, 0.1,
    1700000000000000001, 1700000000000000000,
]  # fmt: skip
WORDS = ["Kiel", "kiel", "Bremen", "Kiel Bremen", *INJECTIONS]
PLACES = [
    (0.0, 0.0), (54.32, 10.13), (53.08, 8.80), (90.0, 0.0), (-90.0, 5.0), (0.0, 180.0),
    (0.0, -180.0), (89.9, 120.0), (10.0, 179.9), (10.0, -179.9), (-33.9, 151.2),
]  # fmt: skip


def metadata_of(at: random.Random) -> dict[str, Any]:
    def one_or_more(values: list[Any]) -> Any:
        if at.random() < 0.7:
            return at.choice(values)
        return [at.choice(values) for _ in range(at.randint(0, 3))]

    places = [{"lat": lat, "lon": lon} for lat, lon in PLACES]
    record: dict[str, Any] = {}
    if at.random() < 0.8:
        record["num"] = one_or_more(NUMBERS)
    if at.random() < 0.8:
        record["flag"] = one_or_more([True, False])
    if at.random() < 0.8:
        record["word"] = one_or_more(WORDS)
    if at.random() < 0.8:
        # A list of places stands in metadata from other sources; check_metadata takes single ones.
        record["place"] = at.choice(places)
    if at.random() < 0.8:
        record["box"] = {"num": one_or_more(NUMBERS)}
    if at.random() < 0.1:
        record["rare"] = at.choice(WORDS)
    return record


ROWS = 120


class Stores(NamedTuple):
    """The same rows in each store."""

    rows: list[Row]
    made: list[Store]

    def __repr__(self) -> str:
        return "Stores"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    at = random.Random(0)
    unit = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("f4")
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    rows = [
        Row(f"id-{i}", f"thing {i}", check_metadata(metadata_of(at)), {}, {"text": unit[i]})
        for i in range(ROWS)
    ]
    made: list[Store] = [
        MemoryStore(),
        LocalStore(tmp_path_factory.mktemp("filters") / "a.cospace"),
    ]
    for store in made:
        schema = Schema()
        for row in rows:
            schema.add(schema.learn(row.metadata, row.id))
        store.extend(Space.of("filters", 4), schema)
        store.write(rows, replace=False)
    yield Stores(rows, made)
    for store in made:
        store.close()


numbers = st.sampled_from(NUMBERS) | st.integers(-(2**63), 2**63) | st.floats(-1e9, 1e9)
words = st.sampled_from(WORDS) | st.text(max_size=5)


def compared(values: st.SearchStrategy[Any]) -> list[st.SearchStrategy[Any]]:
    several = st.lists(values, max_size=4)
    return [
        values,
        st.fixed_dictionaries({}, optional={"$eq": values, "$in": several}),
        st.fixed_dictionaries({"$exists": st.booleans()}, optional={"$eq": values}),
        st.fixed_dictionaries({}, optional={"$ne": values, "$nin": several}),
    ]  # fmt: skip


def ranges() -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {}, optional=dict.fromkeys(["$gt", "$gte", "$lt", "$lte"], numbers)
    )


near = st.builds(
    lambda place, km: {"$near": list(place), "$km": km},
    st.sampled_from(PLACES) | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    st.floats(0.01, 25_000),
)
by_field: dict[str, st.SearchStrategy[Any]] = {
    "num": st.one_of(*compared(numbers), ranges()),
    "box.num": st.one_of(*compared(numbers), ranges()),
    "flag": st.one_of(compared(st.booleans())),
    "word": st.one_of(compared(words)),
    "rare": st.one_of(compared(words)),
    "place": near | st.fixed_dictionaries({"$exists": st.booleans()}),
}


def negated(conditions: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Conditions of a field, at times within $not; none that is empty, which is refused."""
    whole = conditions.filter(lambda c: c != {})
    return whole | whole.map(lambda c: {"$not": c})


leaves = st.one_of(
    [st.fixed_dictionaries({name: negated(values)}) for name, values in by_field.items()]
)
filters = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda op, parts: {op: parts},
            st.sampled_from(["$and", "$or"]),
            st.lists(inner, min_size=1, max_size=3),
        ),
        st.builds(lambda part: {"$not": part}, inner),
        st.builds(lambda a, b: {**a, **b}, inner, inner),
    ),
    max_leaves=5,
)  # fmt: skip


def edges(where: Any) -> list[tuple[float, float, float]]:
    """Every circle in a filter."""
    if isinstance(where, list):
        return [circle for part in where for circle in edges(part)]
    if not isinstance(where, dict):
        return []
    found = [circle for part in where.values() for circle in edges(part)]
    if "$near" in where:
        found.append((*where["$near"], where["$km"]))
    return found


@settings(max_examples=250)
@given(filters)
@example({"num": 2**53 + 1})
@example({"num": {"$in": [1700000000000000000]}})
@example({"num": {"$nin": []}})
@example({"word": ""})
@example({"place": {"$near": [0.0, 180.0], "$km": 10}})
@example({"place": {"$near": [69.95, -60.0], "$km": 5000}})
def test_every_store_means_what_matches_says(stores: Any, where: dict[str, Any]) -> None:
    rows, made = stores
    for lat, lon, km in edges(where):
        # On the rim of a circle, rounding decides.
        assume(all(abs(distance_km(lat, lon, *p) - km) > 0.01 * km + 0.001 for p in PLACES))
        # The engine misses places on the far side of a pole when the circle is a small one.
        assume(km > 1000 or (90 - abs(lat)) * 111.2 > km)
    try:
        node = parse(where, made[0].schema)
    except BadFilter as error:
        assume("expected a number" not in str(error))
        raise
    expected = [row.id for row in rows if matches(node, row.metadata)]
    for store in made:
        assert expected == [row.id for row in store.scan(where=node)], type(store).__name__
        assert len(expected) == store.count(node), type(store).__name__
        found = store.nearest("text", rows[0].vectors["text"], ROWS, where=node)
        assert sorted(expected) == sorted(r.id for r in store.rows(found.keys).values())


@pytest.mark.parametrize("text", INJECTIONS)
def test_strings_are_only_strings(text: str, stores: Any) -> None:
    rows, made = stores
    expected = [
        row.id
        for row in rows
        if text in (v if isinstance(v := row.metadata.get("word", []), list) else [v])
    ]
    assert expected
    for store in made:
        for where in ({"word": text}, {"word": {"$in": [text]}}, {"word": {"$eq": text}}):
            assert expected == [row.id for row in store.scan(where=parse(where, store.schema))]
            assert len(expected) == store.count(parse(where, store.schema))


json_like: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.binary(max_size=3)
    | st.sampled_from(["price", "city", "new", "place", "tags"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["price", "city", "new", "place", "size.width", "$and", "$or", "$not", "$eq", "$ne",
             "$gt", "$lte", "$in", "$nin", "$exists", "$near", "$km", "x"]
        ) | st.text(max_size=4) | st.integers() | st.none(),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=400)
@given(json_like)
def test_anything_at_all_is_parsed_or_refused(where: Any) -> None:
    try:
        node: Node = parse(where, SCHEMA)
    except BadFilter as error:
        assert str(error).startswith("where")
        return
    for metadata in ({}, {"price": 1, "city": "Kiel"}, {"new": [], "place": {"lat": 1, "lon": 2}}):
        assert matches(node, metadata) in (True, False)


def test_hostile_metadata_is_only_data() -> None:
    """Keys that mean something elsewhere: a field like any other."""
    record = {
        "__class__": "x",
        "lc": 1,
        "$gt": 2,
        "a.b": 3,
        "a": {"b": 4, "c[0]": 5},
        "__proto__": 6,
    }
    kept = check_metadata(record)
    schema = Schema()
    schema.add(schema.learn(kept, "one"))
    assert {"__class__", "lc", "$gt", "a.b", "a.c[0]", "__proto__"} == set(schema.fields)
    assert [[3, 4]] == [value for name, value in flatten(kept) if name == "a.b"]
    asked = [("__class__", "x"), ("lc", 1), ("a.c[0]", 5), ("a.b", 3), ("a.b", 4), ("__proto__", 6)]
    for name, value in asked:
        assert matches(parse({name: value}, schema), kept)
    with pytest.raises(BadFilter):  # a name that begins with $ is no field in a filter
        parse({"$gt": 2}, schema)
