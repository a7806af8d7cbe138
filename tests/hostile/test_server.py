"""What strangers do to a server: each is refused for what it is, and others are answered."""

import base64
import concurrent.futures
import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Running, serving

import cospace as cs
from cospace.errors import BadArgument
from cospace.serve.settings import TOKEN, Settings

SECRET = "a-token-of-our-own-0123456789"
TIGHT = {
    "COSPACE_LIMIT_BODY_SECONDS": "2",
    "COSPACE_LIMIT_HEAD_SECONDS": "2",
    "COSPACE_LIMIT_REQUEST_BYTES": "100000",
    "COSPACE_LIMIT_UPLOAD_BYTES": "300000",
    "COSPACE_LIMIT_UPLOAD_MEMORY": "900000000",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("hostile") / "shop.cospace"
    with cs.open(place, model="starter") as shop:
        shop.add(ids=["a", "b"], documents=["A red chair", "A blue bus"])
    return place


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with serving(folder, "--read-only", "1", variables=TIGHT) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(folder: Path) -> Iterator[Running]:
    words = (folder, "--read-only", "1", "--origins", "https://shop.example")
    with serving(*words, variables={TOKEN: SECRET}) as running:
        yield running


@pytest.fixture(autouse=True)
def others_are_answered(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each mischief the server is as it was."""
    yield
    for name in ("server", "guarded"):
        if name in request.fixturenames:
            running: Running = request.getfixturevalue(name)
            assert running.process.poll() is None, "it is still there"
            assert 200 == running.get("/health").status
            headers = {"Authorization": f"Bearer {SECRET}"}
            found = running.post("/collections/shop/search", {"query": "chair"}, headers=headers)
            assert 200 == found.status


def raw(server: Running, data: bytes, *, wait: float = 20.0) -> bytes:
    """What comes back for these bytes, until the server closes or falls silent."""
    with socket.create_connection(server.address, timeout=wait) as one:
        with contextlib.suppress(OSError):
            one.sendall(data)
        got = b""
        with contextlib.suppress(OSError):
            while piece := one.recv(65_536):
                got += piece
        return got


def head(server: Running, path: str, *lines: str, method: str = "POST") -> bytes:
    text = [f"{method} {path} HTTP/1.1", f"Host: {server.host}", *lines, "", ""]
    return "\r\n".join(text).encode()


# --- who may ask ---


def test_without_a_token_nothing_is_answered_but_that_it_runs(guarded: Running):
    for path in ("/v1/models", "/collections", "/metrics", "/openapi.json", "/nothing"):
        reply = guarded.get(path)
        assert (401, "Bearer") == (reply.status, reply.headers["www-authenticate"])
    assert 200 == guarded.get("/health").status


@pytest.mark.parametrize(
    "value",
    ["Bearer wrong", f"Bearer {SECRET}x", f"Basic {SECRET}", SECRET, "Bearer", "Bearer \xff", ""],
)
def test_a_wrong_token_is_refused(guarded: Running, value):
    reply = guarded.get("/v1/models", headers={"Authorization": value})
    assert 401 == reply.status
    assert SECRET not in reply.body.decode()


def test_a_token_in_the_address_is_no_token(guarded: Running):
    assert 401 == guarded.get(f"/v1/models?token={SECRET}&api_key={SECRET}").status


def test_the_right_token_is_taken(guarded: Running):
    headers = {"Authorization": f"Bearer {SECRET}"}
    assert 200 == guarded.get("/v1/models", headers=headers).status


def test_another_address_than_loopback_needs_a_token():
    with pytest.raises(BadArgument, match="set a token in COSPACE_SERVE_TOKEN"):
        Settings(host="0.0.0.0")
    with pytest.raises(BadArgument, match="at least 16"):
        Settings(host="0.0.0.0", token="short")
    assert SECRET not in repr(Settings(token=SECRET))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "127.0.0.1.evil.example"])
def test_a_foreign_host_is_refused(server: Running, host):
    got = raw(server, f"GET /v1/models HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert got.startswith(b"HTTP/1.1 421")
    assert b"starter" not in got


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1"])
def test_a_foreign_page_is_refused(server: Running, origin):
    assert 403 == server.get("/v1/models", headers={"Origin": origin}).status


def test_a_page_that_was_named_may_ask_from_a_browser(guarded: Running):
    origin = {"Origin": "https://shop.example"}
    first = {**origin, "Access-Control-Request-Method": "POST"}
    reply = guarded.ask("OPTIONS", "/v1/embeddings", headers=first)
    assert "https://shop.example" == reply.headers["access-control-allow-origin"]
    assert 401 == guarded.get("/v1/models", headers=origin).status
    assert 403 == guarded.get("/v1/models", headers={"Origin": "https://evil.example"}).status


def test_two_hosts_or_tokens_are_one_too_many(server: Running):
    got = raw(server, head(server, "/v1/models", "Host: evil.example", method="GET"))
    assert got.startswith(b"HTTP/1.1 400")


# --- how much, and how slowly ---


def test_a_body_over_the_limit_is_refused_unread(server: Running):
    sent = head(
        server, "/v1/embeddings", "Content-Type: application/json", "Content-Length: 9999999999"
    )
    assert raw(server, sent).startswith(b"HTTP/1.1 413")


def test_a_body_without_a_length_is_counted_as_it_comes(server: Running):
    begin = head(
        server, "/v1/embeddings", "Content-Type: application/json", "Transfer-Encoding: chunked"
    )
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
    assert raw(server, begin + 20 * chunk).startswith(b"HTTP/1.1 413")


def test_a_slow_body_is_cut_off(server: Running):
    begin = head(server, "/v1/embeddings", "Content-Type: application/json", "Content-Length: 50")
    assert raw(server, begin + b'{"model"').startswith(b"HTTP/1.1 408")


def test_a_slow_head_is_cut_off(server: Running):
    with socket.create_connection(server.address, timeout=20) as one:
        one.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: ")
        with contextlib.suppress(OSError):
            assert b"" == one.recv(100)


def test_a_head_that_never_ends_is_cut_off(server: Running):
    with socket.create_connection(server.address, timeout=20) as one:
        one.sendall(head(server, "/health", method="GET")[:-2] + b"X-Long: ")
        with pytest.raises(OSError):
            for _ in range(2_000):
                one.sendall(b"y" * 10_000)
                time.sleep(0)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[" * 50_000 + b"]" * 50_000, "JSON"),
        (b'{"model":"starter","input":' + b"[" * 100 + b"]" * 100 + b"}", "nested"),
        (b'{"model":"starter","input":NaN}', "not JSON"),
        (b'{"model":"starter","input":[Infinity]}', "not JSON"),
        (b'{"model":"starter","input":"\xff\xfe"}', "not JSON"),
        (b'{"model":"starter","input":"\\ud800"}', "not JSON"),
        (b"", "not JSON"),
        (b"null", "expected a JSON object"),
        (b"[]", "expected a JSON object"),
        (b'{"model":"starter","input":"x","k":' + b"9" * 5_000 + b"}", ""),
    ],
)
def test_a_body_that_is_no_sound_json(server: Running, body, says):
    reply = server.post("/v1/embeddings", raw=body)
    assert 400 == reply.status
    assert says in reply.error


def test_brackets_in_a_text_are_no_depth(server: Running):
    reply = server.post("/v1/embeddings", {"model": "starter", "input": "[" * 5_000})
    assert 200 == reply.status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "text/html"])
def test_another_content_type_is_refused(server: Running, kind):
    reply = server.post("/v1/embeddings", raw=b"{}", headers={"Content-Type": kind})
    assert 415 == reply.status


def test_a_nul_in_a_text_and_in_a_name(server: Running):
    reply = server.post("/v1/embeddings", {"model": "starter", "input": "a\0b"})
    assert (400, True) == (reply.status, "NUL" in reply.error)
    assert 404 == server.post("/v1/embeddings", {"model": "starter\0", "input": "a"}).status


def test_nonsense_instead_of_http(server: Running):
    for data in (
        b"\x16\x03\x01\x02\x00\x01",
        b"\r\n" * 100,
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
    ):
        got = raw(server, data, wait=5)
        assert b" 200 " not in got[:20]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", b'{"model":"starter","input":[' + b"null," * 15_000 + b"null]}"),
        ("/v1/embeddings", b'{"model":"starter","messages":[' + b"0," * 40_000 + b"0]}"),
        ("/collections/shop/items", b'{"items":[' + b"0," * 40_000 + b"0]}"),
        ("/collections/shop/items/get", b'{"ids":[' + b"0," * 40_000 + b"0]}"),
        ("/collections/shop/search", b'{"query":"x","exclude":[' + b"0," * 40_000 + b"0]}"),
        ("/rerank", b'{"query":"x","documents":[' + b"0," * 40_000 + b"0]}"),
    ],
)
def test_a_list_is_bounded_before_what_is_in_it_is_told(server: Running, path, body):
    """pydantic collects a complaint about each element, and of each form that it may have."""
    before = _memory(server)
    reply = server.post(path, raw=body)
    assert 400 == reply.status
    assert len(reply.body) < 2_000
    assert _memory(server) < before + 50_000


def _memory(server: Running) -> int:
    """The most KiB that the server ever had; 0 where nobody says."""
    status = Path(f"/proc/{server.process.pid}/status")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) if status.exists() else 0


def test_a_connection_is_not_held_by_a_byte_now_and_then(server: Running):
    """One that has its answer, and sends what is no head, is closed after `head_seconds`."""
    for begin, then in (("Content-Length: 10", b"x"), ("X: y", b"\r\n"), ("X: y", b"GET /h")):
        with socket.create_connection(server.address, timeout=20) as one:
            one.sendall(head(server, "/health", begin, method="GET"))
            got = b""
            while not got.endswith(b'"ok"}'):
                piece = one.recv(10_000)
                assert piece, got
                got += piece
            one.sendall(then)
            with contextlib.suppress(OSError):
                assert b"" == one.recv(1_000)


def test_an_odd_origin_and_an_odd_charset_are_no_fault_of_ours(server: Running):
    assert 403 == server.get("/v1/models", headers={"Origin": "http://["}).status
    lines = b'--x\r\nContent-Disposition: form-data; name="request"\r\n\r\n\\ud800\r\n--x--\r\n'
    for charset in ("raw_unicode_escape", "punycode", "nonsense", "utf-16"):
        kind = f"multipart/form-data; boundary=x; charset={charset}"
        reply = server.post("/collections/shop/search", raw=lines, headers={"Content-Type": kind})
        assert 400 == reply.status, (charset, reply.body)


def test_head_and_a_name_in_capitals(server: Running, guarded: Running):
    assert 200 == server.ask("HEAD", "/health").status
    got = raw(server, b"GET /health HTTP/1.0\r\nHost: LocalHost\r\n\r\n", wait=5)
    assert got.startswith(b"HTTP/1.1 200")


# --- images ---


def oversized_png() -> bytes:
    """A small file that would be 900 megapixels."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(file, "PNG")
    return file.getvalue()


def test_an_oversized_image_costs_its_own_request(server: Running):
    data = oversized_png()
    assert len(data) < 290_000
    boundary = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    reply = server.post(
        "/collections/shop/search",
        raw=boundary + data + b"\r\n--x--\r\n",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert 400 == reply.status
    assert "pixels" in reply.error


def test_a_decoder_that_runs_too_long_or_dies_costs_its_file(monkeypatch: pytest.MonkeyPatch):
    from cospace.errors import BadItem
    from cospace.limits import override
    from cospace.serve.decoder import Decoder

    decoder = Decoder()
    try:
        with override(upload_seconds=0), pytest.raises(BadItem, match="took too long"):
            decoder.image(b"\x89PNG")
        file = io.BytesIO()
        from PIL import Image

        Image.new("RGB", (30, 20), "red").save(file, "PNG")
        assert (20, 30, 3) == decoder.image(file.getvalue()).shape
        assert decoder._child is not None
        decoder._child.kill()
        decoder._child.wait()
        with pytest.raises(BadItem, match="was stopped"):
            decoder.image(file.getvalue())
        assert (20, 30, 3) == decoder.image(file.getvalue()).shape, "the next has a new child"
        with pytest.raises(BadItem, match="not an image"):
            decoder.image(b"nonsense")
    finally:
        decoder.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of memory there")
def test_a_decoder_is_held_to_its_memory(monkeypatch: pytest.MonkeyPatch):
    from PIL import Image

    from cospace.errors import BadItem
    from cospace.serve.decoder import Decoder

    monkeypatch.setenv("COSPACE_LIMIT_UPLOAD_MEMORY", "600000000")
    file = io.BytesIO()
    Image.fromarray(np.zeros((7_900, 8_000), np.uint8)).save(file, "PNG")
    decoder = Decoder()
    try:
        with pytest.raises(BadItem, match=r"too much memory|cannot be decoded|was stopped"):
            decoder.image(file.getvalue())
    finally:
        decoder.close()


def test_few_bytes_of_many_images_do_not_fill_the_memory(folder: Path):
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (2_000, 1_000)).save(file, "WEBP", lossless=True)
    assert len(file.getvalue()) < 1_000
    url = "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
    variables = {"COSPACE_LIMIT_UPLOAD_HELD": "20000000"}
    with serving(folder, variables=variables) as server:
        many = {"model": "starter", "input": [{"image": url}] * 20}
        reply = server.post("/v1/embeddings", many)
        assert (429, True) == (reply.status, "retry-after" in reply.headers)
        rows = [{"id": f"i{n}", "image": url} for n in range(20)]
        assert 429 == server.post("/collections/shop/items", {"items": rows}).status
        few = {"model": "starter", "input": [{"image": url}] * 2}
        assert 200 == server.post("/v1/embeddings", few).status, "the others were let go"


def test_the_decoder_knows_no_secret_and_runs_no_code_of_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    from PIL import Image

    from cospace.serve.decoder import Decoder

    canary = tmp_path / "canary"
    (tmp_path / "json.py").write_text(f"open({str(canary)!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(TOKEN, SECRET)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).save(file, "PNG")
    decoder = Decoder()
    try:
        assert (20, 30, 3) == decoder.image(file.getvalue()).shape
        assert not canary.exists()
        assert decoder._child is not None
        environ = Path(f"/proc/{decoder._child.pid}/environ")
        assert not environ.exists() or SECRET.encode() not in environ.read_bytes()
    finally:
        decoder.close()


# --- many at once, and gone ---


def test_a_client_that_goes_away_in_the_middle(server: Running):
    texts = [f"a long text {n} " * 30 for n in range(100)]
    body = json.dumps({"model": "starter", "input": texts}).encode()
    begin = head(
        server, "/v1/embeddings", "Content-Type: application/json", f"Content-Length: {len(body)}"
    )
    for _ in range(20):
        with socket.create_connection(server.address) as one:
            one.sendall(begin + body)
    for _ in range(20):
        with socket.create_connection(server.address) as one:
            one.sendall(begin + body[:100])
    until = time.monotonic() + 60
    while "cospace_waiting 0.0" not in server.get("/metrics").body.decode():
        assert time.monotonic() < until, "what nobody waits for is not encoded for ever"
        time.sleep(0.1)


def test_ten_thousand_requests_at_once_are_answered_or_refused(folder: Path):
    """By 500 connections, twenty requests in a row each, sent without waiting for an answer."""
    variables = {"COSPACE_LIMIT_QUEUE_INPUTS": "50", "COSPACE_LIMIT_OPEN_REQUESTS": "300"}
    with serving(folder, "--read-only", "1", variables=variables) as server:
        body = json.dumps({"model": "starter", "input": "x"}).encode()
        one = head(
            server,
            "/v1/embeddings",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        )
        last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        sent = 19 * (one + body) + last + body

        def send(_: int) -> list[bytes]:
            got = raw(server, sent, wait=120)
            return [line for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]

        with concurrent.futures.ThreadPoolExecutor(500) as threads:
            found = threads.map(send, range(500))
            slowest = 0.0
            for _ in range(20):
                begun = time.monotonic()
                assert 200 == server.get("/health").status
                slowest = max(slowest, time.monotonic() - begun)
            statuses = [status for lines in found for status in lines]
        kinds = {status[9:12] for status in statuses}
        assert kinds <= {b"200", b"429"}, kinds
        assert b"200" in kinds
        assert 200 == server.post("/v1/embeddings", {"model": "starter", "input": "x"}).status


def test_a_queue_that_is_full_says_when_to_come_again(folder: Path):
    variables = {"COSPACE_LIMIT_QUEUE_INPUTS": "10"}
    with serving(folder, "--read-only", "1", variables=variables) as server:
        reply = server.post("/v1/embeddings", {"model": "starter", "input": ["x"] * 11})
        assert 429 == reply.status
        assert int(reply.headers["retry-after"]) >= 1


# --- what it never does ---


def test_a_request_loads_no_model(server: Running, tmp_path: Path):
    canary = tmp_path / "canary"
    (tmp_path / "space.json").write_text("{}")
    for model in (str(tmp_path), "hf:org/name", "../starter", "openai:text-embedding-3-small"):
        assert 404 == server.post("/v1/embeddings", {"model": model, "input": "x"}).status
        assert (
            404 == server.post("/rerank", {"model": model, "query": "x", "documents": ["y"]}).status
        )
    assert not canary.exists()


def test_no_path_leads_to_a_file(server: Running):
    for path in ("/..%2f..%2fetc/passwd", "/collections/..%2f..%2fetc", "/static/../../etc/passwd"):
        assert server.get(path).status in (404, 400)


def test_nothing_of_our_insides_is_told(server: Running, folder: Path):
    for path in ("/docs", "/redoc", "/debug", "/collections/nobody", "/v1/models/x"):
        reply = server.get(path)
        assert 404 == reply.status
        for told in (b"Traceback", b'File "', str(folder.parent).encode(), b"site-packages"):
            assert told not in reply.body


def test_settings_come_from_flags_and_from_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSPACE_SERVE_PORT", "9001")
    monkeypatch.setenv("COSPACE_SERVE_ORIGINS", "https://a.example, https://b.example")
    found = Settings.of(("x",), {"host": "127.0.0.1", "port": None})
    assert (9001, ("https://a.example", "https://b.example")) == (found.port, found.origins)
    assert 9002 == Settings.of(("x",), {"port": "9002"}).port
    with pytest.raises(BadArgument, match="a port is a number"):
        Settings.of((), {"port": "x"})
    with pytest.raises(BadArgument, match="from 0 to 65535"):
        Settings(port=70_000)


def test_a_port_that_is_taken_is_said(folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "cospace", "serve", str(folder), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert (2, True) == (done.returncode, "cannot listen on 127.0.0.1" in done.stderr)
