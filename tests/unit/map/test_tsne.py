"""t-SNE's forces, against the sums that define them, one pair at a time."""

import numpy as np
import pytest

from cospace.map.neighbours import nearest_of_all
from cospace.map.tsne import STEPS, Pushes, pulls, spread

from .points import groups


def places_of(n: int, width: float) -> np.ndarray:
    return (width * np.random.default_rng(n).normal(size=(2, n))).astype(np.float32)


def pushed(places: np.ndarray) -> np.ndarray:
    found, pairs = np.zeros_like(places, np.float64), 0.0
    for i in range(places.shape[1]):
        away = places[:, i, None].astype(np.float64) - places
        q = 1 / (1 + (away**2).sum(0))
        found[:, i] = (q * q * away).sum(1)
        pairs += q.sum() - 1
    return found / pairs


def test_neighbours_pull_both_ways():
    near = np.array([[1], [0], [0]])
    places = np.array([[0, 1, 0], [0, 0, 2]], np.float32)
    # Pairs: 0-1 twice, at distance 1 (q = 1/2), and 2-0 at distance 2 (q = 1/5).
    p = 1 / (2 * 3 * 1)
    expected = p * np.array([[2 * -0.5, 2 * 0.5, 0], [-0.4, 0, 0.4]])
    assert pytest.approx(expected, abs=1e-7) == pulls(places, near)


@pytest.mark.parametrize("n", [3, 20, 100])
def test_few_push_one_by_one(n: int):
    places = places_of(n, 5)
    assert pytest.approx(pushed(places), rel=1e-3, abs=1e-6) == Pushes()(places)


@pytest.mark.parametrize("width", [1, 5, 20])
def test_many_push_by_way_of_a_grid(width: float):
    places = places_of(900, width)
    true, found = pushed(places), Pushes()(places)
    assert np.corrcoef(true.ravel(), found.ravel())[0, 1] > 0.99
    assert np.abs(true - found).mean() < 0.15 * np.abs(true).mean()


def test_far_points_do_not_lose_their_own_part_in_the_sum():
    """The grid gives a point a part of its own q; taken for 1, the sum of pairs went below 0."""
    places = np.stack(np.meshgrid(np.arange(12), np.arange(12))).reshape(2, -1) * 9.3
    true, found = pushed(places.astype(np.float32)), Pushes()(places.astype(np.float32))
    assert np.abs(found).max() < 3 * np.abs(true).max()


def test_a_point_does_not_push_itself():
    places = np.zeros((2, 300), np.float32)
    assert np.abs(Pushes()(places)).max() < 1e-9


def test_a_map_too_wide_for_the_grid_has_larger_cells():
    places = places_of(500, 4_000)
    found = Pushes()(places)
    assert np.isfinite(found).all()


def test_what_is_far_apart_in_the_space_ends_apart():
    vectors, owner = groups([60, 60])
    near = nearest_of_all(vectors, 10)
    start = 1e-4 * np.random.default_rng(0).normal(size=(2, 120))
    told: list[int] = []
    places = spread(near, start, told.append)
    assert list(range(1, STEPS + 1)) == told
    middles = [places[:, owner == g].mean(1) for g in (0, 1)]
    within = max(np.abs(places[:, owner == g] - middles[g][:, None]).max() for g in (0, 1))
    assert np.linalg.norm(middles[0] - middles[1]) > within
    assert np.array_equal(places, spread(near, start, told.append))


def test_who_is_told_can_end_it():
    def stop(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spread(np.array([[1], [0]]), np.eye(2), stop)
