"""Facets: counts that leave a field's own condition out, bins that hold everything."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.bins import binned
from cospace.errors import BadArgument, BadFilter
from cospace.testing import tiny_model

CITIES = ("Graz", "Bonn", "Wien")


def shop_of(rows: list[dict[str, Any]]) -> cs.Collection:
    shop = cs.open(":memory:")
    vectors = cs.Vectors(np.ones((len(rows), 2)), cs.Space.of("mine", 2))
    shop.add_vectors([str(at) for at in range(len(rows))], vectors, metadata=rows)
    return shop


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(CITIES), st.integers(0, 9)), min_size=1, max_size=12),
    st.sets(st.sampled_from(CITIES), min_size=1),
    st.integers(0, 9),
)
def test_a_fields_own_condition_is_left_out_of_its_counts(rows, cities, most):
    shop = shop_of([{"city": city, "price": price} for city, price in rows])
    where = {"city": {"$in": sorted(cities)}, "price": {"$lte": most}}
    found = shop.facets(where)
    assert found.items == sum(c in cities and p <= most for c, p in rows)
    by_city = Counter(city for city, price in rows if price <= most)
    by_price = Counter(price for city, price in rows if city in cities)
    named = shop.facets(where, ["city", "price"])
    assert by_city == dict(named["city"].values)
    price = named["price"]
    assert by_price.total() == sum(one.items for one in price.bins)
    assert (min(by_price, default=None), max(by_price, default=None)) == (price.min, price.max)


def test_what_joins_fields_counts_for_all():
    rows = [{"city": "Graz", "price": 1}, {"city": "Graz", "price": 9}, {"city": "Bonn"}] * 2
    shop = shop_of(rows)
    either = {"$or": [{"city": "Bonn"}, {"price": 9}]}
    assert {"Graz": 2, "Bonn": 2} == dict(shop.facets(either)["city"].values)


def test_which_fields_are_facets():
    note = "a chair that stood in the sun for years and is as green as it was"
    words = note.split()
    rows = [
        {
            "city": CITIES[n % 3],
            "sold": n % 4 == 0,
            "price": n * 1.5,
            "code": 4_000_000 + n,
            "sku": f"MK-{n}",
            "note": " ".join(words[n % 9 :] * 4),
            "added": f"2026-01-{n % 28 + 1:02d}",
            "tags": ["old", "oak"] if n % 2 else ["new"],
            "place": {"lat": 47.0 + n / 100, "lon": 15.0},
        }
        for n in range(120)
    ]
    found = shop_of(rows).facets()
    types = {facet.name: facet.type for facet in found.fields}
    assert {
        "city": "category",
        "sold": "category",
        "price": "number",
        "added": "date",
        "tags": "category",
        "place": "location",
    } == types
    assert {"code", "sku", "note"} == set(found.left_out)
    assert {"old": 60, "oak": 60, "new": 60} == dict(found["tags"].values)
    assert {True: 30, False: 90} == dict(found["sold"].values)
    assert ("2026-01-01", "2026-01-28") == (found["added"].min, found["added"].max)
    assert (120, (47.0, 15.0, 48.19, 15.0)) == (found["place"].count, found["place"].box)


def test_a_field_with_one_value_for_all_is_no_facet():
    rows = [{"open": True, "state": "active", "price_currency": "EUR", "tag": "x"} for _ in "abc"]
    rows.append({"open": True, "state": "active"})
    found = shop_of(rows).facets()
    assert ["tag"] == [facet.name for facet in found.fields], "one item has no tag"
    assert {"open", "state", "price_currency"} == set(found.left_out)
    assert {"one value for all"} == set(found.left_out.values())


def test_a_field_that_is_named_is_counted_whatever_it_is():
    shop = shop_of([{"sku": f"MK-{n:03d}"} for n in range(70)])
    facet = shop.facets(fields=["sku"])["sku"]
    assert (30, 40, ("MK-000", 1)) == (len(facet.values), facet.more, facet.values[0])


def test_places_are_picked_evenly_and_no_more_than_500():
    rows = [{"at": {"lat": n / 20, "lon": 0.0}} for n in range(1_200)]
    facet = shop_of(rows).facets()["at"]
    assert (1_200, 500) == (facet.count, len(facet.points))
    assert (0.0, 59.95) == (facet.points[0][0], facet.points[-1][0])
    near = shop_of(rows).facets(near={"lat": 0, "lon": 0, "km": 12})
    assert (3, 1_200) == (near.items, near["at"].count)


@given(
    st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=60),
    st.booleans(),
)
def test_bins_hold_every_value_once(values, dates):
    array = np.array(values)
    if dates:
        array = (array * 86_400_000).astype(np.int64)
    _, _, bins = binned(array, array, dates=dates)
    assert len(values) == sum(one.items for one in bins)
    assert len(bins) <= 60
    edges = [one.start for one in bins] + [bins[-1].end]
    assert sorted(edges) == edges or dates
    assert all(a.end == b.start for a, b in pairwise(bins))


def test_what_lies_far_out_does_not_spoil_the_bins():
    prices = np.array([*np.linspace(0, 100, 990), *[1e6] * 10])
    _, high, bins = binned(prices, prices, dates=False)
    assert 1e6 == high == bins[-1].end
    assert 15 <= sum(one.items > 0 for one in bins)
    assert (0.0, 5.0) == (bins[0].start, bins[0].end)


def test_whole_numbers_have_bins_of_whole_numbers():
    array = np.array([0.0, 1.0, 1.0, 3.0])
    _, _, bins = binned(array, array, dates=False)
    assert [(0.0, 1.0, 1), (1.0, 2.0, 2), (2.0, 3.0, 0), (3.0, 4.0, 1)] == list(bins)


def test_numbers_at_both_ends_of_a_float_are_counted_without_a_warning():
    array = np.array([-1.7e308, -1e308, 1e308, 1.7e308])
    assert 4 == sum(one.items for one in binned(array, array, dates=False)[2])


def test_long_numbers_that_lie_close_together_have_bins_between_them():
    array = 1_733_000_000_000.0 + np.arange(100)
    _, _, bins = binned(array, array, dates=False)
    assert {5} == {one.items for one in bins[:20]}


def test_dates_have_bins_of_whole_days():
    shop = shop_of([{"on": f"2026-01-0{n}T1{n}:00:00"} for n in range(1, 8)])
    facet = shop.facets()["on"]
    assert ("2026-01-01", "2026-01-02", 1) == facet.bins[0]
    assert "2026-01-01T11:00:00" == facet.min


def test_an_empty_shop_has_no_facets():
    with cs.open(":memory:", model=tiny_model()) as shop:
        assert (0, ()) == (shop.facets().items, shop.facets().fields)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"fields": ["smell"]}, BadArgument),
        ({"where": {"smell": 1}}, BadFilter),
        ({"where": ["city"]}, BadArgument),
        ({"near": {"lat": 1, "lon": 1}}, BadArgument),
        ({"near": {"lat": 1}}, BadArgument),
        ({"near": {"lat": float("nan"), "lon": 1}}, BadArgument),
        ({"near": {"lat": True, "lon": 1}}, BadArgument),
        ({"near": {"lat": 1, "lon": 1, "miles": 3}}, BadArgument),
    ],
)
def test_what_cannot_be_counted_says_why(given, error):
    with pytest.raises(error):
        shop_of([{"city": "Graz"}]).facets(**given)
