"""Qdrant's REST interface on this machine, executed by qdrant-edge: the same engine, another door.

Strict: it knows only the requests that our client makes, and refuses what the real server refuses,
with its statuses and words (read in its source, src/actix and lib/storage of qdrant/qdrant). It
runs as with strict mode, so a filter on a slot that has no index is refused.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import qdrant_edge as qe

VERSION = "1.20.0"
MOST = 32 * 1024 * 1024  # bytes of a body
MOST_INDEXES = 100  # of a collection
OPTIMIZERS = {
    "deleted_threshold": 0.2,
    "vacuum_min_vector_number": 1000,
    "default_segment_number": 0,
    "flush_interval_sec": 5,
    "indexing_threshold": 10_000,
}
HNSW = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000}
INDEXES = {
    "keyword": qe.KeywordIndexParams,
    "float": qe.FloatIndexParams,
    "geo": qe.GeoIndexParams,
}


class Refused(Exception):
    """An answer that is an error. A `str` is Qdrant's JSON; bytes go out as they are."""

    def __init__(self, status: int, said: str | bytes) -> None:
        super().__init__(said)
        self.status, self.said = status, said


def bad(said: str) -> Refused:
    return Refused(400, f"Wrong input: {said}")


def unread(said: str) -> Refused:
    return Refused(400, f"Format error in JSON body: {said}")


def known(body: Any, *names: str, need: Sequence[str] = ()) -> dict[str, Any]:
    """The body, when it is an object of these names and no others."""
    if not isinstance(body, dict):
        raise unread("expected an object")
    if odd := set(body) - set(names):
        raise unread(f"unknown field {sorted(odd)}")
    if lacks := [name for name in need if name not in body]:
        raise unread(f"missing field `{lacks[0]}`")
    return body


def point_id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**64:
        raise unread(
            f"value {value} is not a valid point ID, valid values are either an unsigned integer"
            " or a UUID"
        )
    return value


class Collection:
    """One collection: how it was made, and the shard that executes."""

    def __init__(self, folder: Path, body: dict[str, Any]) -> None:
        body = known(body, "vectors", need=["vectors"])
        vectors = body["vectors"]
        named = {"": vectors} if "size" in vectors else vectors
        for name, held in named.items():
            known(held, "size", "distance", "multivector_config", need=["size", "distance"])
            if not 1 <= held["size"] <= 65_536:
                raise Refused(
                    422,
                    "Validation error in JSON body: [vectors.size: value"
                    f" {held['size']} invalid, must be from 1 to 65536]",
                )
            if held["distance"] not in ("Cosine", "Euclid", "Dot", "Manhattan"):
                raise unread(f"unknown variant `{held['distance']}` of {name!r}")
        self.vectors, self.named = vectors, named
        self.sizes = {name: held["size"] for name, held in named.items()}
        self.indexes: dict[str, str] = {}
        self.lock = threading.Lock()
        self.status = "green"
        several = qe.MultiVectorConfig(qe.MultiVectorComparator.MaxSim)
        self.folder = folder
        self.shard = qe.EdgeShard.create(
            str(folder),
            qe.EdgeConfig(
                vectors={
                    name: qe.EdgeVectorParams(
                        held["size"],
                        getattr(qe.Distance, held["distance"]),
                        multivector_config=several if "multivector_config" in held else None,
                    )
                    for name, held in named.items()
                },
                hnsw_config=qe.HnswIndexConfig(
                    m=16, ef_construct=100, full_scan_threshold=HNSW["full_scan_threshold"]
                ),
                optimizers=qe.EdgeOptimizersConfig(
                    default_segment_number=1,
                    indexing_threshold=OPTIMIZERS["indexing_threshold"],
                ),
                wal_enabled=False,
                max_search_threads=1,
            ),
        )

    def info(self) -> dict[str, Any]:
        about = self.shard.info()
        params = {"vectors": self.vectors, "shard_number": 1, "replication_factor": 1}
        return {
            "status": self.status,
            "optimizer_status": "ok",
            "indexed_vectors_count": about.indexed_vectors_count,
            "points_count": about.points_count,
            "segments_count": about.segments_count,
            "config": {
                "params": {**params, "write_consistency_factor": 1, "on_disk_payload": True},
                "hnsw_config": HNSW,
                "optimizer_config": OPTIMIZERS,
                "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
            },
            "payload_schema": {
                slot: {"data_type": kind, "points": 0} for slot, kind in self.indexes.items()
            },
        }

    def checked(self, vector: Any, name: str) -> list[float]:
        if name not in self.sizes:
            raise bad(f"Not existing vector name error: {name}")
        if not isinstance(vector, list) or not all(
            isinstance(one, float | int) and not isinstance(one, bool) for one in vector
        ):
            raise unread("data did not match any variant of untagged enum VectorStruct")
        if len(vector) != self.sizes[name]:
            raise bad(
                f"Vector dimension error: expected dim: {self.sizes[name]}, got {len(vector)}"
            )
        return vector

    def upsert(self, body: Any) -> None:
        points = []
        for one in known(body, "points", need=["points"])["points"]:
            known(one, "id", "vector", "payload", need=["id", "vector"])
            held = one["vector"] if isinstance(one["vector"], dict) else {"": one["vector"]}
            vectors = {name: self.checked(vector, name) for name, vector in held.items()}
            payload = one.get("payload") or {}
            assert not any(
                isinstance(value, bool | None) or (isinstance(value, float) and math.isnan(value))
                for values in payload.values()
                for value in (values if isinstance(values, list) else [values])
            ), "the binding reads True as 1; nothing of ours sends it"
            points.append(qe.Point(point_id(one["id"]), vectors, payload))
        self.shard.update(qe.UpdateOperation.upsert_points(points))

    def query(self, asked: Any) -> qe.QueryRequest:
        known(asked, "query", "using", "filter", "params", "limit", "with_payload", need=["query"])
        limit = asked.get("limit", 10)
        if limit < 1:
            raise Refused(
                422,
                f"Validation error in JSON body: [searches[0].limit: value {limit} invalid, must"
                " be 1 or larger]",
            )
        name = asked.get("using", "")
        query = asked["query"]
        if isinstance(query, dict):
            query = known(query, "nearest", need=["nearest"])["nearest"]
        vector = self.checked(query, name)
        condition = self.filter(asked["filter"]) if "filter" in asked else None
        return qe.QueryRequest(
            limit=limit,
            query=qe.Query.Nearest(vector, using=name),
            filter=condition,
            params=search_params(asked.get("params", {})),
        )

    # --- filters ---

    def filter(self, told: Any) -> qe.Filter:
        known(told, "must", "should", "must_not")
        parts = {name: [self.condition(one) for one in held] for name, held in told.items()}
        return qe.Filter(**parts)

    def condition(self, told: Any) -> Any:
        if set(told) <= {"must", "should", "must_not"}:
            return self.filter(told)
        if "is_empty" in told:
            key = known(told, "is_empty")["is_empty"]["key"]
            self.indexed(key, "keyword", "float", "geo")
            return qe.IsEmptyCondition(key)
        known(told, "key", "match", "range", "geo_radius", need=["key"])
        key = told["key"]
        assert re.fullmatch(r"[a-z0-9_]+", key), "a dot or bracket in a key is a path"
        if "match" in told:
            match = known(told["match"], "any", need=["any"])["any"]
            if not all(isinstance(one, str) for one in match):
                raise unread("data did not match any variant of untagged enum AnyVariants")
            self.indexed(key, "keyword")
            return qe.FieldCondition(key, match=qe.MatchAny(match))
        if "range" in told:
            ends = known(told["range"], "gt", "gte", "lt", "lte")
            self.indexed(key, "float")
            return qe.FieldCondition(key, range=qe.RangeFloat(**ends))
        circle = known(told["geo_radius"], "center", "radius", need=["center", "radius"])
        self.indexed(key, "geo")
        center = circle["center"]
        if not (-90 <= center["lat"] <= 90 and -180 <= center["lon"] <= 180):
            raise unread("Wrong lat or lon")
        point = qe.GeoPoint(lat=center["lat"], lon=center["lon"])
        return qe.FieldCondition(key, geo_radius=qe.GeoRadius(point, circle["radius"]))

    def indexed(self, key: str, *kinds: str) -> None:
        if self.indexes.get(key) not in kinds:
            raise Refused(
                400,
                f'Bad request: Index required but not found for "{key}" of one of the following'
                f" types: [{', '.join(kinds)}]. Help: Create an index for this key or use a"
                " different filter.",
            )


def search_params(told: Any) -> qe.SearchParams:
    known(told, "hnsw_ef", "exact", "quantization", "acorn")
    copies = known(told.get("quantization", {}), "ignore", "rescore", "oversampling")
    acorn = known(told.get("acorn", {}), "enable", "max_selectivity")
    return qe.SearchParams(
        hnsw_ef=told.get("hnsw_ef"),
        exact=told.get("exact", False),
        quantization=qe.QuantizationSearchParams(**copies) if copies else None,
        acorn=qe.AcornSearchParams(**acorn) if acorn else None,
    )


class QdrantServer:
    """The server. `mishaps` are what the next requests meet, by name (see `Handler.meets`)."""

    def __init__(
        self,
        folder: Path,
        *,
        key: str = "",
        version: str = VERSION,
        certificate: Path | None = None,
    ) -> None:
        self.folder, self.key, self.version = folder, key, version
        self.certificate = certificate
        self.collections: dict[str, Collection] = {}
        self.mishaps: list[str] = []
        self.asked: list[tuple[str, str, int]] = []  # method, path and size of each request
        self.made = 0
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.port = 0
        self.start()

    def start(self) -> None:
        """Listen, on the port of before where there was one."""
        self.over.clear()
        handler = type("Bound", (Handler,), {"service": self})
        self.http = Listener(("127.0.0.1", self.port), handler)
        self.port = self.http.server_address[1]
        if self.certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(self.certificate)
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        """Cut all connections; what was stored stays."""
        self.over.set()
        self.http.shutdown()
        self.thread.join()
        self.http.cut()
        self.http.server_close()

    def close(self) -> None:
        self.stop()
        for one in self.collections.values():
            one.shard.close()

    # --- what it answers ---

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts == [""] and method == "GET":
            return None
        if parts == ["collections"] and method == "GET":
            return {"collections": [{"name": name} for name in self.collections]}
        if parts[0] != "collections" or len(parts) < 2:
            raise Refused(404, b"")
        name, action = parts[1], (method, *parts[2:])
        if len(parts) == 2 and method in ("PUT", "DELETE"):
            with self.lock:
                return self.create(name, body) if method == "PUT" else self.delete(name)
        if name not in self.collections:
            raise Refused(404, f"Not found: Collection `{name}` doesn't exist!")
        one = self.collections[name]
        with one.lock:
            return self.act(one, action, query, body)

    def act(
        self, one: Collection, action: tuple[str, ...], query: Mapping[str, str], body: Any
    ) -> Any:
        if action == ("GET",):
            return one.info()
        if action == ("PATCH",):
            known(body, "optimizers_config")
            one.shard.optimize()
            one.status = "green"
            return True
        if action == ("POST", "points"):
            known(body, "ids", "with_payload", "with_vector", need=["ids"])
            found = one.shard.retrieve([point_id(i) for i in body["ids"]], True, False)
            return [{"id": record.id, "payload": record.payload} for record in found]
        if action == ("POST", "points", "count"):
            known(body, "exact", "filter")
            return {"count": one.shard.count(qe.CountRequest(exact=body.get("exact", True)))}
        if action == ("POST", "points", "query", "batch"):
            posed = [one.query(asked) for asked in known(body, "searches")["searches"]]
            found = one.shard.query_batch(qe.QueryBatchRequest(posed))
            return [
                {"points": [{"id": p.id, "version": p.version, "score": p.score} for p in answer]}
                for answer in found
            ]
        return self.change(one, action, query, body)

    def change(
        self, one: Collection, action: tuple[str, ...], query: Mapping[str, str], body: Any
    ) -> Any:
        if query.get("wait") != "true":
            raise AssertionError("changes are waited for")
        if action == ("PUT", "points"):
            one.upsert(body)
        elif action == ("POST", "points", "delete"):
            ids = [point_id(i) for i in known(body, "points", need=["points"])["points"]]
            one.shard.update(qe.UpdateOperation.delete_points(ids))
        elif action == ("PUT", "index"):
            known(body, "field_name", "field_schema", need=["field_name", "field_schema"])
            slot, kind = body["field_name"], body["field_schema"]
            if len(one.indexes) >= MOST_INDEXES:
                raise Refused(
                    400,
                    "Bad request: Collection already has the maximum number of payload indices"
                    f" ({MOST_INDEXES}). Help: Please delete an existing index before creating a"
                    " new one.",
                )
            one.shard.update(qe.UpdateOperation.create_field_index(slot, INDEXES[kind]()))
            one.indexes[slot] = kind
        else:
            raise Refused(404, b"")
        return {"operation_id": 0, "status": "completed"}

    def create(self, name: str, body: Any) -> bool:
        if not 1 <= len(name.encode()) <= 255 or re.search(r'[<>:"/\\|?*\x00-\x1f]', name):
            raise Refused(422, "Validation error in path parameters: [collection_name: invalid]")
        if name in self.collections:
            raise Refused(409, f"Wrong input: Collection `{name}` already exists!")
        self.made += 1
        self.collections[name] = Collection(self.folder / str(self.made), body)
        return True

    def delete(self, name: str) -> bool:
        gone = self.collections.pop(name, None)
        if gone is not None:
            with gone.lock:
                gone.shard.close()
            shutil.rmtree(gone.folder)
        return gone is not None


class Listener(ThreadingHTTPServer):
    """Knows its connections, so that it can cut them."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, *args: Any) -> None:
        self.connections: set[socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a client that went away

    def cut(self) -> None:
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    service: QdrantServer

    def handle_one(self) -> None:
        service = self.service
        size = int(self.headers.get("Content-Length") or 0)
        content = self.rfile.read(size)
        url = urlsplit(self.path)
        with service.lock:
            service.asked.append((self.command, url.path, size))
            mishap = service.mishaps.pop(0) if service.mishaps else ""
        if mishap and self.meets(mishap):
            return
        try:
            self.allowed(url.path)
            if size > MOST:
                raise Refused(
                    400,
                    f"Payload error: JSON payload ({size} bytes) is larger than allowed (limit:"
                    f" {MOST} bytes).",
                )
            body = self.read(content)
            query = {name: held[-1] for name, held in parse_qs(url.query).items()}
            result = service.answer(self.command, url.path, query, body)
            answer: Any = {"result": result, "status": "ok", "time": 0.0}
            if url.path == "/":
                title = "qdrant - vector search engine"
                answer = {"title": title, "version": service.version, "commit": "0" * 40}
            self.send(200, answer, mishap)
        except Refused as refused:
            told = {"status": {"error": refused.said}, "time": 0.0}
            self.send(refused.status, refused.said if isinstance(refused.said, bytes) else told)
        except Exception as error:  # noqa: BLE001 - the engine's own
            self.send(500, {"status": {"error": f"Service internal error: {error}"}, "time": 0.0})

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_one  # noqa: N815

    def read(self, content: bytes) -> Any:
        if not content:
            return None
        try:
            return json.loads(content, parse_constant=lambda name: 1 / 0)
        except (ValueError, ZeroDivisionError) as error:
            raise unread(str(error)) from error

    def allowed(self, path: str) -> None:
        if self.service.key and path != "/":
            given = self.headers.get("api-key")
            if given is None:
                raise Refused(401, b"Must provide an API key or an Authorization bearer token")
            if given != self.service.key:
                raise Refused(401, b"Invalid API key or JWT")

    def meets(self, mishap: str) -> bool:
        """Whether the mishap is all that the request gets."""
        if mishap == "cut":  # before it was done
            self.close_connection = True
            self.connection.shutdown(SHUT_RDWR)
        elif mishap == "silent":
            self.service.over.wait(60)
            self.close_connection = True
        elif mishap == "gone":
            self.send(404, b"no such page")
        elif mishap == "locked":
            self.send(403, {"status": {"error": "Storage locked: for a backup"}, "time": 0.0})
        elif mishap.isdigit():
            self.send(int(mishap), {"status": {"error": f"Told to: {mishap}"}, "time": 0.0})
        elif mishap == "html":
            self.send(502, b"<html>Bad gateway</html>")
        elif mishap == "busy":
            told = {"status": {"error": "Rate limiting exceeded"}, "time": 0.0}
            self.send(429, told, **{"Retry-After": "1"})
        else:  # "lost", "queued", "drips", "nan", "other"...: it is done, but the answer is odd
            return False
        return True

    def send(self, status: int, body: Any, mishap: str = "", **headers: str) -> None:
        if mishap == "queued":
            body["result"]["status"] = "acknowledged"
        if mishap == "nan":
            body["result"][0]["points"][0]["score"] = None
        if mishap == "other":
            body = {"title": "a shop", "version": "1.20.0"}
        if mishap == "strange":
            body = {"hello": "world"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if mishap == "lost":
            self.close_connection = True
            self.connection.shutdown(SHUT_RDWR)
            return
        self.send_response(status)
        kind = "text/plain" if isinstance(body, bytes) else "application/json"
        for name, value in {"Content-Type": kind, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if mishap == "drips":
            for at in range(len(content)):
                self.wfile.write(content[at : at + 1])
                self.wfile.flush()
                if self.service.over.wait(0.05):
                    return
        self.wfile.write(content)

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def serving(**options: Any) -> Iterator[QdrantServer]:
    """A server on a free port, ended with the block."""
    memory = "/dev/shm"  # where there is one: no waiting for a disk
    place = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="cospace-qdrant-", dir=place))
    server = QdrantServer(folder, **options)
    try:
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
