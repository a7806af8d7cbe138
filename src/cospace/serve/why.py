"""`POST /collections/{name}/why`: which words, or which region of a photo, speak for an item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from cospace.collection.explained import explained, photos_of, strangers_of
from cospace.errors import BadArgument, BadItem, CospaceError
from cospace.serve.answers import answer, described
from cospace.serve.body import BadRequest, read
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
        paths = await server.searches.run(photos_of, collection, asked.id)
        photos = {name: await _photo(server, path, name) for name, path in paths.items()}
        strangers = await _strangers(server, collection, asked.id) if photos else []
        # Some dozens of texts and photos are encoded: with what is slow, and behind all questions.
        found = await server.reranking.run(
            explained, collection, content, asked.id, photos=photos, strangers=strangers
        )
        return answer(found.to_json())

    return routes


async def _strangers(server: Server, collection: Collection, id: str) -> list[Image]:
    """The photos of a few other items, as far as they can be read."""
    paths = await server.searches.run(strangers_of, collection, id)
    found = [await _photo(server, path, "image") for path in paths]
    return [photo for photo in found if not isinstance(photo, BadItem)]


async def _photo(server: Server, path: Path, name: str) -> Image | BadItem:
    """A photo, decoded apart, or why it cannot be read: the answer says so."""
    try:
        return await server.image(await server.searches.run(read_part, path, "", name))
    except BadRequest:  # its reason names a path of this machine
        return BadItem(name, "there is no file at its path that can be read")
    except CospaceError as error:
        return BadItem(name, error.reason if isinstance(error, BadItem) else str(error))
