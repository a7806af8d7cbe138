import datetime
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadItem
from cospace.limits import override
from cospace.read.metadata import check_metadata

SCALARS = (
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1)


@given(st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=3), max_size=8))
@settings(deadline=None)
def test_what_json_can_hold_comes_back_equal(metadata: dict[str, Any]) -> None:
    kept = check_metadata(metadata)
    assert metadata == kept
    assert metadata == json.loads(json.dumps(kept))


@pytest.mark.parametrize(
    ("given", "kept"),
    [("3", 3), ("3.50", 3.5), ("9007199254740993", 2**53 + 1), ("-0.25", -0.25), ("1E+3", 1000)],
)
def test_a_decimal_becomes_a_number(given: str, kept: float) -> None:
    found = check_metadata({"price": Decimal(given), "list": [Decimal(given)]})
    assert {"price": kept, "list": [kept]} == found
    assert type(kept) is type(found["price"])


@pytest.mark.parametrize("given", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+400", "1E+30"])
def test_a_decimal_that_is_no_number_here_is_refused(given: str) -> None:
    with pytest.raises(BadItem, match="price"):
        check_metadata({"price": Decimal(given)})


def test_none_is_dropped_and_numpy_becomes_python() -> None:
    given = {
        "a": None, "b": np.int32(3), "c": np.float32(0.5), "d": np.bool_(True),
        "e": (1, 2), "f": {"g": None, "h": np.str_("x")},
    }  # fmt: skip
    kept = check_metadata(given)
    assert {"b": 3, "c": 0.5, "d": True, "e": [1, 2], "f": {"h": "x"}} == kept
    assert [int, float, bool] == [type(kept[k]) for k in "bcd"]


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"x": 1}
    for _ in range(depth - 1):
        value = {"x": value}
    return value


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"a": math.nan}, "metadata a is nan"),
        ({"a": {"b": math.inf}}, "metadata a.b is inf"),
        ({"a": 2**64}, "more than 64 bits"),
        ({"a": [1, 2**63]}, r"metadata a\[1\]"),
        ({"a": "x\x00"}, "NUL"),
        ({"a\x00": 1}, "NUL"),
        ({"a": "\ud800"}, "surrogate"),
        ({"\ud800": 1}, "surrogate"),
        ({1: 1}, "keys are str"),
        ({"": 1}, "empty"),
        ({"a": datetime.time(9, 30)}, "isoformat"),
        ({"a": b"x"}, "bytes"),
        ({"a": [[1]]}, "list"),
        ({"a": [None]}, "NoneType"),
        ({"a": object()}, "object"),
        (nested(1_000), "deeper than 8"),
        ({str(i): 1 for i in range(65)}, "65 keys"),
        ({"a": "x" * 10_000_000}, "bytes as JSON"),
        ([1], "a dict"),
    ],
)
def test_what_some_store_cannot_hold_is_refused_with_its_place(metadata: Any, reason: str) -> None:
    with pytest.raises(BadItem, match=reason):
        check_metadata(metadata, "a")


def test_the_depth_counts_the_outermost_dict() -> None:
    assert nested(8) == check_metadata(nested(8))
    with pytest.raises(BadItem):
        check_metadata(nested(9))


def test_bytes_are_counted_as_utf_8() -> None:
    with override(metadata_bytes=10):
        assert {"a": "é"} == check_metadata({"a": "é"})  # {"a":"é"} has 10 bytes
        with pytest.raises(BadItem):
            check_metadata({"a": "éé"})


def test_keys_that_name_code_are_only_data() -> None:
    given: Mapping[str, Any] = {"lc": 1, "__class__": "os.system", "$where": "1"}
    assert given == check_metadata(given)
