"""The connection to Qdrant: the SDK's client with our time limit and our retries."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from cospace.errors import StorageError, StoreUnreachable
from cospace.need import need
from cospace.store.remote.address import Address
from cospace.store.remote.calls import Calls

__all__ = ["KEY", "Wire", "is_here"]

KEY = "QDRANT_API_KEY"
_PORT = 6333
_OLDEST = (1, 10)  # the first with `points/query/batch`

_sdk: Any = need("qdrant_client", extra="qdrant")
_models: Any = need("qdrant_client.models", extra="qdrant")
_failures: Any = need("qdrant_client.http.exceptions", extra="qdrant")
_busy: Any = need("qdrant_client.common.client_exceptions", extra="qdrant")
_httpx: Any = need("httpx", extra="qdrant")


def is_here(address: Address) -> bool:
    """Whether the host is this machine."""
    with suppress(ValueError):
        return ip_address(address.host.strip("[]")).is_loopback
    return address.host == "localhost"


class NotDone(Exception):
    """The server took a change and has not made it yet."""


class QdrantError(Exception):
    """An answer that is an error: its status, and the server's words; empty if not Qdrant's."""

    def __init__(self, status: int, content: bytes) -> None:
        try:
            self.said = str(json.loads(content)["status"]["error"])
        except (ValueError, TypeError, KeyError):
            self.said = ""
        self.status = status
        super().__init__(f"{status}: {self.said or content[:200].decode(errors='replace')}")


class Wire:
    """The SDK's client, with our time limit and our retries in place of its own."""

    def __init__(self, address: Address, key: str, tls: bool) -> None:
        self.address = address
        self._version: tuple[int, ...] = ()
        self._now = threading.local()  # when the call of this thread must have ended
        self._calls = Calls(
            address,
            passes=_passes,
            refused=_refused,
            keys=f"set {KEY} to a key that may write",
        )
        self._client = _sdk.QdrantClient(
            url=f"{'https' if tls else 'http'}://{address.host}:{address.port or _PORT}",
            # As a header: given as `api_key` the SDK warns, and would choose TLS by it.
            headers={"api-key": key} if key else {},
            trust_env=tls or not is_here(address),  # else a proxy might be sent what stays here
            check_compatibility=False,  # it would ask from a thread of its own
            limits=_httpx.Limits(keepalive_expiry=30.0),
            event_hooks={"request": [self._limit], "response": [self._cut]},
        )

    def __call__(self, method: str, *args: Any, **named: Any) -> Any:
        """What the client's method gives, within the time limit; changes are made on return."""
        return self._asked(method, args, named, lacks=False)

    def find(self, method: str, *args: Any, **named: Any) -> Any:
        """The same, or None where the collection is not there."""
        return self._asked(method, args, named, lacks=True)

    def _asked(self, method: str, args: Any, named: Any, *, lacks: bool) -> Any:
        def once(seconds: float) -> Any:
            self._now.end = time.monotonic() + seconds
            try:
                answer = getattr(self._client, method)(*args, **named)
            except _failures.UnexpectedResponse as error:
                told = QdrantError(error.status_code, error.content)
                if lacks and told.status == 404 and told.said:
                    return None
                raise told from error
            except _failures.ResponseHandlingException as error:
                raise error.source from error
            if isinstance(answer, _models.UpdateResult) and answer.status != "completed":
                raise NotDone(f"the change is {answer.status}, not completed")
            return answer

        return self._calls(once)

    @property
    def version(self) -> tuple[int, ...]:
        """That of the server."""
        self.reach()
        return self._version

    def reach(self) -> None:
        """Ask for the version, once. Raises `StoreUnreachable` where another server answers."""
        if self._version:
            return
        try:
            about = self("info")
            if "qdrant" not in about.title.lower():
                raise StorageError(f"it calls itself {about.title!r:.60}")
            version = tuple(int(part) for part in about.version.split("-")[0].split("."))
        except StoreUnreachable:
            raise
        except (StorageError, ValueError) as error:
            raise StoreUnreachable(
                f"{self.address}: what answers there is not Qdrant ({error}). Is the address right?"
            ) from error
        if version < _OLDEST:
            raise StorageError(
                f"{self.address}: Qdrant {about.version} is too old; expected 1.10 or newer"
            )
        self._version = version

    def close(self) -> None:
        """Let go of the connection; twice does no harm."""
        self._client.close()

    def _limit(self, request: Any) -> None:
        left = max(self._now.end - time.monotonic(), 0.001)
        request.extensions["timeout"] = dict.fromkeys(("connect", "read", "write", "pool"), left)

    def _cut(self, response: Any) -> None:
        response.stream = _Until(response.stream, self._now.end, response.request)


class _Until(_httpx.SyncByteStream):  # type: ignore[misc]
    """The bytes of an answer, until its time is over: httpx limits only the wait for each part."""

    def __init__(self, stream: Any, end: float, request: Any) -> None:
        self._stream, self._end, self._request = stream, end, request

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            yield part
            if time.monotonic() > self._end:
                raise _httpx.ReadTimeout("the answer is not complete", request=self._request)

    def close(self) -> None:
        self._stream.close()


def _refused(error: Exception) -> bool:
    """Whether the key is not enough."""
    if not isinstance(error, QdrantError) or error.said.startswith("Storage locked"):
        return False
    return error.status in (401, 403)


def _passes(error: Exception) -> bool:
    """Whether a call may succeed when it is made again."""
    if isinstance(error, QdrantError):
        return error.status in (408, 429, 502, 503, 504)
    return isinstance(error, NotDone | _busy.ResourceExhaustedResponse | _httpx.TransportError)
