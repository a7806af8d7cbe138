"""The connection to Weaviate: the real SDK, held to one time limit and to tries of our own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from cospace.errors import BadArgument
from cospace.need import need
from cospace.store.remote.address import Address
from cospace.store.remote.calls import Calls

__all__ = ["Client"]

T = TypeVar("T")
EXTRA = "weaviate"
_KEY = "WEAVIATE_API_KEY"
# What passes by itself: of gRPC, and of REST.
_LATE = ("UNAVAILABLE", "DEADLINE_EXCEEDED", "ABORTED", "CANCELLED")
_BUSY = (408, 429, 502, 503, 504)


class Client:
    """Makes calls with the SDK's client, which it connects when the first is made.

    Raises `BadArgument` for an option's value, and `MissingExtra`.
    """

    def __init__(self, address: Address) -> None:
        self._sdk = need("weaviate", extra=EXTRA)
        self._init = need("weaviate.classes.init", extra=EXTRA)
        self._ports = _ports(address)
        self._calls = Calls(
            address, passes=_passes, refused=_refused, keys=f"set {_KEY} to one of its own"
        )
        self._limit = _Limit()
        self._lock = threading.Lock()
        self._client: Any = None
        self.version = ""  # of the server; known after the first call

    def __call__(self, call: Callable[[Any], T]) -> T:
        """What `call(client)` gives, within the time limit, and again where that helps."""

        def made(seconds: float) -> T:
            self._limit.end = time.monotonic() + seconds
            with self._lock:
                if self._client is None:
                    self._client = self._connected()
            return call(self._client)

        return self._calls(made)

    def _connected(self) -> Any:
        sdk, init = self._sdk, self._init
        host, port, grpc_host, grpc_port, secure = self._ports
        key = os.environ.get(_KEY)
        client = sdk.WeaviateClient(
            sdk.connect.ConnectionParams.from_params(
                http_host=host,
                http_port=port,
                http_secure=secure,
                grpc_host=grpc_host,
                grpc_port=grpc_port,
                grpc_secure=secure,
            ),
            auth_client_secret=init.Auth.api_key(key) if key else None,
            additional_config=init.AdditionalConfig(
                # After a failure the channel would not try again for up to two minutes.
                grpc_config=sdk.config.GrpcConfig(
                    channel_options=[
                        ("grpc.initial_reconnect_backoff_ms", 50),
                        ("grpc.max_reconnect_backoff_ms", 500),
                    ]
                )
            ),
            skip_init_checks=True,  # they ask PyPI for a newer client, among others
        )
        connection = client._connection
        make = connection._make_client

        def make_limited(colour: str) -> Any:
            rest = make(colour)
            rest.event_hooks = {"request": [self._limit.apply], "response": [_check_key]}
            return rest

        try:
            connection._make_client = make_limited
            client.connect()
            connection._grpc_stub = _Once(connection._grpc_stub, self._limit)
            self.version = client.get_meta()["version"]
        except BaseException:
            client.close()
            raise
        return client

    def close(self) -> None:
        """Let go of the connection; calling it twice does no harm."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None


class _Limit(threading.local):
    """Until when the call that this thread makes may take."""

    end = 0.0

    def left(self) -> float:
        return max(self.end - time.monotonic(), 0.001)

    def apply(self, request: Any) -> None:
        """Bound a request of REST, for which the SDK has limits of its own."""
        request.extensions["timeout"] = dict.fromkeys(
            ("connect", "read", "write", "pool"), self.left()
        )


class _Once:
    """The calls of the SDK's stub, each made once: the SDK would try for 63 seconds."""

    def __init__(self, stub: Any, limit: _Limit) -> None:
        self._stub, self._limit = stub, limit
        self._error = need("grpc", extra=EXTRA).RpcError

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._stub, name)

        def once(*args: Any, **options: Any) -> Any:
            options["timeout"] = self._limit.left()
            try:
                return call(*args, **options)
            except self._error as error:
                raise GrpcError(error.code().name, error.details()) from error

        return once


class GrpcError(Exception):
    """What gRPC told: its code, such as UNAVAILABLE, and the server's words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code


class KeyNotTaken(Exception):
    """What REST told of the key."""


def _check_key(response: Any) -> None:
    if response.status_code in (401, 403):
        response.read()
        raise KeyNotTaken(f"{response.status_code} {response.text[:200]}")


def _refused(error: Exception) -> bool:
    code = getattr(error, "code", "")
    return isinstance(error, KeyNotTaken) or code in ("UNAUTHENTICATED", "PERMISSION_DENIED")


def _passes(error: Exception) -> bool:
    if isinstance(error, GrpcError):
        return error.code in _LATE
    told = need("weaviate.exceptions", extra=EXTRA)
    away = told.WeaviateConnectionError, told.WeaviateTimeoutError
    if isinstance(error, (*away, need("httpx", extra=EXTRA).TransportError)):
        return True
    if isinstance(error, told.WeaviateStartUpError):  # or the server's version is too low
        return "not supported" not in str(error)
    return getattr(error, "status_code", 0) in _BUSY


def _ports(address: Address) -> tuple[str, int, str, int, bool]:
    """Host and port of REST and of gRPC, and whether both are encrypted."""
    tls, grpc = address.options.get("tls", "0"), address.options.get("grpc", "50051")
    if tls not in ("0", "1"):
        raise BadArgument(f"{address}: tls={tls!r:.40} is neither 0 nor 1")
    host, _, port = grpc.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise BadArgument(f"{address}: grpc={grpc!r:.60} is no port, and no HOST:PORT")
    secure = tls == "1"
    rest = address.port or (443 if secure else 8080)
    if (host or address.host, int(port)) == (address.host, rest):
        raise BadArgument(f"{address}: grpc={grpc!r:.60} is the port of REST; gRPC has its own")
    return address.host, rest, host or address.host, int(port), secure
