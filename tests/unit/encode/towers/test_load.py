"""Towers: which precision is taken, and that each one the engine offers gives the known answers."""

import gc
import json
from pathlib import Path
from weakref import ref

import numpy as np
import pytest

import cospace as cs
from cospace.encode.engines.openvino import Graph
from cospace.encode.folder import open_folder
from cospace.encode.towers import load as towers
from cospace.encode.towers.text import TextTower
from cospace.errors import ModelDamaged
from cospace.testing.tiny import tiny_folder

STARTER = open_folder(cs.load("starter").path)


@pytest.mark.parametrize("precision", ["int8", "int8-as-f32"])
def test_the_starter_gives_its_known_answers_in_each_precision(precision: str) -> None:
    tower = STARTER.tower("text")
    loaded = TextTower(STARTER, tower, Graph(STARTER, tower, precision))
    assert towers.known_answers(loaded, tower, STARTER) > towers.CLOSE


def test_a_text_has_the_same_bits_alone_and_in_every_batch() -> None:
    model = cs.load("starter")
    words = [
        "the",
        "owner",
        "pumped",
        "the",
        "tyres",
        "and",
        "rode",
        "down",
        "to",
        "the",
        "harbour",
        "to",
        "see",
        "the",
        "boats",
    ]
    texts = [" ".join(words[: 1 + i % 14] * (1 + i % 5)) for i in range(60)]
    together = model.encode_document(texts).array
    alone = np.concatenate([model.encode_document([text]).array for text in texts])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        ({"first": 0.9999, "second": 0.9999}, "first"),
        ({"first": 0.9970, "second": 0.9979}, "second"),
        ({"first": 0.9979, "second": 0.9970}, "first"),
        ({"first": 0.9980, "second": 0.9999}, "first"),
        ({"first": 0.5000, "second": 0.9910}, "second"),
        ({"first": 0.5000, "second": 0.6000}, None),
    ],
)
def test_the_first_that_is_the_same_or_else_the_closest(
    found: dict[str, float], taken: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = open_folder(tiny_folder(tmp_path, kinds=["text"]))
    monkeypatch.setattr(towers, "graphs", lambda *_: zip(found, found, strict=True))
    monkeypatch.setattr(towers, "known_answers", lambda loaded, *_: found[loaded.graph])
    if taken is None:
        with pytest.raises(ModelDamaged, match=r"0.5000 in first, 0.6000 in second"):
            towers.load_tower(folder, "text")
    else:
        assert taken == towers.load_tower(folder, "text").graph


def test_two_models_of_one_folder_share_their_towers(tmp_path: Path) -> None:
    place = tiny_folder(tmp_path / "tiny")
    first, second = cs.load(place), cs.load(place, dim=8)
    expected = first.encode_document(["a red chair"]).array
    found = second.encode_document(["a red chair"]).array
    assert first._tower("text") is second._tower("text")
    assert (1, 8) == found.shape
    assert np.allclose(expected[:, :8] / np.linalg.norm(expected[:, :8]), found, atol=1e-6)


def test_a_tower_is_not_shared_with_another_engine_or_another_folder(tmp_path: Path) -> None:
    place = tiny_folder(tmp_path / "tiny")
    first, exact = cs.load(place), cs.load(place, engine="openvino:f32")
    other = cs.load(tiny_folder(tmp_path / "other"))
    towers = [model._tower("text") for model in (first, exact, other)]
    assert 3 == len({id(tower) for tower in towers})


def test_a_record_that_changed_is_held_to_its_own_known_answers(tmp_path: Path) -> None:
    place = tiny_folder(tmp_path / "tiny")
    in_use = cs.load(place).warm()
    record = json.loads((place / "space.json").read_text())
    record["towers"][0]["canaries"][0]["input"] = "something else altogether"
    (place / "space.json").write_text(json.dumps(record))
    with pytest.raises(ModelDamaged, match="known answers"):
        cs.load(place).warm()
    assert (1, 32) == in_use.encode_document(["a chair"]).array.shape


def test_a_tower_goes_with_the_last_model_that_uses_it(tmp_path: Path) -> None:
    place = tiny_folder(tmp_path / "tiny")
    first, second = cs.load(place).warm("text"), cs.load(place).warm("text")
    alive = ref(first._tower("text"))
    del first
    gc.collect()
    assert alive() is second._tower("text")
    del second
    gc.collect()
    assert alive() is None
