"""bind: a folder whose images lie in the anchor's space, and whose texts are the anchor's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadItem
from cospace.train import bind

from .catalogue import NAMES, draw, items


@pytest.fixture(scope="module")
def bound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("bind")
    (place / "photos").mkdir()
    made = bind(items(place / "photos"), place / "model", anchor="starter", kind="image")
    assert made.better
    assert made.failed == []
    return place / "model"


def test_its_texts_are_the_anchor_s_to_the_bit(bound: Path) -> None:
    model, anchor = cs.load(bound), cs.load("starter")
    texts = [*NAMES, "vintage comfortable seating"]
    assert (model.encode_query(texts).array == anchor.encode_query(texts).array).all()
    assert model.space.anchor == anchor.space.anchor


def test_its_images_compare_with_the_anchor_s_texts(bound: Path, tmp_path: Path) -> None:
    model = cs.load(bound)
    images = [cs.Image(draw(tmp_path / f"{n}.png", n, 900 + n)) for n in range(20)]
    found = cs.similarity(cs.load("minilm").encode_query(list(NAMES)), model.encode(images))
    assert (found.argmax(0) == np.arange(20)).mean() > 0.6  # 5% by chance


def test_its_card_says_how_good_it_is(bound: Path) -> None:
    card = json.loads((bound / "card.json").read_text())
    figure = card["figures"][-1]
    assert figure["name"] == "recall@10, both ways"
    assert figure["held"]["value"] > figure["before"]["value"] + 0.2
    assert figure["shuffled"] < figure["held"]["value"] - 0.3
    assert card["counts"]["pairs"] == 120
    assert (bound / "card.md").read_text().startswith("# model: image bound to text of starter")


def test_it_is_a_space_of_its_own_for_images(bound: Path) -> None:
    model, anchor = cs.load(bound), cs.load("starter")
    assert "image" in model.space.conflict(anchor.space)
    assert not model.space.conflict(cs.load("minilm").space)


def test_a_pair_without_a_side_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadItem, match="pair 0: it has no image: a pair has image and text"):
        bind([("a", "b")], tmp_path / "x", anchor="starter", kind="image")
    with pytest.raises(BadItem, match="pair 0: expected an Item or a tuple of two parts, not str"):
        bind(["a"], tmp_path / "x", anchor="starter", kind="image")  # type: ignore[list-item]


def test_bad_pairs_are_told_and_left_out(tmp_path: Path) -> None:
    bad = [cs.Item("bad", cs.Parts(text="x", image=cs.Image(tmp_path / "none.png")))]
    with pytest.raises(BadArgument, match=r"no pair can be used: bad: .*none\.png"):
        bind(bad, tmp_path / "x", anchor="starter", kind="image")
    with pytest.raises(BadArgument, match="1 pairs in 1 groups of near duplicates: too few"):
        one = cs.Image(draw(tmp_path / "1.png", 1, 1))
        bind([*bad, cs.Item("one", cs.Parts(text="x", image=one))], tmp_path / "x",
             anchor="starter", kind="image")  # fmt: skip
    assert not (tmp_path / "x").exists()


def test_what_cannot_be_bound_is_refused(tmp_path: Path) -> None:
    def refused(match: str, **given: object) -> None:
        wanted = {"anchor": "starter", "kind": "image", **given}
        with pytest.raises(BadArgument, match=match):
            bind([], tmp_path / "x", **wanted)  # type: ignore[arg-type]

    refused("starter has no tower for smell", kind="smell")
    refused("to= is another kind", to="image")
    refused("no pair can be used: none was given")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "file").write_text("mine")
    refused("exists already; name another folder")
