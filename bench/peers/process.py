"""A peer's process, seen from the benchmark: texts in, vectors out, and how long it took."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from peers.install import Absent, offline

__all__ = ["Worker"]

DIM = 384

# Becomes the process that follows in its arguments, with a limit on what it takes for itself.
LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[1]),) * 2)
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


class Worker:
    """A running `worker.py`. `first` is the seconds from its start to its first vector.

    With `limit` it may take that many bytes for itself (RLIMIT_DATA), and no more.
    """

    def __init__(self, python: Path, name: str, folder: Path, limit: int = 0) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        script = Path(__file__).with_name("worker.py")
        settings = offline()
        if not name.startswith("cospace"):
            settings.pop("PYTHONPATH", None)
        held = [python, "-c", LIMITED, str(limit)] if limit else [python]
        start = time.perf_counter()
        self._process = subprocess.Popen(
            [*held, script, name, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=settings,
            text=True,
        )
        self._answer()
        self.first = time.perf_counter() - start

    def encode(self, texts: list[str], role: str = "document") -> NDArray[np.float32]:
        """The rows float32 [n, 384] of the texts."""
        with tempfile.NamedTemporaryFile(suffix=".f32") as out:
            self.ask({"texts": texts, "role": role, "out": out.name})
            return np.fromfile(out.name, "<f4").reshape(len(texts), DIM)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """The answer to one order; `worker.py` says what there is to ask."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Ends the process, and waits until it has."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip().splitlines()
            raise Absent(f"it ended: {(said or ['without a word'])[-1][:200]}")
        answer: dict[str, Any] = json.loads(line)
        return answer
