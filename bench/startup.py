"""Time to the first vector in a new process, from its start until the vector is printed.

    python bench/startup.py [--runs 9] [--model minilm] [--json]

The median of fresh processes that do nothing else, Python's own start included. Then, from as
many others that time their parts, where it goes: each part without those inside it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

PLAIN = """
import sys, cospace as cs
print(cs.load(sys.argv[1]).encode_query(["vintage comfortable seating"]).array[0, :3], flush=True)
"""

BAR = 1.0


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=9, help="processes; medians are shown")
    options.add_argument("--model", default="minilm", help="what cospace loads")
    options.add_argument("--json", action="store_true", help="print one JSON object instead")
    options.add_argument("--parts", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.parts:
        print(json.dumps(parts(given.model)), flush=True)
        return
    plain, busy, whole, found = [], [], [], []
    inside = [sys.executable, __file__, "--parts", "--model", given.model]
    for _ in range(given.runs):  # in turns, so that a busy machine slows both
        before = processor()
        plain.append(timed([sys.executable, "-c", PLAIN, given.model])[0])
        busy.append(processor() - before)
        seconds, said = timed(inside)
        whole.append(seconds)
        found.append(json.loads(said))
    result = {
        "first vector, s": statistics.median(plain),
        "least, s": min(plain),
        "processor, s": statistics.median(busy),
        "reached": statistics.median(plain) < BAR,
        "parts, ms": {
            name: 1_000 * statistics.median(one[name] for one in found) for name in found[0]
        },
    }
    rest = statistics.median(
        all_ - sum(one.values()) for all_, one in zip(whole, found, strict=True)
    )
    result["parts, ms"]["Python's start"] = 1_000 * rest
    print(json.dumps(result, indent=1) if given.json else table(result, given.runs))


def timed(command: list[str]) -> tuple[float, str]:
    """The seconds until a command printed a line, and that line."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"{command[:3]} failed")
    return seconds, line


def processor() -> float:
    """The processor's seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def parts(model: str) -> dict[str, float]:
    """The seconds of each part, without the parts inside it, of a first vector in this process."""
    clock = Clock()
    with clock("import cospace and numpy"):
        import cospace as cs
        from cospace.encode import folder, names
        from cospace.encode.engines import openvino as engine
        from cospace.encode.towers import load as towers
        from cospace.encode.towers import text
    with clock("import openvino"):
        engine.openvino()
    with clock("import tokenizers"):
        import tokenizers  # noqa: F401
    with clock("start the engine"):
        core = engine._core()
        core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    watched = Watched(core, clock)
    engine._core = lambda: watched
    names.open_folder = clock.around("check the hash of each file", names.open_folder)
    folder.Folder.read = clock.around("read files, check again", folder.Folder.read)
    text.TextTower.__init__ = clock.around("build the tokenizer", text.TextTower.__init__)
    towers.known_answers = clock.around("known answers", towers.known_answers)
    with clock("the rest of loading"):
        loaded = cs.load(model).warm("text")
    with clock("the first vector"):
        loaded.encode_query(["vintage comfortable seating"])
    return clock.seconds


class Clock:
    """Seconds by part. `with clock(name):` counts a block, less the blocks inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._last = 0.0

    def __call__(self, name: str) -> Clock:
        self._turn()
        self._open.append(name)
        return self

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._turn()
        self._open.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._open:
            self.seconds[self._open[-1]] = self.seconds.get(self._open[-1], 0) + now - self._last
        self._last = now

    def around(self, name: str, task: Callable[..., Any]) -> Callable[..., Any]:
        """The same task, counted."""

        def counted(*given: Any, **named: Any) -> Any:
            with self(name):
                return task(*given, **named)

        return counted


class Watched:
    """The engine's core, whose two slow calls are counted."""

    def __init__(self, core: Any, clock: Clock) -> None:
        self._core = core
        self.read_model = clock.around("read the graph", core.read_model)
        self.compile_model = clock.around("compile the graph", core.compile_model)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)


def table(result: dict[str, Any], runs: int) -> str:
    """The result in lines, with the command that made it."""
    seconds, least = result["first vector, s"], result["least, s"]
    reached = "reached" if result["reached"] else "NOT reached"
    lines = [
        f"$ python {' '.join(sys.argv)}",
        f"first vector after {seconds:.2f} s, median of {runs} (least {least:.2f})",
        f"processor {result['processor, s']:.2f} s, {len(os.sched_getaffinity(0))} cores",
        f"bar {BAR} s: {reached}",
        "",
        *(f"{name:32}{taken:8.0f} ms" for name, taken in result["parts, ms"].items()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
