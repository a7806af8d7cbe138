"""Orders: browsing and sorted matches agree, pages join up, the best matches alone are sorted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.sorting import order_of, sorted_by
from cospace.errors import BadArgument, BadFilter
from cospace.store.protocol import Row
from cospace.store.where import kilometres
from cospace.testing import tiny_model

PLACE = {"lat": 47.0, "lon": 15.0}
VALUES = st.one_of(st.none(), st.integers(-3, 3), st.lists(st.integers(-3, 3), max_size=3))
TEXTS = st.sampled_from(
    ["oak", "Oak", "ash", "2026-01-31", "2026-01-31T09:00:00", "2026-01-31T00:00Z", "2025-01-01"]
)
PLACES = st.fixed_dictionaries({"lat": st.floats(40, 50), "lon": st.floats(10, 20)})
ROWS = st.lists(
    st.fixed_dictionaries({}, optional={"n": VALUES, "t": TEXTS, "p": PLACES}), max_size=8
)
SORTS = st.sampled_from(["n", "-n", "t", "-t", "distance", "-distance"])


def shop_of(rows: list[dict[str, Any]]) -> cs.Collection:
    shop = cs.open(":memory:")
    full = {"n": 1, "t": "a", "p": dict(PLACE)}
    vectors = cs.Vectors(np.ones((len(rows) + 1, 2)), cs.Space.of("mine", 2))
    shop.add_vectors(["full", *map(str, range(len(rows)))], vectors, metadata=[full, *rows])
    shop.delete(["full"]) if rows else None
    return shop


@settings(max_examples=60, deadline=None)
@given(ROWS.filter(bool), SORTS, st.integers(1, 4))
def test_browsing_sorts_as_matches_are_sorted_and_pages_join_up(rows, sort, k):
    shop = shop_of(rows)
    items = list(shop)
    order = order_of(sort, shop.store.schema, shop._place(PLACE))
    expected = sorted_by([Row(item.id, metadata=item.metadata) for item in items], order)
    whole = shop.browse(sort=sort, near=PLACE, k=50)
    assert [items[at].id for at in expected] == whole.ids
    pages = [shop.browse(sort=sort, near=PLACE, offset=at, k=k) for at in range(0, len(rows), k)]
    assert whole.ids == [id for page in pages for id in page.ids]
    assert {len(rows)} == {page.total for page in pages}


@pytest.mark.parametrize("sort", ["t", "-t"])
def test_one_moment_written_in_two_ways_leaves_items_as_they_are(sort):
    shop = shop_of([{"t": "2026-01-31T00:00Z"}, {"t": "2026-01-31"}, {"t": "2026-01-31T00:00Z"}])
    assert ["0", "1", "2"] == shop.browse(sort=sort).ids


def test_a_place_is_found_under_a_name_with_a_dot():
    near, far = {"lat": 47.0, "lon": 15.0}, {"lat": 10.0, "lon": 15.0}
    for metadata in ([{"geo.at": far}, {"geo.at": near}], [{"geo": {"at": far}}, {"geo.at": near}]):
        shop = cs.open(":memory:", model=tiny_model())
        shop.add(ids=["far", "near"], documents=["a chair", "a chair"], metadatas=metadata)
        assert ["near", "far"] == shop.search("a chair", sort="distance", near=near).ids
        assert kilometres(shop["near"].metadata, ("geo.at", 47.0, 15.0)) == 0.0


def test_an_item_that_lacks_the_field_is_at_the_end_in_both_directions():
    shop = shop_of([{"n": 2}, {}, {"n": 1}])
    assert (["2", "0", "1"], ["0", "2", "1"]) == (
        shop.browse(sort="n").ids,
        shop.browse(sort="-n").ids,
    )


def test_a_filter_and_a_place_say_what_is_browsed():
    far = {"lat": 10.0, "lon": 15.0}
    shop = shop_of([{"n": 1, "p": dict(PLACE)}, {"n": 2, "p": far}, {"n": 3, "p": far}])
    assert ["0"] == shop.browse(near={**PLACE, "km": 5}).ids
    assert ["2", "1"] == shop.browse({"n": {"$gt": 1}}, sort="-n").ids
    found = shop.browse({"n": {"$gt": 1}}, near={**far, "km": 1, "field": "p"}, k=1)
    assert (["1"], 2) == (found.ids, found.total)


@pytest.mark.parametrize("sort", ["", "-", "smell", "p", 7])
def test_what_cannot_be_sorted_by_says_why(sort):
    with pytest.raises(BadArgument, match="sort"):
        shop_of([{"n": 1, "p": dict(PLACE)}]).browse(sort=sort)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"sort": "distance"}, BadArgument),
        ({"k": -1}, BadArgument),
        ({"k": 5_000}, BadArgument),
        ({"offset": -1}, BadArgument),
        ({"where": {"smell": 1}}, BadFilter),
    ],
)
def test_what_cannot_be_browsed_says_why(given, error):
    with pytest.raises(error):
        shop_of([{"n": 1}]).browse(**given)


THINGS = {
    "Oak chair with arms": 40,
    "Rocking chair": 90,
    "Folding chair": 15,
    "Blue lamp KX-4410B": 20,
    "Green cup": 2,
    "Steel rake": 8,
    "Yellow rubber duck": 1,
}


@pytest.fixture(scope="module")
def shop():
    with cs.open(":memory:", model="starter") as made:
        rows = [{"price": price} for price in THINGS.values()]
        made.add(ids=list(THINGS), documents=list(THINGS), metadatas=rows)
        yield made


def test_the_cheapest_chair_is_no_cup(shop):
    found = shop.search("chair", sort="price")
    assert ["Folding chair", "Oak chair with arms", "Rocking chair"] == found.ids
    assert 3 == found.sorted_among
    assert found.ids[::-1] == shop.search("chair", sort="-price").ids


def test_it_is_said_when_not_all_are_sorted_and_how_to_have_the_others(shop):
    found = shop.search("chair", sort="price")
    assert (3, 7) == (found.sorted_among, found.total)
    [note] = found.notes
    assert "3 of 7 items; for the others leave out sort" in note
    [told] = found.to_json()["note_codes"]
    assert {"code": "sorted_few", "sorted": 3, "total": 7} == told
    cheap = {"price": {"$lte": 20}}
    few = shop.search(cs.Parts(text="chair", like="Green cup"), sort="price", where=cheap)
    assert 4 == few.total, "what it is like is not found, so it is not missed"
    assert 7 == len(shop.search("chair", 50)) == shop.browse(sort="price").total


def test_nothing_is_said_when_all_are_sorted(shop):
    found = shop.search("chair", sort="price", where={"price": {"$in": [15, 40]}})
    assert ((), 2, 2) == (found.notes, found.sorted_among, found.total)


def test_pages_of_sorted_matches_are_of_one_set(shop):
    pages = [shop.search("chair", 1, offset=at, sort="price") for at in range(4)]
    assert shop.search("chair", sort="price").ids == [id for page in pages for id in page.ids]
    assert {3} == {page.sorted_among for page in pages}


def test_a_code_is_alone_with_what_holds_it(shop):
    assert ["Blue lamp KX-4410B"] == shop.search("chair KX-4410B", sort="price").ids


def test_by_words_and_with_explanation(shop):
    found = shop.search("chair", by="words", sort="-price", explain=True)
    assert "Rocking chair" == found.ids[0]
    assert {"words"} == {why.list for hit in found for why in hit.why}


def test_sorting_and_reranking_do_not_go_together(shop):
    with pytest.raises(BadArgument, match="sort or rerank"):
        shop.search("chair", sort="price", rerank="reranker")


def test_near_without_a_distance_leaves_nothing_out():
    space = cs.Space.of("mine", 2)
    with cs.open(":memory:") as made:
        rows = [{"at": {"lat": 10.0 * n, "lon": 0.0}} for n in range(6)]
        vectors = cs.Vectors([[1.0, 1.0]] * 3 + [[1.0, -1.0]] * 3, space)
        made.add_vectors(["a", "b", "c", "x", "y", "z"], vectors, metadata=rows)
        asked = cs.Vectors([[1.0, 1.0]], space)
        near = {"lat": 20, "lon": 0}
        assert ["c", "b", "a"] == made.search(asked, near=near, sort="distance").ids
        assert ["c"] == made.search(asked, near={**near, "km": 9}).ids
        assert ["c", "b", "a"] == made.search(asked, near=[20, 0.0], sort="distance").ids
        with pytest.raises(BadArgument, match="near is"):
            made.search(asked, near=[20, 0, 9])


def test_a_place_is_written_alike_beside_a_filter_and_in_it():
    far = {"lat": 10.0, "lon": 15.0}
    shop = shop_of([{"n": 1, "p": dict(PLACE)}, {"n": 2, "p": far}])
    both = {"lat": np.float32(10), "lon": 15}, (10, 15)
    for place in both:
        assert ["1"] == shop.browse({"p": {"$near": place, "$km": 1}}).ids
        assert ["1", "0"] == shop.browse(near=place, sort="distance").ids
