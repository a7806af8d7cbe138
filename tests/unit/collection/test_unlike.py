"""`Parts(unlike=...)`: what is not wanted is not found, and the query moves away from it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.composed import Reference, moved_away
from cospace.errors import BadArgument, BadItem, ItemNotFound
from cospace.item import MOST_UNLIKE


@pytest.fixture(scope="module")
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model="starter") as made:
        made.add(
            ids=["sofa", "armchair", "stool", "office", "rake"],
            documents=[
                "Velvet sofa for the living room",
                "Velvet armchair for the living room",
                "Wooden kitchen stool",
                "Office chair with wheels and armrests",
                "Steel rake for the garden",
            ],
        )
        yield made


def test_what_is_named_is_not_found(shop: cs.Collection):
    found = shop.search(cs.Parts(text="a place to sit", unlike=["sofa", "stool"]), 10).ids
    assert {"armchair", "office", "rake"} == set(found)


def test_the_query_moves_away_from_it(shop: cs.Collection):
    def score(id: str, **more: object) -> float:
        hits = shop.search(cs.Parts(text="a place to sit", **more), 10, by="text", explain=True)
        [found] = [one.why[0].score for one in hits if one.id == id]
        return found

    near = score("armchair") - score("armchair", unlike=["sofa"])
    far = score("office") - score("office", unlike=["sofa"])
    assert near > far, "what is like it loses more"


def test_one_id_is_enough_and_twice_is_once():
    assert ("a",) == cs.Parts(text="x", unlike="a").unlike
    assert ("a", "b") == cs.Parts(text="x", unlike=["a", "b", "a"]).unlike
    assert cs.Parts(text="x", unlike="a") != cs.Parts(text="x")
    assert "unlike=('a',)" in repr(cs.Parts(text="x", unlike="a"))


def test_with_like_and_weights(shop: cs.Collection):
    parts = cs.Parts(like="sofa", text="with wheels", weights={"text": 0.5}, unlike=["armchair"])
    assert {"stool", "office", "rake"} == set(shop.search(parts, 10).ids)
    dropped = cs.Parts(like="sofa", text="x", weights={"text": 0.0}, unlike=["armchair"])
    assert "armchair" not in shop.search(dropped, 10).ids


def test_what_is_wrong_is_said(shop: cs.Collection):
    with pytest.raises(ItemNotFound, match="unlike='nobody'"):
        shop.search(cs.Parts(text="a chair", unlike=["nobody"]))
    with pytest.raises(BadArgument, match=f"at most {MOST_UNLIKE}"):
        cs.Parts(text="x", unlike=[str(n) for n in range(MOST_UNLIKE + 1)])
    with pytest.raises(BadArgument, match="the query is empty"):
        shop.search(cs.Parts(unlike=["sofa"]))


def test_it_is_a_question_and_no_item(shop: cs.Collection):
    with pytest.raises(BadItem):
        shop.upsert([cs.Item("new", cs.Parts(text="x", unlike=["sofa"]))])


vectors = st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4).filter(
    lambda row: np.linalg.norm(row) > 0.1
)


def unit(row: list[float]) -> np.ndarray:
    return (np.array(row) / np.linalg.norm(row)).astype(np.float32)


@given(vectors, vectors)
def test_it_is_never_nearer_than_before(query: list[float], wrong: list[float]):
    asked, other = unit(query), unit(wrong)
    moved = moved_away({"text": asked}, [Reference("a", {"text": other})])["text"]
    assert np.isclose(1, np.linalg.norm(moved), atol=1e-5)
    assert moved @ other <= asked @ other + 1e-5


def test_a_list_without_a_vector_of_it_stays(shop: cs.Collection):
    row = unit([1, 2, 3, 4])
    moved = moved_away({"image": row}, [Reference("a", {"text": unit([4, 3, 2, 1])})])
    assert moved["image"] is row
