import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.search.fuse import Scored, fuse

NAN = float("nan")


def meaning(*scores: float, weight: float = 1.0) -> Scored:
    return Scored(np.array(scores, float), weight, True)


def words(*scores: float, weight: float = 3.5) -> Scored:
    return Scored(np.array(scores, float), weight, False)


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


def test_a_rare_code_outranks_meaning_and_common_words_change_nothing() -> None:
    text = meaning(0.9, 0.5, 0.1)
    assert [2, 0, 1] == fuse({"text": text, "words": words(0, 0, 1)}, [1, 2, 3]).order
    few = fuse({"text": text, "words": words(0, 0.3, 0.3)}, [1, 2, 3])
    assert [0, 1, 2] == few.order
    assert np.allclose(few.shares["words"], [0, 3.5 * 0.3**4, 3.5 * 0.3**4])


def test_half_of_the_words_count_a_sixteenth() -> None:
    fused = fuse({"text": meaning(0.9, 0.5), "words": words(0, 0.5)}, [1, 2])
    assert np.allclose(fused.shares["words"], [0, 3.5 / 16])


def test_parts_past_the_whole_count_as_the_whole() -> None:
    assert np.allclose([3.5, 0], fuse({"words": words(1.7, -1)}, [1, 2]).scores)


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
