"""`POST /collections/{name}/why`: which words, or which region of a photo, speak for an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cospace.collection.why import photo_of, reasons
from cospace.errors import BadArgument, CospaceError
from cospace.serve.answers import answer, described
from cospace.serve.body import read
from cospace.serve.collections import content_of
from cospace.serve.server import Server
from cospace.serve.shapes import WhyRequest
from cospace.serve.thumbs import read_part

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.item import Image

__all__ = ["router"]


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["collections"])

    @routes.post(
        "/collections/{name}/why",
        **described(WhyRequest, "What of an item speaks for it as the answer to a question."),
    )
    async def why(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, WhyRequest)
        content = await content_of(server, asked, None)
        if content is None:
            raise BadArgument("give query (a text), image, like (an id), or several")
        photo = await _photo(server, collection, asked.id)
        # Some dozens of texts and photos are encoded: with what is slow, and behind all questions.
        found = await server.reranking.run(reasons, collection, content, asked.id, photo=photo)
        return answer(found.to_json())

    return routes


async def _photo(server: Server, collection: Collection, id: str) -> Image | None:
    """The item's photo, decoded apart; None where it has none, or none that can be read."""
    path = await server.searches.run(photo_of, collection, id)
    if path is None:
        return None
    try:
        return await server.image(await server.searches.run(read_part, path, id, "image"))
    except CospaceError:  # the answer says so
        return None
