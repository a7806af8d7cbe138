"""The local store at other sizes: from measured trials to a measured million."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.plan import Local, Shape
from cospace.plan.local import small_bytes
from cospace.store.edge import SEGMENT_ROWS
from tests.unit.plan.measured import MILLION, SMALL

LOCAL = Local(SMALL)
SIZES = st.integers(21_000, 10**12)
FORMS = st.sampled_from(["int8", "none", "binary"])


def test_a_million_is_predicted_within_a_quarter() -> None:
    taken = LOCAL.at(1_000_000, "int8")
    assert MILLION.private is not None and MILLION.mapped is not None
    assert taken.memory == pytest.approx(MILLION.private + MILLION.mapped, rel=0.25)
    assert taken.built[0] == pytest.approx(MILLION.built[0], rel=0.25)
    assert taken.disk == pytest.approx(MILLION.truth + MILLION.index, rel=0.05)


@given(SIZES, SIZES, FORMS)
def test_more_items_never_take_less(one: int, other: int, form: str) -> None:
    few, many = (LOCAL.at(n, form) for n in sorted((one, other)))
    assert few.memory is not None and many.memory is not None
    assert few.memory <= many.memory
    assert few.disk <= many.disk
    assert few.built[0] <= many.built[0] * (1 + 1e-9)


@given(SIZES, FORMS)
def test_what_must_stay_in_memory_is_part_of_it(items: int, form: str) -> None:
    taken = LOCAL.at(items, form)
    assert taken.memory is not None and taken.least is not None
    assert 0 < taken.least <= taken.memory
    assert (form == "none") == (taken.least == taken.memory)


def test_a_trial_is_met_again() -> None:
    for one in SMALL:
        taken = LOCAL.at(one.items, one.quantization)
        assert one.private is not None
        assert taken.private == pytest.approx(one.private, rel=0.1)
        assert taken.mapped == pytest.approx(one.mapped, rel=0.02)


def test_a_search_asks_each_graph() -> None:
    one = LOCAL.at(SEGMENT_ROWS, "int8").search[0]
    four = LOCAL.at(4 * SEGMENT_ROWS, "int8").search[0]
    assert 3 * one < four < 4 * one


def test_what_stays_beside_an_engine_is_less_than_the_store() -> None:
    beside, whole = LOCAL.beside(1_000_000), LOCAL.at(1_000_000, "none")
    assert beside.memory is not None and whole.memory is not None
    assert 0 < beside.memory < whole.memory
    assert 0 < beside.disk < whole.disk


def test_memory_that_the_system_does_not_tell_is_not_made_up() -> None:
    untold = Local([replace(one, private=None, mapped=None) for one in SMALL])
    taken = untold.at(1_000_000, "int8")
    assert (None, None, None) == (taken.private, taken.memory, taken.least)
    assert untold.beside(1_000_000).memory is None
    assert taken.disk > 0


def test_trials_that_say_too_little() -> None:
    with pytest.raises(BadArgument, match="two sizes"):
        Local(SMALL[:3])
    with pytest.raises(BadArgument, match="one shape"):
        Local([SMALL[0], replace(MILLION, shape=Shape(8))])
    with pytest.raises(BadArgument, match="more than 20,000"):
        Local([replace(SMALL[0], items=20_000), MILLION])


def test_a_form_that_was_not_tried() -> None:
    with pytest.raises(BadArgument, match="'int4' was not tried"):
        LOCAL.at(1_000_000, "int4")


def test_a_binary_copy_is_a_multiple_of_128_bits() -> None:
    assert [16, 16, 32] == [small_bytes("binary", dim) for dim in (1, 128, 129)]
