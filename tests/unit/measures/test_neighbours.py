"""Trustworthiness and continuity: by hand, by loops, and by scikit-learn."""

import numpy as np
import pytest

from cospace.errors import BadArgument
from cospace.measures.neighbours import neighbours_kept


def unit(rows) -> np.ndarray:
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def some(n: int, dim: int = 8, seed: int = 0) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(n, dim)))


def ranks(distances: np.ndarray) -> np.ndarray:
    """The rank of each other point for each point: 1 is the nearest."""
    found = np.zeros(distances.shape, int)
    for i, row in enumerate(distances):
        others = sorted((d, j) for j, d in enumerate(row) if j != i)
        for rank, (_, j) in enumerate(others, 1):
            found[i, j] = rank
    return found


def by_loops(vectors: np.ndarray, places: np.ndarray, k: int) -> tuple[float, float]:
    n = len(vectors)
    space = ranks(1 - vectors.astype(np.float64) @ vectors.T)
    plane = ranks(((places[:, None] - places[None]) ** 2).sum(2))
    most = n * k * (2 * n - 3 * k - 1) / 2
    lost = [
        sum(max(a[i, j] - k, 0) for i in range(n) for j in range(n) if 0 < b[i, j] <= k)
        for a, b in ((space, plane), (plane, space))
    ]
    return 1 - lost[0] / most, 1 - lost[1] / most


def test_by_hand():
    # On the circle a, b, c, d, e in this order; on the map c stands at the end, beyond e.
    angles = np.deg2rad([0, 10, 21, 33, 46])
    vectors = unit(np.stack([np.cos(angles), np.sin(angles)], 1))
    places = np.array([[0, 0], [10, 0], [70, 0], [33, 0], [46, 0]], np.float32)
    # Nearest on the map: a-b, b-a, c-e, d-e, e-d. Wrong: c-e, whose rank in the space is 4, not
    # 1 (d 12, b 11, a 21, e 25), and d-e, whose rank is 2 (c 12, e 13): 3 + 1. The most that can
    # be lost is 5 * 1 * (10 - 3 - 1) / 2 = 15.
    # Nearest in the space: a-b, b-a, c-b, d-c, e-d. Lost: c-b, whose rank on the map is 3
    # (e 24, d 37, b 60), and d-c, whose rank is 4 (e 13, b 23, a 33, c 37): 2 + 3.
    kept = neighbours_kept(vectors, places, k=1)
    assert pytest.approx(1 - 4 / 15) == kept.trustworthiness
    assert pytest.approx(1 - 5 / 15) == kept.continuity


@pytest.mark.parametrize("k", [1, 3, 12])
def test_by_loops(k: int):
    vectors = some(40)
    places = vectors[:, :2].copy()
    assert by_loops(vectors, places, k) == pytest.approx(neighbours_kept(vectors, places, k=k))


def test_as_scikit_learn_has_it():
    manifold = pytest.importorskip("sklearn.manifold")
    vectors = some(300)
    places = vectors[:, :2].copy()
    kept = neighbours_kept(vectors, places)
    there = manifold.trustworthiness(vectors, places, n_neighbors=12, metric="cosine")
    back = manifold.trustworthiness(places, vectors, n_neighbors=12)
    assert pytest.approx((there, back), abs=1e-6) == tuple(kept)


def test_a_map_by_chance_is_worth_a_half():
    places = np.random.default_rng(1).normal(size=(800, 2)).astype(np.float32)
    kept = neighbours_kept(some(800), places)
    assert 0.45 < kept.trustworthiness < 0.55
    assert 0.45 < kept.continuity < 0.55


def test_a_sample_is_near_the_whole_and_the_same_for_a_seed():
    vectors = some(1_500)
    places = vectors[:, :2].copy()
    whole = neighbours_kept(vectors, places)
    part = neighbours_kept(vectors, places, sample=500, seed=3)
    assert pytest.approx(whole, abs=0.02) == part
    assert part == neighbours_kept(vectors, places, sample=500, seed=3)
    assert part != neighbours_kept(vectors, places, sample=500, seed=4)


def test_the_order_of_points_is_of_no_matter():
    vectors = some(200)
    places = vectors[:, :2].copy()
    order = np.random.default_rng(5).permutation(200)
    assert pytest.approx(neighbours_kept(vectors, places)) == neighbours_kept(
        vectors[order], places[order]
    )


def test_two_points_are_always_kept():
    assert (1.0, 1.0) == tuple(neighbours_kept(some(2), np.eye(2, dtype=np.float32)))


@pytest.mark.parametrize(("vectors", "places", "k"), [(3, 2, 1), (1, 1, 1), (0, 0, 1), (5, 5, 0)])
def test_what_cannot_be_measured_is_refused(vectors: int, places: int, k: int):
    with pytest.raises(BadArgument, match="expected"):
        neighbours_kept(np.ones((vectors, 2), np.float32), np.ones((places, 2), np.float32), k=k)
