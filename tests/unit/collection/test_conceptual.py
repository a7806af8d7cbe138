"""Concepts: an item in words of its collection, or of a list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadItem

NAMES = ["velvet armchair", "oak table", "red bicycle", "garden rake", "desk lamp", "oak shelf"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cs.Collection]:
    from PIL import Image

    place: Path = tmp_path_factory.mktemp("concepts")
    random = np.random.default_rng(0)
    for name in NAMES[:4]:
        Image.fromarray(random.integers(0, 256, (40, 40, 3), np.uint8)).save(place / f"{name}.png")
    with cs.open(place / "shop.cospace", model="starter") as made:
        made.add([cs.Item(name, f"{name}, as new, 2 pieces") for name in NAMES[4:]])
        made.add(
            [
                cs.Item(name, cs.Parts(text=name, image=cs.Image(place / f"{name}.png")))
                for name in NAMES[:4]
            ]
        )
        yield made


def test_an_item_is_said_in_words_of_the_collection(shop: cs.Collection):
    found = shop.concepts("red bicycle")
    assert {"text", "image"} == set(found)
    words = {one.word for one in found["text"].words}
    assert {"bicycle"} <= words
    assert found["text"].cosine > 0.8
    assert not any(word in {"2", "as"} for one in found.values() for word in one.words)


def test_words_come_from_the_list_that_is_given(shop: cs.Collection):
    given = ["armchair", "bicycle", "sky", "soup", "music"]
    found = shop.concepts("velvet armchair", vocabulary=given, terms=3)["text"]
    assert {one.word for one in found.words} <= set(given)
    assert ("armchair", 5) == (found.words[0].word, found.of)


def test_a_text_and_a_photo_that_are_not_stored(shop: cs.Collection):
    assert "lamp" in {one.word for one in shop.concepts("a lamp for the desk")["text"].words}
    photo = np.zeros((30, 30, 3), np.uint8)
    assert ["image"] == list(shop.concepts(cs.Image(photo)))


def test_what_cannot_be_said_in_words(shop: cs.Collection, tmp_path: Path):
    with pytest.raises(BadArgument, match="vocabulary is a list"):
        shop.concepts("oak table", vocabulary="oak")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="two or more"):
        shop.concepts("oak table", vocabulary=["oak", "oak", " "])
    with pytest.raises(BadArgument, match="terms"):
        shop.concepts("oak table", terms=0)
    with pytest.raises(BadArgument, match="nothing to be said"):
        shop.concepts(cs.Parts())
    with pytest.raises(BadItem):
        shop.concepts(cs.Image(tmp_path / "gone.png"))


def test_words_that_a_word_model_lacks_are_left_out(tmp_path: Path):
    from cospace.encode.words import WordModel, WordVectors

    table = WordVectors(["sofa", "red"], np.eye(2, dtype=np.float32))
    with cs.open(tmp_path / "a.cospace", model=WordModel.of(table, name="demo")) as made:
        made.add(ids=["MK-1"], documents=["Red sofa"])
        found = made.concepts("MK-1", vocabulary=["sofa", "red", "unheard"])["text"]
        assert 2 == found.of
        with pytest.raises(BadArgument, match="1 words"):
            made.concepts("MK-1", vocabulary=["sofa", "unheard"])
