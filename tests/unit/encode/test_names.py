"""`load`: names, folders, and what is refused before anything is opened."""

import json
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.encode import folder
from cospace.encode.names import installed, model_home
from cospace.errors import (
    BadArgument,
    FormatTooNew,
    ModelDamaged,
    ModelNotFound,
    StorageError,
    UnsafeFile,
)
from cospace.testing.tiny import tiny_folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    return tmp_path / "models"


def test_a_folder_loads_by_path_and_by_string(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "m", kinds=["text"])
    assert cs.load(folder).space == cs.load(str(folder)).space


def test_a_name_in_the_model_home_loads(home: Path) -> None:
    tiny_folder(home / "mine", kinds=["text"])
    assert cs.load("mine").name == "tiny-0"
    assert ["mine", "minilm", "starter"] == sorted(installed())


def test_an_unknown_name_lists_near_matches(home: Path) -> None:
    with pytest.raises(ModelNotFound, match="did you mean 'minilm'"):
        cs.load("mini-lm")


def test_a_folder_here_is_not_taken_by_its_bare_name(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_folder(tmp_path / "mine", kinds=["text"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFound, match=r"write './mine'"):
        cs.load("mine")
    assert cs.load("./mine").name == "tiny-0"


def test_adoption_is_named_where_it_will_be() -> None:
    with pytest.raises(ModelNotFound, match="cospace models add hf:org/name") as caught:
        cs.load("hf:org/name")
    assert 4 == caught.value.exit_code


SOURCE = "hf:org/name"


def added(home: Path, name: str, source: str, seed: int = 0) -> Path:
    """A model in the model home, as if it had been added from `source`."""
    made = tiny_folder(home / name, kinds=["text"], seed=seed)
    record = json.loads((made / "space.json").read_text())
    record["towers"][0]["source"] = source
    (made / "space.json").write_text(json.dumps(record))
    return made


def test_a_damaged_model_is_not_called_missing(home: Path) -> None:
    weights = added(home, "name", SOURCE) / "text/model.bin"
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(ModelDamaged, match="the file is damaged"):
        cs.load(SOURCE)


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("{", ModelDamaged),
        ("{}", ModelDamaged),
        ('{"format": 99}', FormatTooNew),
        (None, ModelDamaged),  # a folder in its place
    ],
)
def test_a_record_that_cannot_be_read_is_an_error_of_its_own(
    home: Path, record: str | None, expected: type[Exception]
) -> None:
    """It may be the model that is asked for, so nothing is said to be missing."""
    broken = home / "broken" / "space.json"
    broken.parent.mkdir(parents=True)
    broken.mkdir() if record is None else broken.write_text(record)
    with pytest.raises(expected, match=f"{broken}.* It may be {SOURCE}, which no other") as caught:
        cs.load(SOURCE)
    assert expected is type(caught.value)
    added(home, "name", SOURCE)
    assert SOURCE == cs.load(SOURCE).space.towers[0].source, "it is found, so the other is not it"


def test_other_models_are_known_by_their_record_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models of many gigabytes are not read through to find a small one."""
    for number in range(3):
        added(home, f"a-{number}", f"hf:org/other-{number}", seed=number)
    added(home, "name", SOURCE)
    monkeypatch.setattr(folder, "_sound", set())
    cs.load(SOURCE)
    assert {"name"} == {Path(path).relative_to(home).parts[0] for path, *_ in folder._sound}


def test_a_home_that_cannot_be_listed_is_not_called_empty(home: Path) -> None:
    assert ["minilm", "starter"] == installed()
    home.write_text("a file")
    with pytest.raises(StorageError, match="your models cannot be listed"):
        cs.load(SOURCE)


@pytest.mark.parametrize("name", ["", " ", "a b", "-x", "x" * 65, "naïve", "a\nb", "a\x00b"])
def test_what_is_no_name_is_refused(home: Path, name: str) -> None:
    with pytest.raises(BadArgument):
        cs.load(name)


@pytest.mark.parametrize("name", ["../x", "/nowhere/x", "~/nowhere-x", ".", "a\\b"])
def test_a_path_without_a_model_is_refused(home: Path, name: str) -> None:
    with pytest.raises(ModelNotFound):
        cs.load(name)


def test_a_torch_folder_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelNotFound, match="torch model"):
        cs.load(tmp_path)


@pytest.mark.parametrize("name", ["model.pt", "x/pytorch_model.bin", "vectors.KV", "a.pkl"])
def test_unsafe_formats_are_refused_by_name(name: str) -> None:
    with pytest.raises(UnsafeFile, match="can run code"):
        cs.load(name)


def test_the_model_home_follows_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COSPACE_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert Path("/data/cospace/models") == model_home()
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Application Support" in str(model_home())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": None}, "name or folder"),
        ({"name": "minilm", "engine": "jax"}, "no engine 'jax'"),
        ({"name": "minilm", "engine": "torch"}, "--engine both"),
        ({"name": "minilm", "dim": 0}, "all-MiniLM-L6-v2: dim"),
    ],
)
def test_arguments_that_are_refused_at_once(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadArgument, match=words):
        cs.load(**given)


def test_a_typo_in_a_service_or_a_source_is_refused() -> None:
    with pytest.raises(ModelNotFound, match="did you mean openai:small"):
        cs.load("opnai:small")


def test_the_models_own_name_is_as_good_as_ours() -> None:
    assert cs.load("minilm").space.fingerprint == cs.load("all-MiniLM-L6-v2").space.fingerprint
