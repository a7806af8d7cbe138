"""Items out of a collection by id and by filter, and items deleted: counted, in a stable order."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadFilter, BadItem, ItemNotFound, NotFound
from cospace.item import Parts
from cospace.testing.tiny import tiny_model

from .conftest import TEXTS

IDS = list(TEXTS)


def ids(items: list[cs.Item]) -> list[str]:
    return [item.id for item in items]


# --- one item ---


def test_an_item_is_got_by_its_id(shop: cs.Collection) -> None:
    item = shop["MK-2"]
    assert ("MK-2", "a blue bicycle", {"n": 1, "sold": False}) == (
        item.id,
        item.parts.text,
        item.metadata,
    )
    assert item == shop.get("MK-2")[0]
    assert ["MK-2" in shop, "MK-9" in shop, 2 in shop] == [True, False, False]


def test_an_id_that_is_not_there_is_a_key_error_that_reads_well(shop: cs.Collection) -> None:
    for error in (KeyError, LookupError, NotFound, ItemNotFound):
        with pytest.raises(error):
            shop["MK-9"]
    with pytest.raises(ItemNotFound) as caught:
        shop["MK-9"]
    assert f"{shop.name} holds no item 'MK-9'; get('MK-9') gives None for it" == str(caught.value)
    assert ("MK-9", 4, 404) == (
        caught.value.id,
        caught.value.exit_code,
        caught.value.http_status,
    )


@pytest.mark.parametrize("id", [0, None, slice(0, 2), ["MK-1"]])
def test_what_can_be_no_id_is_no_key(id: Any, shop: cs.Collection) -> None:
    with pytest.raises(BadItem, match="an id is a str"):
        shop[id]
    with pytest.raises(BadItem, match="an id is a str"):
        del shop[id]
    assert 5 == len(shop)


def test_del_takes_one_item_away(shop: cs.Collection) -> None:
    del shop["MK-2"]
    assert 4 == len(shop)
    with pytest.raises(ItemNotFound):
        del shop["MK-2"]
    assert 4 == len(shop)


# --- many ---


def test_ids_give_their_items_in_their_order_and_none_where_there_is_none(
    shop: cs.Collection,
) -> None:
    found = shop.get(["MK-3", "MK-9", "MK-1", "MK-3"])
    assert ["MK-3", None, "MK-1", "MK-3"] == [item and item.id for item in found]
    assert [] == shop.get([])


def test_without_ids_all_come_in_the_order_in_which_they_were_first_stored(
    shop: cs.Collection,
) -> None:
    shop.upsert(cs.Item("MK-1", "a red sofa", {"n": 0}))
    shop.delete("MK-2")
    shop.add(cs.Item("MK-2", "a blue bicycle", {"n": 9}))
    assert ["MK-1", "MK-3", "MK-4", "MK-5", "MK-2"] == ids(shop.get()) == ids(list(shop))
    assert "a red sofa" == shop.get()[0].parts.text


def test_pages_hold_everything_once(shop: cs.Collection) -> None:
    for size in (1, 2, 3, 5, 7):
        pages = [shop.get(limit=size, offset=at) for at in range(0, 10, size)]
        assert IDS == [id for page in pages for id in ids(page)]
        assert all(len(page) <= size for page in pages)


def test_a_filter_is_applied_before_the_page_is_cut(shop: cs.Collection) -> None:
    where = {"sold": True}
    assert ["MK-1", "MK-3", "MK-5"] == ids(shop.get(where=where))
    assert ["MK-3"] == ids(shop.get(where=where, limit=1, offset=1))
    assert IDS == ids(shop.get(where={}))
    assert ids(shop.get(where=where)) == [item.id for item in shop if item.metadata["sold"] is True]


def test_a_filter_is_checked_as_in_a_search(shop: cs.Collection) -> None:
    for where in ({"prize": 1}, {"n": {"$lt": "x"}}, {"n": {"$about": 1}}):
        with pytest.raises(BadFilter) as of_search:
            shop.search("red", where=where)
        with pytest.raises(BadFilter) as of_get:
            shop.get(where=where)
        with pytest.raises(BadFilter) as of_delete:
            shop.delete(where=where)
        assert str(of_search.value) == str(of_get.value) == str(of_delete.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"limit": -1}, "limit is a whole number, 0 or more, not -1"),
        ({"limit": 1.0}, r"limit is a whole number, 0 or more, not 1\.0"),
        ({"limit": True}, "limit is a whole number"),
        ({"offset": -1}, "offset is a whole number, 0 or more, not -1"),
        ({"offset": None}, "offset is a whole number"),
        ({"ids": ["MK-1"], "where": {"n": 1}}, "with ids, leave out where, limit and offset"),
        ({"ids": ["MK-1"], "limit": 1}, "with ids, leave out"),
        ({"ids": ["MK-1"], "offset": 1}, "with ids, leave out"),
        ({"ids": 7}, "expected an id or a list of ids, not 7"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    given: dict[str, Any], says: str, shop: cs.Collection
) -> None:
    with pytest.raises(BadArgument, match=says):
        shop.get(**given)


def test_limits_of_nothing_and_of_more_than_there_is(shop: cs.Collection) -> None:
    assert [] == shop.get(limit=0) == shop.get(offset=5)
    assert IDS == ids(shop.get(limit=2**70)) == ids(shop.get(limit=2**63 - 1, offset=0))
    assert [] == shop.get(offset=2**70)


# --- vectors ---


def test_vectors_come_when_they_are_asked_for(shop: cs.Collection) -> None:
    expected = tiny_model().encode_document(list(TEXTS.values())).normalized
    for found in (shop.get(vectors=True), shop.get(IDS, vectors=True)):
        rows = [item.vectors["text"] for item in found if item is not None]
        assert np.array_equal(expected, np.stack(rows))
        assert {np.dtype(np.float32)} == {row.dtype for row in rows}
    assert all(item.vectors == {} for item in shop.get())
    assert {} == shop["MK-1"].vectors


def test_a_stored_vector_finds_its_item(shop: cs.Collection) -> None:
    [item] = shop.get(where={"n": 3}, vectors=True)
    assert shop.space is not None
    query = cs.Vectors([item.vectors["text"]], shop.space)
    assert "MK-4" == shop.search(query, k=1)[0].id


def test_an_item_with_its_vectors_is_the_same_item(shop: cs.Collection) -> None:
    plain, full = shop["MK-1"], shop.get("MK-1", vectors=True)[0]
    assert plain == full
    assert repr(plain) == repr(full)
    with pytest.raises(TypeError):
        cs.Item("a", "b", {}, {"text": [1.0]})  # type: ignore[call-arg]


def test_each_part_has_its_vector(shop: cs.Collection, tmp_path: Path) -> None:
    shop.add(cs.Item("both", Parts(text="a chair", image=cs.Image(picture()))))
    [item] = shop.get(["both"], vectors=True)
    assert item is not None
    assert {"text", "image"} == set(item.vectors)


def picture() -> Any:
    return np.full((8, 8, 3), 200, dtype=np.uint8)


def test_more_items_than_are_read_at_once_all_have_their_vectors(empty: cs.Collection) -> None:
    count = 2_345
    vectors = np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)
    with cs.open(":memory:") as own:
        own.add_vectors([f"i{n}" for n in range(count)], cs.Vectors(vectors, cs.Space.of("x", 8)))
        found = own.get(vectors=True, offset=5)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.allclose(unit[5:], np.stack([item.vectors["text"] for item in found]), atol=1e-6)


# --- deleting ---


def test_ids_are_deleted_and_counted(shop: cs.Collection) -> None:
    assert [2, 0, 1, 0] == [
        shop.delete(["MK-1", "MK-2", "MK-9"]),
        shop.delete(["MK-1"]),
        shop.delete("MK-3"),
        shop.delete([]),
    ]
    assert ["MK-4", "MK-5"] == ids(shop.get())


def test_a_filter_deletes_what_it_matches_and_counts_it(shop: cs.Collection) -> None:
    assert 3 == shop.count({"sold": True}) == shop.delete(where={"sold": True})
    assert ["MK-2", "MK-4"] == ids(shop.get())
    assert 0 == shop.delete(where={"sold": True})
    assert {"MK-2", "MK-4"} == set(shop.search("red", k=10).ids)
    assert 2 == shop.delete(where={"n": {"$gte": 0}})
    assert 0 == len(shop)


@pytest.mark.parametrize("given", [{}, {"ids": None}, {"where": None}])
def test_delete_without_anything_deletes_nothing(given: Any, shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="one of the two"):
        shop.delete(**given)
    assert 5 == len(shop)


def test_delete_takes_ids_or_a_filter(shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="one of the two"):
        shop.delete(["MK-1"], where={"sold": True})
    assert 5 == len(shop)


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"$and": [{}]},
        {"$or": [{"sold": True}, {}]},
        {"$and": [{"sold": True}, {}]},
        {"$not": {"$not": {}}},
        {"$or": [{"$and": [{"sold": True}, {"$or": [{}]}]}]},
    ],
)
def test_a_filter_with_an_empty_part_deletes_nothing(where: Any, shop: cs.Collection) -> None:
    with pytest.raises(BadFilter, match="would delete everything"):
        shop.delete(where=where)
    assert 5 == len(shop)


def test_what_a_filter_deleted_stays_away(fast_path: Path) -> None:
    place = fast_path / "again.cospace"
    with cs.open(place, model=tiny_model()) as shop:
        shop.add([cs.Item(id, text, {"n": n}) for n, (id, text) in enumerate(TEXTS.items())])
        assert 4 == shop.delete(where={"n": {"$gt": 0}})
    with cs.open(place, model=tiny_model()) as shop:
        assert ["MK-1"] == ids(shop.get()) == shop.search("a blue bicycle").ids
