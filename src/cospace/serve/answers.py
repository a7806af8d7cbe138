"""How routes answer: bytes of JSON, errors in one shape, and their place in the OpenAPI page."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from cospace.errors import CospaceError, TooBusy
from cospace.serve.guard import refusal

__all__ = ["Answer", "answer", "described", "of_error", "of_fault", "of_http", "of_query"]


class Answer(Response):
    """JSON that is bytes already."""

    media_type = "application/json"


def answer(record: Any, status: int = 200) -> Answer:
    """A record as JSON. Numbers of numpy are numbers."""
    return Answer(orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY), status)


async def of_error(request: Request, error: BaseException) -> Response:
    """The answer to a request that failed on purpose: status, class and message."""
    del request
    assert isinstance(error, CospaceError)
    status = error.http_status
    kind = "invalid_request_error" if status < 500 else "server_error"
    headers = {}
    if isinstance(error, TooBusy):
        headers["Retry-After"] = str(error.retry_after)
    if status in (408, 413):  # what is left of the body is not read
        headers["Connection"] = "close"
    code = getattr(error, "code", None) or type(error).__name__
    return Answer(refusal(str(error), kind=kind, code=code), status, headers)


async def of_query(request: Request, error: Exception) -> Response:
    """The answer to an address whose part after the ? lacks something, or has it wrong."""
    del request
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    text = f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}"
    return Answer(refusal(text, kind="invalid_request_error", code="BadArgument"), 400)


async def of_fault(request: Request, error: BaseException) -> Response:
    """The answer to what nobody expected: it tells nothing of our insides; `Guard` logs it."""
    del request, error
    return Answer(refusal("unexpected error; the server's log has it", kind="server_error"), 500)


async def of_http(request: Request, error: Exception) -> Response:
    """The answer to what the framework refuses: no such route, or another method."""
    assert isinstance(error, HTTPException)
    what = {404: f"there is no {request.url.path[:200]}", 405: f"no {request.method} here"}
    text = what.get(error.status_code, str(error.detail))
    body = refusal(text, kind="invalid_request_error", code=None)
    return Answer(body, error.status_code, dict(error.headers or {}))


def described(shape: type[BaseModel], summary: str, *, files: bool = False) -> dict[str, Any]:
    """What a route that reads its own body tells OpenAPI of it."""
    schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
    inner = schema.pop("$defs", {})
    examples = schema.pop("examples", None)
    media: dict[str, Any] = {"schema": _inlined(schema, inner)}
    if examples:
        media["example"] = examples[0]
    content = {"application/json": media}
    if files:
        form = {
            "type": "object",
            "properties": {
                "request": {"type": "string", "description": "the same, as JSON"},
                "image": {"type": "string", "format": "binary"},
            },
        }
        content["multipart/form-data"] = {"schema": form}
    body = {"required": True, "content": content}
    errors = {
        status: {"description": text}
        for status, text in {
            400: "it cannot be used as it is; `error.message` says why",
            401: "a token is needed",
            404: "no such model, collection or item",
            409: "it does not go with what is stored",
            413: "too large",
            415: "another content type",
            422: "the Idempotency-Key came with another request",
            429: "too much to do; see Retry-After",
        }.items()
    }
    return {"summary": summary, "openapi_extra": {"requestBody": body}, "responses": errors}


def _inlined(value: Any, inner: dict[str, Any]) -> Any:
    """The schema with its definitions in their places."""
    if isinstance(value, dict):
        if "$ref" in value:
            return _inlined(inner[value["$ref"].rpartition("/")[2]], inner)
        return {key: _inlined(one, inner) for key, one in value.items()}
    return [_inlined(one, inner) for one in value] if isinstance(value, list) else value
