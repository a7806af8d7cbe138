"""Queries of several parts: weights, a stored item as reference, ids that are left out."""

from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.collection.composed import weighted_sum
from cospace.errors import BadArgument, BadItem, ItemNotFound
from cospace.search import Query, ask
from cospace.store.memory import MemoryStore
from cospace.testing import tiny_model
from cospace.testing.rows import fill, sample, unit

TEXTS = ["red velvet armchair", "green velvet armchair", "steel rake", "blue lamp"]


@pytest.fixture(scope="module")
def shop() -> cs.Collection:
    made = cs.open(":memory:", model=tiny_model())
    made.add(ids=[f"MK-{i}" for i in range(4)], documents=TEXTS)
    return made


@pytest.mark.parametrize(
    "weights",
    [
        {"audio": 1},
        {"text": -1},
        {"text": float("nan")},
        {"text": 0},
        {"text": True},
        [1.0],
        {"": 1},
    ],
)
def test_weights_that_cannot_be(weights: Any) -> None:
    with pytest.raises(BadArgument, match="weight"):
        cs.Parts(text="a chair", weights=weights)


def test_a_sum_by_weights_whatever_their_scale() -> None:
    rows = [np.float32([1, 0]), np.float32([0, 1])]
    assert np.allclose([0.6, 0.8], weighted_sum(rows, [3, 4]))
    assert np.array_equal(weighted_sum(rows, [3, 4]), weighted_sum(rows, [30, 40]))
    with pytest.raises(BadArgument, match="cancel out"):
        weighted_sum([rows[0], -rows[0]], [1, 1])


def test_the_item_that_is_meant_is_not_found(shop: cs.Collection) -> None:
    hits = shop.search(cs.Parts(like="MK-0", text="green"))
    assert ["MK-1", 3] == [hits[0].id, len(hits)]
    with pytest.raises(ItemNotFound):
        shop.search(cs.Parts(like="MK-9"))


def test_what_is_left_out_is_never_found(shop: cs.Collection) -> None:
    assert "MK-0" not in shop.search("armchair", exclude="MK-0").ids
    [found] = shop.search_many(["armchair"], exclude=["MK-0", "MK-1", "no such id"])
    assert {"MK-2", "MK-3"} == set(found.ids)
    with pytest.raises(BadArgument, match="exclude"):
        shop.search("armchair", exclude=7)  # type: ignore[arg-type]


@pytest.mark.parametrize("k", [0, 1, 19, 20, 60, 150])
def test_the_first_k_are_the_same_and_all_that_remain_are_found(k: int) -> None:
    store = MemoryStore()
    fill(store, sample(200))
    out = frozenset(f"id-{i}" for i in range(1, 40))
    query = Query({"text": unit(1, 7)[0]}, exclude=out)
    whole = ask(store, query, k=200).ids
    assert not out & set(whole)
    assert [
        one for one in ask(store, query._replace(exclude=frozenset()), k=200).ids if one not in out
    ] == whole
    assert whole[:k] == ask(store, query, k=k).ids


def test_an_item_has_no_weights() -> None:
    with pytest.raises(BadItem, match="of a query"):
        cs.Item("1", cs.Parts(text="a", weights={"text": 2}))
