"""The guard before every route: who asks, from where, how much, how slowly.

In this order: host, origin, token, how many requests are open, the declared length; then the
body's bytes are counted, and timed, as they come in. Nothing is parsed before that.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import orjson

from cospace.limits import limit
from cospace.serve.body import BadRequest
from cospace.serve.metrics import Metrics
from cospace.serve.sessions import Sessions
from cospace.serve.settings import Settings

__all__ = ["Guard", "refusal"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LOG = logging.getLogger("cospace.serve")
_OPEN = ("/health", "/ready")  # asked by whoever watches the server; they tell nothing
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


def refusal(message: str, *, kind: str, code: str | None = None) -> bytes:
    """The body of an error, in OpenAI's shape; Cohere's clients read `message` above it."""
    error = {"message": message, "type": kind, "param": None, "code": code}
    return orjson.dumps({"message": message, "error": error})


class _Refused(Exception):
    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Guard:
    """An ASGI application around another."""

    def __init__(self, app: Any, settings: Settings, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics
        self._token = _digest(settings.token) if settings.token else b""
        self._sessions = Sessions(settings.token)
        self._hosts = {name.lower() for name in (*settings.hosts, settings.host)} | _LOOPBACK
        # Where others may connect, a token stands before everything, and names may be any.
        self._any_host = not settings.loopback and not settings.hosts
        self._origins = set(settings.origins)
        # Read once: the environment does not change while a server runs.
        self._most_open = limit("open_requests")
        self._most = limit("request_bytes"), limit("upload_bytes")
        self._seconds = limit("body_seconds")
        self.open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the server's start and end."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        watched = _Sending(send)
        started = time.perf_counter()
        self.open += 1
        try:
            body = self._admitted(scope, receive)
            await self.app(scope, body, watched)
        except _Refused as error:
            await _refuse(watched, error)
        except Exception:  # noqa: BLE001 - the last resort: the client is told nothing of our insides
            _LOG.exception("unexpected: %s %s", scope["method"], scope["path"])
            await _refuse(watched, _Refused(500, "unexpected error; the server's log has it"))
        finally:
            self.open -= 1
            route = getattr(scope.get("route"), "path", "other")
            self.metrics.answered(route, watched.status, time.perf_counter() - started)

    def _admitted(self, scope: Scope, receive: Receive) -> Receive:
        """What gives the request's body. Raises `_Refused`."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in headers and name in (b"host", b"origin", b"authorization"):
                raise _Refused(400, f"the header {name.decode()} is there twice")
            headers[name] = value
        self._check_place(headers)
        if scope["path"] in _OPEN:
            return receive
        if not _anyone(scope):
            self._check_token(headers)
        if self.open > self._most_open:
            raise _Refused(429, "too many requests are open; try again", {"retry-after": "1"})
        kind = headers.get(b"content-type", b"").lower()
        files = kind.startswith(b"multipart/form-data")
        most = self._most[files]
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or len(length) > 18:
            raise _Refused(400, "content-length is not a number")
        if int(length) > most:
            raise _Refused(413, f"the body has {int(length):,} bytes; at most {most:,} are taken")
        return _Counted(receive, most, self._seconds)

    def _check_place(self, headers: dict[bytes, bytes]) -> None:
        host = _host(headers.get(b"host", b"").decode("latin-1"))
        if not self._any_host and host not in self._hosts:
            raise _Refused(421, f"this server is not {host!r}; see --hosts")
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and origin not in self._origins:
            own = headers.get(b"host", b"").decode("latin-1")
            if not own or origin.partition("://")[2] != own:
                raise _Refused(403, f"pages of {origin!r} may not call this server; see --origins")

    def _check_token(self, headers: Mapping[bytes, bytes]) -> None:
        if not self._token:
            return
        given = headers.get(b"authorization", b"")
        if not given and self._sessions.hold(headers.get(b"cookie", b"")):
            return
        kind, _, token = given.partition(b" ")
        right = hmac.compare_digest(_digest(token.strip()), self._token)
        if not right or kind.lower() != b"bearer":
            what = "the token is wrong" if given else "a token is needed"
            raise _Refused(
                401, f"{what}: send Authorization: Bearer TOKEN", {"www-authenticate": "Bearer"}
            )


class _Counted:
    """The body of a request, counted and timed as it comes in."""

    def __init__(self, receive: Receive, most: int, seconds: int) -> None:
        self._receive = receive
        self._most = most
        self._bytes = 0
        self._whole = False
        self._seconds = seconds
        self._until: float | None = None

    async def __call__(self) -> MutableMapping[str, Any]:
        if self._whole:
            return await self._receive()
        if self._until is None:
            self._until = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise BadRequest(
                f"the body did not come in {self._seconds} seconds", status=408
            ) from None
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._bytes > self._most:
            raise BadRequest(f"the body has more than {self._most:,} bytes", status=413)
        return message


class _Sending:
    """The way out: each answer gets the headers that keep browsers careful, but its own stand."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message.get("headers", ()))
            named = {name for name, _ in own}
            message["headers"] = own + [one for one in _HEADERS if one[0] not in named]
        await self._send(message)


async def _refuse(send: _Sending, error: _Refused) -> None:
    if send.status:  # too late: the answer has begun
        return
    kind = "invalid_request_error" if error.status < 500 else "server_error"
    body = refusal(str(error), kind=kind)
    # Closed, so that what is left of the body is not read.
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _anyone(scope: Scope) -> bool:
    """Whether a request needs no token: a browser's first question, and pages without data."""
    if scope["method"] in ("GET", "HEAD"):
        return bool(scope["path"] == "/" or scope["path"].startswith("/ui/"))
    return bool(scope["method"] == "OPTIONS")


def _digest(token: str | bytes) -> bytes:
    return hashlib.sha256(token.encode() if isinstance(token, str) else token).digest()


def _host(header: str) -> str:
    """The name in a Host header, without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower()
