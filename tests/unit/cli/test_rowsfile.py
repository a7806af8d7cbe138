"""Vectors for trainers: of a collection, of a file, and whose they are."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.cli.rowsfile import check_out, read_source
from cospace.errors import BadArgument, BadItem, NotFound, SpaceMismatch
from cospace.testing.tiny import tiny_model
from cospace.vectors import Vectors


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop.cospace"
    pixels = np.zeros((8, 8, 3), np.uint8)
    with cs.open(folder, model=tiny_model()) as one:
        one.add([
            cs.Item("1", cs.Parts(text="a red chair", image=[cs.Image(pixels), cs.Image(pixels)]),
                    {"class": "chair", "room": "hall"}),
            cs.Item("2", "a lamp", {"class": "lamp"}),
        ])  # fmt: skip
    return folder


def test_vectors_of_a_collection_have_its_space(shop: Path) -> None:
    found = read_source(str(shop), kind="text", label="class")
    assert isinstance(found.vectors, Vectors)
    assert (2, tiny_model().space.fingerprint) == (
        len(found.vectors), found.vectors.space.fingerprint,
    )  # fmt: skip
    assert ["chair", "lamp"] == sorted(map(str, found.labels))


def test_the_photos_of_one_item_are_one_group(shop: Path) -> None:
    found = read_source(str(shop), kind="image", label="class")
    assert (2, ["chair"] * 2, ["1"] * 2) == (len(found.vectors), found.labels, found.groups)


def test_a_group_is_a_field_or_the_item(shop: Path) -> None:
    found = read_source(str(shop), kind="text", group="room")
    assert {"hall", "2"} == set(found.groups)


def test_which_kind_has_to_be_said(shop: Path) -> None:
    with pytest.raises(BadArgument, match="image and text: say which"):
        read_source(str(shop))


def test_an_empty_collection(tmp_path: Path) -> None:
    cs.open(tmp_path / "empty.cospace", model=tiny_model()).close()
    with pytest.raises(BadArgument, match="there are no vectors"):
        read_source(str(tmp_path / "empty.cospace"))


def test_a_file_without_a_model_is_known_by_its_name(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.ones((3, 4), np.float32))
    found = read_source(str(tmp_path / "rows.npy"))
    assert isinstance(found.vectors, Vectors)
    assert "rows" == found.vectors.space.name
    (tmp_path / "rows.ids.json").write_text(json.dumps({"space": "mine"}))
    again = read_source(str(tmp_path / "rows.npy"))
    assert isinstance(again.vectors, Vectors)
    assert "mine" == again.vectors.space.name


def test_pictures_stay_an_array(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 4, 4), np.uint8))
    assert (3, 4, 4) == np.shape(np.asarray(read_source(str(tmp_path / "x.npy")).vectors))


def test_another_model_s_vectors(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 384), np.float32))
    assert 3 == len(read_source(str(tmp_path / "x.npy"), model="minilm").vectors)
    (tmp_path / "x.ids.json").write_text(json.dumps({"space": "other", "fingerprint": "ab" * 32}))
    with pytest.raises(SpaceMismatch, match="made with other"):
        read_source(str(tmp_path / "x.npy"), model="minilm")
    np.save(tmp_path / "y.npy", np.ones((3, 5), np.float32))
    with pytest.raises(SpaceMismatch, match="5 dimensions"):
        read_source(str(tmp_path / "y.npy"), model="minilm")


@pytest.mark.parametrize(
    ("name", "data", "error", "why"),
    [
        ("x.npy", b"", BadItem, "not a .npy file"),
        ("x.npy", b"\x93NUMPY\x01\x00", BadItem, "not a .npy file"),
        ("x.parquet", b"PAR1", BadItem, "no file of vectors"),
        ("x.csv", b"a,b", BadArgument, "a file of vectors"),
    ],
)
def test_what_is_no_file_of_vectors(
    name: str, data: bytes, error: type[Exception], why: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(error, match=why):
        read_source(str(tmp_path / name))


def test_a_record_beside_that_is_broken(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 4), np.float32))
    for text in ("{", "3", '["a"]'):
        (tmp_path / "x.ids.json").write_text(text)
        with pytest.raises(BadItem, match=r"x\.ids\.json"):
            read_source(str(tmp_path / "x.npy"))


@pytest.mark.parametrize("options", [{"kind": "text"}, {"label": "a"}, {"group": "a"}])
def test_options_that_a_npy_file_has_no_use_for(options: dict[str, Any], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((3, 4), np.float32))
    with pytest.raises(BadArgument):
        read_source(str(tmp_path / "x.npy"), **options)


def test_what_is_not_there() -> None:
    with pytest.raises(NotFound):
        read_source("nowhere.npy")


def test_where_a_folder_can_be_written(tmp_path: Path) -> None:
    assert tmp_path / "new" == check_out(str(tmp_path / "new"), False)
    assert tmp_path == check_out(str(tmp_path), False)  # empty
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadArgument, match="exists already"):
        check_out(str(tmp_path), False)
    assert tmp_path == check_out(str(tmp_path), True)
    with pytest.raises(BadArgument, match="no folder"):
        check_out(str(tmp_path / "a" / "b"), False)
