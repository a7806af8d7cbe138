"""Services on this machine that speak the wire formats of OpenAI, Bedrock and Gemini.

The real SDKs are pointed at them. A service answers soundly unless its `script` says what the
next requests get; `paid` lists the texts of every answer that a real service would charge for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np


class Reply(NamedTuple):
    """What one request gets: a status, a body (dict or bytes), headers."""

    status: int
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})


class Asked(NamedTuple):
    """One request: its texts and images in order, the role and the dimension that it names."""

    texts: list[str]
    images: int
    role: str
    dim: int
    headers: dict[str, str]
    body: dict[str, Any]


# What a script may hold: a reply, a change of the good answer's rows, or a mishap by name.
Step = Reply | Callable[[np.ndarray], np.ndarray] | str


class Service:
    """A server in a thread. `most` are the tokens (words) that it takes in one text."""

    def __init__(self, *, most: int = 1_000, quota: int | None = None) -> None:
        self.script: list[Step] = []
        self.asked: list[Asked] = []
        self.paid: list[str] = []
        self.most, self.quota = most, quota
        self.lock = threading.Lock()
        self.came = threading.Condition(self.lock)
        self.over = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def wait_for(self, requests: int, *, seconds: float) -> bool:
        """Whether so many requests came in time."""
        with self.came:
            return self.came.wait_for(lambda: len(self.asked) >= requests, seconds)

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    # --- each wire format ---

    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        raise NotImplementedError

    def write(self, asked: Asked, rows: np.ndarray) -> Reply:
        raise NotImplementedError

    def fails(self, kind: str, text: str = "", wait: int | None = None) -> Reply:
        """The reply of this service to a failure of this kind."""
        raise NotImplementedError

    # --- what they share ---

    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply | None:
        asked = self.read(path, headers, body)
        with self.lock:
            self.asked.append(asked)
            self.came.notify_all()
            step = self.script.pop(0) if self.script else None
        if isinstance(step, Reply):
            return step
        if step == "hang":
            self.over.wait(20)
        if isinstance(step, str):  # the connection is closed without an answer
            return None
        with self.lock:
            if self.quota is not None and len(self.paid) + len(asked.texts) > self.quota:
                return self.fails("quota")
            long = [text for text in asked.texts if len(text.split()) > self.most]
            if long and (refused := self.fails("long", long[0])):
                return refused
            self.paid += asked.texts
        rows = np.array([vector(text, asked.role, asked.dim) for text in asked.texts])
        return self.write(asked, rows if step is None else step(rows))

    def _handler(service: Service) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = service.answer(self.path, headers, json.loads(data))
                self.close_connection = True
                if reply is None:
                    return
                raw = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body)
                raw = raw if isinstance(raw, bytes) else raw.encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


class OpenAIService(Service):
    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        assert "/v1/embeddings" == path
        assert len(body["input"]) <= 2_048
        return Asked(body["input"], 0, "", body["dimensions"], headers, body)

    def write(self, asked: Asked, rows: np.ndarray) -> Reply:
        coded = asked.body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": i,
                "embedding": (
                    base64.b64encode(row.astype("<f4").tobytes()).decode() if coded else list(row)
                ),
            }
            for i, row in enumerate(rows)
        ]
        count = sum(len(text.split()) for text in asked.texts)
        usage = {"prompt_tokens": count, "total_tokens": count}
        model = asked.body["model"]
        # Not in the order of the inputs: the index says whose each is.
        body = {"object": "list", "data": data[::-1], "model": model, "usage": usage}
        return Reply(200, body)

    def fails(self, kind: str, text: str = "", wait: int | None = None) -> Reply:
        status, code, message = {
            "key": (401, "invalid_api_key", f"Incorrect API key provided: {text}"),
            "quota": (429, "insufficient_quota", "You exceeded your current quota"),
            "busy": (429, "rate_limit_exceeded", "Rate limit reached"),
            "down": (500, None, "The server had an error"),
            "long": (400, None, f"'input[0]': maximum input length is {self.most} tokens."),
            "input": (400, None, "the input is refused"),
            "model": (404, "model_not_found", "The model does not exist"),
        }[kind]
        body = {"error": {"message": message, "type": "x", "param": None, "code": code}}
        return Reply(status, body, {} if wait is None else {"Retry-After": str(wait)})


class BedrockService(Service):
    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        assert path.startswith("/model/amazon.titan-embed-")
        assert path.endswith("/invoke")
        config = body.get("embeddingConfig", {})
        dim = config.get("outputEmbeddingLength") or body["dimensions"]
        image = base64.b64decode(body.get("inputImage", ""))
        assert not image or image.startswith(b"\xff\xd8")
        seen = hashlib.sha256(image).hexdigest() if image else ""
        text = " ".join(filter(None, [body.get("inputText"), seen]))
        return Asked([text], bool(image), "", dim, headers, body)

    def write(self, asked: Asked, rows: np.ndarray) -> Reply:
        count = len(asked.body.get("inputText", "").split())
        if len(rows) == 0:
            return Reply(200, {"inputTextTokenCount": count})
        body = {"embedding": list(rows[0]), "inputTextTokenCount": count}
        return Reply(200, json.dumps(body).encode())

    def fails(self, kind: str, text: str = "", wait: int | None = None) -> Reply:
        count = len(text.split())
        status, code, message = {
            "key": (403, "UnrecognizedClientException", f"The security token {text} is invalid."),
            "quota": (400, "ServiceQuotaExceededException", "Your request exceeds the quota"),
            "busy": (429, "ThrottlingException", "Too many requests"),
            "down": (500, "InternalServerException", "It failed"),
            "long": (
                400,
                "ValidationException",
                f"Too many input tokens. Max input tokens: {self.most}, request count: {count}",
            ),
            "input": (400, "ValidationException", "the input is refused"),
            "model": (404, "ResourceNotFoundException", "Could not resolve the foundation model"),
        }[kind]
        headers = {"x-amzn-ErrorType": code}
        if wait is not None:
            headers["Retry-After"] = str(wait)
        return Reply(status, {"message": message}, headers)


class GeminiService(Service):
    def answer(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Reply | None:
        if path.endswith(":countTokens"):
            text = body["contents"][0]["parts"][0]["text"]
            return Reply(200, {"totalTokens": len(text.split())})
        return super().answer(path, headers, body)

    def read(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> Asked:
        version, _, rest = path.removeprefix("/").partition("/")
        assert version in ("v1", "v1beta")
        assert "models/gemini-embedding-001:batchEmbedContents" == rest
        asked = body["requests"]
        assert len(asked) <= 100
        texts = [one["content"]["parts"][0]["text"] for one in asked]
        [role] = {one["taskType"] for one in asked}
        [dim] = {one["outputDimensionality"] for one in asked}
        return Asked(texts, 0, role, dim, headers, body)

    def write(self, asked: Asked, rows: np.ndarray) -> Reply:
        # Shortened vectors do not come at length one.
        return Reply(200, {"embeddings": [{"values": list(row * 0.7)} for row in rows]})

    def fails(self, kind: str, text: str = "", wait: int | None = None) -> Reply | None:
        if kind == "long":  # it cuts, and says nothing
            return None
        code, status, message, detail = {
            "key": (
                400,
                "INVALID_ARGUMENT",
                f"API key not valid: {text}",
                {"reason": "API_KEY_INVALID"},
            ),
            "quota": (
                429,
                "RESOURCE_EXHAUSTED",
                "You exceeded your current quota",
                {"violations": [{"quotaId": "EmbedContentRequestsPerDayPerProject"}]},
            ),
            "busy": (429, "RESOURCE_EXHAUSTED", "Slow down", {"retryDelay": f"{wait or 0}s"}),
            "down": (500, "INTERNAL", "An internal error has occurred", {}),
            "input": (400, "INVALID_ARGUMENT", "the input is refused", {}),
            "model": (404, "NOT_FOUND", "models/x is not found", {}),
        }[kind]
        error = {"code": code, "message": message, "status": status, "details": [detail]}
        return Reply(code, {"error": error})


def vector(text: str, role: str, dim: int) -> np.ndarray:
    """The unit vector of a text in a role: the same in every run, another for each."""
    seed = int.from_bytes(hashlib.sha256(f"{role} {text}".encode()).digest()[:8])
    row = np.random.default_rng(seed).standard_normal(dim)
    return row / np.linalg.norm(row)
