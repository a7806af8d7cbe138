"""An index of Pinecone on this machine, as its documentation describes it, for the real SDK.

It keeps records in memory, compares them with numpy, and refuses what the service refuses:
docs.pinecone.io/guides/search/filter-by-metadata, /reference/api/database-limits, and the OpenAPI
description of the data plane, 2026-07. Writes show late if asked to: Pinecone promises no more.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

KEY = "pc-key-of-tests"
VERSION = "2026-07"
MAX_BODY = 2_000_000
MAX_METADATA = 40_000


class Refused(Exception):
    """What the service answers to a request that it does not take."""

    def __init__(self, message: str, status: int = 400, code: int = 3) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class View:
    """What one kind of read sees of a namespace: it lags behind the log of writes."""

    def __init__(self) -> None:
        self.seen, self.waited = 0, 0
        self.records: dict[str, dict[str, Any]] = {}

    def catch_up(self, log: list[Callable[[dict[str, Any]], None]], lag: int) -> None:
        if self.seen == len(log):
            return
        self.waited += 1
        if self.waited > lag:
            for write in log[self.seen :]:
                write(self.records)
            self.seen, self.waited = len(log), 0


class Index:
    """One index: namespaces, each a log of writes and a view of it for each kind of read."""

    def __init__(self, dimension: int, metric: str = "cosine") -> None:
        self.dimension, self.metric = dimension, metric
        self.lag = 0  # reads that a write stays hidden from
        self.missing_differs = False  # whether $ne and $nin match records without the field
        self.numbers_writes = True  # whether answers bear the number of the write (LSN)
        self.logs: dict[str, list[Any]] = {}
        self.views: dict[str, dict[str, View]] = {}

    def write(self, namespace: str, change: Callable[[dict[str, Any]], None]) -> int:
        self.logs.setdefault(namespace, []).append(change)
        return len(self.logs[namespace])

    def read(self, namespace: str, kind: str) -> View:
        if namespace not in self.logs:
            return View()
        view = self.views.setdefault(namespace, {}).setdefault(kind, View())
        view.catch_up(self.logs[namespace], self.lag)
        return view

    # --- the requests ---

    def upsert(self, body: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
        only(body, {"vectors", "namespace"})
        vectors = body.get("vectors")
        if not isinstance(vectors, list) or not 1 <= len(vectors) <= 1_000:
            raise Refused(f"expected 1 to 1000 vectors, got {len(vectors or ())}")
        fresh: dict[str, Any] = {}
        for vector in vectors:
            only(vector, {"id", "values", "metadata"})
            if valid_id(vector.get("id")) in fresh:
                raise Refused("the same id twice in one request")
            fresh[vector["id"]] = {
                "values": self.valid_values(vector.get("values")),
                "metadata": valid_metadata(vector.get("metadata", {})),
            }
        number = self.write(named(body), lambda records: records.update(fresh))
        return {"upsertedCount": len(fresh)}, self.written(number)

    def written(self, number: int) -> dict[str, str]:
        return {"x-pinecone-request-lsn": str(number)} if self.numbers_writes else {}

    def valid_values(self, values: Any) -> np.ndarray[Any, Any]:
        if not isinstance(values, list) or not all(
            isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
            for v in values
        ):
            raise Refused("vector values must be finite numbers")
        if len(values) != self.dimension:
            raise Refused(
                f"Vector dimension {len(values)} does not match the dimension of the index"
                f" {self.dimension}"
            )
        if not any(values):
            raise Refused("Dense vectors must contain at least one non-zero value.")
        return np.asarray(values, np.float32)

    def query(self, body: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
        only(body, {"vector", "topK", "filter", "namespace", "includeValues", "includeMetadata"})
        top = body.get("topK")
        if not isinstance(top, int) or not 1 <= top <= 10_000:
            raise Refused(f"topK must be between 1 and 10000, got {top}")
        asked = self.valid_values(body.get("vector")).astype(np.float64)
        where = body.get("filter")
        passes = (lambda _: True) if where is None else self.condition(where)
        view = self.read(named(body), "query")
        found = []
        for id_, record in view.records.items():
            if passes(record["metadata"]):
                own = record["values"].astype(np.float64)
                score = own @ asked / (np.linalg.norm(own) * np.linalg.norm(asked))
                found.append({"id": id_, "score": float(score), "values": []})
        found.sort(key=lambda match: -match["score"])
        headers = {"x-pinecone-max-indexed-lsn": str(view.seen)} if self.numbers_writes else {}
        answer = {"matches": found[:top], "namespace": named(body), "usage": {"readUnits": 1}}
        return answer, headers

    def delete(self, body: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
        only(body, {"ids", "namespace"})  # by filter it is not there for every kind of index
        ids = body.get("ids")
        if not isinstance(ids, list) or not 1 <= len(ids) <= 1_000:
            raise Refused("expected 1 to 1000 ids")
        gone = {valid_id(id_) for id_ in ids}
        if named(body) not in self.logs:
            raise Refused("Namespace not found", 404, 5)

        def forget(records: dict[str, Any]) -> None:
            for id_ in gone:
                records.pop(id_, None)

        return {}, self.written(self.write(named(body), forget))

    def stats(self, body: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
        only(body, set())
        counts = {name: len(self.read(name, "stats").records) for name in list(self.logs)}
        answer = {
            "namespaces": {name: {"vectorCount": count} for name, count in counts.items()},
            "dimension": self.dimension,
            "metric": self.metric,
            "vectorType": "dense",
            "indexFullness": 0,
            "totalVectorCount": sum(counts.values()),
        }
        return answer, {}

    def fetch(self, asked: Mapping[str, list[str]]) -> tuple[Any, dict[str, str]]:
        ids = [valid_id(id_) for id_ in asked.get("ids", [])]
        if not 1 <= len(ids) <= 1_000:
            raise Refused("expected 1 to 1000 ids")
        namespace = asked.get("namespace", [""])[0]
        records = self.read(namespace, "fetch").records
        vectors = {
            id_: {
                "id": id_,
                "values": records[id_]["values"].astype(float).tolist(),
                "metadata": records[id_]["metadata"],
            }
            for id_ in ids
            if id_ in records
        }
        return {"vectors": vectors, "namespace": namespace, "usage": {"readUnits": 1}}, {}

    def list(self, asked: Mapping[str, list[str]]) -> tuple[Any, dict[str, str]]:
        limit = int(asked.get("limit", ["100"])[0])
        if not 1 <= limit <= 100:
            raise Refused("limit must be between 1 and 100")
        namespace = asked.get("namespace", [""])[0]
        ids = sorted(self.read(namespace, "query").records)
        start = int(asked.get("paginationToken", ["0"])[0])
        answer: dict[str, Any] = {
            "vectors": [{"id": id_} for id_ in ids[start : start + limit]],
            "namespace": namespace,
            "usage": {"readUnits": 1},
        }
        if start + limit < len(ids):
            answer["pagination"] = {"next": str(start + limit)}
        return answer, {}

    def delete_namespace(self, name: str) -> tuple[Any, dict[str, str]]:
        if name not in self.logs:
            raise Refused("Namespace not found", 404, 5)
        del self.logs[name]
        self.views.pop(name, None)
        return {}, {}

    # --- filters ---

    def condition(self, where: Any) -> Callable[[Mapping[str, Any]], bool]:
        """The test of a filter, read apart from its use, so that a bad one is always refused."""
        if not isinstance(where, Mapping) or not where:
            raise Refused("a filter must be an object that is not empty")
        tests = [self.clause(key, value) for key, value in where.items()]
        return lambda metadata: all(test(metadata) for test in tests)

    def clause(self, key: str, value: Any) -> Callable[[Mapping[str, Any]], bool]:
        if key in ("$and", "$or"):
            if not isinstance(value, list) or not value:
                raise Refused(f"{key} expects an array that is not empty")
            parts = [self.condition(part) for part in value]
            join = all if key == "$and" else any
            return lambda metadata: join(part(metadata) for part in parts)
        if key.startswith("$"):
            raise Refused(f"{key} is not a valid operator")
        if not isinstance(value, Mapping):
            value = {"$eq": value}
        if len(value) != 1:
            raise Refused("expected one operator for a field")
        ((op, operand),) = value.items()
        return self.test(key, op, operand)

    def test(self, key: str, op: str, operand: Any) -> Callable[[Mapping[str, Any]], bool]:
        if op == "$exists":
            if not isinstance(operand, bool):
                raise Refused("$exists expects a boolean")
            return lambda metadata: (key in metadata) is operand
        if op in ORDERS:
            if not number(operand):
                raise Refused(f"{op} expects a number")
            return lambda metadata: any(
                number(v) and ORDERS[op](v, operand) for v in elements(metadata, key)
            )
        return self.membership(key, op, operand)

    def membership(self, key: str, op: str, operand: Any) -> Callable[[Mapping[str, Any]], bool]:
        if op in ("$in", "$nin"):
            if not isinstance(operand, list) or not 1 <= len(operand) <= 10_000:
                raise Refused(f"{op} expects an array of 1 to 10000 values")
            wanted, kinds = operand, str | int | float
        elif op in ("$eq", "$ne"):
            wanted, kinds = [operand], str | int | float | bool
        else:
            raise Refused(f"{op} is not a valid operator")
        if not all(isinstance(v, kinds) for v in wanted):
            raise Refused(f"{op} expects strings and numbers")
        pairs = {(type_of(v), v) for v in wanted}

        def equal(metadata: Mapping[str, Any]) -> bool:
            return any((type_of(v), v) in pairs for v in elements(metadata, key))

        if op in ("$eq", "$in"):
            return equal
        return lambda metadata: not equal(metadata) if key in metadata else self.missing_differs


ORDERS: dict[str, Callable[[float, float], bool]] = {
    "$gt": lambda a, b: a > b,
    "$gte": lambda a, b: a >= b,
    "$lt": lambda a, b: a < b,
    "$lte": lambda a, b: a <= b,
}


def number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def type_of(value: Any) -> str:
    return "number" if number(value) else type(value).__name__


def elements(metadata: Mapping[str, Any], key: str) -> list[Any]:
    value = metadata.get(key, [])
    return value if isinstance(value, list) else [value]


def only(body: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(body) - known:
        raise Refused(f"unknown or unsupported fields: {sorted(unknown)}")


def named(body: Mapping[str, Any]) -> str:
    name = body.get("namespace", "")
    if not isinstance(name, str) or not name.isascii() or len(name) > 512:
        raise Refused("a namespace is up to 512 ASCII characters")
    return name


def valid_id(id_: Any) -> str:
    if not isinstance(id_, str) or not id_.isascii() or not 1 <= len(id_) <= 512 or "\0" in id_:
        raise Refused(f"Vector ID must be ASCII, of 1 to 512 characters, but got {id_!r:.80}")
    return id_


def valid_metadata(metadata: Any) -> dict[str, Any]:
    if not isinstance(metadata, dict):
        raise Refused("metadata must be an object")
    for key, value in metadata.items():
        if key.startswith("$"):
            raise Refused(f"metadata keys may not begin with $: {key}")
        texts = isinstance(value, list) and all(isinstance(v, str) for v in value)
        if not (texts or isinstance(value, str | bool | int | float)):
            raise Refused(
                "Metadata value must be a string, number, boolean or list of strings, got"
                f" '{json.dumps(value)[:16]}' for field '{key}'"
            )
    size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())
    if size > MAX_METADATA:
        raise Refused(f"metadata size is {size} bytes, which exceeds the limit of 40 KB per vector")
    return metadata


class Server:
    """The index in a thread. `script` says what the next requests meet: see `mishap`."""

    def __init__(self, index: Index, port: int = 0) -> None:
        self.index = index
        self.asked: list[str] = []  # the paths of all requests
        self.sizes: list[int] = []
        self.script: list[str | int] = []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self.http.daemon_threads = True
        self.port = int(self.http.server_address[1])
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def address(self, name: str = "market", **options: object) -> str:
        tail = "&".join(f"{key}={value}" for key, value in options.items())
        return f"pinecone://127.0.0.1:{self.port}/{name}{'?' * bool(tail)}{tail}"

    def stop(self) -> None:
        self.over.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def _handler(server: Server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # headers and body in one packet: the second would wait for 40 ms

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                server.answer(self, b"")

            def do_DELETE(self) -> None:
                server.answer(self, b"")

            def do_POST(self) -> None:
                server.answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        return Handler

    def answer(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        with self.lock:
            self.asked.append(urlsplit(handler.path).path)
            self.sizes.append(len(body))
            step = self.script.pop(0) if self.script else None
        if step == "late":  # until the server ends
            self.over.wait()
        if step in ("late", "cut") or self.over.is_set():
            handler.close_connection = True
            return
        if step == "done, then cut":  # the write is made, its answer lost
            self.reply_to(handler, body)
            handler.close_connection = True
            return
        if isinstance(step, int):
            self.send(handler, step, {"error": {"code": "X", "message": "as the script says"}}, {})
            return
        self.send(handler, *self.reply_to(handler, body))

    def reply_to(
        self, handler: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, Any, dict[str, str]]:
        try:
            if handler.headers.get("Api-Key") != KEY:
                raise Refused("Invalid API Key", 401, 16)
            if handler.headers.get("X-Pinecone-Api-Version") != VERSION:
                raise Refused(f"expected X-Pinecone-Api-Version: {VERSION}")
            if len(body) > MAX_BODY:
                raise Refused(f"message length too large: {len(body)} bytes, the limit is 2 MB")
            with self.lock:
                answer, headers = self.route(handler, body)
        except Refused as refused:
            said = {"code": refused.code, "message": str(refused), "details": []}
            return refused.status, said, {}
        return 200, answer, headers

    def route(self, handler: BaseHTTPRequestHandler, body: bytes) -> tuple[Any, dict[str, str]]:
        url = urlsplit(handler.path)
        if handler.command == "POST":
            posts = {
                "/vectors/upsert": self.index.upsert,
                "/query": self.index.query,
                "/vectors/delete": self.index.delete,
                "/describe_index_stats": self.index.stats,
            }
            if url.path in posts:
                return posts[url.path](json.loads(body))
        if handler.command == "GET":
            asked = parse_qs(url.query)
            if url.path == "/vectors/fetch":
                return self.index.fetch(asked)
            if url.path == "/vectors/list":
                return self.index.list(asked)
        if handler.command == "DELETE" and url.path.startswith("/namespaces/"):
            return self.index.delete_namespace(unquote(url.path.removeprefix("/namespaces/")))
        raise Refused(f"{handler.command} {url.path}: not found", 404, 5)

    def send(
        self, handler: BaseHTTPRequestHandler, status: int, answer: Any, headers: dict[str, str]
    ) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer, allow_nan=False).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for key, value in headers.items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(data)


@contextmanager
def serving(index: Index) -> Iterator[Server]:
    server = Server(index)
    try:
        yield server
    finally:
        server.stop()
