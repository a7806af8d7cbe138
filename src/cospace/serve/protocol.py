"""uvicorn's protocol, held to limits: how long, and how large, the head of a request may be."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from cospace.limits import limit

__all__ = ["Protocol"]


class Protocol(HttpToolsProtocol):
    """One connection. uvicorn 0.54 times what comes between requests, but not their heads."""

    # Read once a connection: the environment does not change while a server runs.
    _most_head = _body_seconds = _head_seconds = 0
    _head: asyncio.TimerHandle | None = None
    _slow: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse one connection too many; give the others time for their first head."""
        super().connection_made(transport)
        self._most_head, self._head_seconds = limit("head_bytes"), limit("head_seconds")
        self._body_seconds = limit("body_seconds")
        if len(self.connections) > limit("connections"):
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._stop()
        if self._slow is not None:
            self._slow.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes: a head that has grown too large ends the connection."""
        if self._head is not None:
            if self._head_bytes > self._most_head:
                self.transport.abort()
                return
            self._head_bytes += len(data)
        super().data_received(data)
        answered = self.cycle is None or self.cycle.response_complete
        timed = self._head is not None or self.timeout_keep_alive_task is not None
        if answered and not timed and not self.transport.is_closing():
            self._wait_for_head()  # the rest of a body that nobody reads, or no head yet

    def pause_writing(self) -> None:
        """The client reads slower than it is answered: not for ever."""
        self._slow = self.loop.call_later(self._body_seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None
        super().resume_writing()

    def on_message_begin(self) -> None:
        """A head begins; the time for it runs from here."""
        if self._head is None:
            self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._head_bytes = 0
        self._head = self.loop.call_later(self._head_seconds, self._close)

    def _stop(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _close(self) -> None:
        self._head = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_for_head()  # the head of the next request, while this one is answered
        else:
            self.transport.abort()
