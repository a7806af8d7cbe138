"""Routes that are answered directly: the framework's layers take longer than a short text does.

They stand on the OpenAPI page as all others do, and fail in the same shape.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from cospace.errors import CospaceError
from cospace.serve.answers import of_error

__all__ = ["Direct", "Endpoint"]

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class _Route(NamedTuple):
    """What `Guard` counts a request by."""

    path: str


class Direct:
    """An ASGI application around another. `routes` are by method and path.

    An error that nobody expected goes on to `Guard`, which logs it and tells nothing.
    """

    def __init__(self, app: Any, routes: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request, or the server's start and end."""
        endpoint = None
        if scope["type"] == "http":
            endpoint = self._routes.get((scope["method"], scope["path"]))
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = _Route(scope["path"])
        request = Request(scope, receive)
        try:
            response = await endpoint(request)
        except CospaceError as error:
            response = await of_error(request, error)
        await response(scope, receive, send)
