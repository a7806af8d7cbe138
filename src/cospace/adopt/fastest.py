"""Whether bfloat16 is faster than float32 on this processor: measured, in a process of its own.

What a processor says of itself does not tell. And OpenVINO 2026.4.1 ends the whole process, by a
division by zero, when it compiles some small graphs in bfloat16 for a processor with AMX.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.adopt.probes import probes
from cospace.encode.engines.openvino import Graph, has_bf16, parameters
from cospace.encode.folder import open_folder
from cospace.encode.towers.load import FAMILIES

if TYPE_CHECKING:
    from cospace.space import Tower

__all__ = ["fastest", "measured"]

# Turns of each precision; the best counts.
_TURNS = 3

# A tenth is what the coarser numbers must be worth.
_WORTH = 0.9

# Models of fewer weights are fast anyway, and not worth a process.
_SMALL = 1_000_000

_SECONDS = 300  # after that the process is ended, and float32 kept


def fastest(place: Path, tower: Tower) -> tuple[str, str]:
    """(the precision this processor is fastest in, of those that the weights allow; a note or "").

    The recorded precision stays for 8-bit weights, for a small model, and where the processor has
    no bfloat16. When the process that measures ends badly, that is noted, and float32 stays.
    """
    if tower.precision == "int8" or not tower.graph or not has_bf16():
        return tower.precision, ""
    if (parameters(open_folder(place), tower) or 0) < _SMALL:
        return tower.precision, ""
    command = [sys.executable, "-m", __name__, str(place), tower.kind]
    try:
        done = subprocess.run(  # noqa: S603 - this module itself, by this interpreter
            command, capture_output=True, timeout=_SECONDS, check=True
        )
        seconds = json.loads(done.stdout)
        return ("bf16" if seconds["bf16"] < _WORTH * seconds["f32"] else "f32"), ""
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        why = str(error).partition("]")[2] or str(error)  # without the command
        return "f32", f"the {tower.kind} tower stays in float32: bfloat16 was not measured ({why})"


def measured(place: Path, kind: str) -> dict[str, float]:
    """The seconds that the probes of a modality take in each precision, best of a few turns."""
    folder = open_folder(place)
    tower = folder.tower(kind)
    best = {"f32": math.inf, "bf16": math.inf}
    served = {name: FAMILIES[kind](folder, tower, Graph(folder, tower, name)) for name in best}
    for _ in range(_TURNS):
        for name, loaded in served.items():
            given = [loaded.canary(probe) for probe in probes(kind)]
            start = time.perf_counter()
            loaded.encode(given)
            best[name] = min(best[name], time.perf_counter() - start)
    return best


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(Path(sys.argv[1]), sys.argv[2])))
