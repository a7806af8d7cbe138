"""adapt: a collection learns from its own pairs, is switched whole or not at all, and back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.encode import Model
from cospace.errors import BadArgument, CollectionReadOnly, IncompleteSource
from cospace.train import adapt, adapt_back

from .catalogue import NAMES, draw, items

QUICK: dict[str, Any] = {"epochs": 8, "rate": 3e-3}
GREY = np.full((40, 40, 3), 128, np.uint8)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 120 pairs, as it is before adapt."""
    place = tmp_path_factory.mktemp("adapt")
    (place / "photos").mkdir()
    with cs.open(place / "shop.cospace", model="starter") as shop:
        shop.add(items(place / "photos"))
    return place


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "shop.cospace", tmp_path / "shop.cospace")
    return tmp_path / "shop.cospace"


def vectors(shop: cs.Collection) -> dict[str, dict[str, bytes]]:
    return {
        item.id: {field: row.tobytes() for field, row in item.vectors.items()}
        for item in shop.get(vectors=True)
    }


def test_a_collection_learns_and_goes_back(place: Path) -> None:
    with cs.open(place, model="starter") as shop:
        before, space = vectors(shop), shop.space
        assert space is not None
        found = adapt(shop, **QUICK)
        assert found.switched
        assert found.figure.before is not None
        assert found.figure.held.value > found.figure.before.value + 0.2
        after = vectors(shop)
        assert all(after[id]["text"] == row["text"] for id, row in before.items())
        assert all(after[id]["image"] != row["image"] for id, row in before.items())
        assert shop.space is not None
        assert shop.space.name == "starter-adapted"
        assert shop.space.anchor == space.anchor
        hits = shop.search(NAMES[0], k=6, by="image").ids
        assert len({f"I-{n:03}" for n in range(0, 120, 20)} & set(hits)) >= 4
    # Opened anew, also by who named the model that it began with: as it was left.
    with cs.open(place, model="starter") as shop:
        assert vectors(shop) == after
        assert shop.model.space == shop.space
        assert shop.search(NAMES[0], k=6, by="image").ids == hits
        assert adapt_back(shop) == 0
        assert vectors(shop) == before
        assert shop.space == space
        assert not (place / "models").exists()
        with pytest.raises(BadArgument, match="was not adapted"):
            adapt_back(shop)


def test_new_vectors_are_what_the_new_model_gives(place: Path) -> None:
    with cs.open(place) as shop:
        adapt(shop, **QUICK)
        [item] = shop.get(limit=1, vectors=True)
        assert item.parts.image is not None
        encoded = shop.model.encode_document([item.parts.image]).normalized[0]
        assert encoded @ item.vectors["image"] > 0.9999
        assert shop.search(item.parts.image, k=1).ids == [item.id]


def mine(folder: Path) -> None:
    """The starter as another model, that no name leads to."""
    model = cs.load("starter")
    assert isinstance(model, Model)
    shutil.copytree(model.folder.path, folder)
    record = json.loads((folder / "space.json").read_text())
    record["name"] = record["towers"][0]["model"] = "mine"
    (folder / "space.json").write_text(json.dumps(record))


def test_a_model_that_is_named_is_found_again_after_adapt(made: Path, tmp_path: Path) -> None:
    mine(tmp_path / "mine")
    with cs.open(tmp_path / "shop.cospace", model=tmp_path / "mine") as shop:
        shop.add(items(made / "photos"))
        before = vectors(shop)
    words = [str(tmp_path / "shop.cospace"), "--model", str(tmp_path / "mine")]
    assert 0 == main(["adapt", *words, "--epochs", "8"])
    with cs.open(tmp_path / "shop.cospace") as shop:
        assert shop.store.earlier is not None
    assert 0 == main(["adapt", *words, "--check", "--epochs", "1"])
    assert 0 == main(["adapt", *words, "--back"])
    with cs.open(tmp_path / "shop.cospace") as shop:
        assert vectors(shop) == before


def test_indexing_again_encodes_nothing_anew(place: Path, made: Path) -> None:
    with cs.open(place) as shop:
        adapt(shop, **QUICK)
        report = shop.upsert(items(made / "photos"))
        assert (report.updated, report.unchanged) == (0, 120)


def test_items_that_came_since_go_back_too(place: Path, tmp_path: Path) -> None:
    image = cs.Image(draw(tmp_path / "new.png", 3, 999))
    with cs.open(place) as shop:
        adapt(shop, **QUICK)
        shop.add(cs.Item("new", cs.Parts(text="a clock", image=image)))
        shop.update("I-004", text="a clock of oak")
        shop.delete(["I-005"])
        assert adapt_back(shop) == 2
        expected = cs.load("starter").encode_document([image]).normalized[0]
        assert shop.get("new", vectors=True)[0].vectors["image"] @ expected > 0.9999
        assert len(shop) == 120


def test_an_item_from_memory_that_came_since_does_not_stay_in_the_other_space(place: Path) -> None:
    with cs.open(place) as shop:
        adapt(shop, **QUICK)
        adapted = shop.space
        shop.add(cs.Item("sent", cs.Parts(text="grey", image=cs.Image(GREY))))
        with pytest.raises(IncompleteSource, match="sent: it was added from memory"):
            adapt_back(shop)
        assert shop.space == adapted
        shop.delete("sent")
        assert 0 == adapt_back(shop)


def test_a_photo_that_never_was_read_holds_up_neither_way(place: Path, tmp_path: Path) -> None:
    photos = [cs.Image(draw(tmp_path / "first.png", 3, 999)), cs.Image(tmp_path / "second.png")]
    with cs.open(place) as shop:
        shop.add(
            [
                cs.Item("two", cs.Parts(text=NAMES[3], image=photos)),
                cs.Item("none", cs.Parts(text=NAMES[4], image=cs.Image(tmp_path / "never.png"))),
            ],
            errors="report",
        )
        before = vectors(shop)
        draw(tmp_path / "second.png", 3, 998)  # it is there by now, and has no vector yet
        assert adapt(shop, **QUICK).switched
        assert before["two"].keys() == vectors(shop)["two"].keys() == {"text", "image"}
        assert 0 == adapt_back(shop)
        assert before == vectors(shop)


def test_a_photo_that_took_the_place_of_another_does_not_go_back_to_its_vector(
    place: Path, tmp_path: Path
) -> None:
    """While a photo beside them is away both times, and the item so has no hash."""
    first, away, other = (draw(tmp_path / f"{n}.png", n, 900 + n) for n in (3, 9, 14))

    def shown(shop: cs.Collection, photo: Path) -> None:
        images = [cs.Image(photo), cs.Image(away)]
        shop.upsert(cs.Item("two", cs.Parts(text=NAMES[3], image=images)), errors="report")

    with cs.open(place) as shop:
        shown(shop, first)
        away.rename(tmp_path / "gone")
        shown(shop, first)
        (tmp_path / "gone").rename(away)
        assert adapt(shop, **QUICK).switched
        away.rename(tmp_path / "gone")
        shown(shop, other)
        (tmp_path / "gone").rename(away)
        assert 1 == adapt_back(shop)
        [row] = shop.store.get(["two"], vectors=True)
        photos = [cs.Image(row.media[name]) for name in ("image", "image 2")]
        expected = cs.load("starter").encode_document(photos).normalized
        for name, vector in zip(("image", "image 2"), expected, strict=True):
            assert row.vectors[name] @ vector > 0.9999


def test_a_second_adaptation_goes_back_to_the_first_space(place: Path) -> None:
    with cs.open(place) as shop:
        before = vectors(shop)
        adapt(shop, **QUICK)
        again = adapt(shop, check_only=True, seed=1, **QUICK)
        assert again.figure.before is not None
        adapt_back(shop)
        assert vectors(shop) == before


def test_mixed_up_pairs_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with cs.open(tmp_path / "shop.cospace", model="starter") as shop:
        shop.add(items(tmp_path / "photos", mixed=True))
        before = vectors(shop)
        found = adapt(shop, **QUICK)
        assert not found.switched
        assert "not better beyond doubt" in found.reason
        assert vectors(shop) == before
        assert not (tmp_path / "shop.cospace" / "models").exists()


def test_checking_changes_nothing(place: Path) -> None:
    with cs.open(place) as shop:
        before = vectors(shop)
        found = adapt(shop, check_only=True, **QUICK)
        assert (found.switched, found.reason) == (False, "only checked")
        assert found.gain.low > 0
        assert len({one.text for one in found.moved}) == len(found.moved) == 5
        assert vectors(shop) == before


def test_an_image_that_cannot_be_read_stops_the_switch(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with cs.open(tmp_path / "shop.cospace", model="starter") as shop:
        shop.add(items(tmp_path / "photos"))
        before = vectors(shop)
        (tmp_path / "photos" / "7.png").unlink()
        with pytest.raises(IncompleteSource, match=r"1 images .* such as 'I-007'"):
            adapt(shop, **QUICK)
        assert vectors(shop) == before
        assert not list((tmp_path / "shop.cospace").glob("models/*"))


def test_a_reader_follows_the_switch(place: Path, tmp_path: Path) -> None:
    image = cs.Image(draw(tmp_path / "asked.png", 3, 500))
    with cs.open(place) as shop, cs.open(place, read_only=True) as reader:
        reader.search(image)
        adapt(shop, **QUICK)
        expected = shop.search(image)
        found = reader.search(image)
        assert found.ids == expected.ids
        assert [hit.score for hit in found] == [hit.score for hit in expected]
        adapt_back(shop)
        assert reader.search(image).ids == shop.search(image).ids
        with pytest.raises(CollectionReadOnly):
            adapt(reader)  # type: ignore[arg-type]


def test_a_switch_that_is_broken_off_leaves_the_old(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cospace.store import sides

    def cut(*_: Any) -> Any:
        raise OSError("the power went")

    with cs.open(place) as shop:
        before, space = vectors(shop), shop.space
        monkeypatch.setattr(sides, "switch", cut)
        with pytest.raises(OSError, match="the power went"):
            adapt(shop, **QUICK)
        monkeypatch.undo()
        assert vectors(shop) == before
        assert shop.space == space
    with cs.open(place) as shop:  # the model that was written already is no harm
        assert vectors(shop) == before
        assert shop.model.space == space
        assert adapt(shop, **QUICK).switched
        assert len(list((place / "models").iterdir())) == 1


@pytest.mark.parametrize(
    "content", [[cs.Item("a", "only words")], []], ids=["no images", "no items"]
)
def test_too_few_pairs_are_refused(tmp_path: Path, content: list[cs.Item]) -> None:
    with cs.open(tmp_path / "shop.cospace", model="starter") as shop:
        shop.add(content)
        with pytest.raises(BadArgument, match="has 0 pairs of image and text"):
            adapt(shop, **QUICK)


def test_collections_that_cannot_be_adapted_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArgument, match="keeps no files"):
        adapt(cs.open(":memory:", model="starter"))
    with cs.open(tmp_path / "texts.cospace", model="minilm") as shop:
        shop.add(cs.Item("a", "words"))
        with pytest.raises(BadArgument, match="has no tower for image beside its texts"):
            adapt(shop, **QUICK)


def test_photos_that_came_from_memory_cannot_follow(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    pixels = np.full((32, 32, 3), 90, np.uint8)
    with cs.open(tmp_path / "shop.cospace", model="starter") as shop:
        shop.add(items(tmp_path / "photos"))
        shop.add(cs.Item("memory", cs.Parts(text="grey", image=cs.Image(pixels))))
        with pytest.raises(IncompleteSource, match=r"'memory' \(it was added from memory"):
            adapt(shop, **QUICK)
