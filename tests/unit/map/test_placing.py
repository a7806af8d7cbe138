"""New points: the same place alone or in any batch, beside their neighbours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cospace.map.layout import layout
from cospace.map.placing import place
from cospace.measures.neighbours import neighbours_kept

from .points import groups, unit

VECTORS, OWNER = groups([40] * 5, width=0.25)
XY, UNIT = layout(VECTORS)
LABELS = OWNER.astype(np.uint16)
NEW = np.concatenate([groups([40] * 5, width=0.25, seed=0)[0][::9], unit(np.eye(16)), VECTORS[:3]])


@given(st.lists(st.integers(0, len(NEW) - 1), min_size=1, max_size=12))
def test_a_point_lands_in_the_same_place_alone_or_in_any_batch(numbers: list[int]):
    together, labels = place(NEW[numbers], VECTORS, XY, LABELS, UNIT)
    for at, number in enumerate(numbers):
        alone, label = place(NEW[[number]], VECTORS, XY, LABELS, UNIT)
        assert alone.tobytes() == together[[at]].tobytes()
        assert label == labels[at]


def test_new_points_are_where_their_neighbours_are():
    draw = np.random.default_rng(7)
    late = np.sort(draw.choice(len(VECTORS), 20, replace=False))
    old = np.setdiff1d(np.arange(len(VECTORS)), late)
    placed, labels = place(VECTORS[late], VECTORS[old], XY[old], LABELS[old], UNIT)
    whole = XY.copy()
    whole[late] = placed
    before, after = neighbours_kept(VECTORS, XY), neighbours_kept(VECTORS, whole)
    assert after.trustworthiness > before.trustworthiness - 0.01
    assert after.continuity > before.continuity - 0.01
    assert (labels == LABELS[late]).mean() > 0.9


def test_a_point_between_two_groups_goes_to_one_and_not_into_the_void():
    old = unit(np.concatenate([np.tile([[1, 0.1]], (8, 1)), np.tile([[0.1, 1]], (7, 1))]))
    xy = np.concatenate([np.tile([[-1, 0]], (8, 1)), np.tile([[1, 0]], (7, 1))]).astype(np.float32)
    labels = np.repeat([0, 1], [8, 7]).astype(np.uint16)
    placed, label = place(unit([[1, 1]]), old, xy, labels, 0.01)
    assert np.abs(placed[0] - [-1, 0]).max() < 0.01
    assert 0 == label[0]


def test_one_point_is_enough_to_stand_beside():
    placed, label = place(
        unit([[0, 1]]), unit([[1, 0]]), np.array([[0.5, 0.25]], np.float32), np.array([3], "u2"), 1
    )
    assert [[0.5, 0.25]] == placed.tolist()
    assert [3] == label.tolist()


def test_many_copies_of_a_neighbour_do_not_depend_on_the_batch():
    old = np.tile(unit([[1, 2, 3]]), (60, 1))
    xy = np.random.default_rng(0).uniform(-1, 1, (60, 2)).astype(np.float32)
    new = np.tile(unit([[1, 2, 3.1]]), (9, 1))
    placed, _ = place(new, old, xy, np.zeros(60, np.uint16), 0.02)
    assert 1 == len(np.unique(placed, axis=0))
    assert placed[:1].tobytes() == place(new[:1], old, xy, np.zeros(60, "u2"), 0.02)[0].tobytes()
