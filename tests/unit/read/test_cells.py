from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.read.cells import column_kind, kind_of, value_of


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("0", "int"), ("-12", "int"), (" 7 ", "int"), ("9223372036854775807", "int"),
        ("9223372036854775808", "code"), ("00123", "code"), ("+49 89", "code"),
        ("1E5", "code"), ("12E34", "code"), ("1E+05", "float"), ("1.0E5", "float"),
        ("1.5", "float"), (".5", "float"), ("-3.", "float"), ("1e5", "float"), ("0.50", "float"),
        ("1e999", "str"), ("nan", "str"), ("inf", "str"), ("1_000", "str"), ("1,5", "str"),
        ("٣", "str"), ("True", "bool"), ("false", "bool"), ("yes", "str"), ("-", "str"),
        (".", "str"), ("1.2.3", "str"), ("", "str"),
    ],
)  # fmt: skip
def test_one_cell_has_the_narrowest_type(cell: str, expected: str) -> None:
    assert expected == kind_of(cell)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1"] * 9 + ["x"], "int"),
        (["1"] * 8 + ["x"] * 2, "str"),
        (["1"] * 9 + ["1.5"], "float"),
        (["1"] * 99 + ["007"], "str"),
        (["true"] * 9 + ["maybe"], "bool"),
        ([], "str"),
    ],
)
def test_a_column_has_the_type_of_nine_cells_in_ten(cells: list[str], expected: str) -> None:
    assert expected == column_kind(Counter(map(kind_of, cells)))


@pytest.mark.parametrize(
    ("cell", "kind", "expected"),
    [
        ("1", "int", 1), ("1.5", "int", 1.5), ("1", "float", 1.0), ("TRUE", "bool", True),
        (" x ", "str", " x "), ("  ", "int", None), ("", "str", None), ("007", "code", "007"),
    ],
)  # fmt: skip
def test_a_cell_becomes_a_value(cell: str, kind: Any, expected: Any) -> None:
    value = value_of(cell, kind)
    assert (expected, type(expected)) == (value, type(value))


@pytest.mark.parametrize("kind", ["int", "float", "bool"])
def test_a_cell_that_does_not_fit_says_so(kind: Any) -> None:
    with pytest.raises(ValueError, match="'abc' is not"):
        value_of("abc", kind)


@given(st.integers(-(2**63), 2**63 - 1))
@settings(deadline=None)
def test_every_int_comes_back(number: int) -> None:
    assert number == value_of(str(number), "int")


@given(st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None)
def test_every_float_comes_back(number: float) -> None:
    assert number == value_of(repr(number), "float")
