"""Layouts of real shapes: two groups, copies, one to five points, points that are all equal."""

import numpy as np
import pytest

from cospace.map.layout import layout
from cospace.measures.neighbours import neighbours_kept

from .points import groups, unit


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 12, 13, 14])
def test_few_points(n: int):
    vectors = unit(np.random.default_rng(n).normal(size=(n, 6)))
    xy, unit_ = layout(vectors)
    assert (n, 2) == xy.shape
    assert np.float32 == xy.dtype
    assert np.isfinite(xy).all()
    assert unit_ > 0
    assert len(np.unique(xy, axis=0)) == n


@pytest.mark.parametrize("n", [2, 5, 30, 200])
def test_all_vectors_equal(n: int):
    xy, unit_ = layout(np.tile(unit([[1, 2, 2]]), (n, 1)))
    assert np.isfinite(xy).all()
    assert np.isfinite(unit_)
    assert np.abs(xy).max() <= 1 + 1e-6
    if n > 12:  # points at one place would be one to the eye
        assert len(np.unique(xy, axis=0)) > 0.9 * n


def test_one_number_a_vector():
    xy, _ = layout(np.ones((3, 1), np.float32))
    assert (3, 2) == xy.shape


def test_the_longer_side_is_2_and_0_is_in_the_middle():
    xy, _ = layout(groups([80, 40])[0])
    assert pytest.approx(2, abs=1e-5) == np.ptp(xy, 0).max()
    assert pytest.approx([0, 0], abs=1e-5) == (xy.min(0) + xy.max(0)) / 2


def test_neighbours_stay_neighbours():
    vectors, _ = groups([90] * 6, width=0.2)
    kept = neighbours_kept(vectors, layout(vectors)[0])
    assert kept.trustworthiness > 0.93
    assert kept.continuity > 0.93


def test_a_seed_gives_one_map():
    vectors, _ = groups([30, 30])
    first, again = layout(vectors, seed=4)[0], layout(vectors, seed=4)[0]
    assert first.tobytes() == again.tobytes()


def test_copies_stand_together():
    vectors, _ = groups([50] * 4, width=0.3)
    xy, _ = layout(np.concatenate([vectors, vectors[:5]]))
    apart = np.linalg.norm(xy[:5] - xy[-5:], axis=1)
    assert apart.max() < 0.1


def test_it_tells_how_far_it_is():
    told: list[tuple[str, float]] = []
    layout(groups([40])[0], done=lambda *said: told.append(said))
    assert ["neighbours", "layout"] == list(dict.fromkeys(stage for stage, _ in told))
    for name in ("neighbours", "layout"):
        shares = [share for stage, share in told if stage == name]
        assert sorted(shares) == shares
        assert 1 == shares[-1]
