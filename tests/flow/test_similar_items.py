"""A marketplace's sessions: what was looked at together is found together, and can be searched."""

import runpy
from pathlib import Path
from typing import Any

import pytest

import cospace as cs

pytest.importorskip("numba", reason="training needs the extra train")

SCRIPT = Path(__file__).parents[2] / "examples" / "similar_items.py"


@pytest.fixture(scope="module")
def example() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def model(example: dict[str, Any]) -> Any:
    sessions = example["sessions"](seed=1)
    return cs.train.word2vec(sessions, dim=32, window=10, negative=10, epochs=20, min_count=5)


def test_the_groups_behind_the_sessions_are_found_again(
    example: dict[str, Any], model: Any
) -> None:
    learnt = {item: [one.word for one in model.nearest(item, k=5)] for item in model.words}
    popular = {item: [w for w in model.words[:6] if w != item][:5] for item in model.words}
    assert len(learnt) > 250
    assert example["same_group"](learnt) >= 0.9
    assert example["same_group"](popular) <= 0.3


def test_rare_items_find_their_group_too(example: dict[str, Any], model: Any) -> None:
    rare = model.words[-100:]
    learnt = {item: [one.word for one in model.nearest(item, k=5)] for item in rare}
    assert example["same_group"](learnt) >= 0.8


def test_a_basket_is_a_query(model: Any) -> None:
    """Items as documents, a basket as the text of a query."""
    with cs.open(":memory:", model=model) as shop:
        shop.add([cs.Item(item, item) for item in model.words])
        found = shop.search("guitar-03 guitar-05", k=5).ids
    assert {"guitar"} == {item.partition("-")[0] for item in found}


def test_the_odd_item_of_a_basket_is_found(model: Any) -> None:
    assert "pram-02" == model.doesnt_match(["tent-00", "tent-01", "pram-02", "tent-03"])
