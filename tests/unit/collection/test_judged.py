"""Judgments kept with a collection: replaced, taken away, read by `tune` and `evaluate`."""

from __future__ import annotations

from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.errors import BadArgument, BadItem, CollectionReadOnly, EmptyItem, ItemNotFound
from cospace.evaluate.own import read_judged
from cospace.testing import tiny_model


def test_a_judgment_replaces_the_one_before(shop: cs.Collection):
    shop.judge("something red", "MK-1", 1)
    shop.judge("something red", "MK-1", 3)
    shop.judge(" something red ", "MK-4", 0)
    assert {"something red": {"MK-1": 3, "MK-4": 0}} == shop.judgments
    shop.judge("something red", "MK-4", None)
    assert {"something red": {"MK-1": 3}} == shop.judgments


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (("", "MK-1", 1), BadItem),
        (("a", "nobody", 1), ItemNotFound),
        (("a", "MK-1", 4), BadArgument),
        (("a", "MK-1", -1), BadArgument),
        (("a", "MK-1", True), BadArgument),
        (("a", "MK-1", 1.5), BadArgument),
        (("a", "MK-1", "2"), BadArgument),
    ],
)
def test_what_cannot_be_judged_says_why(shop: cs.Collection, given, error):
    with pytest.raises(error):
        shop.judge(*given)
    assert {} == shop.judgments


def test_what_was_judged_of_an_item_that_went_can_be_taken_away(shop: cs.Collection):
    shop.judge("a", "MK-1", 1)
    shop.delete("MK-1")
    shop.judge("a", "MK-1", None)
    assert {} == shop.judgments


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    names = [f"{c} {t}" for c in ("red", "blue", "grey", "white") for t in "abcdef"]
    with cs.open(tmp_path / "a.cospace", model="starter") as shop:
        shop.add(ids=names, documents=[f"a {name} chair" for name in names])
        for name in names:
            shop.judge(f"{name} thing", name, 2)
    return tmp_path / "a.cospace"


def test_tune_reads_what_was_judged(judged: Path, capsys: pytest.CaptureFixture[str]):
    with cs.open(judged) as shop:
        assert 24 == shop.tune().queries
        assert shop.tune().before == shop.tune(shop.judgments).before
    assert 0 == main(["tune", str(judged)])
    assert "24" in capsys.readouterr().out


def test_a_collection_without_judgments_cannot_be_tuned_by_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with cs.open(tmp_path / "b.cospace", model="starter") as shop:
        shop.add(ids=["1"], documents=["a chair"])
    assert 2 == main(["tune", str(tmp_path / "b.cospace")])
    assert "holds no judgments" in capsys.readouterr().err
    with pytest.raises(EmptyItem, match="no judgments"):
        read_judged(tmp_path / "b.cospace")


def test_the_judged_set_is_read_beside_the_owner(judged: Path):
    with cs.open(judged) as shop:
        found = read_judged(judged)
        assert shop.judgments == found.judged
        assert {id: f"a {id} chair" for id in found.order} == dict(found.documents())
        shop.delete("red a")
        assert 1 == read_judged(judged).no_document


def test_a_reader_refuses_and_a_copy_has_them(judged: Path, tmp_path: Path):
    with (
        cs.open(judged, read_only=True) as reader,
        pytest.raises(CollectionReadOnly),
    ):
        reader.judge("a", "red a", 1)
    assert 0 == main(["backup", str(judged), str(tmp_path / "copy.cospace")])
    with cs.open(judged) as one, cs.open(tmp_path / "copy.cospace") as other:
        assert one.judgments == other.judgments != {}


def test_a_damaged_judgment_is_named(judged: Path):
    import apsw

    from cospace.errors import DataDamaged

    db = apsw.Connection(str(judged / "truth.sqlite"))
    db.execute("UPDATE judged SET grade=3 WHERE id='red a'")
    db.close()
    with cs.open(judged) as shop:
        with pytest.raises(DataDamaged, match="red a"):
            _ = shop.judgments
        assert ["the judgment of 'red a' for 'red a thing' fails its checksum"] == (
            shop.store._truth.verify()
        )


def test_retry_takes_a_part_that_is_there_now(tmp_path: Path):
    from PIL import Image

    photo = tmp_path / "late.png"
    photo.write_bytes(b"damaged")
    with cs.open(tmp_path / "a.cospace", model=tiny_model()) as shop:
        item = cs.Item("1", cs.Parts(text="a red chair", image=cs.Image(photo)), {"n": 1})
        shop.add([item, cs.Item("2", cs.Image(tmp_path / "nothing.png"))], errors="report")
        before = shop.retry()
        assert (1, 0, 1) == (before.tried, before.cured, before.not_stored)
        assert "image" in before.still[0].reason
        Image.new("RGB", (40, 40), "red").save(photo)
        after = shop.retry()
        assert (1, 1, (), 1) == (after.tried, after.cured, after.still, after.not_stored)
        assert {"text", "image"} == set(shop.get("1", vectors=True)[0].vectors)
        assert ({"n": 1}, "a red chair") == (dict(shop["1"].metadata), shop["1"].parts.text)
        assert 0 == shop.retry().tried
