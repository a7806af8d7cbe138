"""Maps in the making: a process for each, so that searches are answered meanwhile.

The child begins as `python -m cospace.serve.mapping FOLDER`, reads the collection beside its
owner, and writes the map into the folder. It says how far it is, a line of JSON each time:
{"done": share}, and at the end {"ended": true} or {"error": {"code", "message"}}.
"""

from __future__ import annotations

import json
import os
import subprocess  # this interpreter with a fixed program; see test_layout
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.child import environment
from cospace.errors import CospaceError, TooBusy

if TYPE_CHECKING:
    from cospace.progress import Progress

__all__ = ["Makings", "main"]

_AT_ONCE = 2  # maps; each takes memory for all vectors


class Makings:
    """The maps that are being made, by the collection's name. Threads may share it."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._closed = False

    def of(self, name: str) -> dict[str, Any] | None:
        """{"done": share} while a map is made, {"error": ...} when that failed; else None."""
        with self._mutex:
            return self._told.get(name)

    def start(self, name: str, folder: Path, *, again: bool) -> dict[str, Any]:
        """How far it is: what is being made already goes on.

        Raises `TooBusy` while as many maps are made as may be, and where no process can be had.
        """
        with self._mutex:
            if name in self._running:
                return self._told[name]
            if self._closed or len(self._running) >= _AT_ONCE:
                raise TooBusy(f"{len(self._running)} maps are being made; try again", retry_after=9)
            words = [str(folder.absolute()), *(["again"] if again else [])]
            try:
                child = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", "-m", "cospace.serve.mapping", *words],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    env=environment(),
                )
            except OSError as error:
                raise TooBusy(
                    "no process that makes maps could be started; try again", retry_after=9
                ) from error
            self._running[name] = child
            self._told[name] = {"done": 0.0}
        threading.Thread(target=self._follow, args=(name, child), daemon=True).start()
        return {"done": 0.0}

    def _follow(self, name: str, child: subprocess.Popen[bytes]) -> None:
        """Take in what the child says, until it ends."""
        assert child.stdout is not None
        said: dict[str, Any] = {}
        with child:
            for line in child.stdout:
                said = json.loads(line)
                if "done" in said:
                    with self._mutex:
                        self._told[name] = said
        with self._mutex:
            del self._running[name]
            if said.get("ended"):
                del self._told[name]
            else:
                ended = {"code": "CospaceError", "message": "making the map ended early"}
                self._told[name] = {"error": said.get("error", ended)}

    def close(self) -> None:
        """End what is being made; the maps before stay."""
        with self._mutex:
            self._closed = True
            running = list(self._running.values())
        for child in running:
            child.kill()
            child.wait()


def main() -> None:
    """The child: make the map, or bring it up to date, and say how far it is."""
    import cospace as cs
    from cospace import map
    from cospace.progress import metered

    if hasattr(os, "nice"):
        os.nice(5)
    folder, again = Path(sys.argv[1]), sys.argv[2:] == ["again"]
    said = -1

    def say(now: Progress) -> None:
        nonlocal said
        share = now.done * 100 // map.STEPS
        if share > said:
            said = share
            _say({"done": share / 100})

    try:
        with cs.open(folder, read_only=True) as shop, metered(say, map.STEPS, "steps") as meter:
            before, space = None if again else map.read(folder), shop.store.space
            if before is None or space is None or before.space != space.fingerprint:
                found = map.made(shop.store, shop.name, meter=meter)
            else:
                found = map.updated(before, shop.store, shop.name, meter=meter)
            map.write(folder, found)
    except CospaceError as error:
        _say({"error": {"code": type(error).__name__, "message": str(error)}})
    else:
        _say({"ended": True})


def _say(record: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(record).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
