"""What a report counts: each number is of the items, and of nothing else."""

from collections.abc import Iterator

import pytest
from PIL import Image as Pillow

import cospace as cs
from cospace.collection.report import Report
from cospace.errors import DuplicateId
from cospace.testing import tiny_model

LONG = "armchair " * 2_000


@pytest.fixture
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model=tiny_model()) as made:
        yield made


def counts(report: cs.Report) -> tuple[int, int, int, int, int]:
    return (report.added, report.updated, report.unchanged, report.failed, report.truncated)


def test_texts_that_were_cut_short_are_counted(shop: cs.Collection) -> None:
    report = shop.add([cs.Item("a", LONG), cs.Item("b", "lamp"), cs.Item("c", LONG)])
    assert (3, 0, 0, 0, 2) == counts(report)
    assert 0 == shop.add(cs.Item("d", "kettle")).truncated


def test_what_is_unchanged_is_not_cut_again(shop: cs.Collection) -> None:
    shop.upsert(cs.Item("a", LONG))
    assert (0, 0, 1, 0, 0) == counts(shop.upsert(cs.Item("a", LONG)))
    assert (0, 1, 0, 0, 1) == counts(shop.upsert(cs.Item("a", LONG + "blue")))


def test_only_metadata_changed(shop: cs.Collection) -> None:
    shop.add(cs.Item("a", "lamp", {"price": 1}))
    assert (0, 1, 0, 0, 0) == counts(shop.upsert(cs.Item("a", "lamp", {"price": 2})))
    assert {"price": 2} == dict(shop.get("a")[0].metadata)  # type: ignore[union-attr]


def test_the_same_id_twice_in_one_run(shop: cs.Collection) -> None:
    report = shop.upsert([cs.Item("a", "lamp"), cs.Item("a", "blue lamp")])
    assert 1 == report.repeated
    assert "blue lamp" == shop.get("a")[0].parts.text  # type: ignore[union-attr]
    with pytest.raises(DuplicateId):
        shop.add([cs.Item("b", "lamp"), cs.Item("b", "blue lamp")])


def test_one_bad_item_is_counted_and_the_rest_goes_on(shop: cs.Collection) -> None:
    items = [cs.Item("a", "lamp"), cs.Item("b", "   "), cs.Item("c", "kettle")]
    report = shop.add(items, errors="report")
    assert (2, 0, 0, 1, 0) == counts(report)
    assert ["b"] == [name for name, _ in report.reasons]


def test_a_part_that_fails_is_told_and_the_others_are_kept(shop: cs.Collection) -> None:
    broken = cs.Image(b"no image at all")
    fine = cs.Image(Pillow.new("RGB", (8, 8), (1, 2, 3)))
    report = shop.add(
        [
            cs.Item("a", cs.Parts(text="lamp", image=broken)),
            cs.Item("b", cs.Parts(text="lamp", image=fine)),
        ],
        errors="report",
    )
    assert (2, 0, 0, 0, 0) == counts(report)
    assert 1 == report.partial
    assert {"a", "b"} == set(shop.search("lamp", by="text").ids)
    assert ["b"] == shop.search("lamp", by="image").ids
    assert 1 == shop.info().fields["image"]


def test_one_of_each_is_told_in_the_singular() -> None:
    told = str(Report(documents=1, removed=1, kept=1, repeated=1, truncated=1))
    assert told == (
        "1 document in chunks, 0 added, 0 updated, 0 unchanged,"
        " 1 chunk that is no longer there removed,"
        " 1 keeps a stored part that cannot be read now, 1 duplicate id (the last was kept),"
        " 1 text cut to what the model reads"
    )


def test_two_of_each_are_told_in_the_plural() -> None:
    told = str(Report(documents=2, removed=2, kept=2, repeated=2, truncated=2))
    assert "2 documents in chunks" in told
    assert "2 chunks that are no longer there removed" in told
    assert "2 keep a stored part" in told
    assert "2 duplicate ids" in told
    assert "2 texts cut" in told
