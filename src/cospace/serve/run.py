"""`start`: a server that listens, until it is told to end."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from cospace.errors import BadArgument
from cospace.serve.app import build
from cospace.serve.protocol import Protocol
from cospace.serve.server import Server
from cospace.serve.settings import Settings

__all__ = ["start"]

# Seconds for which a thread may keep the interpreter from the others: the one that encodes asks for
# it several times a batch, and by default would wait 5 ms each time that requests are being read.
_SWITCH = 0.0005
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Told when it listens: the address, the models, the collections.
Listening = Callable[[str, list[str], list[str]], object]


def start(settings: Settings, listening: Listening) -> None:
    """Serve until SIGTERM or Ctrl-C; what was accepted by then is answered first."""
    door = _door(settings)
    try:
        server = Server(settings)
    except BaseException:
        door.close()
        raise
    config = uvicorn.Config(
        build(settings, server),
        http=Protocol,
        ws="none",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=2_048,
        timeout_keep_alive=30,
    )
    host, port = door.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    listening(f"http://{shown}:{port}", list(server.models), list(server.collections))
    sys.setswitchinterval(_SWITCH)
    _Server(config, server).run(sockets=[door])


class _Server(uvicorn.Server):
    """uvicorn's, which ends as it was told to: it would raise the signal again at its end."""

    def __init__(self, config: uvicorn.Config, server: Server) -> None:
        super().__init__(config)
        self._own = server

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told to end: it is not ready for more."""
        self._own.ready = False
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A block in which SIGTERM and Ctrl-C mean: answer what was accepted, and end."""
        before = {one: signal.signal(one, self.handle_exit) for one in _SIGNALS}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def _door(settings: Settings) -> socket.socket:
    """The socket that clients connect to; it listens already."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((settings.host, settings.port))
        door.listen(2_048)
    except OSError as error:
        door.close()
        raise BadArgument(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another"
            " with --port; 0 takes a free one"
        ) from None
    return door
