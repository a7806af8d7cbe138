"""Collections: what there is, and `POST /collections/{name}/search`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from cospace.collection.places import place_of
from cospace.errors import BadArgument
from cospace.item import Content, Image, Parts
from cospace.limits import limit
from cospace.read.headers import sniff
from cospace.serve import thumbs
from cospace.serve.answers import answer, described
from cospace.serve.body import BadRequest, parse, read, shaped
from cospace.serve.inputs import file_of
from cospace.serve.server import Server
from cospace.serve.shapes import ContextRequest, DocumentsRequest, Near, Question, WhyRequest
from cospace.serve.thumbs import path_of, read_part
from cospace.store.where import kilometres

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.encode.reranker import Reranker
    from cospace.results import Results

__all__ = ["content_of", "link", "near_of", "router"]

# What a browser may show in place: nothing that can hold a script.
_SHOWN = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "AVIF": "image/avif",
    "BMP": "image/bmp",
}


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["collections"])

    @routes.get("/collections", summary="The collections of this server.")
    async def listed() -> Response:
        found = await server.searches.run(
            lambda: [_about(name, one) for name, one in server.collections.items()]
        )
        rankers = sorted({one.name for one in server.rerankers.values()})
        return answer({"collections": found, "rerankers": rankers})

    @routes.get("/collections/{name}", summary="What a collection holds.")
    async def info(name: str) -> Response:
        collection = server.collection(name)
        return answer(await server.searches.run(_about, name, collection))

    @routes.post(
        "/collections/{name}/search",
        **described(Question, "The items nearest to a text, an image, or both.", files=True),
    )
    async def search(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked, uploaded = await _question(request)
        content = await content_of(server, asked, uploaded)
        ranker = _reranker(server, asked.rerank)
        slow = bool(ranker) or collection.reranking is not None
        workers = server.reranking if slow else server.searches
        return await workers.run_for(request, _found, name, collection, content, asked, ranker)

    @routes.post(
        "/collections/{name}/context",
        **described(ContextRequest, "The passages that answer a question, with their places."),
    )
    async def context(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, ContextRequest)
        found = await server.searches.run_for(
            request, collection.context, asked.question, tokens=asked.tokens, where=asked.where
        )
        return answer(found.to_dict())

    @routes.get("/collections/{name}/media", summary="The file of a part of an item.")
    async def media(
        request: Request, name: str, id: str, part: str = "image", width: int | None = None
    ) -> Response:
        collection = server.collection(name)
        if width is not None:
            return await thumbs.shown(server, request, collection, (id, part), width)
        return await server.searches.run(_file, collection, id, part)

    return routes


def _found(
    name: str,
    collection: Collection,
    content: Content | None,
    asked: Question,
    ranker: Reranker | str | None,
) -> Response:
    near = near_of(asked.near)
    if content is None:
        results = collection.browse(
            asked.where, sort=asked.sort, near=near, offset=asked.offset, k=asked.k
        )
    else:
        results = collection.search(
            content,
            asked.k,
            where=asked.where,
            offset=asked.offset,
            by=asked.by,
            explain=asked.explain,
            exclude=asked.exclude,
            rerank=ranker,
            sort=asked.sort,
            near=near,
            spelling=asked.spelling,
        )
    place = None if near is None else place_of(near, collection.store.schema)[:3]
    return answer(_record(name, asked, results, place, whole=content is None))


def _about(name: str, collection: Collection) -> dict[str, Any]:
    info = collection.info()
    space = collection.space
    return {
        "name": name,
        "items": info.items,
        "vectors": dict(info.fields),
        "model": None if space is None else space.name,
        "fingerprint": None if space is None else space.fingerprint,
        "kinds": [] if space is None else list(space.kinds),
        "metadata": {field.name: field.type for field in info.schema.fields.values()},
        "failures": info.failures,
    }


async def _question(request: Request) -> tuple[Question, bytes | None]:
    """What was asked, and the image that was uploaded with it."""
    kind = request.headers.get("content-type", "").lower()
    if not kind.startswith("multipart/form-data"):
        return await read(request, Question), None
    try:
        return await _form(request)
    except UnicodeError:
        raise BadRequest("the form is not UTF-8") from None


async def _form(request: Request) -> tuple[Question, bytes]:
    async with request.form(max_files=1, max_fields=1) as form:
        other = [name for name in form if name not in ("request", "image")]
        if other:
            raise BadArgument(f"the form has {other[0][:100]!r}; it takes request and image")
        said, file = form.get("request", "{}"), form.get("image")
        if not isinstance(said, str):
            raise BadArgument("request is JSON in a field, not a file")
        if file is None or isinstance(file, str):
            raise BadArgument("the form has no file image")
        return shaped(parse(said.encode()), Question), await file.read()


async def content_of(
    server: Server, asked: Question | DocumentsRequest | WhyRequest, uploaded: bytes | None
) -> Content | None:
    """What is searched for; None where all items are asked for."""
    if asked.image is not None and uploaded is not None:
        raise BadArgument("one image is asked by: as a file, or in the JSON")
    data = uploaded if asked.image is None else file_of(asked.image, "image")
    image: Image | None = None if data is None else await server.image(data)
    if asked.query is None and image is None and asked.like is None:
        given = asked.model_fields_set & {"weights", "by", "explain", "exclude", "rerank", "unlike"}
        if given:
            raise BadArgument(
                f"{', '.join(sorted(given))}: give query (a text), image, like (an id), or several"
                " with it"
            )
        return None
    unlike = asked.unlike if isinstance(asked, Question) else []
    if image is None and asked.like is None and asked.weights is None and not unlike:
        return asked.query or ""
    return Parts(
        text=asked.query,
        image=image,
        like=asked.like,
        unlike=unlike,
        weights=asked.weights,
    )


def _reranker(server: Server, name: str | None) -> Reranker | str | None:
    """The loaded reranker: a name in a request never loads one."""
    return server.reranker(name) if name else name


def near_of(near: Near | None) -> dict[str, Any] | None:
    """A place as the library takes it."""
    return None if near is None else near.model_dump(exclude_none=True)


def _record(
    name: str,
    asked: Question,
    results: Results,
    place: tuple[str, float, float] | None,
    *,
    whole: bool,
) -> dict[str, Any]:
    """What is answered; `whole` says that no question was asked, so all that passes can be had."""
    record = results.to_json()
    for hit, shown in zip(results, record["hits"], strict=True):
        shown["media"] = {part: link(name, hit.id, part) for part in hit.media}
        if place is not None:
            km = kilometres(hit.metadata, place)
            shown["km"] = None if km is None else round(km, 3)
    of = results.total if whole else results.sorted_among
    end = asked.offset + asked.k
    more = len(results) == asked.k and end + asked.k <= limit("max_k") if of is None else end < of
    return {**record, "next_offset": end if more else None}


def link(collection: str, id: str, part: str) -> str:
    """Where the file of an item's part is served: paths of this machine are not told."""
    return f"/collections/{quote(collection)}/media?id={quote(id, safe='')}&part={quote(part)}"


def _file(collection: Collection, id: str, part: str) -> Response:
    """A stored file: an image in place, anything else to be saved."""
    data = read_part(path_of(collection, id, part), id, part)
    kind = _SHOWN.get(sniff(data))
    if kind is not None:
        return Response(data, media_type=kind)
    headers = {"content-disposition": "attachment"}
    return Response(data, media_type="application/octet-stream", headers=headers)
