"""Drift of ready vectors: whatever the ids are called, and with copies among the items."""

from dataclasses import replace

import numpy as np
import pytest

from cospace.audit import drift
from cospace.audit.asked import Asked
from cospace.audit.finding import Finding
from cospace.audit.view import Matrix, View

ASKED = Asked(date="listed", since="2025-01-01")


def view(vectors: np.ndarray, new: np.ndarray, ids: list[str]) -> View:
    rows = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    one = View("shop", None, ids=ids)
    one.metadata = [{"listed": "2025-06-01" if late else "2024-06-01"} for late in new]
    one.texts, one.media = [None] * len(ids), [{}] * len(ids)
    one.matrices["text"] = Matrix(np.arange(len(ids)), rows)
    return one


def half_drifted(*, shuffled: int | None) -> Finding:
    """1,000 old items and 1,000 new ones, of which the last 500 lie elsewhere."""
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(2_000, 16))
    vectors[1_500:, 0] += 2
    names = np.arange(2_000)
    if shuffled is not None:
        names = np.random.default_rng(shuffled).permutation(names)
    ids = [f"{name:05}" for name in names]
    return drift.check(view(vectors, np.arange(2_000) >= 1_000, ids), ASKED)


@pytest.mark.parametrize("shuffled", [None, 1, 2])
def test_half_of_the_new_items_that_drift_are_found_whatever_their_ids(
    shuffled: int | None,
) -> None:
    found = half_drifted(shuffled=shuffled)
    assert "found" == found.verdict
    assert 0.001 == found.p


def test_copies_are_not_told_apart_by_having_been_seen() -> None:
    # Each row is there five times, all on one side by chance: without that, there is no drift.
    draw = np.random.default_rng(1)
    rows = np.repeat(draw.normal(size=(80, 60)), 5, axis=0)
    sides = rows[:200].astype(np.float32), rows[200:].astype(np.float32)
    assert drift.told_apart(*sides, alike=np.arange(400)).value > 0.8  # if they are not known
    assert drift.told_apart(*sides).value < 0.65


def test_a_side_of_nothing_but_copies_is_told_apart() -> None:
    rows = np.random.default_rng(2).normal(size=(80, 8)).astype(np.float32)
    rows[:40] = rows[0]
    rows[40:, 0] += 3
    assert drift.told_apart(rows[:40], rows[40:]).value > 0.85


def test_the_whole_and_its_categories_are_two_tests() -> None:
    draw = np.random.default_rng(0)
    vectors, new = draw.normal(size=(400, 16)), np.arange(400) >= 200
    vectors[new, 0] += 1
    one = view(vectors, new, [f"{at:05}" for at in range(400)])
    for at, fields in enumerate(one.metadata):
        fields["kind"] = "ab"[at % 2]
    alone = drift.check(one, ASKED)
    both = drift.check(one, replace(ASKED, label="kind"))
    assert (0.001, 0.002) == (alone.p, both.p)
    # Holm doubles the least of two categories, and Bonferroni that again.
    assert 0.004 == pytest.approx(min(both.figures[f"p of {name}"] for name in "ab"))
