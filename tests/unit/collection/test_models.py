"""The model of a collection that is opened without one."""

from pathlib import Path

import pytest

import cospace as cs
from cospace.collection.models import model_of
from cospace.encode import folder
from cospace.errors import ModelDamaged, ModelNotFound
from cospace.testing.tiny import tiny_folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home/models"


def space(home: Path, dim: int | None = None) -> cs.Space:
    """The space of the model "mine", which has another name than its folder."""
    return cs.load(tiny_folder(home / "mine"), dim=dim).space


@pytest.mark.parametrize("dim", [None, 12])
def test_it_is_found_by_its_space_whatever_its_folder_is_called(
    home: Path, dim: int | None
) -> None:
    wanted = space(home, dim)
    for seed in (1, 2):
        tiny_folder(home / f"a-{seed}", seed=seed)
    assert wanted == model_of(wanted).space


def test_no_other_model_is_read_through(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = space(home)
    tiny_folder(home / "another", seed=1)
    monkeypatch.setattr(folder, "_sound", set())
    model_of(wanted)
    assert {"mine"} == {Path(path).relative_to(home).parts[0] for path, *_ in folder._sound}


def test_it_is_not_called_missing_when_it_is_damaged(home: Path) -> None:
    wanted = space(home)
    weights = home / "mine/text/model.bin"
    weights.write_bytes(weights.read_bytes() + b"x")
    with pytest.raises(ModelDamaged, match="the file is damaged"):
        model_of(wanted)
    (home / "mine/space.json").write_text("{")
    with pytest.raises(ModelDamaged, match="It may be the collection's tiny-0"):
        model_of(wanted)


def test_one_that_is_not_there_is_asked_for(home: Path) -> None:
    wanted = space(home)
    tiny_folder(home / "mine", seed=1)
    with pytest.raises(ModelNotFound, match="open it with model=FOLDER"):
        model_of(wanted)
