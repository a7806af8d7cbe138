"""A server of Weaviate on this machine, for the real SDK: REST for the schema, gRPC for the rest.

It keeps objects in memory, compares them with numpy, and refuses what Weaviate refuses. Its
filters follow docs.weaviate.io/weaviate/api/graphql/filters and the source of the server: types
are checked as in entities/filters/filters_validator.go, NotEqual is the complement of Equal as in
adapters/repos/db/inverted/row_reader_roaring_set.go. Operators that came lately (Not,
ContainsNone) are refused, as by the servers before 1.33.
"""

from __future__ import annotations

import json
import math
import re
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import grpc
import numpy as np
from weaviate.proto.v1.v6300.v1 import (
    aggregate_pb2,
    base_pb2,
    batch_delete_pb2,
    batch_pb2,
    search_get_pb2,
    weaviate_pb2_grpc,
)

KEY = "weaviate-key-of-tests"
MAX_MESSAGE = 10 * 1024 * 1024
MAX_HITS = 10_000
DEFAULT_HITS = 10
CLASS = re.compile(r"[A-Z][_0-9A-Za-z]{0,254}")
PROPERTY = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,230}")
RESERVED = {"id", "_id", "vector", "_additional"}
TYPES = {"text", "text[]", "number", "number[]", "int", "boolean"}
METRICS = {"cosine", "dot", "l2-squared", "hamming", "manhattan"}
# The preset "en", which a class has where it names no other; filters leave such words out.
STOPWORDS = {
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it",
    "no", "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these",
    "they", "this", "to", "was", "will", "with",
}  # fmt: skip
FLAT = {"vectorCacheMaxObjects": 1_000_000_000_000}
HNSW = {
    "cleanupIntervalSeconds": 300, "dynamicEfFactor": 8, "dynamicEfMax": 500, "dynamicEfMin": 100,
    "ef": -1, "efConstruction": 128, "flatSearchCutoff": 40_000, "maxConnections": 32,
    "skip": False, "vectorCacheMaxObjects": 1_000_000_000_000,
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {
    "invertedIndexConfig": {
        "bm25": {"b": 0.75, "k1": 1.2},
        "cleanupIntervalSeconds": 60,
        "stopwords": {"preset": "en", "additions": None, "removals": None},
    },
    "multiTenancyConfig": {"enabled": False},
    "replicationConfig": {"factor": 1, "asyncEnabled": False},
    "shardingConfig": {
        "virtualPerPhysical": 128, "desiredCount": 1, "actualCount": 1, "desiredVirtualCount": 128,
        "actualVirtualCount": 128, "key": "_id", "strategy": "hash", "function": "murmur3",
    },
}  # fmt: skip


class Refused(Exception):
    """What the server answers to a request that it does not take."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class Class:
    """A class: its configuration as the schema shows it, and its objects by UUID."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        name = config.get("class", "")
        if not CLASS.fullmatch(name):
            raise Refused(f"'{name}' is not a valid class name")
        if config.get("vectorizer") != "none":
            raise Refused("the module of this vectorizer is not there")
        kind = config.get("vectorIndexType", "hnsw")
        if kind not in ("flat", "hnsw"):
            raise Refused(f"unrecognized or unsupported vectorIndexType {kind!r}")
        vectors = {**(FLAT if kind == "flat" else HNSW), **config.get("vectorIndexConfig", {})}
        if vectors.setdefault("distance", "cosine") not in METRICS:
            raise Refused(f"unrecognized distance metric {vectors['distance']!r}")
        self.config = {
            **_DEFAULTS,
            **config,
            "vectorIndexType": kind,
            "vectorIndexConfig": vectors,
            "properties": [],
        }
        self.objects: dict[UUID, tuple[np.ndarray[Any, Any] | None, dict[str, Any]]] = {}
        for one in config.get("properties") or []:
            self.add(one)

    @property
    def types(self) -> dict[str, str]:
        return {one["name"]: one["dataType"][0] for one in self.config["properties"]}

    def add(self, one: Mapping[str, Any]) -> None:
        name, type_ = one["name"], one["dataType"][0]
        if not PROPERTY.fullmatch(name) or name in RESERVED:
            raise Refused(f"'{name}' is not a valid property name")
        if name.lower() in {held.lower() for held in self.types}:
            raise Refused(
                f"class {self.config['class']!r}: conflict for property {name!r}: already in use"
            )
        if type_ not in TYPES:
            raise Refused(f"property {name!r}: invalid dataType {type_!r}")
        text = type_ in ("text", "text[]")
        if one.get("tokenization") and not text:
            raise Refused(f"Tokenization is not allowed for data type '{type_}'")
        if one.get("tokenization") not in (None, "", "field", "word"):
            raise Refused("this server of tests knows no such tokenization")
        if one.get("indexSearchable") and not text:
            raise Refused("`indexSearchable` is allowed only for text/text[] data types")
        if one.get("indexRangeFilters") and type_ not in ("int", "number"):
            raise Refused("`indexRangeFilters` is allowed only for number/int/date data types")
        filled = {
            "name": name,
            "dataType": [type_],
            "indexFilterable": one.get("indexFilterable") is not False,
            "indexSearchable": text and one.get("indexSearchable") is not False,
            "indexRangeFilters": one.get("indexRangeFilters") is True,
        }
        if text:
            filled["tokenization"] = one.get("tokenization") or "word"
        self.config["properties"].append(filled)

    def tokenized(self, name: str, text: str) -> list[str]:
        how = next(p["tokenization"] for p in self.config["properties"] if p["name"] == name)
        if how == "field":
            return [text.strip()] if text.strip() else []
        return [word for word in re.split(r"[\W_]+", text.lower()) if word]

    # --- objects ---

    def put(self, one: Any) -> None:
        try:
            id_ = UUID(one.uuid)
        except ValueError as error:
            raise Refused(f"invalid UUID: {one.uuid!r}") from error
        values: dict[str, Any] = dict(one.properties.non_ref_properties.items())
        for kind in ("text", "number"):
            for array in getattr(one.properties, f"{kind}_array_properties"):
                values[array.prop_name] = list(array.values)
                if array.values_bytes if kind == "number" else False:
                    count = len(array.values_bytes) // 8
                    values[array.prop_name] = list(struct.unpack(f"<{count}d", array.values_bytes))
        for name, value in values.items():
            self.check(name, value)
        vector = None
        if one.vector_bytes:
            vector = np.frombuffer(one.vector_bytes, "<f4").copy()
            self.check_vector(vector)
        self.objects.pop(id_, None)
        self.objects[id_] = (vector, values)

    def check_vector(self, vector: np.ndarray[Any, Any]) -> None:
        if not np.isfinite(vector).all():
            raise Refused("vector contains NaN or Inf")
        held = next((v for v, _ in self.objects.values() if v is not None), vector)
        if len(held) != len(vector):
            raise Refused(f"vector lengths don't match: {len(held)} vs {len(vector)}")

    def check(self, name: str, value: Any) -> None:
        type_ = self.types.get(name)
        if type_ is None:  # a server adds it, with a guess at its type: nothing to rely on
            raise Refused(
                f"no such prop with name {name!r} found in class {self.config['class']!r}"
            )
        fits: dict[str, Callable[[Any], bool]] = {
            "text": lambda v: isinstance(v, str),
            "number": lambda v: isinstance(v, float) and math.isfinite(v),
            "text[]": lambda v: isinstance(v, list) and all(isinstance(e, str) for e in v),
        }
        if type_ not in fits or not fits[type_](value):
            raise Refused(f"invalid {type_} property {name!r} on class: {value!r:.60}")

    def nearest(self, asked: np.ndarray[Any, Any], passes: Callable[[UUID, Any], bool]) -> Any:
        self.check_vector(asked)
        found = [
            (id_, 1 - _cosine(vector, asked), values)
            for id_, (vector, values) in self.objects.items()
            if vector is not None and passes(id_, values)
        ]
        return sorted(found, key=lambda one: one[1])

    # --- filters ---

    def condition(self, where: Any) -> Callable[[UUID, Mapping[str, Any]], bool]:
        """The test of a filter, read apart from its use, so that a bad one is always refused."""
        operator = base_pb2.Filters.Operator.Name(where.operator).removeprefix("OPERATOR_")
        if operator in ("AND", "OR"):
            if not where.filters:
                raise Refused(f"no children for operator: {operator}")
            parts = [self.condition(part) for part in where.filters]
            join = all if operator == "AND" else any
            return lambda id_, values: join(part(id_, values) for part in parts)
        kind = where.WhichOneof("test_value")
        value = getattr(where, kind) if kind else None
        held = list(value.values) if kind and kind.endswith("_array") else value
        name = where.target.property
        if name == "_id":
            return self.by_id(operator, kind, held)
        type_ = self.types.get(name)
        if type_ is None:
            raise Refused(
                f"no such prop with name {name!r} found in class {self.config['class']!r}"
            )
        base = type_.removesuffix("[]")
        if kind not in (f"value_{base}", f"value_{base}_array"):
            raise Refused(
                f"data type filter cannot use {kind!r} on type {type_!r}, use 'value_{base}'"
            )
        if base == "text":
            return self.on_text(name, operator, held)
        return self.on_number(name, operator, held)

    def by_id(self, operator: str, kind: str | None, held: Any) -> Callable[..., bool]:
        if kind == "value_text" and operator == "EQUAL":
            held = [held]
        elif kind != "value_text_array" or operator != "CONTAINS_ANY":
            raise Refused('using ["_id"] to filter by uuid: must use "valueText"')
        ids = {UUID(one) for one in held}
        return lambda id_, _: id_ in ids

    def on_text(self, name: str, operator: str, held: Any) -> Callable[..., bool]:
        def equal(text: str) -> Callable[..., bool]:
            terms = [t for t in self.tokenized(name, text) if t not in STOPWORDS]
            if not terms:
                raise Refused("invalid search term, only stopwords provided")

            def test(_: UUID, values: Mapping[str, Any]) -> bool:
                own = values.get(name, [])
                own = own if isinstance(own, list) else [own]
                return set(terms) <= {t for one in own for t in self.tokenized(name, one)}

            return test

        if operator == "CONTAINS_ANY" and isinstance(held, list) and held:
            tests = [equal(text) for text in held]
            return lambda id_, values: any(test(id_, values) for test in tests)
        if operator in ("EQUAL", "NOT_EQUAL") and isinstance(held, str):
            test = equal(held)
            return test if operator == "EQUAL" else lambda id_, values: not test(id_, values)
        raise Refused(f"operator {operator} is not supported here")

    def on_number(self, name: str, operator: str, held: Any) -> Callable[..., bool]:
        orders: dict[str, Callable[[Any, Any], bool]] = {
            "EQUAL": lambda a, b: a == b,
            "GREATER_THAN": lambda a, b: a > b,
            "GREATER_THAN_EQUAL": lambda a, b: a >= b,
            "LESS_THAN": lambda a, b: a < b,
            "LESS_THAN_EQUAL": lambda a, b: a <= b,
        }
        if operator not in orders or not isinstance(held, float):
            raise Refused(f"operator {operator} is not supported here")
        order, end = orders[operator], _sorted_as(held)
        return lambda _, values: name in values and order(_sorted_as(values[name]), end)


def _sorted_as(number: float) -> tuple[float, float]:
    """The key of a number in the index: its bits, of which those of -0.0 come before 0.0."""
    return number, math.copysign(1, number)


def _cosine(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    a, b = one.astype(np.float64), other.astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


class Server(weaviate_pb2_grpc.WeaviateServicer):  # type: ignore[misc]
    """REST and gRPC, each in threads. `script` says what the next requests meet."""

    def __init__(
        self, key: str = "", version: str = "1.34.0", ports: tuple[int, int] = (0, 0)
    ) -> None:
        self.key, self.version = key, version
        self.classes: dict[str, Class] = {}
        self.asked: list[str] = []
        self.sizes: list[int] = []
        self.script: list[str | int] = []
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", ports[0]), self._handler())
        self.http.daemon_threads = True
        self.port = int(self.http.server_address[1])
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.01}
        )
        options = [
            ("grpc.max_receive_message_length", MAX_MESSAGE),
            ("grpc.max_send_message_length", MAX_MESSAGE),
            ("grpc.so_reuseport", 0),
        ]
        self.grpc = grpc.server(ThreadPoolExecutor(16), options=options)
        weaviate_pb2_grpc.add_WeaviateServicer_to_server(self, self.grpc)
        self.grpc_port = self.grpc.add_insecure_port(f"127.0.0.1:{ports[1]}")
        self.thread.start()
        self.grpc.start()

    def address(self, name: str = "market", **options: object) -> str:
        tail = "&".join(f"{k}={v}" for k, v in {"grpc": self.grpc_port, **options}.items())
        return f"weaviate://127.0.0.1:{self.port}/{name}?{tail}"

    def stop(self) -> None:
        self.over.set()
        self.grpc.stop(0).wait()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def next_step(self, what: str) -> str | int | None:
        with self.lock:
            self.asked.append(what)
            step = self.script.pop(0) if self.script else None
        if step == "late":  # until the server ends
            self.over.wait()
        return "cut" if self.over.is_set() else step

    # --- REST ---

    def _handler(server: Server) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # headers and body in one packet: the second would wait for 40 ms

            def log_message(self, *_: object) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                step = server.next_step(f"{self.command} {self.path}")
                if step == "cut":
                    self.close_connection = True
                    return
                if isinstance(step, int):
                    status, said = step, {"error": [{"message": "as the script says"}]}
                else:
                    status, said = server.rest(self, json.loads(body) if body else {})
                if step == "done, then cut":  # what was asked for is done, the answer lost
                    self.close_connection = True
                    return
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - http.server's names

        return Handler

    def rest(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> tuple[int, Any]:
        if self.key and handler.headers.get("authorization") != f"Bearer {self.key}":
            return 401, {"code": 401, "message": "anonymous access not enabled, or a wrong key"}
        try:
            with self.lock:
                return 200, self.route(handler.command, handler.path.split("?")[0], body)
        except Refused as refused:
            return refused.status, {"error": [{"message": str(refused)}]}

    def route(self, method: str, path: str, body: dict[str, Any]) -> Any:
        match method, path.removeprefix("/v1/").split("/"):
            case "GET", ["meta"]:
                return {"version": self.version, "grpcMaxMessageSize": MAX_MESSAGE, "modules": {}}
            case "GET", ["schema"]:
                return {"classes": [one.config for one in self.classes.values()]}
            case "POST", ["schema"]:
                one = Class(body)
                if one.config["class"] in self.classes:
                    raise Refused(f"class name {one.config['class']} already exists")
                self.classes[one.config["class"]] = one
                return one.config
            case "GET", ["schema", name]:
                return self.found(name, 404).config
            case "DELETE", ["schema", name]:
                self.found(name, 400)
                return self.classes.pop(name).config
            case "POST", ["schema", name, "properties"]:
                self.found(name).add(body)
                return body
        raise Refused(f"{method} {path}: not found", 404)

    def found(self, name: str, status: int = 422) -> Class:
        if name not in self.classes:
            raise Refused(f"could not find class {name} in schema", status)
        return self.classes[name]

    # --- gRPC ---

    def served(self, context: Any, request: Any, call: Callable[[], Any]) -> Any:
        with self.lock:
            self.sizes.append(request.ByteSize())
        step = self.next_step(type(request).__name__)
        if step == "cut" or isinstance(step, int):
            context.abort(grpc.StatusCode.UNAVAILABLE, "as the script says")
        given = dict(context.invocation_metadata()).get("authorization")
        if self.key and given != f"Bearer {self.key}":
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "unauthorized: wrong key")
        try:
            with self.lock:
                answer = call()
        except Refused as refused:
            context.abort(grpc.StatusCode.UNKNOWN, str(refused))
        if step == "done, then cut":
            context.abort(grpc.StatusCode.UNAVAILABLE, "as the script says")
        return answer

    def Search(self, request: Any, context: Any) -> Any:  # noqa: N802 - of the service
        return self.served(context, request, lambda: self.search(request))

    def search(self, request: Any) -> Any:
        one = self.found(request.collection)
        if request.limit > MAX_HITS:
            raise Refused("query maximum results exceeded")
        passes = one.condition(request.filters) if request.HasField("filters") else lambda *_: True
        if request.HasField("near_vector"):
            near = request.near_vector
            data = near.vectors[0].vector_bytes if near.vectors else near.vector_bytes
            found = one.nearest(np.frombuffer(data, "<f4"), passes)
        else:
            found = [
                (i, 0.0, values) for i, (_, values) in one.objects.items() if passes(i, values)
            ]
        return search_get_pb2.SearchReply(
            results=[
                self.result(id_, distance, values, request)
                for id_, distance, values in found[: request.limit or DEFAULT_HITS]
            ]
        )

    def result(self, id_: UUID, distance: float, values: Mapping[str, Any], request: Any) -> Any:
        answer = search_get_pb2.SearchResult()
        answer.metadata.id, answer.metadata.id_as_bytes = str(id_), id_.bytes
        if request.metadata.distance:
            answer.metadata.distance = distance
            answer.metadata.distance_present = True
        for kind in ("creation_time_unix", "last_update_time_unix"):
            if getattr(request.metadata, kind):
                setattr(answer.metadata, kind, 1_700_000_000_000)
                setattr(answer.metadata, f"{kind}_present", True)
        whole = not request.HasField("properties")
        if whole or request.properties.return_all_nonref_properties:
            for name, value in values.items():
                if isinstance(value, str):
                    answer.properties.non_ref_props.fields[name].text_value = value
        return answer

    def BatchObjects(self, request: Any, context: Any) -> Any:  # noqa: N802
        def put() -> Any:
            reply = batch_pb2.BatchObjectsReply()
            for index, one in enumerate(request.objects):
                try:
                    self.found(one.collection).put(one)
                except Refused as refused:
                    reply.errors.add(index=index, error=str(refused))
            return reply

        return self.served(context, request, put)

    def BatchDelete(self, request: Any, context: Any) -> Any:  # noqa: N802
        def delete() -> Any:
            one = self.found(request.collection)
            passes = one.condition(request.filters)
            gone = [id_ for id_, (_, values) in one.objects.items() if passes(id_, values)]
            if len(gone) > MAX_HITS:
                raise Refused("query maximum results exceeded")
            for id_ in gone:
                del one.objects[id_]
            return batch_delete_pb2.BatchDeleteReply(matches=len(gone), successful=len(gone))

        return self.served(context, request, delete)

    def Aggregate(self, request: Any, context: Any) -> Any:  # noqa: N802
        def count() -> Any:
            reply = aggregate_pb2.AggregateReply()
            reply.single_result.objects_count = len(self.found(request.collection).objects)
            return reply

        return self.served(context, request, count)


@contextmanager
def serving(key: str = "", version: str = "1.34.0") -> Iterator[Server]:
    server = Server(key, version)
    try:
        yield server
    finally:
        server.stop()
