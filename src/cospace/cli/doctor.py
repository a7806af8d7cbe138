"""`cospace doctor`: is this machine ready? No network is used."""

from __future__ import annotations

import argparse
import locale
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from cospace import __version__
from cospace.cli.output import document, show, size
from cospace.cli.parsing import Parser, command
from cospace.cli.table import facts
from cospace.cores import cores
from cospace.errors import CospaceError

__all__ = ["parser", "run"]

_NEEDED = (
    "apsw", "numpy", "openvino", "pillow", "pyarrow", "qdrant-edge-py", "tokenizers", "tqdm",
)  # fmt: skip
_OPTIONAL = ("cospace-starter", "onnxruntime", "torch")
# What makes encoding fast; bf16 is avx512_bf16 or amx_bf16 on x86, bf16 on ARM.
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimd", "bf16")


class Finding(NamedTuple):
    """One line of the report; `wrong` says what to do about it, or is ""."""

    name: str
    value: str
    wrong: str = ""


def parser() -> Parser:
    """The arguments of `cospace doctor`."""
    return command(
        "doctor",
        "Check this machine: Python, processor, libraries, the starter model, disk, locale. No\n"
        "network is used. Exit code 1 when something needed is wrong.",
        "cospace doctor",
        "cospace doctor --json",
    )


def run(args: argparse.Namespace) -> int:
    """0 when all that is needed is there, 1 otherwise."""
    findings = [*_system(), *_libraries(), _sqlite(), _starter(), _engine(), _disk(), _locale()]
    wrong = [f for f in findings if f.wrong]
    if args.json:
        document({"ready": not wrong, "findings": [f._asdict() for f in findings]})
    else:
        show([f"cospace {__version__}", *facts([(f.name, f.value) for f in findings]), ""])
        show([f"! {f.name}: {f.wrong}" for f in wrong] or ["All that is needed is here."])
    return 1 if wrong else 0


def _system() -> list[Finding]:
    flags = _cpu_flags()
    processor = f"{platform.machine()}, {cores()} cores; {', '.join(flags) or 'no flags known'}"
    return [
        Finding("python", f"{platform.python_version()} at {sys.executable}"),
        Finding("platform", platform.platform()),
        Finding("processor", processor),
    ]


def _cpu_flags() -> list[str]:
    """Those of `_FLAGS` that the processor has; none where the system does not say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return []
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            there = set(value.split())
            return [flag for flag in _FLAGS if flag in there]
    return []


def _libraries() -> list[Finding]:
    found = []
    for name in (*_NEEDED, *_OPTIONAL):
        try:
            found.append(Finding(name, version(name)))
        except PackageNotFoundError:
            wrong = f"not installed: pip install {name}" if name in _NEEDED else ""
            found.append(Finding(name, "not installed", wrong))
    return found


def _sqlite() -> Finding:
    try:
        import apsw
    except ImportError as error:
        return Finding("SQLite", "unknown", f"apsw cannot be imported: {error}")
    return Finding("SQLite", f"{apsw.sqlite_lib_version()}, through apsw")


def _starter() -> Finding:
    """The starter, its hashes and its known answers checked."""
    try:
        from cospace.encode import load

        model = load("starter").warm()
    except (CospaceError, ImportError) as error:
        return Finding("starter", "not usable", str(error))
    precision = ", ".join(f"{kind} in {p}" for kind, p in model.precision.items())
    return Finding("starter", f"sound: {model.space}; {precision}")


def _engine() -> Finding:
    """What texts are encoded with here, and what would be faster."""
    from cospace.encode.engines.openvino import multiplies_bytes

    try:
        if multiplies_bytes():
            return Finding("engine", "OpenVINO: this processor multiplies bytes in one instruction")
    except (ImportError, RuntimeError) as error:
        return Finding("engine", "unknown", f"OpenVINO cannot be used: {error}")
    if find_spec("onnxruntime"):
        return Finding("engine", "ONNX Runtime: this processor has no VNNI")
    advice = "this processor has no VNNI: pip install onnxruntime, and texts are encoded faster"
    return Finding("engine", f"OpenVINO; {advice}")


def _disk() -> Finding:
    from cospace.files import check_room, free_bytes

    here = Path.cwd()
    try:
        check_room(here)
    except CospaceError as error:
        return Finding("disk", f"{size(free_bytes(here))} free here", str(error))
    return Finding("disk", f"{size(free_bytes(here))} free in {here}")


def _locale() -> Finding:
    encoding = locale.getencoding()
    files = sys.getfilesystemencoding()
    found = f"{encoding}; file names in {files}"
    if files.lower().replace("-", "") != "utf8":
        return Finding("locale", found, "file names are not UTF-8; set LANG=C.UTF-8, for example")
    return Finding("locale", found)
