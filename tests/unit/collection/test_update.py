"""Update: what is given changes, and nothing else."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadItem, ItemNotFound
from cospace.limits import override
from cospace.testing.tiny import tiny_model

from .test_again import stored, table  # noqa: F401 - a fixture

RED = cs.Image(np.full((8, 8, 3), (200, 0, 0), dtype=np.uint8))
BLUE = cs.Image(np.full((8, 8, 3), (0, 0, 200), dtype=np.uint8))


class Counted:
    """The tiny model, and how many inputs it has encoded."""

    def __init__(self) -> None:
        self.model = tiny_model()
        self.space = self.model.space
        self.count = 0

    def encode_query(self, inputs: Any) -> cs.Vectors:
        return self.model.encode_query(inputs)

    def encode_document(self, inputs: Any) -> cs.Vectors:
        self.count += len(inputs)
        return self.model.encode_document(inputs)


@pytest.fixture
def one(empty: cs.Collection) -> cs.Collection:
    empty.add(cs.Item("a", cs.Parts(text="a red chair", image=RED), {"price": 5, "city": "Ulm"}))
    empty.add(cs.Item("b", "a lamp", {"price": 7}))
    return empty


def test_a_field_changes_and_nothing_else(one: cs.Collection) -> None:
    before = stored(one)
    report = one.update("a", price=4, new=True)
    assert (1, 0, 0) == (report.updated, report.unchanged, report.failed)
    after = stored(one)
    assert {"price": 4, "city": "Ulm", "new": True} == after["a"][1]
    assert (before["a"][0], *before["a"][2:]) == (after["a"][0], *after["a"][2:])
    assert before["b"] == after["b"]
    assert ["a"] == one.search("chair", where={"price": 4}).ids
    assert 1 == one.update("a", price=4).unchanged


def test_none_takes_a_field_away(one: cs.Collection) -> None:
    one.update("a", city=None, unknown=None)
    assert {"price": 5} == dict(one["a"].metadata)


def test_only_what_differs_is_encoded() -> None:
    model = Counted()
    with cs.open(":memory:", model=model) as shop:
        shop.add(cs.Item("a", cs.Parts(text="a red chair", image=RED), {"price": 5}))
        assert 2 == model.count
        shop.update("a", price=6)
        shop.update("a", text="a red chair")
        assert 2 == model.count
        shop.update("a", text="a blue sofa")
        assert 3 == model.count
        shop.update("a", image=BLUE, text="a blue sofa")
        assert 4 == model.count
        whole = stored(shop)["a"]
    with cs.open(":memory:", model=tiny_model()) as fresh:
        fresh.add(cs.Item("a", cs.Parts(text="a blue sofa", image=BLUE), {"price": 6}))
        assert stored(fresh)["a"] == whole


def test_a_later_upsert_of_the_same_encodes_nothing(empty: cs.Collection, table: Path) -> None:  # noqa: F811
    empty.upsert(cs.read(table))
    empty.update("A1", text="Chair 1. A green stool", price=6)
    table.write_text(table.read_text().replace("A green chair", "A green stool"))
    assert 3 == empty.upsert(cs.read(table)).unchanged


def test_columns_change_many(one: cs.Collection) -> None:
    report = one.update(ids=["a", "b"], metadatas=[{"price": 1}, None], documents=[None, "a vase"])
    assert 2 == report.updated
    assert ("a red chair", {"price": 1, "city": "Ulm"}) == stored(one)["a"][:2]
    assert ("a vase", {"price": 7}) == stored(one)["b"][:2]
    assert 1 == one.update(ids="a", metadatas={"price": 2}).updated
    assert "b" == one.search("a vase", by="text", k=1)[0].id


def test_an_unknown_id_raises_or_is_reported(one: cs.Collection) -> None:
    before = stored(one)
    for call in (
        lambda: one.update("c", price=1),
        lambda: one.update(ids=["a", "c"], metadatas=[{"price": 1}] * 2),
    ):
        with pytest.raises(ItemNotFound, match="'c'"):
            call()
        assert before == stored(one)
    report = one.update(ids=["a", "c"], metadatas=[{"price": 1}] * 2, errors="report")
    assert (1, 1) == (report.updated, report.failed)
    assert "c" not in one


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "say what changes"),
        ({"text": None}, "takes none away"),
        ({"image": None}, "takes none away"),
    ],
)
def test_what_says_no_change_is_refused(given: Any, says: str, one: cs.Collection) -> None:
    with pytest.raises(BadArgument, match=says):
        one.update("a", **given)


def test_arguments_that_do_not_fit_are_refused(one: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="after an id"):
        one.update(price=3)
    with pytest.raises(BadArgument, match="what changes"):
        one.update(ids=["a"])
    with pytest.raises(BadArgument, match="one length"):
        one.update(ids=["a", "b"], metadatas=[{}])
    with pytest.raises(BadArgument, match="not both"):
        one.update("a", ids=["a"], metadatas=[{}], price=3)
    with pytest.raises(BadItem, match="takes an Image"):
        one.update("a", image="photo.jpg")


def test_a_value_or_a_part_that_cannot_be_used_leaves_the_stored_one(one: cs.Collection) -> None:
    before = stored(one)
    for given in ({"price": "cheap"}, {"text": "x\x00"}, {"image": cs.Image(b"no")}):
        with pytest.raises(BadItem):
            one.update("a", **given)
        assert before == stored(one)
    parts = cs.Parts(image=cs.Image(b"no"))
    report = one.update([cs.Item("a", parts, {"price": "cheap", "city": "Bonn"})], errors="report")
    assert (1, 2) == (report.updated, report.partial)
    assert {"price": 5, "city": "Bonn"} == stored(one)["a"][1]
    assert before["a"][2] == stored(one)["a"][2]


def test_the_same_id_twice_changes_twice(one: cs.Collection) -> None:
    changes = [cs.Item("a", cs.Parts(), {"price": n, f"k{n}": n}) for n in range(5)]
    with override(batch_items=3):
        one.update(changes)
    expected = {"price": 4, "city": "Ulm", **{f"k{n}": n for n in range(5)}}
    assert expected == dict(one["a"].metadata)


def test_a_store_of_ready_vectors_takes_metadata(empty: cs.Collection) -> None:
    vectors = cs.Vectors(np.eye(2, dtype=np.float32), cs.Space.of("mine", 2))
    with cs.open(":memory:") as shop:
        shop.add_vectors(["a", "b"], vectors)
        assert 1 == shop.update("a", price=4).updated
        assert {"price": 4} == dict(shop["a"].metadata)
        assert "a" == shop.search(vectors[:1], k=1)[0].id


# --- tables ---


def test_a_price_list_changes_prices(empty: cs.Collection, table: Path) -> None:  # noqa: F811
    empty.upsert(cs.read(table))
    before = stored(empty)
    for rows in (
        [{"sku": "A0", "price": 50}],
        [{"sku": "A0", "name": "Chair 0", "price": 51}],
        pa.table({"sku": ["A0"], "price": [52]}),
    ):
        given = rows if isinstance(rows, pa.Table) else cs.read(rows, changes=True)
        assert 1 == empty.update(given).updated
        after = stored(empty)
        price = rows["price"][0].as_py() if isinstance(rows, pa.Table) else rows[0]["price"]
        assert {**before["A0"][1], "price": price} == after["A0"][1]
        assert before["A0"][2:] == after["A0"][2:]
        assert before["A1"] == after["A1"]


def test_an_empty_cell_changes_nothing(empty: cs.Collection, table: Path) -> None:  # noqa: F811
    empty.upsert(cs.read(table))
    before = stored(empty)
    table.write_text("sku,name,price\nA0,,\n")
    report = empty.update(cs.read(table, changes=True))
    assert 1 == report.unchanged
    assert before == stored(empty)


def test_a_text_is_made_anew_of_its_columns(empty: cs.Collection, table: Path) -> None:  # noqa: F811
    empty.upsert(cs.read(table))
    before = stored(empty)
    rows = [{"sku": "A0", "description": "A pink stool"}]
    assert 1 == empty.update(cs.read(rows, changes=True)).updated
    after = stored(empty)
    assert "Chair 0. A pink stool" == after["A0"][0]
    assert before["A0"][1] == after["A0"][1]  # the description is in the text alone
    assert before["A0"][2]["image"] == after["A0"][2]["image"]
    assert before["A0"][2]["text"] != after["A0"][2]["text"]
    rows = [{"sku": "A0", "name": "Stool", "description": "Pink", "price": 1}]
    empty.update(cs.read(rows, changes=True))
    assert ("Stool. Pink", {"name": "Stool", "price": 1}) == stored(empty)["A0"][:2]


def test_a_text_that_cannot_be_made_anew_stays_and_is_told(
    empty: cs.Collection,
    table: Path,  # noqa: F811
) -> None:
    empty.upsert(cs.read(table))
    report = empty.update(cs.read([{"sku": "A0", "name": "Sofa"}], changes=True))
    assert (1, 1) == (report.updated, report.partial)
    [(_, reason)] = report.reasons
    assert "description is not given" in reason
    assert "Chair 0. A red chair" == stored(empty)["A0"][0]
    assert "Sofa" == empty["A0"].metadata["name"]


def test_changes_need_ids() -> None:
    with pytest.raises(BadArgument, match="looks like an id"):
        cs.read([{"price": 3}], changes=True)


def test_threads_that_update_one_item_lose_nothing(one: cs.Collection) -> None:
    def run(name: str) -> None:
        for n in range(10):
            one.update("a", **{f"{name}{n}": n})

    threads = [threading.Thread(target=run, args=(name,)) for name in "xyz"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 32 == len(one["a"].metadata)
