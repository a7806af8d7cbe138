"""Direct: what it answers is what the framework would, for all who ask, good or bad."""

import asyncio
import json

import pytest
from serving import Running, serving
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from cospace.errors import TooBusy
from cospace.serve.app import build
from cospace.serve.direct import Direct
from cospace.serve.embeddings import PATH
from cospace.serve.guard import Guard
from cospace.serve.metrics import Metrics
from cospace.serve.server import Server
from cospace.serve.settings import Settings
from cospace.testing.tiny import tiny_folder


def asked(app, method="POST", path="/there", headers=(), raw=b"") -> tuple[int, dict, bytes]:
    """What an ASGI application answers: status, headers, body."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [*headers]}
    asyncio.run(app({**scope, "query_string": b"", "root_path": ""}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(s["body"] for s in sent[1:])


async def inner(scope, receive, send):
    await PlainTextResponse("the other")(scope, receive, send)


def direct(answer) -> Direct:
    return Direct(inner, {("POST", "/there"): answer})


async def good(request: Request):
    return PlainTextResponse(f"direct {request.method}")


async def busy(request: Request):
    raise TooBusy("too much", retry_after=7)


async def broken(request: Request):
    raise RuntimeError("our insides")


def test_its_routes_are_its_own_and_all_else_goes_on():
    assert b"direct POST" == asked(direct(good))[2]
    for method, path in (("GET", "/there"), ("POST", "/there/"), ("POST", "/"), ("PUT", "/there")):
        assert b"the other" == asked(direct(good), method, path)[2], (method, path)


def test_an_error_of_ours_has_the_one_shape():
    status, headers, body = asked(direct(busy))
    assert (429, b"7") == (status, headers[b"retry-after"])
    error = json.loads(body)["error"]
    assert ("too much", "TooBusy") == (error["message"], error["code"])


def test_an_error_that_nobody_expected_goes_on_and_the_guard_tells_nothing():
    with pytest.raises(RuntimeError, match="our insides"):
        asked(direct(broken))
    guard = Guard(direct(broken), Settings(), Metrics())
    status, _, body = asked(guard, headers=[(b"host", b"localhost")])
    assert 500 == status
    assert b"our insides" not in body
    assert "the server's log has it" in json.loads(body)["error"]["message"]


def test_the_guard_counts_it_by_its_path():
    metrics = Metrics()
    asked(Guard(direct(good), Settings(), metrics), headers=[(b"host", b"localhost")])
    assert b'cospace_requests_total{route="/there",status="200"} 1.0' in metrics.page()


def test_the_guard_stands_before_it():
    guard = Guard(direct(broken), Settings(token="a-token-of-our-own-0123456789"), Metrics())
    assert 401 == asked(guard, headers=[(b"host", b"localhost")])[0]
    assert 421 == asked(guard, headers=[(b"host", b"evil.example")])[0]


def test_start_and_end_go_on():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(Direct(app, {})({"type": "lifespan"}, None, None))
    assert ["lifespan"] == seen


def test_the_framework_would_answer_the_same(tmp_path):
    folder = tiny_folder(tmp_path / "tiny")
    settings = Settings(models=(str(folder),))
    server = Server(settings)
    try:
        app = build(settings, server).app
        assert isinstance(app, Direct)
        for body in (
            {"model": "tiny-0", "input": ["a red chair", "my"]},
            {"model": "tiny-0", "input": "a chair", "encoding_format": "base64"},
            {"model": "none", "input": "a chair"},
            {"model": "tiny-0", "input": " "},
            [],
        ):
            raw = json.dumps(body).encode()
            mine, framework = (asked(one, path=PATH, raw=raw) for one in (app, app._app))
            assert framework == mine
    finally:
        server.close()


def test_its_route_is_on_the_openapi_page(shop: Running):
    page = shop.get("/openapi.json").json["paths"][PATH]["post"]
    assert {"400", "401", "429"} <= set(page["responses"])
    assert 405 == shop.get(PATH).status


def test_origins_are_answered_for_it_too(tmp_path):
    folder = tiny_folder(tmp_path / "tiny")
    with serving("--models", folder, "--origins", "https://shop.example") as server:
        own = {"Origin": "https://shop.example"}
        reply = server.post(PATH, {"model": "tiny-0", "input": "a chair"}, headers=own)
        assert (200, own["Origin"]) == (reply.status, reply.headers["access-control-allow-origin"])
