"""What is written: the card, the record, and which weights are taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from cospace.errors import BadArgument

torch = pytest.importorskip("torch", reason="encoders are fine-tuned with torch")

from torch_models import text_model  # noqa: E402 - torch comes first

import cospace as cs  # noqa: E402
from cospace.train import contrastive  # noqa: E402


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("base")
    text_model(place)
    rows = [(f"chair number {i}", f"seat no {i} here") for i in range(60)]
    return contrastive(place / "saved", rows, epochs=1, threads=1, seed=3)


def test_the_card_says_what_was_done(tuned: Any, tmp_path: Path) -> None:
    saved = tuned.save(tmp_path / "mine", anyway=True, weights="f32")
    card = json.loads((saved.folder / "card.json").read_text())
    assert {"learnt from", "to stop by", "held out"} == set(card["counts"])
    assert (3, "ranking", 32) == tuple(card["settings"][k] for k in ("seed", "loss", "batch"))
    assert tuned.net.base == card["settings"]["base_sha256"]
    [figure] = card["figures"]
    assert figure["before"]["value"] is not None
    assert figure["gap"] == pytest.approx(figure["train"] - figure["held"]["value"])
    assert all(point["loss"] >= 0 for point in card["curve"])
    text = (saved.folder / "card.md").read_text()
    assert "Examples that share a text stay on one side" in text
    assert f"at least {saved.least:.5f}" in text


def test_the_curve_is_drawn_where_it_can_be(tuned: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    saved = tuned.save(tmp_path / "mine", anyway=True, weights="f32")
    assert (saved.folder / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_folder_s_name_is_the_space_s(tuned: Any, tmp_path: Path) -> None:
    tuned.save(tmp_path / "one", anyway=True, weights="f32")
    tuned.save(tmp_path / "two", name="three", anyway=True, weights="f32")
    assert ("one", "three") == tuple(cs.load(tmp_path / n).space.name for n in ("one", "two"))


def test_the_same_weights_are_the_same_model(tuned: Any, tmp_path: Path) -> None:
    """8 bits or 32: the identity is that of what was trained."""
    hashes = set()
    for weights in ("f32", "int8"):
        tuned.save(tmp_path / weights, name="one", anyway=True, weights=weights)
        hashes.add(cs.load(tmp_path / weights).space.fingerprint)
    assert 1 == len(hashes)


def test_what_stands_there_is_kept(tuned: Any, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    with pytest.raises(BadArgument, match="exists already"):
        tuned.save(tmp_path / "mine", anyway=True)
    assert "mine" == (tmp_path / "mine" / "file").read_text()
    tuned.save(tmp_path / "mine", anyway=True, replace=True, weights="f32")
    assert not (tmp_path / "mine" / "file").exists()


def test_a_saved_model_searches(tuned: Any, tmp_path: Path) -> None:
    tuned.save(tmp_path / "mine", anyway=True, weights="f32")
    with cs.open(":memory:", model=cs.load(tmp_path / "mine")) as shop:
        shop.add([cs.Item("1", "chair number 1"), cs.Item("2", "a lamp")])
        assert "1" == shop.search("chair number 1")[0].id


def test_the_record_is_for_json(tuned: Any, tmp_path: Path) -> None:
    saved = tuned.save(tmp_path / "mine", anyway=True, weights="f32")
    record = json.loads(json.dumps(saved.to_json()))
    assert {"folder", "weights", "cosine_least", "cosine_mean", "texts"} == set(record)
    assert 0 < record["texts"] <= 400
