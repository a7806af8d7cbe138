"""Messages to a Milvus server over gRPC, one at a time, each within a given time.

pymilvus brings the messages. Its own client is not used: that tries again by itself, past the
time limit.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.need import need

__all__ = [
    "EXTRA",
    "NOT_LOADED",
    "NUMBER",
    "VECTOR",
    "Messages",
    "Refused",
    "Search",
    "Unanswered",
    "dim_of",
    "index",
    "key_refused",
    "passes",
    "rows",
    "schema",
    "seen",
    "unknown_message",
]

EXTRA = "milvus"
# The fields of a place. What has them is ours: Milvus Lite keeps no description of a collection.
NUMBER, VECTOR = "cospace_number", "cospace_vector"
_REST = "$meta"  # what Milvus calls the field of all that the schema does not name

_grpc = need("grpc", extra=EXTRA)
_messages = need("pymilvus.grpc_gen.milvus_pb2", extra=EXTRA)
_services = need("pymilvus.grpc_gen.milvus_pb2_grpc", extra=EXTRA)
_common = need("pymilvus.grpc_gen.common_pb2", extra=EXTRA)
_schemas = need("pymilvus.grpc_gen.schema_pb2", extra=EXTRA)

# No collection, no index: the refusals that are an answer.
_NOT_THERE = {100, 700}
# Not loaded, or not yet: also for up to a minute after a server came back. Milvus Lite loads
# nothing by itself then.
NOT_LOADED = {101, 103}
# What passes by itself: a part of the server starts, is away or has too much to do.
_PASSING = {
    _common.ErrorCode.Value(name)
    for name in (
        "DataCoordNA",
        "NoReplicaAvailable",
        "NodeIDNotMatch",
        "NotReadyCoordActivating",
        "NotReadyServe",
        "NotShardLeader",
        "RateLimit",
        "TimeTickLongDelay",
    )
}


class Refused(Exception):
    """A server's own words for what it did not do."""

    def __init__(self, code: int, reason: str, passing: bool) -> None:
        super().__init__(reason)
        self.code, self.passing = code, passing


class Unanswered(Exception):
    """gRPC's words for a message that got no answer."""

    def __init__(self, error: Any) -> None:
        self.code = error.code()
        super().__init__(f"{self.code.name}, {error.details()}")


class Search(NamedTuple):
    """One message: the vectors whose nearest are asked for under one filter."""

    place: str
    vectors: NDArray[np.float32]
    limit: int
    where: str
    since: int  # writes up to this timestamp are seen


class Messages:
    """A connection. It is made by the first message, and again by each after it broke."""

    def __init__(self, host: str, *, token: str, tls: bool) -> None:
        options = [
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1),
            ("grpc.enable_retries", 0),
            ("grpc.max_reconnect_backoff_ms", 1000),
        ]
        if tls:
            channel = _grpc.secure_channel(host, _grpc.ssl_channel_credentials(), options)
        else:
            channel = _grpc.insecure_channel(host, options)
        self._channel = channel
        self._service = _services.MilvusServiceStub(channel)
        key = base64.b64encode(token.encode()).decode()
        self._headers = [("authorization", key)] if token else []

    def say(self, name: str, seconds: float, **given: Any) -> Any:
        """The answer to one message. Raises `Refused` or `Unanswered`."""
        return _heard(self._sent(name, seconds, given))

    def ask(self, name: str, seconds: float, **given: Any) -> Any | None:
        """As `say`, or None where the collection or the index that it is about is not there."""
        return _heard_if_there(self._sent(name, seconds, given))

    def search(self, asked: Sequence[Search], seconds: float) -> list[Any]:
        """The answers to searches that are made at the same time, as those of `ask`."""
        if len(asked) == 1:
            return [self.ask("Search", seconds, **_search(asked[0]))]
        given = [self._given("Search", seconds, _search(one)) for one in asked]
        started = [self._service.Search.future(one, **how) for one, how in given]
        return [_heard_if_there(one.result) for one in started]

    def _sent(self, name: str, seconds: float, given: Mapping[str, Any]) -> Callable[[], Any]:
        """What sends a message and waits for its answer.

        It waits in the caller's thread: to be woken by another one took 4 of a search's 20 ms.
        """
        message, how = self._given(name, seconds, given)
        return partial(getattr(self._service, name), message, **how)

    def _given(
        self, name: str, seconds: float, given: Mapping[str, Any]
    ) -> tuple[Any, dict[str, Any]]:
        """A message, and how it is sent."""
        message = getattr(_messages, f"{name}Request")(**given)
        return message, {"timeout": seconds, "metadata": self._headers}

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()


def _heard(wait: Callable[[], Any]) -> Any:
    try:
        answer = wait()
    except _grpc.RpcError as error:
        raise Unanswered(error) from error
    status = getattr(answer, "status", answer)
    if status.code or status.error_code:
        passing = status.retriable or status.code in NOT_LOADED or status.error_code in _PASSING
        raise Refused(status.code, status.reason or status.detail, passing)
    return answer


def _heard_if_there(wait: Callable[[], Any]) -> Any | None:
    try:
        return _heard(wait)
    except Refused as error:
        if error.code in _NOT_THERE:
            return None
        raise


def passes(error: Exception) -> bool:
    """Whether the same message may be taken a moment later."""
    if isinstance(error, Refused):
        return error.passing
    codes = _grpc.StatusCode
    return isinstance(error, Unanswered) and error.code in {
        codes.UNAVAILABLE,
        codes.DEADLINE_EXCEEDED,
        codes.CANCELLED,
    }


def key_refused(error: Exception) -> bool:
    """Whether a server wants another key."""
    codes = _grpc.StatusCode
    return isinstance(error, Unanswered) and error.code in {
        codes.UNAUTHENTICATED,
        codes.PERMISSION_DENIED,
    }


def unknown_message(error: Unanswered) -> bool:
    """Whether a server has no such message."""
    return bool(error.code is _grpc.StatusCode.UNIMPLEMENTED)


# --- what messages hold ---


def schema(name: str, about: str, dim: int) -> bytes:
    """A collection of numbers, vectors and whatever else a row brings."""
    kind = _schemas.DataType
    number = _schemas.FieldSchema(name=NUMBER, data_type=kind.Int64, is_primary_key=True)
    vector = _schemas.FieldSchema(
        name=VECTOR, data_type=kind.FloatVector, type_params=_pairs({"dim": str(dim)})
    )
    made = _schemas.CollectionSchema(
        name=name, description=about, fields=[number, vector], enable_dynamic_field=True
    )
    encoded: bytes = made.SerializeToString()
    return encoded


def dim_of(schema: Any) -> int | None:
    """The dimension of a collection that `schema` made; None of all others."""
    for field in schema.fields:
        if field.name == VECTOR:
            return next(int(pair.value) for pair in field.type_params if pair.key == "dim")
    return None


def index(kind: str, params: Mapping[str, int]) -> list[Any]:
    """The parameters of an index over cosines."""
    return _pairs({"index_type": kind, "metric_type": "COSINE", "params": json.dumps(dict(params))})


def rows(
    numbers: Sequence[int], vectors: NDArray[np.float32], values: Sequence[bytes]
) -> dict[str, Any]:
    """Rows as an Upsert holds them, column by column."""
    kind = _schemas.DataType
    number = _schemas.FieldData(field_name=NUMBER, type=kind.Int64)
    number.scalars.long_data.data.extend(numbers)
    vector = _schemas.FieldData(field_name=VECTOR, type=kind.FloatVector)
    vector.vectors.dim = vectors.shape[1]
    vector.vectors.float_vector.data.extend(vectors.ravel().tolist())
    rest = _schemas.FieldData(field_name=_REST, type=kind.JSON, is_dynamic=True)
    rest.scalars.json_data.data.extend(values)
    return {"fields_data": [number, vector, rest], "num_rows": len(numbers)}


def _search(asked: Search) -> dict[str, Any]:
    wanted = {
        "anns_field": VECTOR,
        "topk": str(asked.limit),
        "metric_type": "COSINE",
        "round_decimal": "-1",
        "params": json.dumps({"ef": max(asked.limit, 128)}),
    }
    held = _common.PlaceholderValue(
        tag="$0",
        type=_common.PlaceholderType.FloatVector,
        values=[np.asarray(one, "<f4").tobytes() for one in asked.vectors],
    )
    return {
        "collection_name": asked.place,
        "dsl": asked.where,
        "dsl_type": _common.DslType.BoolExprV1,
        "placeholder_group": _common.PlaceholderGroup(placeholders=[held]).SerializeToString(),
        "nq": len(asked.vectors),
        "search_params": _pairs(wanted),
        **seen(asked.since),
    }


def seen(since: int) -> dict[str, Any]:
    """What makes a read see all writes up to a timestamp."""
    return {
        "guarantee_timestamp": since,
        "consistency_level": _common.ConsistencyLevel.Customized,
        "use_default_consistency": False,
    }


def _pairs(values: Mapping[str, str]) -> list[Any]:
    return [_common.KeyValuePair(key=key, value=value) for key, value in values.items()]
