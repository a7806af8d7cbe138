"""Whole groups are held out: what is equal, or nearly so, never stands on both sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.train.heldout import grouped, near, split_groups


def test_items_that_share_a_key_by_way_of_others_are_one_group() -> None:
    captions = ["red", "blue", "blue", None, None]
    photos = [1, 1, 2, 3, 4]
    assert grouped(captions, photos).tolist() == [0, 0, 0, 1, 2]
    assert grouped(captions, photos, joined=[(0, 4)]).tolist() == [0, 0, 0, 1, 0]


def test_keys_of_another_length_are_refused() -> None:
    with pytest.raises(BadArgument, match="one for each of 2 items"):
        grouped(["a", "b"], ["c"])


def test_near_rows_are_found_across_blocks() -> None:
    rows = np.random.default_rng(0).normal(size=(2100, 24)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[2050] = rows[3]
    assert near(rows, 0.999) == [(3, 2050)]


@given(
    st.lists(st.integers(0, 8), min_size=2, max_size=60), st.floats(0.05, 0.9), st.integers(0, 9)
)
def test_no_group_stands_on_both_sides(names: list[int], share: float, seed: int) -> None:
    groups = np.array(names)
    if len(set(names)) < 2:
        with pytest.raises(BadArgument, match="of one group"):
            split_groups(groups, share=share, seed=seed)
        return
    kept, held = split_groups(groups, share=share, seed=seed)
    assert sorted([*kept, *held]) == list(range(len(groups)))
    assert kept.size and held.size
    assert not set(groups[kept]) & set(groups[held])


def test_about_the_share_is_held_out() -> None:
    kept, held = split_groups(np.arange(1000), share=0.2)
    assert (len(kept), len(held)) == (800, 200)


@pytest.mark.parametrize("seed", range(5))
def test_a_large_group_is_not_held_out_for_being_drawn_first(seed: int) -> None:
    groups = np.repeat([0, 1, 2], [80, 12, 8])
    kept, _ = split_groups(groups, share=0.2, seed=seed)
    assert 80 <= len(kept)
    kept, held = split_groups(np.repeat([0, 1], [60, 40]), share=0.1, seed=seed)
    assert (60, 40) == (len(kept), len(held))


@pytest.mark.parametrize("share", [0.0, 1.0, float("nan")])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(BadArgument, match="between 0 and 1"):
        split_groups(np.arange(4), share=share)
