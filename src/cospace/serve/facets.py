"""What a page of search asks beside the search: facets, and how to go on with what is typed."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from cospace.serve.answers import answer, described
from cospace.serve.body import read
from cospace.serve.collections import near_of
from cospace.serve.server import Server
from cospace.serve.shapes import FacetRequest

__all__ = ["router"]


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["collections"])

    @routes.post(
        "/collections/{name}/facets",
        **described(FacetRequest, "Of which values the items are that pass a filter."),
    )
    async def facets(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, FacetRequest)
        found = await server.searches.run(
            collection.facets, asked.where, asked.fields, near=near_of(asked.near)
        )
        return answer(found.to_json())

    @routes.get("/collections/{name}/complete", summary="Ways to go on from what was typed.")
    async def complete(name: str, text: str) -> Response:
        collection = server.collection(name)
        found = await server.searches.run(collection.complete, text)
        return answer({"text": text, "completions": found})

    return routes
