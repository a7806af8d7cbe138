"""Why not: each reason is told of an item that it keeps out, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.clauses import unmet
from cospace.collection.whynot import REASONS
from cospace.errors import BadArgument, BadFilter, BadItem
from cospace.store import edge, opened
from cospace.store.schema import Field, Schema
from cospace.store.where import matches, parse

HILL = {"lat": 47.07, "lon": 15.44}
FILLER = "The hall was painted in the spring and the floor was laid anew. "


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cs.Collection]:
    from PIL import Image

    place: Path = tmp_path_factory.mktemp("whynot")
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(place / "grey.png")
    items = [
        cs.Item(
            f"chair {n}", f"Comfortable oak armchair, number {n}", {"price": 20 + n, "at": HILL}
        )
        for n in range(70)
    ]
    items += [
        cs.Item(f"rake {n}", f"Steel rake with {n} teeth", {"price": n, "at": HILL})
        for n in range(20)
    ]
    with cs.open(place / "shop.cospace", model="starter") as made:
        made.add(items)
        made.add(
            [
                cs.Item("long", FILLER * 40 + "A telescope to watch the stars at night."),
                cs.Item("picture", cs.Image(place / "grey.png")),
                cs.Item("half", cs.Parts(text="A gate", image=cs.Image(place / "gone.png"))),
                cs.Item("refused", cs.Image(place / "gone.png")),
            ],
            errors="report",
        )
        yield made


def test_an_item_that_is_there(shop: cs.Collection):
    first = shop.search("steel rake", 1)[0]
    found = shop.why_not("steel rake", first.id)
    assert ("there", 1) == (found.reason, found.rank)
    assert found.score == pytest.approx(first.score)
    assert "is the first of the answers" in found.told


def test_an_item_that_is_not_stored(shop: cs.Collection):
    found = shop.why_not("a seat", "nobody")
    assert "not stored" == found.reason
    assert "holds no item 'nobody'" in found.told


def test_an_item_that_failed(shop: cs.Collection):
    found = shop.why_not("a seat", "refused")
    assert "failed" == found.reason
    assert "could not be stored" in found.told and "gone.png" in found.told


def test_an_item_whose_part_failed(shop: cs.Collection):
    found = shop.why_not(cs.Image(np.full((8, 8, 3), 120, np.uint8)), "half", by="image")
    assert "failed" == found.reason
    assert "stored in part" in found.told


@pytest.mark.parametrize(
    ("where", "near", "said"),
    [
        ({"price": {"$lt": 9}}, None, "price is 23, and not below 9"),
        ({"price": {"$gte": 5, "$lt": 9}}, None, "price is 23, and not below 9"),
        (
            {"$or": [{"price": 1}, {"price": 2}]},
            None,
            "none of these holds: price is 23, and",
        ),
        (
            {"price": {"$nin": [23, 24]}},
            None,
            "price is one of 23, 24, which the filter",
        ),
        (None, {"lat": 50.0, "lon": 7.0, "km": 10}, "and not within 10 km"),
        ({"price": {"$gt": 1}}, {"lat": 50.0, "lon": 7.0, "km": 10}, "km away"),
    ],
)
def test_an_item_that_the_filter_keeps_out(shop: cs.Collection, where: Any, near: Any, said: str):
    found = shop.why_not("a seat", "chair 3", where=where, near=near)
    assert "filtered" == found.reason
    assert said in found.told


def test_an_item_that_the_question_names(shop: cs.Collection):
    assert "excluded" == shop.why_not(cs.Parts(like="rake 1"), "rake 1").reason
    asked = cs.Parts(text="a rake", unlike=["rake 2"])
    assert "excluded" == shop.why_not(asked, "rake 2").reason


def test_an_item_without_a_vector_of_what_is_asked_by(shop: cs.Collection):
    found = shop.why_not("a seat", "rake 3", by="image")
    assert "no vector" == found.reason
    assert "no vector of what the question asks by (image)" in found.told


def test_a_text_that_is_cut_before_what_matters(shop: cs.Collection):
    found = shop.why_not("telescope for watching the stars", "long", k=3, by="text")
    assert "cut" == found.reason
    assert "telescope" in found.told
    assert found.exact["text"].rank > 3


def test_a_long_text_is_not_cut_where_its_end_says_nothing(shop: cs.Collection):
    assert "cut" != shop.why_not("a comfortable chair", "long", k=3, by="text").reason


def test_an_item_beyond_the_candidates(shop: cs.Collection):
    found = shop.why_not("a comfortable seat", "rake 7")
    assert "beyond" == found.reason
    exact = found.exact["text"]
    assert exact.rank > 50
    assert not exact.brought
    assert f"of {exact.of}" in found.told


def test_an_item_that_is_outranked(shop: cs.Collection):
    asked = "a comfortable seat"
    hits = shop.search(asked, 30)
    found = shop.why_not(asked, hits[20].id, k=5)
    assert ("outranked", 21) == (found.reason, found.rank)
    assert tuple(hits.ids[:5]) == found.above
    assert found.score is not None and found.needed is not None
    assert found.score <= found.needed == pytest.approx(hits[4].score)
    assert hits[0].id in found.told


def test_what_would_have_to_change_is_enough(shop: cs.Collection):
    asked = "a comfortable seat"
    hits = shop.search(asked, 30, by="text")
    found = shop.why_not(asked, hits[20].id, k=5, by="text")
    assert f"about {hits[4].score:.3f} would" in found.told


def test_the_exact_rank_is_that_of_the_cosines(shop: cs.Collection):
    asked = "a comfortable seat"
    vector = shop.model.encode_query([asked]).normalized[0]
    rows = [row for row in shop.store.scan(vectors=True) if "text" in row.vectors]
    cosines = {row.id: float(row.vectors["text"] @ vector) for row in rows}
    found = shop.why_not(asked, "rake 7")
    better = sum(one > cosines["rake 7"] for one in cosines.values())
    assert (better + 1, len(cosines)) == found.exact["text"][::2]


def test_an_item_that_the_approximate_index_misses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(edge, "EXACT_BELOW", 100)
    monkeypatch.setattr(opened, "EXACT_BELOW", 100)
    dim, count = 128, 1_500
    random = np.random.default_rng(0)
    rows = random.standard_normal((count, dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    space = cs.Space.of("random", dim)
    with cs.open(tmp_path / "a.cospace", quantization="binary") as made:
        made.add_vectors([f"MK-{i}" for i in range(count)], cs.Vectors(rows, space))
        for _ in range(40):
            query = random.standard_normal(dim).astype(np.float32)
            asked = cs.Vectors(query[None] / np.linalg.norm(query), space)
            best = np.argsort(-(rows @ asked.normalized[0]))[:20].tolist()
            ids = made.search(asked, 20).ids
            gone = [place for place in best if f"MK-{place}" not in ids]
            if not gone:
                continue
            found = made.why_not(asked, f"MK-{gone[0]}", k=20)
            assert best.index(gone[0]) + 1 == found.exact["text"].rank
            if found.reason == "missed":
                assert f"of {count:,}" in found.told
                return
    raise AssertionError("nothing was missed, so nothing was tested")


def test_ties_are_not_blamed_on_the_index():
    space = cs.Space.of("drawn", 4)
    rows = np.tile(np.float32([0.6, 0.8, 0, 0]), (60, 1))
    made = cs.open(":memory:")
    made.add_vectors([f"i{n}" for n in range(60)], cs.Vectors(rows, space))
    asked = cs.Vectors(np.float32([[1, 0, 0, 0]]), space)
    ids = set(made.search(asked, 20).ids)
    for gone in {f"i{n}" for n in range(60)} - ids:
        found = made.why_not(asked, gone, k=20)
        assert "missed" != found.reason
        assert not any("missed" in note for note in found.notes)
        if "beyond" == found.reason:
            assert "as 59 others" in found.told


def test_bad_input_is_refused(shop: cs.Collection):
    for k in (0, -1, True, 10_000_000):
        with pytest.raises(BadArgument, match="k is"):
            shop.why_not("a", "rake 1", k=k)
    with pytest.raises(BadItem):
        shop.why_not("", "rake 1")
    with pytest.raises(BadItem):
        shop.why_not("a", "")
    with pytest.raises(BadFilter):
        shop.why_not("a", "rake 1", where={"colour": 1})


def test_the_record_is_plain(shop: cs.Collection):
    record = shop.why_not("a comfortable seat", "rake 7").to_json()
    assert record["reason"] in REASONS
    assert {"rank", "cosine", "of", "brought"} == set(record["exact"]["text"])


BOTH = "price is 7 and city is Linz, which the filter leaves out"
SCHEMA = Schema({name: Field(name, type_, name) for name, type_ in {
    "price": "number", "city": "string", "oak": "bool", "at": "location"}.items()})  # fmt: skip


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"price": 5}, ["price is 7, and not 5"]),
        ({"price": {"$gt": 7}}, ["price is 7, and not above 7"]),
        ({"price": {"$lte": 6}}, ["price is 7, and not at most 6"]),
        ({"city": {"$in": ["Graz", "Bonn"]}}, ["city is Linz, and not one of Graz, Bonn"]),
        ({"oak": {"$exists": True}}, ["it has no oak"]),
        ({"price": {"$exists": False}}, ["it has a price, which the filter leaves out"]),
        ({"oak": True}, ["it has no oak"]),
        ({"price": {"$gt": 9}, "city": "Graz"}, ["price is 7, and not above 9",
                                                  "city is Linz, and not Graz"]),
        ({"$not": {"price": 7, "city": "Linz"}}, [BOTH]),
        ({"at": {"$near": [0, 0], "$km": 5}}, ["it has no at"]),
        ({"price": 7}, []),
        ({"price": 1234567.0}, ["price is 7, and not 1234567"]),
        ({"price": {"$gt": 123456.789}}, ["price is 7, and not above 123456.789"]),
    ],
)  # fmt: skip
def test_conditions_in_words(where: Any, said: list[str]):
    assert said == unmet(parse(where, SCHEMA), {"price": 7, "city": "Linz"})


VALUES = {
    "price": st.integers(0, 9),
    "city": st.sampled_from(["Graz", "Linz"]),
    "oak": st.booleans(),
}


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Filters of one field and of several, nested."""
    ranges = st.dictionaries(st.sampled_from(["$lt", "$gte"]), VALUES["price"], min_size=1)
    leaf = st.one_of(
        *(st.fixed_dictionaries({name: value}) for name, value in VALUES.items()),
        st.fixed_dictionaries({"price": ranges}),
        st.fixed_dictionaries({"city": st.fixed_dictionaries({"$exists": st.booleans()})}),
    )
    return st.recursive(
        leaf,
        lambda some: st.one_of(
            st.fixed_dictionaries({"$and": st.lists(some, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"$or": st.lists(some, min_size=1, max_size=3)}),
            st.fixed_dictionaries({"$not": some}),
        ),
        max_leaves=6,
    )


@given(conditions(), st.fixed_dictionaries({}, optional=VALUES))
def test_something_is_unmet_where_the_filter_keeps_an_item_out(where: Any, metadata: Any):
    node = parse(where, SCHEMA)
    said = unmet(node, metadata)
    assert bool(said) != matches(node, metadata)
    assert all(line.strip() for line in said)
