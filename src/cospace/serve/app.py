"""The application: all routes, behind the guard."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from cospace.errors import CospaceError
from cospace.serve import (
    asking,
    collections,
    embeddings,
    facets,
    items,
    judged,
    maps,
    pages,
    rerank,
    status,
    why,
)
from cospace.serve.answers import answer, of_error, of_fault, of_http, of_query
from cospace.serve.direct import Direct
from cospace.serve.guard import Guard
from cospace.serve.server import Server
from cospace.serve.settings import Settings

__all__ = ["build"]


def build(settings: Settings, server: Server | None = None) -> Guard:
    """The ASGI application; it closes what it opened when it is told to shut down."""
    server = Server(settings) if server is None else server

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        server.close()

    app = FastAPI(
        title="cospace",
        version=version("cospace"),
        description="Search by meaning, and the vectors behind it.",
        lifespan=life,
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        exception_handlers={
            CospaceError: of_error,
            HTTPException: of_http,
            RequestValidationError: of_query,
            Exception: of_fault,
        },
    )
    for module in (
        embeddings, rerank, collections, facets, asking, items, judged, maps, status, why
    ):  # fmt: skip
        app.include_router(module.router(server))
    app.include_router(pages.router(settings))
    _watching(app, server)
    app.openapi = partial(_openapi, app, server)  # type: ignore[method-assign]
    outer: Any = Direct(app, {("POST", embeddings.PATH): embeddings.endpoint(server)})
    if settings.origins:
        outer = CORSMiddleware(
            outer,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["authorization", "content-type", "idempotency-key"],
        )
    return Guard(outer, settings, server.metrics)


def _openapi(app: FastAPI, server: Server) -> dict[str, Any]:
    """The OpenAPI page, with the names that this server knows."""
    if app.openapi_schema is None:
        page = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        for methods in page["paths"].values():
            for route in methods.values():
                for one in route.get("parameters", ()):
                    if (one["name"], one["in"]) == ("name", "path") and server.collections:
                        one["schema"]["enum"] = list(server.collections)
        route = page["paths"]["/v1/embeddings"]["post"]
        shape = route["requestBody"]["content"]["application/json"]["schema"]
        shape["properties"]["model"]["enum"] = list(server.models)
        app.openapi_schema = page
    return app.openapi_schema


def _watching(app: FastAPI, server: Server) -> None:
    """Routes for those who watch the server."""

    @app.api_route("/health", methods=["GET", "HEAD"], tags=["state"], summary="The server runs.")
    async def health() -> Response:
        return answer({"status": "ok"})

    @app.get("/ready", tags=["state"], summary="The server can answer.")
    async def ready() -> Response:
        return answer({"ready": server.ready}, 200 if server.ready else 503)

    @app.get("/metrics", tags=["state"], summary="Counters for Prometheus.")
    async def metrics(request: Request) -> Response:
        del request
        server.metrics.waiting.set(server.waiting)
        page = server.metrics.page()
        return Response(page, media_type="text/plain; version=0.0.4; charset=utf-8")
