"""The other class of processor, seen from this one: Python without AVX-512, VNNI and AMX.

A green run here is then a green run there. `no_vnni.c` says how, and `no_vnni_patched.c` for
processors that do not let CPUID trap; the benchmarks use it too.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
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
    place = Path(tempfile.mkdtemp(prefix="cospace-"))
    ways = [{"LD_PRELOAD": str(_built(compiler, place, "no_vnni"))}]
    if find_spec("capstone") is not None:
        ways.append({"LD_AUDIT": str(_patching(compiler, place))})
    for way in ways:
        masked = {**os.environ, **way}
        command = [sys.executable, "-c", ""]
        tried = subprocess.run(command, env=masked, capture_output=True, check=False)
        if not tried.returncode and not tried.stderr:  # the loader tells there what it ignores
            return masked
    raise WhyNot("this processor, or its virtual machine, does not let CPUID be masked")


def _built(compiler: str, place: Path, name: str, *more: str) -> Path:
    library = place / f"{name}.so"
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(HERE / f"{name}.c")]
    subprocess.run([*command, *more], check=True, capture_output=True)
    return library


def _patching(compiler: str, place: Path) -> Path:
    import capstone

    [package] = capstone.__path__
    disassembler = place / "libcapstone.so.5"  # the name that it has for the loader
    disassembler.symlink_to(Path(package) / "lib" / "libcapstone.so")
    beside = ("-I", str(Path(package) / "include"), str(disassembler), "-Wl,-rpath,$ORIGIN")
    return _built(compiler, place, "no_vnni_patched", *beside)
