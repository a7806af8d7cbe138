"""The other class of processor, seen from this one: Python without AVX-512, VNNI and AMX.

A green run here is then a green run there. `no_vnni.c` says how; the benchmarks use it too.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["WhyNot", "has_vnni", "without_vnni"]

HERE = Path(__file__).parent


class WhyNot(Exception):
    """The instructions of this machine cannot be masked, and why."""


def has_vnni() -> bool:
    """Whether this processor has VNNI, as Linux tells it; False where it does not tell."""
    try:
        words = Path("/proc/cpuinfo").read_text(errors="replace").split()
    except OSError:
        return False
    return bool({"avx512_vnni", "avx_vnni", "amx_int8"} & set(words))


@cache
def without_vnni() -> dict[str, str]:
    """The environment of a process that sees no VNNI: this one's, and what masks the instructions.

    Nothing is masked where there is nothing to mask. Raises `WhyNot`.
    """
    if not has_vnni():
        return dict(os.environ)
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise WhyNot("CPUID is masked on Linux and x86-64 alone")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise WhyNot("a C compiler builds what masks CPUID, and none is installed")
    library = Path(tempfile.mkdtemp(prefix="cospace-")) / "no_vnni.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(HERE / "no_vnni.c")]
    subprocess.run(command, check=True, capture_output=True)
    masked = {**os.environ, "LD_PRELOAD": str(library)}
    tried = subprocess.run([sys.executable, "-c", ""], env=masked, check=False)
    if tried.returncode:
        raise WhyNot("this processor, or its virtual machine, does not let CPUID be masked")
    return masked
