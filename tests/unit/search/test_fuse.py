from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.search.fuse import Scored, fuse

NAN = float("nan")


def meaning(*scores: float, weight: float = 1.0) -> Scored:
    return Scored(np.array(scores, float), weight, True)


def words(*scores: float, weight: float = 1.0, spread: float = 1_000, names: Any = None) -> Scored:
    part = None if names is None else np.array(names, float)
    return Scored(np.array(scores, float), weight, False, None, spread, part)


def test_one_list_keeps_its_order() -> None:
    fused = fuse({"text": meaning(0.1, 0.9, 0.5)}, [1, 2, 3])
    assert [1, 2, 0] == fused.order
    assert np.allclose([fused.scores.mean(), fused.scores.std()], [0, 1])


def test_the_scale_and_level_of_cosines_do_not_count() -> None:
    text, image = meaning(0.9, 0.5, 0.1), meaning(0.31, 0.30, 0.32)
    moved = meaning(31, 30, 32)
    assert np.allclose(
        fuse({"text": text, "image": image}, [1, 2, 3]).scores,
        fuse({"text": text, "image": moved}, [1, 2, 3]).scores,
    )


def test_who_lacks_a_vector_is_judged_by_the_other() -> None:
    both = {"text": meaning(0.9, 0.5, NAN), "image": meaning(NAN, 0.2, 0.8, weight=0.2)}
    fused = fuse(both, [1, 2, 3])
    assert not np.isnan(fused.scores).any()
    assert pytest.approx(1.0) == fused.shares["text"][0]  # all of its weight
    assert pytest.approx(1.0) == fused.shares["image"][2]
    assert (0, 0) == (fused.shares["image"][0], fused.shares["text"][2])


def test_a_name_outranks_meaning_and_a_few_words_change_nothing() -> None:
    text = meaning(0.9, 0.5, 0.1)
    named = words(0, 0, 9, names=[0, 0, 1])
    assert [2, 0, 1] == fuse({"text": text, "words": named}, [1, 2, 3]).order
    few = fuse({"text": text, "words": words(0, 9, 9, spread=5)}, [1, 2, 3])
    assert [0, 1, 2] == few.order
    assert np.abs(few.shares["words"]).max() < 0.001


@pytest.mark.parametrize(
    ("spread", "part"), [(0, 0), (8, 0.1**4), (40, 1 / 16), (80, 1), (8_000, 1)]
)
def test_bm25_counts_as_far_as_many_rows_hold_a_word(spread: float, part: float) -> None:
    fused = fuse({"words": words(4, 2, 0, spread=spread)}, [1, 2, 3])
    z = np.array([4, 2, 0] - np.float64(2)) / np.std([4, 2, 0])
    assert np.allclose(fused.shares["words"], 0.5 * part * z)


@pytest.mark.parametrize(("part", "share"), [(0.25, 0), (0.325, 4), (0.4, 8), (1, 8), (0, 0)])
def test_a_name_counts_by_its_part_of_the_query(part: float, share: float) -> None:
    fused = fuse({"words": words(0, 0, names=[part, 0])}, [1, 2])
    assert np.allclose(fused.shares["words"], [share, 0])
    halved = fuse({"words": words(0, 0, names=[part, 0], weight=0.5)}, [1, 2])
    assert np.allclose(halved.shares["words"], [share / 2, 0])


def test_what_a_list_did_not_bring_stands_a_step_below_its_last() -> None:
    own = np.array([True, True, True, False, False])
    far = Scored(np.array([0.9, 0.8, 0.7, 0.65, -0.9]), 1.0, True, own)
    shares = fuse({"text": far}, [1, 2, 3, 4, 5]).shares["text"]
    z = (np.array([0.9, 0.8, 0.7, 0.65]) - 0.8) / np.std([0.9, 0.8, 0.7])
    assert np.allclose(shares[:3], z[:3])
    assert np.allclose(shares[3:], z[2] - 0.5)


def test_near_misses_keep_their_score() -> None:
    near = Scored(np.array([0.9, 0.1, 0.0999]), 1.0, True, np.array([True, True, False]))
    shares = fuse({"text": near}, [1, 2, 3]).shares["text"]
    assert shares[1] - 0.01 < shares[2] < shares[1]


def test_a_list_that_brought_nothing_adds_nothing() -> None:
    none = Scored(np.array([0.3, NAN]), 1.0, True, np.array([False, False]))
    assert np.allclose([0, 0], fuse({"image": none}, [1, 2]).scores)


def test_equal_scores_go_by_key() -> None:
    assert [2, 0, 1] == fuse({"text": meaning(0.5, 0.5, 0.5)}, [20, 30, 10]).order


@pytest.mark.parametrize("scores", [(NAN, NAN), (0.5, 0.5), (0.5, NAN)])
def test_lists_that_say_nothing_add_nothing(scores: tuple[float, float]) -> None:
    fused = fuse({"text": meaning(*scores)}, [1, 2])
    assert [0.0, 0.0] == fused.scores.tolist()


def test_no_candidates_give_no_order() -> None:
    assert ([], {}) == (fuse({}, []).order, fuse({}, []).shares)
    assert [] == fuse({"text": meaning()}, []).order


@given(st.lists(st.tuples(st.floats(-1, 1) | st.just(NAN), st.floats(0, 1)), max_size=20))
def test_shares_add_up_and_the_order_is_one_of_all(pairs: list[tuple[float, float]]) -> None:
    lists = {"text": meaning(*[a for a, _ in pairs]), "words": words(*[b for _, b in pairs])}
    fused = fuse(lists, list(range(len(pairs))))
    assert list(range(len(pairs))) == sorted(fused.order)
    assert np.allclose(fused.scores, sum(fused.shares.values(), start=np.zeros(len(pairs))))
    assert (np.diff(fused.scores[fused.order]) <= 1e-12).all()
