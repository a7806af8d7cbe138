"""Bad input to a collection: a typed error, nothing lost, the rest done. Faults 7 to 19, 24, 34."""

import math
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import PIL.Image
import pytest

import cospace as cs
from cospace.errors import (
    BadArgument,
    BadFilter,
    BadInput,
    BadItem,
    CollectionNotFound,
    CospaceError,
    DuplicateId,
    EmptyItem,
    FormatTooNew,
    NotACollection,
    SpaceMismatch,
    StorageError,
)
from cospace.files import remove
from cospace.item import Part, Parts
from cospace.limits import override
from cospace.store.truth import Truth
from cospace.testing.tiny import tiny_model


@pytest.fixture(params=["memory", "local"])
def shop(request: Any, fast_path: Path) -> Iterator[cs.Collection]:
    """Two items, in a store of each kind."""
    place = ":memory:" if request.param == "memory" else fast_path / "shop.cospace"
    with cs.open(place, model=tiny_model()) as one:
        one.add(
            [cs.Item("a", "a red chair", {"price": 1}), cs.Item("b", "a blue bus", {"new": True})]
        )
        yield one


def holds(shop: cs.Collection) -> dict[str, tuple[str | None, Mapping[str, Any], bytes]]:
    return {
        row.id: (row.text, row.metadata, row.vectors["text"].tobytes())
        for row in shop.store.scan(vectors=True)
    }


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"x": 1}
    for _ in range(depth - 1):
        value = {"x": value}
    return value


class Hostile:
    """A value whose own code must not decide what happens."""

    def __repr__(self) -> str:
        return "hostile"


# Content and metadata of one item, and what its refusal says.
BAD_ITEMS: list[tuple[str, Any, Any, type[BadItem], str]] = [
    ("empty text", "", {}, EmptyItem, "is empty"),
    ("white space", " \t\r\n\u3000", {}, EmptyItem, "only space or invisible"),
    ("zero-width", "\u200b\u200d\ufeff\u2060", {}, EmptyItem, "only space or invisible"),
    ("10 MB of text", "chair " * 1_700_000, {}, BadItem, "at most 100,000"),
    ("10 MB of carets", "^" * 10_000_000, {}, BadItem, "at most 100,000"),
    ("10 MB of joiners", "\u200d" * 10_000_000, {}, BadItem, "at most 100,000"),
    ("NUL", "a \x00 chair", {}, BadItem, "NUL"),
    ("lone surrogate", "a \ud800 chair", {}, BadItem, "surrogate"),
    ("no parts", Parts(), {}, EmptyItem, "nothing in it"),
    ("a number for a text", Part("text", 7), {}, BadItem, "a text is a str"),
    ("bytes for a text", Part("text", b"chair"), {}, BadItem, "a text is a str"),
    ("unknown kind", Part("smell", b"x"), {}, BadItem, "cannot encode 'smell'"),
    ("no such image", cs.Image("/nowhere/at/all.jpg"), {}, BadItem, "all.jpg"),
    ("a folder as image", cs.Image("/"), {}, BadItem, "image"),
    ("no image", cs.Image(b"<html></html>"), {}, BadItem, "image"),
    ("1,000 keys", "a chair", {f"k{i}": i for i in range(1000)}, BadItem, "1000 keys"),
    ("no dict", "a chair", [("a", 1)], BadItem, "metadata is a dict"),
]  # fmt: skip
# One value of metadata, which costs itself alone where bad items are reported.
BAD_VALUES: list[tuple[str, Any, Any, type[BadItem], str]] = [
    ("NaN", "a chair", {"x": math.nan}, BadItem, "x is nan"),
    ("Inf in a list", "a chair", {"x": [1.0, math.inf]}, BadItem, r"x\[1\] is inf"),
    ("2**64", "a chair", {"x": 2**64}, BadItem, "more than 64 bits"),
    ("1,000 deep", "a chair", nested(1000), BadItem, "nested deeper"),
    ("10 MB of metadata", "a chair", {"x": "y" * 10_000_000}, BadItem, "bytes as JSON"),
    ("a set", "a chair", {"x": {1, 2}}, BadItem, "x is set"),
    ("an object", "a chair", {"x": Hostile()}, BadItem, "x is Hostile"),
    ("bytes", "a chair", {"x": b"y"}, BadItem, "x is bytes"),
    ("a list of lists", "a chair", {"x": [[1]]}, BadItem, r"x\[0\] is list"),
    ("key of another type", "a chair", {1: 2}, BadItem, "keys are str"),
    ("empty key", "a chair", {"": 2}, BadItem, "empty"),
    ("surrogate in a key", "a chair", {"\ud800": 2}, BadItem, "surrogate"),
    ("another type", "a chair", {"price": "cheap"}, BadItem, "string here, and a number"),
    ("a list of mixed types", "a chair", {"x": [1, "a"]}, BadItem, "mixed types"),
    ("a bool for a number", "a chair", {"price": True}, BadItem, "bool here, and a number"),
]  # fmt: skip
NAMES = [case[0] for case in BAD_ITEMS]
BAD_VALUE_NAMES = [case[0] for case in BAD_VALUES]


@pytest.mark.parametrize(
    ("content", "metadata", "error", "says"), [c[1:] for c in BAD_ITEMS], ids=NAMES
)
def test_a_bad_item_is_refused_or_reported_and_the_rest_is_done(
    content: Any, metadata: Any, error: type[BadItem], says: str, shop: cs.Collection
) -> None:
    before = holds(shop)
    bad = cs.Item("bad", content, metadata)
    good = [cs.Item(f"good-{i}", f"a table {i}", {"price": i}) for i in range(3)]
    with pytest.raises(error, match=says) as caught:
        shop.add([*good, bad])
    assert "bad" in caught.value.name
    assert before == holds(shop)
    report = shop.add([*good[:2], bad, *good[2:]], errors="report")
    assert (3, 1, 0) == (report.added, report.failed, report.partial)
    [(name, _)] = report.reasons
    assert "bad" == name
    assert {*before, "good-0", "good-1", "good-2"} == set(holds(shop))
    assert before == {id: row for id, row in holds(shop).items() if id in before}
    assert 1 == shop.info().failures
    for i in range(3):
        assert f"good-{i}" == shop.search(f"a table {i}", k=1)[0].id
    # What was refused has taught the schema nothing; once it is right, it goes in.
    assert {"price", "new"} == set(shop.store.schema.fields)
    assert 1 == shop.upsert(cs.Item("bad", "now a chair", {"price": 4})).added
    assert 0 == shop.info().failures


@pytest.mark.parametrize(
    ("content", "metadata", "error", "says"), [c[1:] for c in BAD_VALUES], ids=BAD_VALUE_NAMES
)
def test_a_bad_value_is_refused_or_left_out_and_its_item_is_kept(
    content: Any, metadata: Any, error: type[BadItem], says: str, shop: cs.Collection
) -> None:
    before = holds(shop)
    bad = cs.Item("bad", content, {**metadata, "new": True})
    good = [cs.Item(f"good-{i}", f"a table {i}", {"price": i}) for i in range(3)]
    with pytest.raises(error, match=says) as caught:
        shop.add([*good, bad])
    assert "bad" in caught.value.name
    assert before == holds(shop)
    report = shop.add([*good[:2], bad, *good[2:]], errors="report")
    assert (4, 0, 1) == (report.added, report.failed, report.partial)
    [(name, reason)] = report.reasons
    assert "bad" == name
    assert re.search(says, reason)
    assert 1 == sum(report.left_out.values())
    assert {"new": True} == dict(shop["bad"].metadata)
    assert before == {id: row for id, row in holds(shop).items() if id in before}
    assert 0 == shop.info().failures
    # A value that was left out has taught the schema nothing.
    assert {"price", "new"} == set(shop.store.schema.fields)
    again = shop.upsert(bad, errors="report")
    assert (1, 1) == (again.unchanged, again.partial)


def test_a_refused_item_does_not_decide_a_fields_type(shop: cs.Collection) -> None:
    items = [cs.Item("bad", "", {"size": "XL"}), cs.Item("good", "a table", {"size": 3})]
    report = shop.add(items, errors="report")
    assert (1, 1) == (report.added, report.failed)
    assert "number" == shop.store.schema.fields["size"].type


def test_one_bad_item_costs_itself_in_every_batch(shop: cs.Collection) -> None:
    items = [cs.Item(f"i{n}", "" if n % 7 == 3 else f"thing {n}", {"n": n}) for n in range(60)]
    with override(batch_items=9, report_reasons=4):
        report = shop.add(items, errors="report")
    bad = [item.id for item in items if not item.parts.text]
    assert (60 - len(bad), len(bad)) == (report.added, report.failed)
    assert bad[:4] == [name for name, _ in report.reasons]
    assert {"a", "b"} | {item.id for item in items} - set(bad) == set(holds(shop))


def test_batches_before_a_bad_item_stay(shop: cs.Collection) -> None:
    """errors="raise": the batch of the bad item is not written; those before it are durable."""
    items = [cs.Item(f"i{n}", "" if n == 14 else f"thing {n}") for n in range(20)]
    with override(batch_items=5), pytest.raises(EmptyItem):
        shop.add(items)
    assert {"a", "b"} | {f"i{n}" for n in range(10)} == set(holds(shop))


def test_a_source_that_fails_midway_keeps_what_came_before(shop: cs.Collection) -> None:
    def source() -> Iterator[cs.Item]:
        for n in range(12):
            yield cs.Item(f"i{n}", f"thing {n}")
        raise ConnectionError("the line went dead")

    with override(batch_items=4), pytest.raises(ConnectionError, match="went dead"):
        shop.add(source())
    found = set(holds(shop)) - {"a", "b"}
    assert found == {f"i{n}" for n in range(len(found))}
    assert 12 - len(found) in (0, 4)
    assert 12 - len(found) == shop.upsert([cs.Item(f"i{n}", f"thing {n}") for n in range(12)]).added


# --- ids ---

ODD_IDS = [
    "'", '"', "a/b", "..", "../../etc/passwd", "a\nb", "a\r\nb", "\t", " ", "%", "_", "*",
    "1", "-1", "x' OR 1=1 --", "x'; DROP TABLE items; --", "🚲", "👩‍👩‍👧", "\u202e", "é" * 128,
    "x" * 256, "None", "id\u2028id", "\\", "$where", "{}", "null",
]  # fmt: skip


def test_ids_are_opaque(shop: cs.Collection) -> None:
    items = [cs.Item(id, f"thing number {n}", {"n": n}) for n, id in enumerate(ODD_IDS)]
    assert len(ODD_IDS) == shop.add(items).added
    assert ODD_IDS == [item.id for item in shop.get(ODD_IDS) if item]
    for n, id in enumerate(ODD_IDS):
        assert id in shop
        assert id == shop.search(f"thing number {n}", k=1, by="text")[0].id
    assert len(ODD_IDS) == shop.add(items).unchanged
    assert 1 == shop.delete("x' OR 1=1 --")
    assert len(ODD_IDS) + 1 == len(shop)
    assert len(ODD_IDS) - 1 == shop.delete(ODD_IDS)
    assert {"a", "b"} == set(holds(shop))


BAD_IDS: list[Any] = [
    "",
    "x" * 300,
    "é" * 129,
    "a\x00b",
    "\ud800",
    1,
    1.5,
    None,
    True,
    b"a",
    ["a"],
    Hostile(),
]


@pytest.mark.parametrize("id", BAD_IDS, ids=lambda one: repr(one)[:12])
def test_what_can_be_no_id_is_refused_everywhere(id: Any, shop: cs.Collection) -> None:
    shop.add(cs.Item("1", "a one"))
    before = holds(shop)
    vectors = tiny_model().encode_document(["x", "y"])
    calls: list[Callable[[], object]] = [
        lambda: cs.Item(id, "a chair"),
        lambda: shop.add_vectors(["good", id], vectors),
        lambda: shop.delete(["a", id]),
        lambda: shop.get(["a", id]),
    ]
    if not isinstance(id, list):
        calls += [lambda: shop.delete(id), lambda: shop[id]]
    if not isinstance(id, list) and id is not None:  # None is no id: it asks for everything
        calls += [lambda: shop.get(id)]
    for call in calls:
        with pytest.raises(BadInput):
            call()
    assert id not in shop
    assert before == holds(shop)


def test_ids_and_columns_of_another_length_are_refused(shop: cs.Collection) -> None:
    vectors = tiny_model().encode_document(["x", "y"])
    before = holds(shop)
    for ids, columns in [
        (["c"], {}),
        (["c", "d", "e"], {}),
        (["c", "d"], {"metadata": [{}]}),
        (["c", "d"], {"texts": ["x", "y", "z"]}),
    ]:
        with pytest.raises(BadItem, match="2 vectors came with"):
            shop.add_vectors(ids, vectors, **columns)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="field is one of"):
        shop.add_vectors(["c", "d"], vectors, field="smell")
    for texts in (["x" * 200_000, "y"], ["\ud800", "y"], [7, "y"]):
        with pytest.raises(BadItem):
            shop.add_vectors(["c", "d"], vectors, texts=texts)  # type: ignore[arg-type]
    for metadata in ([{}, None], [{}, {"x": math.nan}], [{}, {"price": "x"}], [{}, {"x": {1}}]):
        with pytest.raises(BadItem):
            shop.add_vectors(["c", "d"], vectors, metadata=metadata)  # type: ignore[arg-type]
    assert before == holds(shop)
    assert 2 == shop.add_vectors(["c", "d"], vectors, texts=["", None])  # type: ignore[list-item]
    assert [None, None] == [item.parts.text for item in shop.get(["c", "d"]) if item]


# --- the same id again ---


def test_add_refuses_an_id_that_is_stored_with_other_content(shop: cs.Collection) -> None:
    before = holds(shop)
    with pytest.raises(DuplicateId, match="'a'") as caught:
        shop.add([cs.Item("c", "new"), cs.Item("a", "another chair")])
    assert ["a"] == caught.value.ids
    assert before == holds(shop)
    report = shop.add([cs.Item("c", "new"), cs.Item("a", "another chair")], errors="report")
    assert (1, 1) == (report.added, report.failed)
    assert before["a"] == holds(shop)["a"]


def test_add_refuses_an_id_twice_in_a_batch_and_across(shop: cs.Collection) -> None:
    twice = [cs.Item("c", "one"), cs.Item("d", "two"), cs.Item("c", "three")]
    for size in (1, 2, 10):
        with override(batch_items=size), pytest.raises(DuplicateId, match="'c'"):
            shop.add(twice)
        shop.delete(["c", "d"])
        with override(batch_items=size):
            report = shop.add(twice, errors="report")
        assert (2, 1, "one") == (report.added, report.failed, holds(shop)["c"][0])
        shop.delete(["c", "d"])


def test_add_vectors_refuses_an_id_twice_before_anything_is_written(shop: cs.Collection) -> None:
    before = holds(shop)
    vectors = tiny_model().encode_document(["x", "y", "z"])
    with override(batch_items=1):
        for replace in (True, False):
            with pytest.raises(DuplicateId, match="'c'") as caught:
                shop.add_vectors(["c", "d", "c"], vectors, replace=replace)
            assert ["c"] == caught.value.ids
            assert before == holds(shop)
    with pytest.raises(DuplicateId, match="already stored: 'a'"):
        shop.add_vectors(["c", "d", "a"], vectors)
    assert before == holds(shop)


VERSIONS = ["a red chair", "a blue bus", "one green lamp"]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "order", [[0, 1], [1, 0], [0, 1, 0], [1, 0, 1, 0], [0, 0], [2, 1, 2, 2, 0]]
)
def test_upsert_keeps_the_last_of_an_id_whatever_the_batches(
    order: list[int], size: int, shop: cs.Collection
) -> None:
    """Text, metadata and vector of the last one together, though it was stored like that before."""
    items = [cs.Item("a", VERSIONS[v], {"price": n}) for n, v in enumerate(order)]
    with override(batch_items=size):
        report = shop.upsert([*items, cs.Item("c", "other")])
    text, metadata, vector = holds(shop)["a"]
    assert (VERSIONS[order[-1]], {"price": len(order) - 1}) == (text, metadata)
    assert tiny_model().encode_document([VERSIONS[order[-1]]]).array[0].tobytes() == vector
    assert 1 == report.added
    assert len(order) + 1 == report.stored + report.repeated


def test_the_same_content_under_a_new_id_is_kept(shop: cs.Collection) -> None:
    shop.add([cs.Item("c", "a red chair"), cs.Item("d", "a red chair")])
    assert {"a", "c", "d"} == set(shop.search("a red chair", k=3).ids)


# --- queries ---


@pytest.mark.parametrize("k", [-1, 1001, 10**30, 1.5, "3", None, True, [1]])
def test_a_k_out_of_range_is_refused(k: Any, shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="k "):
        shop.search("a chair", k=k)


@pytest.mark.parametrize("offset", [-1, 1000, 10**30, 0.5, "3", None, False])
def test_an_offset_out_of_range_is_refused(offset: Any, shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="offset"):
        shop.search("a chair", offset=offset)


def test_k_of_nothing_and_k_past_the_end(shop: cs.Collection) -> None:
    assert [] == shop.search("a chair", k=0).ids
    assert {"a", "b"} == set(shop.search("a chair", k=1000).ids)
    assert 1 == len(shop.search("a chair", k=999, offset=1))
    assert [] == shop.search("a chair", k=5, offset=500).ids


BAD_QUERIES: list[tuple[str, Any, type[CospaceError]]] = [
    ("None", None, BadInput),
    ("a number", 7, BadInput),
    ("bytes", b"a chair", BadInput),
    ("a list", ["a chair"], BadInput),
    ("an item", cs.Item("x", "a chair"), BadInput),
    ("empty", "", EmptyItem),
    ("white space", " \n", EmptyItem),
    ("no parts", Parts(), BadArgument),
    ("a long text", "x" * 10_000_000, BadItem),
    ("NUL", "a\x00b", BadItem),
    ("surrogate", "\ud800", BadItem),
    ("text that is none", Part("text", 7), BadItem),
    ("unknown kind", Part("smell", b""), BadItem),
    ("no such image", cs.Image("/nowhere.jpg"), BadItem),
    ("one of two is bad", Parts(text="a chair", image=cs.Image(b"")), BadItem),
]


@pytest.mark.parametrize(
    ("query", "error"), [q[1:] for q in BAD_QUERIES], ids=[q[0] for q in BAD_QUERIES]
)
def test_bad_queries_are_refused(
    query: Any, error: type[CospaceError], shop: cs.Collection
) -> None:
    for by in (None, "text", "words"):
        try:
            hits = shop.search(query, by=by)
        except error:
            continue
        except BadArgument:
            assert by == "words"
        else:
            if by == "words" and isinstance(query, Parts):
                continue  # the image is not looked at
            raise AssertionError(f"{by}: {hits!r}")
    assert "a" == shop.search("a red chair", k=1)[0].id


@pytest.mark.parametrize("by", ["smell", [], ["text", "smell"], "", [None], ("words", 7)])
def test_by_what_is_not_there(by: Any, shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match=r"by (takes|is a text or a list of texts)"):
        shop.search("a chair", by=by)


def test_an_empty_collection_answers_with_nothing(fast_path: Path) -> None:
    for place in (":memory:", fast_path / "empty.cospace"):
        with cs.open(place, model=tiny_model()) as empty:
            assert [] == empty.search("a chair").ids
            assert [] == empty.search(tiny_model().encode_query(["a chair"])).ids
            assert (0, 0, [], []) == (len(empty), empty.count(), list(empty), empty.get([]))
            assert 0 == empty.delete(["a"])
            with pytest.raises(EmptyItem):
                empty.search("")
            assert [] == empty.search("a chair", where={"price": 1}).ids


def test_bad_arguments_are_refused_and_change_nothing(shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="'raise' or 'report'"):
        shop.add([], errors="ignore")
    for where in ([], "price", 7, [{"price": 1}]):
        with pytest.raises(BadFilter, match="expected a dict"):
            shop.count(where)  # type: ignore[arg-type]
    for ids in (7, None, 1.5):
        with pytest.raises(BadInput):
            shop.delete(ids)  # type: ignore[arg-type]
    assert 2 == shop.count({})


# --- another model ---


def test_another_model_of_the_same_dimension_is_refused(fast_path: Path) -> None:
    path = fast_path / "shop.cospace"
    with cs.open(path, model=tiny_model()) as shop:
        shop.add(cs.Item("a", "a chair"))
    before = (path / "truth.sqlite").read_bytes()
    mine, other = tiny_model(), tiny_model(seed=1)
    assert mine.space.dim == other.space.dim
    with pytest.raises(SpaceMismatch) as caught:
        cs.open(path, model=other)
    for words in (
        mine.space.fingerprint[:8],
        other.space.fingerprint[:8],
        "tiny-0",
        "tiny-1",
        "Open it without",
    ):
        assert words in str(caught.value)
    assert before == (path / "truth.sqlite").read_bytes()
    with pytest.raises(SpaceMismatch):
        cs.open(path, model=tiny_model(dim=16))
    with cs.open(path, model=mine) as shop:
        assert ["a"] == shop.search("a chair").ids
        with pytest.raises(SpaceMismatch):
            shop.search(other.encode_query(["a chair"]))


# --- paths that are no collection ---


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def opened(path: Any) -> list[Callable[[], object]]:
    """Every way to open."""
    return [
        lambda: cs.open(path),
        lambda: cs.open(path, create=False),
        lambda: cs.open(path, model=tiny_model()),
        lambda: Truth(Path(path) / "truth.sqlite", read_only=True),
    ]


def version(path: Path, number: int, application: int | None = None) -> None:
    db = apsw.Connection(str(path))
    db.execute(f"PRAGMA user_version={number}")
    if application is not None:
        db.execute(f"PRAGMA application_id={application}")
    db.close()


def test_a_newer_format_is_left_untouched(fast_path: Path) -> None:
    path = fast_path / "shop.cospace"
    with cs.open(path, model=tiny_model()) as shop:
        shop.add(cs.Item("a", "a chair"))
    version(path / "truth.sqlite", 99)
    before = snapshot(path / "cache") | {"truth": (path / "truth.sqlite").read_bytes()}
    for way in opened(path):
        with pytest.raises(FormatTooNew, match="written in format 99"):
            way()
    assert before == snapshot(path / "cache") | {"truth": (path / "truth.sqlite").read_bytes()}
    assert {"cache", "lock", "truth.sqlite"} == {p.name for p in path.iterdir()}
    version(path / "truth.sqlite", 1)
    with cs.open(path) as shop:
        assert 1 == len(shop)


def other_program(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE notes (text)")
    db.execute("INSERT INTO notes VALUES ('mine')")
    db.commit()
    db.close()


@pytest.mark.parametrize("application", [None, 7])
def test_an_sqlite_file_of_another_program_is_left_untouched(
    application: int | None, tmp_path: Path
) -> None:
    path = tmp_path / "other"
    path.mkdir()
    other_program(path / "truth.sqlite")
    if application:
        version(path / "truth.sqlite", 3, application)
    before = (path / "truth.sqlite").read_bytes()
    for way in opened(path):
        with pytest.raises(NotACollection, match="another program; it was left untouched"):
            way()
    assert before == (path / "truth.sqlite").read_bytes()
    assert {"truth.sqlite", "lock"} >= {p.name for p in path.iterdir()}


@pytest.mark.parametrize("data", [b"hello", b"x" * 5000, b"\x00" * 100, b"PK\x03\x04" * 50])
def test_a_file_that_is_not_sqlites_is_left_untouched(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.mkdir()
    (path / "truth.sqlite").write_bytes(data)
    for way in opened(path):
        with pytest.raises(NotACollection):
            way()
    assert data == (path / "truth.sqlite").read_bytes()


def test_folders_and_files_that_are_no_collection(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"y")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "truth.sqlite").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "fifos").mkdir()
    os.mkfifo(tmp_path / "fifos" / "truth.sqlite")
    before = snapshot(folder) | {"file": (tmp_path / "file").read_bytes()}
    for name in ("photos", "file", "loop", "dangling", "nested", "fifo", "fifos"):
        for way in opened(tmp_path / name)[:3]:
            with pytest.raises(NotACollection):
                way()
    for path in ("/dev/null", "/dev/zero", "/proc/self/mem", str(tmp_path / "file" / "deeper")):
        for way in opened(path)[:3]:
            with pytest.raises(CospaceError):
                way()
    assert before == snapshot(folder) | {"file": (tmp_path / "file").read_bytes()}


@pytest.mark.parametrize(
    "path", ["x" * 300, "a\x00b", "x/" * 3000, "\ud800" * 10, "/" + "y" * 5000]
)
def test_paths_that_cannot_be_are_refused_and_leave_nothing(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for way in opened(path)[:3]:
        with pytest.raises(CospaceError):
            way()
    assert [] == list(tmp_path.iterdir())


def test_what_is_not_there_is_made_only_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "shop.cospace"
    with pytest.raises(CollectionNotFound, match="cospace index"):
        cs.open(path, create=False)
    assert [] == list(tmp_path.iterdir())
    cs.open(path).close()
    cs.open(path, create=False).close()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CollectionNotFound):
        cs.open(empty, create=False)
    cs.open(empty).close()


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """As a user who is not root, whom permissions do not stop."""
    path = tmp_path / "shop.cospace"
    with cs.open(path, model=tiny_model()) as shop:
        shop.add(cs.Item("a", "a chair"))
    (path / "lock").unlink()
    before = snapshot(path)
    for one in (path, *path.rglob("*")):
        one.chmod(0o555 if one.is_dir() else 0o444)
    made = [one for one in tmp_path.parents if "pytest-of-" in str(one)]
    for parent in (tmp_path, *(made or list(tmp_path.parents)[:2])):
        parent.chmod(0o755)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        with pytest.raises(StorageError, match="Permission denied"):
            cs.open(path)
        with pytest.raises(StorageError, match="Permission denied"):
            cs.open(path / "deeper")
    finally:
        if root:
            os.seteuid(0)
        for one in (path, *path.rglob("*")):
            one.chmod(0o755)
    assert before == snapshot(path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can run as somebody else"
)
@pytest.mark.parametrize("theirs", ["cache", "cache/seal.json", "truth.sqlite"])
def test_a_part_that_somebody_else_made_is_refused_as_the_collection_is_opened(
    tmp_path: Path, theirs: str
) -> None:
    """As where root has indexed into the folder of a service."""
    path = tmp_path / "shop.cospace"
    with cs.open(path, model=tiny_model()) as shop:
        shop.add(cs.Item("a", "a chair"))
        shop.search("a chair")
    for one in (path, *path.rglob("*")):
        os.chown(one, 65534, 65534)
    os.chown(path / theirs, 0, 0)
    for parent in (tmp_path, *(one for one in tmp_path.parents if "pytest-of-" in str(one))):
        parent.chmod(0o755)
    before = snapshot(path)
    del before[str(path / "lock")]  # it tells who asked last, and when
    try:
        os.seteuid(65534)
        whose = f"{Path(theirs).name} belongs to root, and this runs as .*chown -R"
        with pytest.raises(StorageError, match=f"{theirs}: cannot be written .*{whose}"):
            cs.open(path)
        assert before.items() <= snapshot(path).items()
        if theirs != "truth.sqlite":  # SQLite reads none that it may not write, in this mode
            with cs.open(path, model=tiny_model(), read_only=True) as shop:
                assert ["a"] == shop.search("a chair").ids
    finally:
        os.seteuid(0)
    cs.open(path).close()


def test_what_cannot_be_removed_is_told_by_a_typed_error(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "a").touch()
    folder.chmod(0o555)
    for parent in (tmp_path, *(one for one in tmp_path.parents if "pytest-of-" in str(one))):
        parent.chmod(0o755)
    root = os.geteuid() == 0
    try:
        if root:
            os.seteuid(65534)
        for one in (folder, folder / "a"):
            with pytest.raises(StorageError, match=f"{one.name}: cannot be written"):
                remove(one)
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
    assert (folder / "a").exists()


def test_a_broken_export_is_refused_and_nothing_is_restored(
    shop: cs.Collection, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    before = holds(shop)
    path = tmp_path / "a.parquet"
    shop.export(path)
    table = pq.read_table(path)
    key = b"cospace"
    about = table.schema.metadata
    broken = {
        "no parquet": b"hello",
        "empty": b"",
        "cut": path.read_bytes()[:-100],
        "no record": table.replace_schema_metadata({}),
        "record no JSON": table.replace_schema_metadata({key: b"{"}),
        "record a list": table.replace_schema_metadata({key: b"[]"}),
        "no format": table.replace_schema_metadata({key: b"{}"}),
        "newer": table.replace_schema_metadata(
            {key: about[key].replace(b'"format": 1', b'"format": 9')}
        ),
        "space of nothing": table.replace_schema_metadata({key: b'{"format": 1, "space": {}}'}),
        "no ids": table.drop_columns(["id"]),
        "ids null": table.set_column(0, "id", pa.array([None, "z"], pa.string())),
        "ids empty": table.set_column(0, "id", pa.array(["", "z"])),
        "metadata no JSON": table.set_column(2, "metadata", pa.array(["{", "{}"])),
        "metadata a list": table.set_column(2, "metadata", pa.array(["[1]", "{}"])),
        "metadata NaN": table.set_column(2, "metadata", pa.array(['{"x": NaN}', "{}"])),
        "vectors NaN": table.set_column(
            6, "vector_text", pa.array([[math.nan] * 32] * 2, pa.list_(pa.float32(), 32))
        ),
        "vectors short": table.set_column(6, "vector_text", pa.array([[1.0] * 3] * 2)),
    }  # fmt: skip
    for name, what in broken.items():
        if isinstance(what, bytes):
            path.write_bytes(what)
        else:
            pq.write_table(what, path)
        with pytest.raises(CospaceError):
            print(name, shop.restore(path, replace=True))
        assert before == holds(shop), name
    with pytest.raises(CospaceError):
        shop.restore(tmp_path / "nothing.parquet")


def test_an_export_into_nowhere_fails_and_search_goes_on(
    shop: cs.Collection, tmp_path: Path
) -> None:
    folder = tmp_path / "folder.parquet"
    folder.mkdir()
    for path in (tmp_path / "no" / "a.parquet", folder, tmp_path / f"{'x' * 300}.parquet"):
        with pytest.raises(StorageError):
            shop.export(path)
    assert np.isfinite(shop.search("a chair", k=1)[0].score)


@pytest.mark.skipif(sys.platform != "linux", reason="names on the disk are Unicode there")
def test_a_photo_whose_name_is_not_unicode_costs_itself(tmp_path: Path) -> None:
    """A name on the disk may be any bytes; what cannot be stored is told, with what to do."""
    photo = os.fsdecode(os.fsencode(tmp_path) + b"/b\xffd.png")
    PIL.Image.new("RGB", (16, 16), "red").save(photo)
    item = cs.Item("A1", cs.Parts(text="a red thing", image=cs.Image(photo)))
    with cs.open(tmp_path / "s.cospace", model="starter") as shop:
        with pytest.raises(BadItem, match="rename the file"):
            shop.add(item)
        report = shop.add(item, errors="report")
        assert (1, 0, 1) == (report.added, report.failed, report.partial)
        assert ["text"] == list(shop.get("A1", vectors=True)[0].vectors)  # type: ignore[union-attr]
        shop.add(cs.Item("A2", "a blue thing"))
        report = shop.update([cs.Item("A2", cs.Parts(image=cs.Image(photo)))], errors="report")
        assert "rename the file" in str(report.reasons)
