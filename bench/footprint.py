"""What an installation costs: downloads, room on the disk, time to start.

    python bench/footprint.py            # builds both wheels, downloads what they need, installs
    python bench/footprint.py --json

Everything happens in a temporary folder. Times are medians of fresh processes of the new
installation; its compiled files are made before, as pip makes them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MOST_DOWNLOAD, MOST_IMPORT, MOST_VERSION = 200e6, 0.15, 0.3
IMPORT = """
import time
start = time.perf_counter()
import cospace
print(time.perf_counter() - start)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=15, help="fresh processes for each time")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cospace-footprint-") as folder:
        found = measure(Path(folder), args.runs)
    if args.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)
    good = (
        found["download_bytes"] <= MOST_DOWNLOAD
        and not found["torch"]
        and found["import_seconds"] < MOST_IMPORT
        and found["version_seconds"] < MOST_VERSION
    )
    return 0 if good else 1


def measure(folder: Path, runs: int) -> dict[str, Any]:
    """All numbers, from a new environment in `folder`."""
    files, environment = folder / "files", folder / "venv"
    download(files)
    sizes = {path.name: path.stat().st_size for path in files.iterdir()}
    python, command, site = install(files, environment)
    imports = [float(output(python, "-c", IMPORT)) for _ in range(runs)]
    versions = [seconds(command, "--version") for _ in range(runs)]
    return {
        "packages": dict(sorted(sizes.items(), key=lambda pair: -pair[1])),
        "download_bytes": sum(sizes.values()),
        "installed_bytes": installed(site),
        "torch": any(name.startswith("torch-") for name in sizes),
        "import_seconds": statistics.median(imports),
        "version_seconds": statistics.median(versions),
        "bare_python_seconds": statistics.median(seconds(python, "-c", "") for _ in range(runs)),
        "runs": runs,
    }


def download(files: Path) -> None:
    """The wheels of cospace and its starter, and of everything they need."""
    for source in (ROOT, ROOT / "starter"):
        output(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", files, source)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet")
    output(*pip, "--only-binary", ":all:", "--dest", files, *files.glob("*.whl"))


def install(files: Path, environment: Path) -> tuple[Path, Path, Path]:
    """A new environment with those wheels alone: its python, its `cospace`, its site-packages."""
    output(sys.executable, "-m", "venv", environment)
    python = environment / "bin/python"
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    output(*pip, "install", "--quiet", "--no-index", "--find-links", files, *files.glob("*.whl"))
    output(*pip, "uninstall", "--quiet", "--yes", "setuptools", "pip")
    site = Path(output(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"))
    return python, environment / "bin/cospace", site


def installed(site: Path) -> int:
    """Bytes of all files, compiled ones included."""
    return sum(path.stat().st_size for path in site.rglob("*") if path.is_file())


def seconds(*command: str | Path) -> float:
    start = time.perf_counter()
    output(*command)
    return time.perf_counter() - start


def output(*command: str | Path) -> str:
    """What the command prints; it finds nothing of this repository by accident."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def show(found: dict[str, Any]) -> None:
    print("python bench/footprint.py\n")
    for name, size in found["packages"].items():
        print(f"  {size / 1e6:8.2f} MB  {name}")
    rows = [
        ("downloads", f"{found['download_bytes'] / 1e6:.0f} MB", f"{MOST_DOWNLOAD / 1e6:.0f} MB"),
        ("torch among them", "yes" if found["torch"] else "no", "no"),
        ("installed", f"{found['installed_bytes'] / 1e6:.0f} MB", ""),
        ("import cospace", f"{found['import_seconds']:.3f} s", f"{MOST_IMPORT} s"),
        ("cospace --version", f"{found['version_seconds']:.3f} s", f"{MOST_VERSION} s"),
        ("  a bare python", f"{found['bare_python_seconds']:.3f} s", ""),
    ]
    print(f"\n{'':20}{'measured':>12}{'at most':>12}")
    for row in rows:
        print(f"{row[0]:20}{row[1]:>12}{row[2]:>12}")
    print(f"\ntimes: medians of {found['runs']} fresh processes")


if __name__ == "__main__":
    raise SystemExit(main())
