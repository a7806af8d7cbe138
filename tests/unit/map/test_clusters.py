"""Clusters: what the eye sees as one, largest first."""

import numpy as np
import pytest

from cospace.map.clusters import hills
from cospace.map.map import NONE


def spots(sizes, middles, width: float = 0.04) -> np.ndarray:
    draw = np.random.default_rng(0)
    some = [m + width * draw.normal(size=(n, 2)) for n, m in zip(sizes, middles, strict=True)]
    return np.clip(np.concatenate(some), -1, 1).astype(np.float32)


def test_spots_are_clusters_and_the_largest_is_first():
    sizes = [60, 200, 120]
    labels = hills(spots(sizes, [(-0.8, 0), (0.8, 0.5), (0.1, -0.6)]))
    assert np.uint16 == labels.dtype
    assert [2] * 60 + [0] * 200 + [1] * 120 == labels.tolist()


def test_one_cloud_is_one_cluster():
    assert {0} == set(hills(spots([500], [(0, 0)], 0.3)).tolist())


def test_a_few_points_apart_are_in_none():
    labels = hills(spots([2_000, 3], [(-0.5, 0), (0.9, 0.9)], 0.02))
    assert [NONE] * 3 == labels[-3:].tolist()


@pytest.mark.parametrize("n", [1, 2, 3, 5, 12])
def test_few_points(n: int):
    xy = np.random.default_rng(0).uniform(-1, 1, (n, 2)).astype(np.float32)
    labels = hills(xy)
    assert (n,) == labels.shape
    assert set(labels.tolist()) <= {0, 1, NONE}


def test_points_at_one_place():
    assert {0} == set(hills(np.zeros((50, 2), np.float32)).tolist())


def test_there_are_never_too_many():
    xy = np.random.default_rng(0).uniform(-1, 1, (20_000, 2)).astype(np.float32)
    labels = hills(xy)
    assert labels[labels != NONE].max() < 40


def test_numbers_are_without_a_gap_and_sizes_fall():
    xy = np.random.default_rng(1).uniform(-1, 1, (3_000, 2)).astype(np.float32)
    labels = hills(xy)
    sizes = np.bincount(labels[labels != NONE])
    assert sizes.min() > 0
    assert sorted(sizes, reverse=True) == sizes.tolist()
