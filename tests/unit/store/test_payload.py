"""What of a row's metadata the engine is given."""

from dataclasses import replace
from typing import Any

import pytest

from cospace.store.payload import WHOLE, payload_of, rest
from cospace.store.protocol import Row
from cospace.store.schema import Schema


def payload(metadata: dict[str, Any]) -> dict[str, Any]:
    schema = Schema()
    schema.add([replace(field, slot="f0") for field in schema.learn(metadata, "a")])
    return payload_of(Row("a", None, metadata, {}, {}), schema.fields)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"price": 5}, {"f0": [5.0]}),
        ({"price": [1, 2.5]}, {"f0": [1.0, 2.5]}),
        ({"sold": True}, {"f0": ["True"]}),
        ({"city": "Bremen"}, {"f0": "Bremen"}),
        ({"day": "1970-01-02"}, {"f0": "1970-01-02", "f0_dates": [86_400_000_000.0]}),
        ({"days": ["soon", "1970-01-01"]}, {"f0": ["soon", "1970-01-01"], "f0_dates": [0.0]}),
        ({"at": {"lat": 90, "lon": 0}}, {"f0": [{"lat": 90 - 1e-9, "lon": 0}]}),
    ],
)
def test_each_type(metadata: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected == payload(metadata)


@pytest.mark.parametrize("number", [WHOLE, WHOLE + 1, -WHOLE - 3, 2**62 + 1])
def test_a_large_number_is_whole_with_its_rest(number: int) -> None:
    [kept] = payload({"sscc": number})["f0_large"]
    assert number == int(kept["near"]) + int(kept["rest"])
    assert rest(number) == kept["rest"]


def test_a_day_far_off_is_exact_too() -> None:
    [kept] = payload({"day": "9998-12-31T23:59:59.999999"})["f0_dates_large"]
    assert 253_370_764_799_999_999 == int(kept["near"]) + int(kept["rest"])
