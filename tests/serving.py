"""A server of ours in a process of its own, on loopback, for as long as a block lasts."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import cospace


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"]["message"])


class Running:
    """A server, and the plainest client there is: it sends what it is told to."""

    def __init__(self, process: subprocess.Popen[str], told: dict[str, Any]) -> None:
        self.process = process
        self.told = told
        self.url: str = told["url"]
        self.host = urlsplit(self.url).netloc
        self.address = (urlsplit(self.url).hostname or "", urlsplit(self.url).port or 0)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            data = raw if raw is not None else None if body is None else json.dumps(body).encode()
            own = {} if data is None else {"Content-Type": "application/json"}
            connection.request(method, path, data, {**own, **(headers or {})})
            got = connection.getresponse()
            heads = {name.lower(): value for name, value in got.getheaders()}
            return Reply(got.status, heads, got.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any = None, **more: Any) -> Reply:
        return self.ask("POST", path, body, **more)

    def get(self, path: str, **more: Any) -> Reply:
        return self.ask("GET", path, **more)

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def serving(
    *words: str | Path, variables: dict[str, str] | None = None, before: Sequence[str] = ()
) -> Iterator[Running]:
    """`cospace serve` with these words, on a free port, ended with the block.

    `before` stands before the command: a program that becomes it.
    """
    source = str(Path(cospace.__file__).parents[1])
    paths = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    own = {**os.environ, "PYTHONPATH": paths, **(variables or {})}
    command = [
        *before,
        sys.executable,
        "-m",
        "cospace",
        "serve",
        *map(str, words),
        "--port",
        "0",
        "--json",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=own, text=True)
    try:
        assert process.stdout is not None
        line = ""
        while not line.endswith("\n}\n") and (more := process.stdout.readline()):
            line += more
        told = json.loads(line)
        assert "url" in told, told
        yield Running(process, told)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
