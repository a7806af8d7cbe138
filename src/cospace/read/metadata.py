"""Metadata: the JSON-safe subset that every store can hold and every filter can compare."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

from cospace.errors import BadItem
from cospace.limits import limit
from cospace.read.dates import iso
from cospace.read.regular import shown

__all__ = ["as_kept", "check_metadata", "number_of", "sift_metadata"]

_SCALARS = frozenset({str, int, float, bool})
_INT_MIN, _INT_MAX = -(2**63), 2**63 - 1


def check_metadata(metadata: Mapping[str, Any], name: str = "") -> dict[str, Any]:
    """`metadata` as a plain dict that any store can hold; `name` says whose it is in an error.

    A value is a str, an int of 64 bits, a finite float, a bool, a date or datetime, a list of
    those, or a dict of values in turn. None is dropped, numpy's numbers and decimals become
    Python's, a tuple or an array of one axis becomes a list, a date its ISO 8601 text.
    Keys are only data: none of them ever selects code.

    Raises `BadItem` with the path of the value that does not fit, and past the limits
    `metadata_keys`, `metadata_depth` and `metadata_bytes`.

    >>> check_metadata({"price": 120.0, "tags": ("red", "oak"), "sold": None})
    {'price': 120.0, 'tags': ['red', 'oak']}
    """
    if not isinstance(metadata, Mapping):
        raise BadItem(name, f"metadata is a dict, not {type(metadata).__name__}")
    if len(metadata) > limit("metadata_keys"):
        raise BadItem(
            name,
            f"metadata has {len(metadata)} keys; at most {limit('metadata_keys')} are kept. Name"
            " the columns to keep with metadata=[...]",
        )
    try:
        kept = _dict(metadata, "", limit("metadata_depth"))
        size = len(_as_json(kept).encode("utf-8"))
    except _UnfitError as error:
        raise BadItem(name, str(error)) from None
    except UnicodeEncodeError:
        raise BadItem(name, "metadata holds a lone surrogate; it is not valid Unicode") from None
    if size > limit("metadata_bytes"):
        raise BadItem(
            name,
            f"metadata has {size:,} bytes as JSON; at most {limit('metadata_bytes'):,} are kept."
            " Name the columns to keep with metadata=[...]",
        )
    return kept


def sift_metadata(
    metadata: Mapping[str, Any], name: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """What `check_metadata` gives for the values that fit, and by key why the others do not.

    Raises `BadItem` for what no single value is to blame for: no dict, too many keys, too large.

    >>> kept, odd = sift_metadata({"price": 120.0, "size": float("nan")})
    >>> kept, list(odd)
    ({'price': 120.0}, ['size'])
    """
    try:
        return check_metadata(metadata, name), {}
    except BadItem:
        if not isinstance(metadata, Mapping) or len(metadata) > limit("metadata_keys"):
            raise
    kept: dict[str, Any] = {}
    odd: dict[str, str] = {}
    for key, value in metadata.items():
        try:
            kept.update(check_metadata({key: value}, name))
        except BadItem as error:
            odd[shown(key) if isinstance(key, str) else shown(repr(key))] = error.reason
    return check_metadata(kept, name), odd


# Made once: json.dumps makes a new encoder at each call that is not plain.
_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class _UnfitError(ValueError):
    """A value that is outside the subset; the message holds its path."""


def _dict(values: Mapping[str, Any], path: str, depth: int) -> dict[str, Any]:
    if depth < 1:
        raise _UnfitError(f"metadata is nested deeper than {limit('metadata_depth')} levels")
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise _UnfitError(f"metadata keys are str; {path}{key!r} is {type(key).__name__}")
        if "\x00" in key or not key:
            raise _UnfitError(f"metadata key {path}{key!r} is empty or holds a NUL character")
        if value is None:
            continue
        if type(value) in _SCALARS:
            kept[str(key)] = _scalar(value, path + key)
        elif isinstance(value, Mapping):
            kept[str(key)] = _dict(value, f"{path}{key}.", depth - 1)
        elif isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) == 1:
            kept[str(key)] = [_scalar(v, f"{path}{key}[{i}]") for i, v in enumerate(value)]
        else:
            kept[str(key)] = _scalar(value, f"{path}{key}")
    return kept


def as_kept(value: Any) -> Any:
    """A single value as metadata keeps it; what it does not keep, as it is.

    >>> as_kept(Decimal("19.90")), as_kept(date(2026, 1, 31)), as_kept([1])
    (19.9, '2026-01-31', [1])
    """
    try:
        return _scalar(value, "")
    except _UnfitError:
        return value


def number_of(value: Decimal) -> int | float:
    """A decimal as a float; one without a fraction is a whole number, and keeps all its digits.

    >>> number_of(Decimal("4006381333931")), number_of(Decimal("19.90"))
    (4006381333931, 19.9)
    """
    exponent = value.as_tuple().exponent
    return int(value) if isinstance(exponent, int) and 0 <= exponent < 100 else float(value)


def _scalar(value: Any, path: str) -> str | int | float | bool:
    kind = type(value)
    # Nearly every value ends in one of these two lines; the rest is for the odd ones.
    if kind is bool or (kind is int and _INT_MIN <= value <= _INT_MAX):
        return cast("int", value)
    if kind is float and math.isfinite(value):
        return cast("float", value)
    if isinstance(value, str):
        if "\x00" in value:
            raise _UnfitError(f"metadata {path} holds a NUL character; remove it")
        return str.__str__(value)
    if isinstance(value, Integral):
        whole = int(value)
        if _INT_MIN <= whole <= _INT_MAX:
            return whole
        raise _UnfitError(f"metadata {path} is an integer of more than 64 bits; keep it as a str")
    if isinstance(value, Real):
        number = float(value)
        if math.isfinite(number):
            return number
        raise _UnfitError(f"metadata {path} is {number}; numbers are finite. Leave it out instead")
    return _foreign(value, path)


def _foreign(value: Any, path: str) -> str | int | float | bool:
    """A value of another type than Python's own; pandas' NaT is a date, and refused."""
    if isinstance(value, Decimal) and value.is_finite():
        return _scalar(number_of(value), path)
    if isinstance(value, date) and value == value:  # noqa: PLR0124 - NaT is not
        return iso(value)
    kind = type(value).__name__
    if kind == "bool" and hasattr(value, "item"):
        return bool(value)
    if kind == "datetime64" and value == value:  # noqa: PLR0124 - NaT is not
        # Python's dates go to microseconds: what is finer has no `item` but a number.
        found = value.item()
        return _scalar(value.astype("datetime64[us]").item() if type(found) is int else found, path)
    raise _UnfitError(
        f"metadata {path} is {kind}; it takes str, int, float, bool, a date, a list of those, or a"
        f" dict: {_advice(value)}"
    )


def _advice(value: Any) -> str:
    """What to give instead of a value of a type that is not kept."""
    if isinstance(value, (set, frozenset)):
        return "write sorted(value)"
    if isinstance(value, (UUID, PurePath)):
        return "write str(value)"
    if isinstance(value, Enum):
        return "write value.value"
    missing = isinstance(value, date)  # pandas' NaT is one, and every other date is kept
    return (
        "write value.isoformat()" if hasattr(value, "isoformat") and not missing else "leave it out"
    )
