"""`POST /rerank`, `/v1/rerank` and `/v2/rerank`, in Cohere's shape: documents by a query."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import APIRouter, Request, Response

from cospace.encode.base import BaseEncoder
from cospace.errors import BadArgument
from cospace.serve.answers import answer, described
from cospace.serve.body import read
from cospace.serve.server import Server
from cospace.serve.shapes import RerankRequest
from cospace.serve.waiting import finished

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["router"]


def router(server: Server) -> APIRouter:
    """The routes. A model of vectors scores by cosine, a cross-encoder between 0 and 1."""
    routes = APIRouter(tags=["rerank"])
    about = described(RerankRequest, "Documents by how well they answer a query, best first.")

    @routes.post("/rerank", **about)
    @routes.post("/v1/rerank", **about)
    @routes.post("/v2/rerank", **about)
    async def rerank(request: Request) -> Response:
        asked = await read(request, RerankRequest)
        _check(asked)
        texts = [one if isinstance(one, str) else one.text for one in asked.documents]
        name = asked.model or next(iter(server.models), "")
        scores, warnings = await _scores(server, request, name, asked.query, texts)
        # Equal scores stand in the order in which they came.
        order = np.argsort(-scores, kind="stable")[: asked.top_n]
        results: list[dict[str, Any]] = [
            {"index": int(at), "relevance_score": float(scores[at])} for at in order
        ]
        if asked.return_documents:
            for one in results:
                one["document"] = {"text": texts[one["index"]]}
        version = "1" if request.url.path.startswith("/v1") else "2"
        meta: dict[str, Any] = {"api_version": {"version": version}}
        if warnings:
            meta["warnings"] = warnings
        return answer({"id": str(uuid.uuid4()), "results": results, "meta": meta})

    return routes


def _check(asked: RerankRequest) -> None:
    if asked.rank_fields not in (None, ["text"]):
        raise BadArgument(f'documents have one field, "text"; rank_fields has {asked.rank_fields}')
    if asked.max_tokens_per_doc is not None:
        raise BadArgument("max_tokens_per_doc cannot be set: leave it out, or cut the documents")


async def _scores(
    server: Server, request: Request, name: str, query: str, texts: list[str]
) -> tuple[NDArray[np.float32], list[str]]:
    """A score for each text, and what a reader should know."""
    ranker = server.rerankers.get(name)
    if ranker is not None:
        found = await server.reranking.run(ranker.judge, query, texts)
        odds = 1 / (1 + np.exp(-found.logits.astype(np.float64)))
        return odds.astype(np.float32), _told(len(found.truncated), len(texts), name)
    model: BaseEncoder = server.model(name)
    turns = server.turns(model)
    many = turns.submit(texts, "document")
    try:
        one = turns.submit([query], "query")
        asker, _, _ = await finished(request, one, server.metrics)
        rows, cut, _ = await finished(request, many, server.metrics)
    except BaseException:
        many.cancel()  # nobody waits for them
        raise
    return np.einsum("ij,j->i", rows, asker[0]), _told(len(cut), len(texts), name)


def _told(cut: int, of: int, name: str) -> list[str]:
    return [f"{cut} of {of} documents were scored by their beginnings: {name} reads no more"] * (
        cut > 0
    )
