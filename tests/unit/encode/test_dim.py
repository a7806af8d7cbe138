"""dim=: the first numbers of a vector, at length one, in a space of their own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.collection.models import model_of
from cospace.encode.folder import open_folder
from cospace.encode.model import Model
from cospace.errors import BadArgument, BadVector, SpaceMismatch
from cospace.testing.encoder import check_encoder
from cospace.testing.tiny import tiny_folder

RED = cs.Image(np.full((40, 60, 3), (200, 20, 20), np.uint8))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("model"))


def trained(path: Path, dims: list[int], kinds: tuple[str, ...] = ("text", "image")) -> Path:
    """A tiny model whose record says what it was trained for."""
    tiny_folder(path, kinds=kinds)
    record: dict[str, Any] = json.loads((path / "space.json").read_text())
    for tower in record["towers"]:
        tower["preprocess"]["matryoshka"] = dims
    (path / "space.json").write_text(json.dumps(record))
    return path


def test_the_first_numbers_are_brought_to_length_one(folder: Path) -> None:
    full, short = cs.load(folder), cs.load(folder, dim=12)
    for encode in ("encode_query", "encode_document"):
        inputs = ["a red chair", RED, "blue bicycle"]
        whole = getattr(full, encode)(inputs).array[:, :12]
        expected = whole / np.linalg.norm(whole, axis=1, keepdims=True)
        np.testing.assert_allclose(expected, getattr(short, encode)(inputs).array, atol=1e-6)
    assert (12, 32) == (short.space.dim, full.space.dim)


def test_it_is_a_space_of_its_own(folder: Path) -> None:
    full, short = cs.load(folder), cs.load(folder, dim=12)
    assert full.space.fingerprint != short.space.fingerprint != cs.load(folder, dim=13)
    assert "(12, " in str(short.space)
    with pytest.raises(SpaceMismatch, match="12 dimensions against 32, of the same model"):
        cs.similarity(short.encode_query(["a"]), full.encode_query(["a"]))


def test_the_full_dim_is_the_model_itself(folder: Path) -> None:
    full, same = cs.load(folder), cs.load(folder, dim=32)
    assert full.space == same.space
    assert "" == same.note
    assert np.array_equal(full.encode_query(["a"]).array, same.encode_query(["a"]).array)


@pytest.mark.parametrize("dim", [1, 12, 31])
def test_it_keeps_the_promises_of_an_encoder(folder: Path, dim: int) -> None:
    if dim == 1:  # one number has no direction but its sign, so different texts can be the same
        assert {1.0} == set(np.abs(cs.load(folder, dim=1).encode_query(["a", "b"]).array.flat))
    else:
        check_encoder(cs.load(folder, dim=dim))


@pytest.mark.parametrize("dim", [0, -1, 33, 12.0, "12", True])
def test_a_dim_that_there_is_not(folder: Path, dim: Any) -> None:
    with pytest.raises(BadArgument, match="dim is a whole number from 1 to 32"):
        cs.load(folder, dim=dim)


def test_a_row_whose_first_numbers_are_zero(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = cs.load(folder, dim=12)
    row = np.zeros((1, 32), np.float32)
    row[0, 20] = 1
    monkeypatch.setattr(model.text_tower(), "encode", lambda *_: (row, []))
    with pytest.raises(BadVector, match="first 12 numbers are all zero"):
        model.encode_query(["a"])


# --- what it was trained for ---


def test_a_dim_of_unknown_training_is_noted(folder: Path) -> None:
    model = cs.load(folder, dim=12)
    assert "the first 12 of 32 numbers: its training is unknown" in model.note
    assert model.note in repr(model)
    assert (model.note,) == model.encode_query(["a"]).report
    assert (model.note,) == model.encode_prepared("text", ["a"]).report


def test_a_dim_that_it_was_not_trained_for_is_noted(tmp_path: Path) -> None:
    path = trained(tmp_path, [8, 16, 32])
    assert "" == cs.load(path, dim=16).note
    assert () == cs.load(path, dim=16).encode_query(["a"]).report
    assert "it was trained for 8, 16, 32" in cs.load(path, dim=12).note
    assert "it was trained for 8, 16, 32" in cs.load(path, dim=12).restricted("text").note


@pytest.mark.parametrize("dims", [7, "8", {"a": 1}, [8.5], [None]])
def test_a_record_of_training_that_is_none(tmp_path: Path, dims: Any) -> None:
    path = trained(tmp_path, dims, kinds=("text",))
    with pytest.raises(cs.errors.ModelDamaged, match="matryoshka"):
        cs.load(path, dim=12)


# --- collections ---


def test_a_collection_finds_its_short_model_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    tiny_folder(tmp_path / "home/models/tiny-0")
    with cs.open(tmp_path / "shop.cospace", model=cs.load("tiny-0", dim=12)) as shop:
        shop.add(cs.Item("1", "a red chair"))
    with cs.open(tmp_path / "shop.cospace") as shop:
        assert 12 == shop.model.space.dim
        assert ["1"] == shop.search("red chair").ids
        shop.add(cs.Item("2", "a blue chair"))
    with cs.open(tmp_path / "shop.cospace", model="tiny-0") as shop:
        assert 12 == shop.model.space.dim, "a name leaves the dim to the collection"
    with pytest.raises(SpaceMismatch, match="Load it with dim=12"):
        cs.open(tmp_path / "shop.cospace", model=cs.load("tiny-0"))
    with pytest.raises(SpaceMismatch, match="12 dimensions against 8"):
        cs.open(tmp_path / "shop.cospace", model=cs.load("tiny-0", dim=8))


def test_a_half_of_a_model_is_found_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    tiny_folder(tmp_path / "home/models/mine")  # its space has another name
    space = cs.load("mine", dim=12).space
    assert space == model_of(space).space


def test_towers_are_proved_at_full_width(folder: Path) -> None:
    made: Callable[..., Model] = Model
    model = made(open_folder(folder), dim=2).warm()
    assert {"text": "f32", "image": "f32"}.keys() == model.precision.keys()
