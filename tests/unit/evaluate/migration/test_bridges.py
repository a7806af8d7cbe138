"""Bridges: exact where the models are, honest where they are not, and never more than asked."""

from __future__ import annotations

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, SpaceMismatch
from cospace.evaluate.migration import (
    learn_question_map,
    map_bridge,
    rescored,
    rescoring_bridge,
)

from .shops import ITEMS, JUDGED, shop


def test_a_model_bridged_to_itself_loses_nothing() -> None:
    old, new = shop(0), shop(0)
    found = rescoring_bridge(old, new, judgments=JUDGED)
    assert 1.0 == found.share.value == found.recall.value == found.alone.value
    assert found.usable


def test_candidates_are_in_the_new_models_order() -> None:
    old, new = shop(0), shop(1)
    texts = [*JUDGED][:5]
    found = rescored(old, new, texts, k=10, depth=len(ITEMS))
    assert [one.ids for one in new.search_many(texts, 10, by="text")] == found.ids
    assert (0, 0) == (found.encoded, found.failed)


def test_what_the_new_collection_lacks_is_encoded_once() -> None:
    old, new, whole = shop(0), shop(1, items=ITEMS[:50]), shop(1)
    texts = [*JUDGED][:70]  # more than one block
    found = rescored(old, new, texts, depth=len(ITEMS))
    assert 30 == found.encoded
    assert rescored(old, whole, texts, depth=len(ITEMS)).ids == found.ids
    assert len(new) == 50


def test_a_map_is_learnt_and_its_share_is_measured() -> None:
    old, new = shop(0), shop(1)
    to_old = learn_question_map(new, old)
    assert to_old.weights.shape == (32, 32)
    assert to_old.pairs == 2 * len(ITEMS)
    assert 0 < to_old.cosine <= 1
    mapped = to_old(new.asker.encode_query([*JUDGED]))
    assert old.space == mapped.space
    with pytest.raises(SpaceMismatch):
        to_old(old.asker.encode_query(["a chair"]))
    found = map_bridge(old, new, judgments=JUDGED)
    assert found.usable == (found.share.low >= 0.97)
    assert found.share == found.ndcg
    again = map_bridge(old, new, judgments=JUDGED)
    assert found == again


def test_a_rotation_is_learnt_exactly() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(200, 8)).astype(np.float32)
    turn = np.linalg.qr(random.normal(size=(8, 8)))[0].astype(np.float32)
    shops = []
    for name, vectors in (("a", rows), ("b", rows @ turn)):
        one = cs.open(":memory:")
        ids = [str(n) for n in range(200)]
        one.add_vectors(ids, cs.Vectors(vectors, cs.Space.of(name, 8)))
        shops.append(one)
    learnt = learn_question_map(*shops, questions=0)
    assert learnt.cosine > 0.999
    mapped = learnt(cs.Vectors(rows[:20], shops[0].space))
    assert np.allclose(
        (mapped.normalized * cs.Vectors(rows @ turn, shops[1].space).normalized[:20]).sum(1),
        1,
        atol=1e-3,
    )


def test_both_directions_and_sizes_of_two_models() -> None:
    old, new = shop(0, dim=32), shop(1, dim=48)
    for into, shape in (("old", (48, 32)), ("new", (32, 48))):
        found = map_bridge(old, new, into=into, judgments=JUDGED)
        assert f"map into {into}" == found.name
        assert 0 <= found.recall.value <= 1
        source, target = (new, old) if into == "old" else (old, new)
        assert learn_question_map(source, target, questions=0).weights.shape == shape


def test_without_judgments_the_lesser_of_two_counts() -> None:
    found = map_bridge(shop(0), shop(1))
    assert "sampled" == found.how
    assert min(found.ndcg.low, found.recall.low) == found.share.low


def test_what_cannot_be_is_refused() -> None:
    old, new = shop(0), shop(1)
    with pytest.raises(BadArgument, match="into"):
        map_bridge(old, new, into="both")
    with pytest.raises(BadArgument, match="depth"):
        rescored(old, new, ["a"], k=20, depth=10)
    with pytest.raises(BadArgument, match="50 items"):
        learn_question_map(shop(0, items=ITEMS[:40]), shop(1, items=ITEMS[:40]))
    with pytest.raises(BadArgument, match="no text vectors"):
        rescored(cs.open(":memory:", model=cs.load("starter")), new, ["a"])
