"""A request's body: read as JSON within limits, and then as what the route takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from cospace.errors import BadArgument, CospaceError
from cospace.limits import limit

if TYPE_CHECKING:
    from fastapi import Request

__all__ = ["BadRequest", "parse", "read", "shaped"]

M = TypeVar("M", bound=BaseModel)

# Digits to 0, all else to a blank; and the shortest run that may be too long for 64 bits.
_DIGITS = bytes(48 if 48 <= byte < 58 else 32 for byte in range(256))
_LONG_RUN = b"0" * 19
_JSON = ("application/json", "")


class BadRequest(CospaceError):
    """A request that is refused as it stands, with the status that says why."""

    exit_code = 2

    def __init__(self, message: str, *, status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(message)
        self.http_status = status
        self.code = code


async def read(request: Request, shape: type[M]) -> M:
    """The request's JSON as `shape`.

    Raises `BadRequest` for another content type, for what is no JSON or too deep, and
    `BadArgument` that names the field for JSON of another shape.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _JSON:
        raise BadRequest(f"send application/json, not {kind[:100]!r}", status=415)
    return shaped(parse(await request.body()), shape)


def parse(raw: bytes) -> Any:
    """The JSON value in `raw`: no NaN, no infinity, and nested at most `json_depth` deep.

    >>> parse(b'{"input": ["a"]}')
    {'input': ['a']}
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    most = limit("json_depth")
    # Brackets inside of texts count here too; only then is it looked at more closely.
    if raw.count(b"[") + raw.count(b"{") > most and _deeper(value, most):
        raise BadRequest(f"the JSON is nested more than {most} deep")
    if _LONG_RUN in raw.translate(_DIGITS):  # after that: this reader calls itself for each level
        json.loads(raw, parse_int=_of_64_bits)
    return value


def _of_64_bits(text: str) -> int:
    """orjson would make a float of a longer integer, and say nothing."""
    if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
        raise BadRequest("an integer has more than 64 bits; send it as a string")
    return int(text)


def _deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for one in level
            if isinstance(one, (dict, list))
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def shaped(value: Any, shape: type[M]) -> M:
    """The value as `shape`. Raises `BadArgument` that says where it differs."""
    if not isinstance(value, Mapping):
        raise BadArgument(f"expected a JSON object, not {type(value).__name__}")
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "the request"
        if first["type"] == "extra_forbidden":
            names = ", ".join(shape.model_fields)
            raise BadArgument(f"{place}: not known here; there are {names}") from None
        raise BadArgument(f"{place}: {first['msg']}{_given(first)}") from None


def _given(first: Mapping[str, Any]) -> str:
    value = first["input"]
    if first["type"] == "missing" or not isinstance(value, str | int | float | bool | None):
        return ""
    return f"; given: {value[:100] if isinstance(value, str) else value!r}"
