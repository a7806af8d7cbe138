"""What a student learns from, what is held out, and what is refused."""

import numpy as np
import pytest

from cospace.errors import BadArgument, BadItem, EmptyItem
from cospace.progress import Progress
from cospace.testing.tiny import tiny_model
from cospace.train.students import lesson as lessons
from cospace.train.students.agreement import agreement, chance
from cospace.train.students.lesson import lesson
from tests.unit.train.students.texts import TEXTS


def test_a_tenth_is_held_out_and_nobody_learns_from_it() -> None:
    found = lesson(tiny_model(), TEXTS, seed=0)
    sides = [set(side.tolist()) for side in (found.kept, found.choose, found.held)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert 6 <= len(found.choose) + len(found.held) <= 18
    assert abs(len(found.choose) - len(found.held)) <= 1
    assert TEXTS == found.texts
    assert np.allclose(tiny_model().encode_document(TEXTS[:3]).array, found.rows[:3])


def test_texts_that_differ_in_capitals_and_spaces_stay_on_one_side() -> None:
    twins = [text.upper().replace(" ", "  ") for text in TEXTS]
    found = lesson(tiny_model(), [*TEXTS, *twins], seed=0)
    names = [" ".join(text.casefold().split()) for text in found.texts]
    parts = [{names[i] for i in side} for side in (found.kept, found.choose, found.held)]
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_equal_texts_count_once_and_near_ones_are_not_held_out() -> None:
    found = lesson(tiny_model(), [*TEXTS, *TEXTS[:5]], seed=0)
    assert (5, len(TEXTS)) == (found.equal, len(found.texts))
    turned = [" ".join(text.split()[::-1]) for text in TEXTS]  # a bag of words sees no order
    both = lesson(tiny_model(), [*TEXTS, *turned], seed=0)
    assert both.near > 0
    close = both.rows[np.append(both.choose, both.held)] @ both.rows[both.kept].T
    assert close.max() < 0.98


def test_windows_make_no_difference_to_what_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    turned = [" ".join(text.split()[::-1]) for text in TEXTS]
    whole = lesson(tiny_model(), [*TEXTS, *turned], seed=0)
    monkeypatch.setattr(lessons, "_WINDOW", 7)
    parts = lesson(tiny_model(), [*TEXTS, *turned], seed=0)
    assert whole.held.tolist() == parts.held.tolist()
    assert whole.near == parts.near > 0


def test_the_seed_decides() -> None:
    one, same, other = (lesson(tiny_model(), TEXTS, seed=seed) for seed in (1, 1, 2))
    assert one.held.tolist() == same.held.tolist() != other.held.tolist()
    assert one.sha256 == other.sha256


def test_it_tells_how_far_the_teacher_is() -> None:
    seen: list[Progress] = []
    lesson(tiny_model(), TEXTS, seed=0, progress=seen.append)
    assert (len(TEXTS), len(TEXTS)) == (seen[-1].done, seen[-1].total)
    assert "vectors of tiny-0" == seen[-1].stage


@pytest.mark.parametrize(
    ("texts", "error", "why"),
    [
        ([], BadArgument, "of 0 given, 0 are different"),
        (["one pair"], BadArgument, "of 1 given, 1 are different"),
        (["a chair"] * 500, BadArgument, "of 500 given, 1 are different"),
        ("a chair", BadArgument, "texts is a list of texts, not"),
        ([*TEXTS, " "], EmptyItem, "text 180"),
        ([*TEXTS, None], BadItem, "text 180"),
        (["red chair " * n for n in range(1, 90)], BadArgument, "say different things"),
    ],
)
def test_what_nothing_can_be_learnt_from(texts: object, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        lesson(tiny_model(), texts, seed=0)  # type: ignore[arg-type]


def test_agreement_by_hand() -> None:
    rows = np.float32([[1, 0], [0.9, 0.1], [0, 1], [-1, 0], [-0.9, -0.1]])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert [1.0] * 5 == agreement(rows, rows).tolist()
    turned = rows @ np.float32([[0, 1], [-1, 0]])  # by a right angle: others are nearest
    assert agreement(turned, rows).mean() < 0.5
    assert 0.25 == chance(5)


def test_a_student_that_knows_nothing_is_at_chance() -> None:
    random = np.random.default_rng(0)
    rows, given = random.standard_normal((2, 600, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert abs(agreement(given, rows).mean() - chance(600)) < 0.01
