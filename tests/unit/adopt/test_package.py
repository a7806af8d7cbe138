"""Files out of a package: each by its hash, from wherever it comes, and with what to do else."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from cospace.adopt import package as door
from cospace.adopt.package import Package
from cospace.errors import ModelDamaged, ModelNotFound, NetworkError

PACKAGE = Package("tinypack", "1.0", "00" * 32, "1 MB", "MIT", "cospace models add tiny")
ONE, TWO = b"the first", b"the second"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


WANTED = {"tinypack/a/model.bin": sha256(ONE), "tinypack/b/words.txt": sha256(TWO)}
BOTH = {"tinypack/a/model.bin": ONE, "tinypack/b/words.txt": TWO}


def taken(source: Path | None, wanted: dict[str, str] | None = None) -> dict[str, bytes]:
    return PACKAGE.files(WANTED if wanted is None else wanted, source, lambda _: None)


def wheel(file: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w") as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file


def spread(place: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(data)
    return place


def test_a_wheel_a_folder_of_it_and_its_files_give_the_same(tmp_path: Path) -> None:
    file = wheel(tmp_path / "tinypack-1.0-py3-none-any.whl", BOTH)
    assert BOTH == taken(file) == taken(tmp_path)
    assert BOTH == taken(spread(tmp_path / "open", BOTH))


def test_of_several_files_of_one_name_the_one_with_the_hash_is_taken(tmp_path: Path) -> None:
    spread(tmp_path, {**BOTH, "another/model.bin": b"of another model", "z/model.bin": b""})
    assert BOTH == taken(tmp_path)


def test_a_single_file_may_be_given_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "anything").write_bytes(ONE)
    wanted = {"tinypack/a/model.bin": sha256(ONE)}
    assert [ONE] == [*taken(tmp_path / "anything", wanted).values()]
    with pytest.raises(ModelNotFound, match="is no wheel"):
        taken(tmp_path / "anything")


def test_another_hash_is_refused_wherever_it_comes_from(tmp_path: Path) -> None:
    changed = {**BOTH, "tinypack/b/words.txt": b"changed"}
    for source in (wheel(tmp_path / "x.whl", changed), spread(tmp_path / "open", changed)):
        with pytest.raises(ModelDamaged, match=r"sha256 of words\.txt.*--from THE-WHEEL"):
            taken(source)


def test_what_lacks_a_file_says_which(tmp_path: Path) -> None:
    some = {"tinypack/a/model.bin": ONE}
    with pytest.raises(ModelNotFound, match=r"holds no tinypack/b/words\.txt"):
        taken(wheel(tmp_path / "x.whl", some))
    with pytest.raises(ModelNotFound, match=r"neither model\.bin and words\.txt nor a wheel"):
        taken(spread(tmp_path / "open", some))
    with pytest.raises(ModelNotFound, match="cannot be read"):
        taken(tmp_path / "nothing")


def test_a_damaged_wheel_and_one_that_is_too_large_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wheel(tmp_path / "x.whl", BOTH)
    data = bytearray(file.read_bytes())
    data[data.index(ONE)] ^= 1  # its CRC does not fit any more
    file.write_bytes(data)
    with pytest.raises(ModelDamaged, match="a damaged wheel"):
        taken(file)
    monkeypatch.setattr(door, "_MOST", 4)
    with pytest.raises(ModelDamaged, match="more than 1 GB"):
        taken(wheel(tmp_path / "y.whl", BOTH))


def test_an_installed_one_counts_only_with_all_its_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = {"tinypack/__init__.py": b"raise SystemExit('it was run')"}
    spread(tmp_path / "site", {**BOTH, **init})
    monkeypatch.syspath_prepend(tmp_path / "site")
    told: list[str] = []
    assert PACKAGE.files(WANTED, None, told.append) == BOTH
    assert ["tinypack is installed: its weights are taken"] == told
    (tmp_path / "site/tinypack/b/words.txt").write_bytes(b"changed")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    pytest.importorskip("pip", reason="pip is what is asked")
    with pytest.raises(NetworkError, match=r"could not download tinypack 1\.0"):
        taken(None)
