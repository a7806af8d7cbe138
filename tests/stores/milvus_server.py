"""The two servers that Milvus tests speak to: Milvus 2.3.5, and Milvus Lite 3.2.2.

`make test` puts each into an environment of its own, below SERVERS. Both are children of the test
run and end with it; Milvus 2.3.5 listens on all interfaces, so it runs in a network of its own.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cospace.store.remote.address import Address, read_address
from cospace.store.remote.engine import Engine
from cospace.store.remote.milvus import OPTIONS, connect

SERVERS = Path(os.environ.get("COSPACE_SERVERS") or Path(sys.prefix) / "servers")
HERE = Path(__file__).parent
KEY = "root:Milvus"  # what a new Milvus has
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """A Milvus of our own on a free port, with its data in `folder`."""

    kind = ""
    python = Path()

    def __init__(self, folder: Path) -> None:
        if not self.python.exists():
            pytest.skip(f"{self.kind} is not installed: make {SERVERS.parent}/.servers")
        self.folder = folder
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.process: subprocess.Popen[str] | None = None

    def address(self, name: str = "market", *, timeout: float = 30) -> Address:
        return read_address(
            f"milvus://127.0.0.1:{self.port}/{name}?timeout={timeout}", options=OPTIONS
        )

    def engine(self, name: str = "market", *, timeout: float = 30) -> Engine:
        return connect(self.address(name, timeout=timeout))

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.launch()
        try:
            engine = self.engine(timeout=120)
            engine.read_mark()
            engine.close()
        except BaseException:
            self.stop()
            raise

    def launch(self) -> None:
        raise NotImplementedError

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None:
            self.kill()
            self.process = None
        self.socket.close()


class Standalone(Server):
    """Milvus 2.3.5 with keys switched on."""

    kind = "Milvus 2.3.5"
    python = SERVERS / "milvus/bin/python"

    def launch(self) -> None:
        command = [HERE / "milvus_standalone.py", self.folder]
        inside = [HERE / "isolated.py", str(self.socket.fileno()), "19530", self.python]
        said = (self.folder / "isolated.txt").open("w")
        self.process = subprocess.Popen(
            [sys.executable, *inside, *command],
            pass_fds=[self.socket.fileno()],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it makes one call of the system
        )
        said.close()
        assert self.process.stdout is not None
        with self.process.stdout as told:
            line = told.readline()
        if not line:
            self.process.wait()
            pytest.skip(f"no network of its own here: {(self.folder / 'isolated.txt').read_text()}")
        self.pid = int(line)

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()  # it ends with its command


class Lite(Server):
    """Milvus Lite 3.2.2: the same messages, written anew in Python."""

    kind = "Milvus Lite 3.2.2"
    python = SERVERS / "milvus-lite/bin/python"

    def launch(self) -> None:
        self.socket.close()  # it opens the port itself
        program = self.python.with_name("milvus-lite")
        where = ["--data-dir", self.folder, "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [program, "server", *where],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - it makes one call of the system
        )


KINDS: dict[str, Callable[[Path], Server]] = {"2.3.5": Standalone, "lite": Lite}
