"""The first number that is not finite is named by its place."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadItem
from cospace.read.finite import check_finite

BAD = [np.nan, np.inf, -np.inf]


@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    kind=st.sampled_from(["<f2", "<f4", ">f4", "<f8"]),
    places=st.lists(st.integers(0, 10_000), max_size=4),
    value=st.sampled_from(BAD),
    start=st.integers(0, 9),
)
def test_the_first_in_the_order_of_the_axes_is_named(
    shape: list[int], kind: str, places: list[int], value: float, start: int
) -> None:
    array = np.ones(shape, kind)
    spoilt = sorted({place % array.size for place in places})
    array.flat[spoilt] = value
    axes = [f"axis {'abcd'[i]}" for i in range(len(shape))]
    if not spoilt:
        check_finite(array, "x", axes)
        return
    first = [int(n) for n in np.unravel_index(spoilt[0], shape)]
    first[0] += start
    where = ", ".join(f"{axis} {number}" for axis, number in zip(axes, first, strict=True))
    with pytest.raises(BadItem, match=re.escape(f"{where} is {value}")) as caught:
        check_finite(array, "x", axes, start=start)
    assert caught.value.reason.startswith(f"{len(spoilt)} number")


@pytest.mark.parametrize("kind", ["u1", "i2", "i8", "?"])
def test_whole_numbers_are_always_finite(kind: str) -> None:
    check_finite(np.ones((2, 3), kind), "x", ("row", "column"))


def test_nothing_is_finite_too() -> None:
    check_finite(np.empty((0, 3)), "x", ("row", "column"))


def test_advice_follows_the_place() -> None:
    with pytest.raises(
        BadItem, match=r"^a\.csv: 1 number is NaN or infinite: row 1 is nan; mend it$"
    ):
        check_finite(np.array([0, np.nan]), "a.csv", ("row",), advice="mend it")
