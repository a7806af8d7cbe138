"""Towers: which precision is taken, and that each one the engine offers gives the known answers."""

from pathlib import Path

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
        ({"first": 0.9980, "second": 0.9989}, "second"),
        ({"first": 0.9989, "second": 0.9980}, "first"),
        ({"first": 0.5000, "second": 0.9910}, "second"),
        ({"first": 0.5000, "second": 0.6000}, None),
    ],
)
def test_the_first_that_is_the_same_or_else_the_closest(
    found: dict[str, float], taken: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = open_folder(tiny_folder(tmp_path, kinds=["text"]))
    monkeypatch.setattr(towers, "precisions", lambda _tower: tuple(found))
    monkeypatch.setattr(towers, "Graph", lambda _folder, _tower, precision: precision)
    monkeypatch.setattr(towers, "known_answers", lambda loaded, *_: found[loaded.graph])
    if taken is None:
        with pytest.raises(ModelDamaged, match=r"0.5000 in first, 0.6000 in second"):
            towers.load_tower(folder, "text")
    else:
        assert taken == towers.load_tower(folder, "text").graph
