"""`/collections/{name}/judgments`: what people say of answers, kept with the collection."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from cospace.serve.answers import answer, described
from cospace.serve.body import read
from cospace.serve.server import Server
from cospace.serve.shapes import Judgment

__all__ = ["router"]


def router(server: Server) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["collections"])
    path = "/collections/{name}/judgments"

    @routes.post(path, **described(Judgment, "Keep how right an item is for a question."))
    async def judge(name: str, request: Request) -> Response:
        collection = server.collection(name)
        asked = await read(request, Judgment)
        await server.writes.run(collection.judge, asked.query, asked.id, asked.grade)
        return answer(asked.model_dump())

    @routes.get(path, summary="What was judged.")
    async def judgments(name: str) -> Response:
        collection = server.collection(name)
        found = await server.searches.run(lambda: collection.judgments)
        rows = [
            {"query": query, "id": id, "grade": grade}
            for query, grades in found.items()
            for id, grade in grades.items()
        ]
        return answer({"queries": len(found), "judgments": rows})

    return routes
