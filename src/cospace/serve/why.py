"""`POST /collections/{name}/why`: which words, or which region of a photo, speak for an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cospace.collection.explained import explained, photo_of, strangers_of
from cospace.errors import BadArgument, CospaceError
from cospace.serve.answers import answer, described
from cospace.serve.body import read
from cospace.serve.collections import content_of
from cospace.serve.server import Server
from cospace.serve.shapes import WhyRequest
from cospace.serve.thumbs import read_part

if TYPE_CHECKING:
    from pathlib import Path

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
        photo = await _photo(server, await server.searches.run(photo_of, collection, asked.id))
        strangers = [] if photo is None else await _strangers(server, collection, asked.id)
        # Some dozens of texts and photos are encoded: with what is slow, and behind all questions.
        found = await server.reranking.run(
            explained, collection, content, asked.id, photo=photo, strangers=strangers
        )
        return answer(found.to_json())

    return routes


async def _strangers(server: Server, collection: Collection, id: str) -> list[Image]:
    """The photos of a few other items, as far as they can be read."""
    paths = await server.searches.run(strangers_of, collection, id)
    found = [await _photo(server, path) for path in paths]
    return [photo for photo in found if photo is not None]


async def _photo(server: Server, path: Path | None) -> Image | None:
    """A photo, decoded apart; None where there is none, or none that can be read."""
    if path is None:
        return None
    try:
        return await server.image(await server.searches.run(read_part, path, "", "image"))
    except CospaceError:  # the answer says so
        return None
