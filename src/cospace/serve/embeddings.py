"""`POST /v1/embeddings` and `GET /v1/models`, in OpenAI's shape."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import orjson
from fastapi import APIRouter, Request, Response

from cospace.encode.base import BaseEncoder
from cospace.encode.model import first_numbers
from cospace.errors import BadArgument
from cospace.serve.answers import Answer, described
from cospace.serve.body import read
from cospace.serve.direct import Endpoint
from cospace.serve.inputs import contents
from cospace.serve.server import Server
from cospace.serve.shapes import EmbeddingRequest
from cospace.serve.waiting import finished

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PATH", "endpoint", "router"]

PATH = "/v1/embeddings"
_TOGETHER = 64  # rows written before others have their turn


def endpoint(server: Server) -> Endpoint:
    """What answers `POST /v1/embeddings`."""

    async def embeddings(request: Request) -> Response:
        asked = await read(request, EmbeddingRequest)
        model = server.model(asked.model)
        dim = _dim(model, asked.dimensions)
        inputs = contents(asked, partial(server.token_ids.text, model=model))
        if not all(isinstance(one, str) for one in inputs):
            inputs = [await server.safe(one, model.space.kinds) for one in inputs]
        role: Literal["query", "document"] = (
            "query" if asked.input_type in ("query", "search_query") else "document"
        )
        future = server.turns(model).submit(inputs, role, count=True)
        rows, cut, tokens = await finished(request, future, server.metrics)
        if dim < rows.shape[1]:
            rows = first_numbers(rows, dim)
        body = await _body(asked, rows, cut, tokens)
        return Answer(body)

    return embeddings


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["embeddings"])
    about = described(EmbeddingRequest, "Vectors of texts, images and sounds.")
    routes.post(PATH, **about)(endpoint(server))

    @routes.get("/v1/models", summary="The models of this server.")
    async def models() -> Response:
        data = [
            {
                "id": name,
                "object": "model",
                "created": 0,
                "owned_by": "cospace",
                "dim": one.space.dim,
                "kinds": list(one.space.kinds),
                "fingerprint": one.space.fingerprint,
            }
            for name, one in server.models.items()
        ]
        return Answer(orjson.dumps({"object": "list", "data": data}))

    return routes


def _dim(model: BaseEncoder, asked: int | None) -> int:
    """How many numbers are answered. Raises `BadArgument` for a cut that was not trained for."""
    whole = model.space.dim
    if asked is None or asked == whole:
        return whole
    trained = {
        dim
        for tower in model.space.towers
        for dim in (getattr(tower, "preprocess", {}).get("matryoshka") or ())
    }
    if asked not in trained or asked > whole:
        may = ", ".join(map(str, sorted({d for d in trained if d < whole} | {whole})))
        raise BadArgument(
            f"{model.space.name} was not trained to be cut to {asked} numbers; dimensions may be"
            f" {may}"
        )
    return asked


async def _body(
    asked: EmbeddingRequest, rows: NDArray[np.float32], cut: list[int], tokens: int
) -> bytes:
    """The answer, put together so that a long one does not hold up others."""
    pieces = [b'{"object":"list","data":[']
    coded = asked.encoding_format == "base64"
    for at, line in enumerate(_lines(rows, coded)):
        if at % _TOGETHER == _TOGETHER - 1:
            await asyncio.sleep(0)
        pieces.append(line)
    rest: dict[str, Any] = {
        "model": asked.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    if cut:  # the positions of texts that the model did not read to their end
        rest["truncated"] = cut
    pieces += [b"],", orjson.dumps(rest)[1:]]
    return b"".join(pieces)


def _lines(rows: NDArray[np.float32], coded: bool) -> Iterator[bytes]:
    for at, row in enumerate(rows):
        value = (
            b'"' + base64.b64encode(row.astype("<f4", copy=False).tobytes()) + b'"'
            if coded
            else orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY)
        )
        comma = b"," if at else b""
        yield comma + b'{"object":"embedding","index":%d,"embedding":%b}' % (at, value)
