"""The mix of two standard scores: an order that never rises, whatever ties and gaps there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.search.fuse import NAME
from cospace.search.rerank import SHARE, mixed, standard

numbers = st.floats(-20, 20).map(lambda one: round(one, 3))
logits = st.one_of(numbers, st.just(float("nan")))


def falling(values: list[float]) -> np.ndarray:
    return np.array(sorted(values, reverse=True))


def no_names(count: int) -> np.ndarray:
    return np.zeros(count)


def test_each_share_is_the_weight_of_a_standard_score() -> None:
    first, judged = np.array([3.0, 2.0, 1.0]), np.array([0.0, 0.0, 6.0])
    before, after = standard(first), standard(judged)
    for share in (0.0, 0.25, 1.0):
        scores, added = mixed(first, no_names(3), judged, share)
        np.testing.assert_allclose(scores, (1 - share) * before + share * after)
        np.testing.assert_allclose(added, share * after)


@given(st.lists(numbers, min_size=1, max_size=30))
def test_a_share_of_nothing_leaves_the_order(values: list[float]) -> None:
    first = falling(values)
    scores, _ = mixed(first, no_names(len(first)), np.zeros(len(first)), 0.0)
    assert np.argsort(-scores, kind="stable").tolist() == list(range(len(first)))


@given(st.lists(st.tuples(numbers, logits), min_size=1, max_size=30), st.integers(1, 30),
       st.floats(0, 1))  # fmt: skip
def test_scores_never_rise_and_what_follows_keeps_its_order(
    pairs: list[tuple[float, float]], head: int, share: float
) -> None:
    first = falling([one for one, _ in pairs])
    head = min(head, len(first))
    judged = np.array([two for _, two in pairs])[:head]
    scores, added = mixed(first, no_names(len(first)), judged, share)
    assert np.isfinite(scores).all()
    assert len(added) == head
    order = [*np.argsort(-scores[:head], kind="stable"), *range(head, len(first))]
    assert (np.diff(scores[order]) <= 1e-9).all()


@given(st.lists(numbers, min_size=2, max_size=20), st.randoms(use_true_random=False))
def test_the_scores_of_a_reranker_count_by_their_differences(
    values: list[float], random: object
) -> None:
    """Standard scores: neither a constant nor a scale of the logits changes anything."""
    del random
    first, judged = falling(list(range(len(values)))), np.array(values)
    if judged.std() < 1e-3:
        return
    plain, _ = mixed(first, no_names(len(first)), judged, SHARE)
    moved, _ = mixed(first, no_names(len(first)), 3 * judged + 7, SHARE)
    np.testing.assert_allclose(moved, plain, atol=1e-6)


def test_what_has_no_text_is_judged_by_its_first_score() -> None:
    first = np.array([4.0, 3.0, 2.0, 1.0])
    judged = np.array([1.0, np.nan, 0.0, -1.0])
    scores, added = mixed(first, no_names(4), judged, SHARE)
    assert scores[1] == standard(first)[1]
    assert added[1] == 0
    none, _ = mixed(first, no_names(4), np.full(4, np.nan), SHARE)
    np.testing.assert_allclose(none, standard(first))


def test_who_holds_the_name_that_was_asked_for_stays_first() -> None:
    named = np.array([NAME, NAME, 0.0, 0.0, 0.0])
    first = np.array([9.0, 8.5, 1.0, 0.9, 0.8])
    judged = np.array([-9.0, -8.0, 9.0, 8.0, 7.0])
    scores, _ = mixed(first, named, judged, 1.0)
    assert set(np.argsort(-scores)[:2]) == {0, 1}
    without, _ = mixed(first, no_names(5), judged, 1.0)
    assert 2 == np.argsort(-without)[0]


@given(st.lists(st.tuples(numbers, numbers, st.booleans()), min_size=2, max_size=20),
       st.floats(0, 1))  # fmt: skip
def test_names_come_first_whatever_a_reranker_says(
    rows: list[tuple[float, float, bool]], share: float
) -> None:
    named = np.array([NAME if one else 0.0 for _, _, one in rows])
    first = np.array([value for value, _, _ in rows]) + named
    order = np.argsort(-first, kind="stable")
    judged = np.array([logit for _, logit, _ in rows])
    scores, _ = mixed(first[order], named[order], judged[order], share)
    held = named[order] > 0
    if held.any() and not held.all():
        assert scores[held].min() > scores[~held].max()


def test_all_alike_say_nothing() -> None:
    scores, added = mixed(np.ones(3), no_names(3), np.ones(3), SHARE)
    assert [0, 0, 0] == scores.tolist() == added.tolist()
    assert standard(np.ones(3)).tolist() == [0, 0, 0]
    assert 0 == len(standard(np.zeros(0)))


def test_nothing_found_is_nothing() -> None:
    scores, added = mixed(np.zeros(0), np.zeros(0), np.zeros(0), SHARE)
    assert 0 == len(scores) == len(added)


@pytest.mark.parametrize("head", [1, 2, 3, 5])
def test_hits_after_the_candidates_are_below_all_of_them(head: int) -> None:
    first = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    scores, _ = mixed(first, no_names(5), np.array([-3.0, 5.0, 9.0, -9.0, 1.0])[:head], 1.0)
    assert (np.diff(scores[head:]) <= 0).all()
    if head < 5:
        assert scores[head] <= scores[:head].min()
