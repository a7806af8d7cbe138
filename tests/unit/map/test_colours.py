"""What colours a map: fields of the metadata by point."""

import numpy as np
import pytest

from cospace.errors import BadArgument
from cospace.map.colours import MISSING, OTHER, colours, fields
from cospace.store.protocol import Row
from cospace.store.schema import Schema

from .test_kept import a_map

METADATA = [
    {"kind": "lamp", "price": 3, "tags": ["b", "a"], "used": True, "seller": {"city": "Ulm"}},
    {"kind": "chair", "price": 1.5, "tags": [], "used": False, "at": {"lat": 1, "lon": 2}},
    {"kind": "lamp", "price": None, "seller": {"city": "Bonn"}},
    {},
]


def schema() -> Schema:
    found = Schema()
    for metadata in METADATA:
        found.add(found.learn(metadata, ""))
    return found


def rows(ids: list[str]) -> list[Row | None]:
    """The last item has gone."""
    known = dict(zip(a_map().ids, METADATA, strict=True))
    return [None if id == a_map().ids[3] else Row(id, metadata=known[id]) for id in ids]


def test_words_by_how_many_items_have_them():
    found = colours(a_map(), "kind", schema(), rows)
    assert ("lamp", "chair") == found.values
    assert found.codes is not None
    assert [0, 1, 0, MISSING] == found.codes.tolist()
    assert found.numbers is None


def test_numbers():
    found = colours(a_map(), "price", schema(), rows)
    assert found.numbers is not None
    assert np.array_equal([3, 1.5, np.nan, np.nan], found.numbers, equal_nan=True)
    assert found.codes is None


def test_lists_nested_fields_and_yes_or_no():
    assert ("b",) == colours(a_map(), "tags", schema(), rows).values
    assert ("Bonn", "Ulm") == colours(a_map(), "seller.city", schema(), rows).values
    assert ("no", "yes") == colours(a_map(), "used", schema(), rows).values


@pytest.mark.parametrize("count", [20, 21, 300])
def test_only_the_most_frequent_words_have_a_code(count: int):
    map = a_map(count + 1)
    words = Schema()
    words.add(words.learn({"word": "a"}, ""))
    at = {id: f"w{n:03}" for n, id in enumerate(map.ids[:-1])} | {map.ids[-1]: "w000"}
    found = colours(map, "word", words, lambda ids: [Row(i, metadata={"word": at[i]}) for i in ids])
    assert "w000" == found.values[0]
    assert found.codes is not None
    assert (count > 20) == (found.values[-1] == OTHER)
    assert min(count, 21) == len(found.values)
    assert max(0, count - 20) == (found.codes == 20).sum()


def test_places_and_unknown_fields_colour_nothing():
    assert "at" not in fields(schema())
    for name in ("at", "weight", ""):
        with pytest.raises(BadArgument, match="kind"):
            colours(a_map(), name, schema(), rows)
    with pytest.raises(BadArgument, match="there is none"):
        colours(a_map(), "kind", Schema(), rows)


def test_words_that_are_hardly_ever_the_same_are_not_offered():
    titled = Schema()
    titled.add(titled.learn({"title": "a", "kind": "b", "n": 1}, ""))
    sample = [{"title": f"t{n}", "kind": "ab"[n % 2], "n": n} for n in range(50)]
    assert ["kind", "n"] == fields(titled, sample)
    assert ["title", "kind", "n"] == fields(titled)
