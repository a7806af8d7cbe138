"""What add takes: items, columns, tables of other libraries. One way of telling how far it is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import cospace as cs
from cospace.errors import (
    BadArgument,
    BadItem,
    CospaceError,
    DuplicateId,
    EmptyItem,
    SpaceMismatch,
)
from cospace.limits import override
from cospace.progress import Progress
from cospace.testing.tiny import tiny_model

PHOTO = np.full((8, 8, 3), 200, dtype=np.uint8)


def holds(shop: cs.Collection) -> dict[str, tuple[str | None, Any, set[str]]]:
    return {
        item.id: (item.parts.text, dict(item.metadata), set(item.vectors))
        for item in shop.get(vectors=True)
    }


# --- columns ---


def test_columns_are_items(empty: cs.Collection) -> None:
    report = empty.add(
        ids=["a", "b", "c"],
        documents=["a red chair", None, "a blue bus"],
        metadatas=[{"price": 1}, {"price": 2}, None],
        images=[None, cs.Image(PHOTO), cs.Image(PHOTO)],
    )
    assert (3, 0, 0) == (report.added, report.failed, report.partial)
    assert {
        "a": ("a red chair", {"price": 1}, {"text"}),
        "b": (None, {"price": 2}, {"image"}),
        "c": ("a blue bus", {}, {"text", "image"}),
    } == holds(empty)


def test_columns_store_what_the_same_items_store(empty: cs.Collection) -> None:
    with cs.open(":memory:", model=tiny_model()) as other:
        other.add([cs.Item("a", "a red chair", {"x": 1}), cs.Item("b", "a bus")])
        empty.add(ids=["a", "b"], documents=["a red chair", "a bus"], metadatas=[{"x": 1}, None])
        assert holds(other) == holds(empty)
        assert 2 == empty.upsert(other.get()).unchanged


def test_a_value_alone_is_a_column_of_one(empty: cs.Collection) -> None:
    assert 1 == empty.add(ids="a", documents="a red chair", metadatas={"x": 1}).added
    assert 1 == empty.add(ids=["b"], images=cs.Image(PHOTO)).added
    assert {"a": ("a red chair", {"x": 1}, {"text"}), "b": (None, {}, {"image"})} == holds(empty)


def test_arrays_and_tuples_are_columns(empty: cs.Collection) -> None:
    ids = np.array(["a", "b"])
    assert 2 == empty.add(ids=ids, documents=(f"thing {n}" for n in (1, 2))).added  # type: ignore[arg-type]


def test_upsert_replaces_by_columns(empty: cs.Collection) -> None:
    empty.add(ids=["a"], documents=["a red chair"])
    with pytest.raises(DuplicateId):
        empty.add(ids=["a"], documents=["a blue chair"])
    report = empty.upsert(ids=["a", "b"], documents=["a blue chair", "a bus"])
    assert (1, 1) == (report.added, report.updated)
    assert "a blue chair" == empty["a"].parts.text


COLUMNS: list[tuple[dict[str, Any], str]] = [
    (
        {"ids": ["a", "b", "c"], "documents": ["x", "y"], "metadatas": [{}]},
        "all columns have one length; these are 3 ids, 2 documents, 1 metadatas",
    ),
    ({"ids": ["a"], "images": []}, "these are 1 ids, 0 images"),
    ({"documents": ["x"]}, r"columns need ids: add\(ids="),
    ({"ids": ["a"]}, "beside ids= give documents=, images= or embeddings="),
    ({"ids": ["a"], "metadatas": [{}]}, "beside ids= give documents="),
    ({"ids": 7, "documents": ["x"]}, "ids= takes a list, not int"),
    ({"ids": {"a"}, "documents": ["x"]}, "ids= takes a list, not set"),
    ({"ids": ["a"], "documents": {"x": 1}}, "documents= takes a list, not dict"),
    ({"ids": ["a"], "documents": ["x"], "metadatas": "x"}, "metadatas= takes a list, not str"),
    ({"ids": ["a"], "embeddings": [[1.0] * 32]}, r"not list: write cs\.Vectors\(array, coll"),
    ({"items": [cs.Item("z", "x")], "ids": ["a"], "documents": ["x"]}, "items, or columns"),
    ({"items": None}, "expected an Item, a list of them"),
    ({"items": "MK-1"}, "expected an Item, a list of them"),
    ({"items": {"id": "a"}}, "expected an Item, a list of them"),
    ({"items": [], "errors": "ignore"}, "errors is 'raise' or 'report', not 'ignore'"),
]


@pytest.mark.parametrize(("given", "says"), COLUMNS)
@pytest.mark.parametrize("verb", ["add", "upsert"])
def test_columns_that_do_not_fit_are_refused_whole(
    verb: str, given: dict[str, Any], says: str, empty: cs.Collection
) -> None:
    with pytest.raises(BadArgument, match=says):
        getattr(empty, verb)(**given)
    assert 0 == len(empty)


BAD_ROWS: list[tuple[dict[str, Any], type[BadItem], str]] = [
    ({"ids": ["good", 7], "documents": ["x", "y"]}, BadItem, "an id is a str, not int"),
    ({"ids": ["good", ""], "documents": ["x", "y"]}, BadItem, "an id cannot be empty"),
    ({"ids": ["good", "bad"], "documents": ["x", None]}, EmptyItem, "nothing in it to encode"),
    ({"ids": ["good", "bad"], "documents": ["x", 7]}, BadItem, "a text is a str"),
    ({"ids": ["good", "bad"], "documents": ["x", "\x00"]}, BadItem, "NUL"),
    (
        {"ids": ["good", "bad"], "documents": ["x", "y"], "metadatas": [{}, [1]]},
        BadItem,
        "metadata is a dict, not list",
    ),
    (
        {"ids": ["good", "bad"], "images": [cs.Image(PHOTO), "photo.jpg"]},
        BadItem,
        r"image= takes an Image: write image=Image\(path\)",
    ),
]


@pytest.mark.parametrize(("given", "error", "says"), BAD_ROWS)
def test_a_bad_row_of_the_columns_raises_or_is_reported(
    given: dict[str, Any], error: type[BadItem], says: str, empty: cs.Collection
) -> None:
    with pytest.raises(error, match=says):
        empty.add(**given)
    assert 0 == len(empty)
    report = empty.add(**given, errors="report")
    assert (1, 1) == (report.added, report.failed)
    assert ["good"] == list(holds(empty))


def test_a_bad_value_of_the_columns_raises_or_is_left_out(empty: cs.Collection) -> None:
    given = {"ids": ["a", "b"], "documents": ["x", "y"], "metadatas": [{}, {"x": {1}, "y": 2}]}
    with pytest.raises(BadItem, match="metadata x is set"):
        empty.add(**given)  # type: ignore[arg-type]
    report = empty.add(**given, errors="report")  # type: ignore[arg-type]
    assert (2, 0, 1, {"x": 1}) == (report.added, report.failed, report.partial, report.left_out)
    assert {"y": 2} == dict(empty["b"].metadata)


# --- embeddings ---


def test_embeddings_are_stored_as_they_are(empty: cs.Collection) -> None:
    vectors = tiny_model().encode_document(["a red chair", "a blue bus"])
    report = empty.add(
        ids=["a", "b"],
        embeddings=vectors,
        documents=["a red chair", None],
        metadatas=[None, {"x": 1}],
    )
    assert (2, 0) == (report.added, report.updated)
    assert {"a": ("a red chair", {}, {"text"}), "b": (None, {"x": 1}, {"text"})} == holds(empty)
    found = empty.get(["a", "b"], vectors=True)
    assert np.array_equal(
        vectors.normalized, np.stack([item.vectors["text"] for item in found if item])
    )
    report = empty.upsert(ids=["b", "c"], embeddings=vectors)
    assert (1, 1, 3) == (report.added, report.updated, len(empty))


def test_embeddings_are_checked_as_vectors_are(empty: cs.Collection) -> None:
    vectors = tiny_model().encode_document(["a red chair"])
    other = cs.Vectors([[1.0, 0.0]], cs.Space.of("other", 2))
    cases: list[tuple[Callable[[], object], type[CospaceError], str]] = [
        (lambda: empty.add(ids=["a", "b"], embeddings=vectors), BadArgument, "2 ids, 1 embeddings"),
        (lambda: empty.add(ids=["b"], embeddings=other), SpaceMismatch, "other"),
        (lambda: empty.add(ids=["a"], embeddings=vectors), DuplicateId, "'a'"),
        (lambda: empty.add(ids=[7], embeddings=vectors), BadItem, "an id is a str"),  # type: ignore[list-item]
        (
            lambda: empty.add(ids=["b"], embeddings=vectors, images=[cs.Image(PHOTO)]),
            BadArgument,
            r"add_vectors\(ids, vectors, field='image'\)",
        ),
        (
            lambda: empty.add(ids=["b"], embeddings=vectors, errors="report"),
            BadArgument,
            "leave out items and errors='report'",
        ),
        (
            lambda: empty.add([], ids=["b"], embeddings=vectors),
            BadArgument,
            "leave out items and errors='report'",
        ),
    ]
    empty.add(ids=["a"], embeddings=vectors)
    for call, error, says in cases:
        with pytest.raises(error, match=says):
            call()
    assert ["a"] == list(holds(empty))


# --- tables ---


def test_a_table_is_added_by_the_rules_of_read(empty: cs.Collection) -> None:
    table = pa.table(
        {
            "sku": ["a", "b", None],
            "title": ["Red chair", None, "Bus"],
            "price": [1.0, float("nan"), 3.0],
        }
    )
    report = empty.add(table)
    assert (1, 2) == (report.added, report.failed)
    assert {"a": ("Red chair", {"title": "Red chair", "price": 1.0}, {"text"})} == holds(empty)
    assert ["Table, row 2", "Table, row 3"] == sorted(name for name, _ in report.reasons)
    assert ["id: column 'sku' (guessed)", "text: 'title' (guessed)"] == report.notes
    assert report.notes == report.to_json()["notes"]
    with pytest.raises(BadItem, match="Table, row 2: holds neither text nor image"):
        empty.upsert(table, errors="raise")
    with pytest.raises(BadArgument, match="items, or columns"):
        empty.add(table, ids=["a"], documents=["x"])


def test_a_dataframe_is_added_as_a_table(empty: cs.Collection) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"sku": ["a", "b"], "title": ["Red chair", "Bus"], "n": [1, None]})
    assert 2 == empty.add(frame).added
    assert {"title": "Bus"} == empty["b"].metadata


def test_items_of_a_table_raise_at_the_first_bad_row_when_that_is_asked(
    empty: cs.Collection, tmp_path: Path
) -> None:
    """What fails in reading counts as much as what fails in encoding."""
    rows = [{"id": "a", "text": "x"}, {"id": "", "text": "y"}, {"id": "c", "text": "z"}]
    with pytest.raises(BadItem, match="row 2: has no id"):
        empty.add(cs.read(rows), errors="raise")
    with pytest.raises(BadItem, match="row 2: has no id"):
        empty.add(cs.read(rows[:2]), errors="raise")
    assert 0 == len(empty)
    with override(batch_items=1), pytest.raises(BadItem):
        empty.add(cs.read(rows), errors="raise")
    assert ["a"] == list(holds(empty))
    assert (1, 1) == ((report := empty.upsert(cs.read(rows))).added, report.failed)


# --- progress ---


def told(call: Callable[[Any], object]) -> list[tuple[int, int | None, str]]:
    seen: list[Progress] = []
    call(seen.append)
    return [(now.done, now.total, now.unit) for now in seen]


def test_every_job_says_how_far_it_is(empty: cs.Collection, tmp_path: Path) -> None:
    items = [cs.Item(f"i{n}", f"thing {n}") for n in range(5)]
    rows = [{"id": f"r{n}", "text": f"thing {n}" if n != 1 else ""} for n in range(3)]
    with override(batch_items=2):
        assert [(2, 5, "items"), (4, 5, "items"), (5, 5, "items")] == told(
            lambda show: empty.add(items, progress=show)
        )
        assert [2, 4, 5] == [n for n, _, _ in told(lambda s: empty.upsert(items, progress=s))]
        assert [None] * 3 == [
            total for _, total, _ in told(lambda s: empty.upsert(iter(items), progress=s))
        ]
        steps = told(lambda show: empty.add(cs.read(rows), progress=show))
        assert (3, 3, "items") == steps[-1]
        assert [(1, 1, "items")] == told(lambda show: empty.upsert(items[0], progress=show))
        vectors = tiny_model().encode_document(["x", "y", "z"])
        assert [(2, 3, "vectors"), (3, 3, "vectors")] == told(
            lambda show: empty.add(ids=["a", "b", "c"], embeddings=vectors, progress=show)
        )
    count, path = len(empty), tmp_path / "all.parquet"
    assert [(count, count, "items")] == told(lambda show: empty.export(path, progress=show))
    with cs.open(":memory:", model=tiny_model()) as copy:
        assert [(count, count, "items")] == told(lambda show: copy.restore(path, progress=show))


def test_progress_true_draws_a_bar_on_stderr(
    empty: cs.Collection, capfd: pytest.CaptureFixture[str]
) -> None:
    empty.add([cs.Item("a", "a red chair")], progress=True)
    shown = capfd.readouterr()
    assert ("", True) == (shown.out, "/1 [" in shown.err)
    empty.add([cs.Item("b", "a bus")])
    assert ("", "") == capfd.readouterr()


def test_progress_that_is_neither_is_refused_before_anything_is_written(
    empty: cs.Collection,
) -> None:
    with pytest.raises(BadArgument, match="progress is True, False, or a function"):
        empty.add([cs.Item("a", "a red chair")], progress=7)  # type: ignore[arg-type]
    assert 0 == len(empty)


def test_what_progress_raises_ends_the_job_after_a_whole_batch(empty: cs.Collection) -> None:
    def stop(now: Progress) -> None:
        raise KeyboardInterrupt

    items = [cs.Item(f"i{n}", f"thing {n}") for n in range(6)]
    with override(batch_items=2), pytest.raises(KeyboardInterrupt):
        empty.add(items, progress=stop)
    assert ["i0", "i1"] == list(holds(empty))
