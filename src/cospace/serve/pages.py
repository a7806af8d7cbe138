"""The pages, and the session of a browser: who has shown the token once holds a cookie."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from cospace.pages import Asset, assets
from cospace.serve.answers import answer
from cospace.serve.sessions import COOKIE, SECONDS, Sessions
from cospace.serve.settings import Settings

__all__ = ["router"]

# Scripts, styles and data of this origin alone, and nothing that is written into the page.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router(settings: Settings) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False)
    sessions = Sessions(settings.token)

    @routes.get("/")
    async def root(request: Request) -> Response:
        query = request.url.query  # a search that somebody was sent
        return RedirectResponse("/ui/" + (f"?{query}" if query else ""), status_code=307)

    @routes.get("/ui/assets/{name}")
    async def asset(name: str, request: Request) -> Response:
        found = assets().get(name)
        if found is None or name == "page.html":
            raise HTTPException(404, f"there is no asset {name[:100]!r}")
        return _sent(found, request)

    @routes.post("/ui/session")
    async def enter() -> Response:
        """The guard has seen the token by now."""
        response = answer({"entered": True})
        response.set_cookie(
            COOKIE, sessions.made(), max_age=SECONDS, httponly=True, samesite="strict"
        )
        return response

    @routes.delete("/ui/session")
    async def leave() -> Response:
        response = answer({"entered": False})
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    @routes.get("/ui/")
    @routes.get("/ui/{name}/{view}")
    async def page(request: Request, name: str = "", view: str = "") -> Response:
        del name, view  # the page reads its own address
        return _sent(assets()["page.html"], request)

    return routes


def _sent(asset: Asset, request: Request) -> Response:
    headers = {
        "etag": asset.tag,
        "cache-control": "no-cache",
        "content-security-policy": _POLICY,
    }
    if request.headers.get("if-none-match") == asset.tag:
        return Response(status_code=304, headers=headers)
    return Response(asset.data, media_type=asset.type, headers=headers)
