"""The pages' files, and the session of a browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import Running, serving

from cospace.serve.sessions import COOKIE, SECONDS, Sessions

TOKEN = "a-token-of-sixteen-letters"


@pytest.fixture(scope="module")
def locked(shop_folder: Path) -> Iterator[Running]:
    with serving(shop_folder, variables={"COSPACE_SERVE_TOKEN": TOKEN}) as server:
        yield server


def cookie_of(server: Running) -> str:
    entered = server.post("/ui/session", headers={"Authorization": f"Bearer {TOKEN}"})
    assert 200 == entered.status
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    return cookie.partition(";")[0]


def test_the_root_leads_to_the_pages(locked: Running):
    reply = locked.get("/")
    assert (307, "/ui/") == (reply.status, reply.headers["location"])


@pytest.mark.parametrize("query", ["q=red+chair&sort=-price", "q=M%C3%B6bel%26more", "q=a%0d%0ab"])
def test_the_root_keeps_the_search_of_a_link(locked: Running, query: str):
    reply = locked.get(f"/?{query}")
    assert (307, f"/ui/?{query}") == (reply.status, reply.headers["location"])


@pytest.mark.parametrize("path", ["/ui/", "/ui/shop/search", "/ui/none/map"])
def test_the_frame_needs_no_token_and_tells_nothing(locked: Running, path: str):
    reply = locked.get(path)
    assert 200 == reply.status
    assert "text/html; charset=utf-8" == reply.headers["content-type"]
    policy = reply.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert b"shop" not in reply.body


def test_files_are_tagged_and_not_sent_twice(locked: Running):
    first = locked.get("/ui/assets/main.js")
    assert 200 == first.status and first.headers["content-type"].startswith("text/javascript")
    again = locked.get("/ui/assets/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status, again.body)


@pytest.mark.parametrize(
    "name", ["page.html", "none.js", "..%2f__init__.py", "%2e%2e/__init__.py", "__init__.py"]
)
def test_nothing_else_is_sent(locked: Running, name: str):
    assert locked.get(f"/ui/assets/{name}").status in (401, 404)


def test_data_needs_the_token_or_its_cookie(locked: Running):
    assert 401 == locked.get("/collections").status
    assert 401 == locked.post("/ui/session").status
    wrong = {"Authorization": "Bearer another-token-of-letters"}
    assert 401 == locked.post("/ui/session", headers=wrong).status
    cookie = cookie_of(locked)
    assert 200 == locked.get("/collections", headers={"Cookie": cookie}).status
    assert 200 == locked.get("/collections", headers={"Cookie": f"a=b; {cookie}; c"}).status
    for broken in (cookie[:-1], cookie.replace("=", "=1"), f"{COOKIE}=", f"{COOKIE}=1.2", "é"):
        assert 401 == locked.get("/collections", headers={"Cookie": broken}).status


def test_a_cookie_does_not_help_a_foreign_page(locked: Running):
    headers = {"Cookie": cookie_of(locked), "Origin": "https://elsewhere.example"}
    reply = locked.post("/collections/shop/search", {"query": "a"}, headers=headers)
    assert 403 == reply.status


def test_a_wrong_token_is_refused_although_the_cookie_is_right(locked: Running):
    headers = {"Cookie": cookie_of(locked), "Authorization": "Bearer another-token-of-letters"}
    assert 401 == locked.get("/collections", headers=headers).status


def test_leaving_takes_the_cookie_away(locked: Running):
    reply = locked.ask("DELETE", "/ui/session", headers={"Cookie": cookie_of(locked)})
    assert 200 == reply.status
    assert f'{COOKIE}=""' in reply.headers["set-cookie"]


def test_a_cookie_ends(monkeypatch: pytest.MonkeyPatch):
    own = Sessions(TOKEN)
    made = f"{COOKIE}={own.made()}".encode()
    assert own.hold(made)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + SECONDS + 2)
    assert not own.hold(made)


def test_a_cookie_of_another_token_is_none():
    made = f"{COOKIE}={Sessions(TOKEN).made()}".encode()
    assert not Sessions(TOKEN + "x").hold(made)


@given(st.binary(max_size=200))
def test_no_header_is_a_cookie_by_chance(header: bytes):
    own = Sessions(TOKEN)
    assert not own.hold(header)
    assert not own.hold(COOKIE.encode() + b"=" + header)
