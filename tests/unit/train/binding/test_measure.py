"""Ranks both ways, by hand, and what chance would give."""

from __future__ import annotations

import numpy as np
import pytest

from cospace.train.binding.measure import chance, depth, ranks


def test_ranks_by_hand() -> None:
    right = np.eye(3, dtype=np.float32)
    left = np.float32([[0, 1, 0], [0.6, 0.8, 0], [0, 0, 1]])
    found = ranks(left, right, np.arange(3))
    # For right 0 the lefts score 0, .6, 0: its own shares ranks 2 and 3. Right 1: 1, .8, 0.
    assert found.to_left.tolist() == [2.5, 2.0, 1.0]
    # Left 0 scores 0, 1, 0: its own shares 2 and 3. Left 1: .6, .8, 0.
    assert found.to_right.tolist() == [2.5, 1.0, 1.0]
    assert found.reciprocal == pytest.approx((0.4 + 0.5 + 1 + 0.4 + 1 + 1) / 6)


def test_any_left_of_the_same_meaning_is_right() -> None:
    right = np.float32([[1, 0], [1, 0], [0, 1]])
    left = np.float32([[1, 0], [0, 1], [0, 1]])
    found = ranks(left, right, np.array([5, 5, 9]))
    assert found.to_left.tolist() == [1.0, 1.0, 1.5]
    assert (found.lefts, found.rights) == (3, 2)


def test_few_candidates_count_a_tenth() -> None:
    assert [depth(10, n) for n in (5, 40, 100, 930)] == [1, 4, 10, 10]


def test_chance_is_what_random_orders_give() -> None:
    random = np.random.default_rng(0)
    meaning = random.integers(30, size=120)
    right = random.normal(size=(30, 16)).astype(np.float32)[meaning]
    found = []
    for _ in range(300):
        left = random.normal(size=(120, 16)).astype(np.float32)
        found.append(ranks(left, right, meaning).hits(10).mean())
    assert np.mean(found) == pytest.approx(chance(meaning, 10), abs=0.01)
