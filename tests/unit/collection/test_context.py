"""Contexts, hits by document, and documents that are indexed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.passages import Passage, joined, near
from cospace.encode.sizes import sizes_of
from cospace.errors import BadArgument, BadItem
from cospace.testing.tiny import tiny_model

MODEL = tiny_model()
WORDS = ["oil", "oak", "wool", "rug", "lamp", "bulb", "desk", "leg", "sofa", "seat", "cup", "milk"]


def text_of(topic: str, count: int = 40) -> str:
    lines = [
        f"The {topic} number {n} is for {WORDS[n % 12]} and {WORDS[n % 7]}." for n in range(count)
    ]
    return f"# Handling of the {topic}\n\n" + " ".join(lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for topic in ("chair", "table", "lamp"):
        (tmp_path / f"{topic}.md").write_text(text_of(topic), encoding="utf-8")
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Iterator[cs.Collection]:
    with cs.open(":memory:", model=MODEL) as one:
        one.upsert(cs.read(folder, chunks=True))
        yield one


def sources(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


# --- indexing ---


def test_documents_are_stored_as_chunks_and_again_nothing_changes(folder: Path) -> None:
    shop = cs.open(":memory:", model=MODEL)
    first = shop.upsert(cs.read(folder, chunks=True))
    assert (3, len(shop), 0, 0) == (first.documents, first.added, first.truncated, first.failed)
    assert str(first).startswith("3 documents in chunks")
    again = shop.upsert(cs.read(folder, chunks=True))
    assert (0, 0, len(shop), 0) == (again.added, again.updated, again.unchanged, again.removed)


def test_chunks_that_a_document_has_no_longer_go(folder: Path, shop: cs.Collection) -> None:
    before = shop.count({"document": "table.md"})
    (folder / "table.md").write_text(text_of("table", 8), encoding="utf-8")
    report = shop.upsert(cs.read(folder, chunks=True))
    after = shop.count({"document": "table.md"})
    assert before > after == before - report.removed
    assert f"{report.removed} chunks that are no longer there removed" in str(report)
    ids = [item.id for item in shop if item.metadata["document"] == "table.md"]
    assert [f"table.md#{n}" for n in range(1, after + 1)] == ids


def test_an_item_that_was_stored_whole_becomes_chunks(folder: Path) -> None:
    shop = cs.open(":memory:", model=MODEL)
    shop.upsert(cs.read(folder))
    assert "chair.md" in shop
    report = shop.upsert(cs.read(folder, chunks=True))
    assert (3, False) == (report.removed, "chair.md" in shop)


def test_a_document_that_cannot_be_read_now_keeps_its_chunks(
    folder: Path, shop: cs.Collection
) -> None:
    before = len(shop)
    (folder / "table.md").write_bytes(b"\xff\xfe")
    report = shop.upsert(cs.read(folder, chunks=True))
    assert (1, before, 2) == (report.failed, len(shop), report.documents)


def test_other_items_stay_whatever_they_are_called(folder: Path, shop: cs.Collection) -> None:
    shop.add([cs.Item("table.md#99", "mine"), cs.Item("other", "theirs", {"document": "table.md"})])
    shop.upsert(cs.read(folder, chunks=True))
    assert "table.md#99" in shop
    assert "other" in shop


def test_a_table_in_chunks(tmp_path: Path) -> None:
    rows = [
        {"sku": "A", "text": text_of("chair"), "price": 3},
        {"sku": "B", "text": "A short one."},
    ]
    shop = cs.open(":memory:", model=MODEL)
    report = shop.upsert(cs.read(rows, id="sku", text="text", chunks=True))
    assert (2, 0) == (report.documents, report.truncated)
    assert 3 == shop["A#2"].metadata["price"]
    assert "A short one." == shop["B#1"].parts.text


def test_a_column_that_chunks_need_fails_its_row_alone() -> None:
    rows = [{"id": "A", "text": "One.", "page": 3}, {"id": "B", "text": "Two."}]
    shop = cs.open(":memory:", model=MODEL)
    report = shop.upsert(cs.read(rows, chunks=True))
    assert (1, ["B#1"]) == (report.failed, [item.id for item in shop])
    assert "a field 'page'" in str(next(iter(report.reasons)))
    with pytest.raises(BadItem, match="a field 'page'"):
        shop.upsert(cs.read(rows, chunks=True), errors="raise")


def test_a_word_of_the_heading_alone_finds_its_chunks(shop: cs.Collection) -> None:
    found = shop.search("handling", 100, by="words")
    assert len(shop) == len(found)


def test_where_the_tokenizer_is_elsewhere_the_report_says_so(folder: Path) -> None:
    class Elsewhere:
        space = MODEL.space
        encode_query, encode_document = MODEL.encode_query, MODEL.encode_document

    shop = cs.open(":memory:", model=Elsewhere())
    report = shop.upsert(cs.read(folder, chunks=True))
    assert any("a token is taken for 3 bytes" in note for note in report.notes)
    assert (0, 3) == (report.failed, report.documents)


# --- contexts ---


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 900), st.sampled_from(["a chair of oak", "the lamp", "number 7"]))
def test_a_context_holds_exact_slices_under_its_budget(tokens: int, question: str) -> None:
    texts = {f"{topic}.md": text_of(topic) for topic in ("chair", "table", "lamp")}
    shop = _SHOP or _made(texts)
    context = shop.context(question, tokens=tokens)
    sizes = sizes_of(MODEL)
    assert context.tokens == (sizes.of([context.text])[0] if context.passages else 0) <= tokens
    assert [*range(1, len(context.passages) + 1)] == [one.number for one in context.passages]
    assert context.read <= context.stored == len(shop)
    assert sum(len(one.items) for one in context.passages) <= context.read
    for one in context.passages:
        assert texts[one.document][one.start : one.end] == one.text
        assert one.id in one.items
    spans = sorted((one.document, one.start, one.end) for one in context.passages)
    assert all(a[0] != b[0] or a[2] < b[1] for a, b in pairwise(spans))


_SHOP: cs.Collection | None = None


def _made(texts: dict[str, str]) -> cs.Collection:
    global _SHOP  # noqa: PLW0603 - one collection for all examples
    _SHOP = cs.open(":memory:", model=MODEL)
    rows = [{"id": id, "text": text} for id, text in texts.items()]
    _SHOP.upsert(cs.read(rows, chunks=True))
    return _SHOP


def test_a_context_as_a_record_and_as_a_prompt(shop: cs.Collection) -> None:
    context = shop.context("the table", tokens=300)
    record = json.loads(json.dumps(context.to_dict()))
    assert {"question", "passages", "read", "stored", "tokens"} == set(record)
    names = {"id", "document", "text", "start", "end", "heading", "page", "score", "number"}
    assert all(names == set(one) for one in record["passages"])
    first = context.passages[0]
    assert context.text.startswith(f"[1] {first.document}, {first.heading}\n{first.text}")
    assert str(context) == context.text


def test_a_filter_holds_for_what_is_read_and_counted(shop: cs.Collection) -> None:
    where = {"document": "lamp.md"}
    context = shop.context("the table", where=where)
    assert {"lamp.md"} == {one.document for one in context.passages}
    assert shop.count(where) == context.stored


def test_of_what_says_nearly_the_same_one_is_enough() -> None:
    text = "Oil an oak table twice a year in spring and in autumn and let it rest overnight."
    shop = cs.open(":memory:", model=MODEL)
    shop.add(ids=["a", "b", "c"], documents=[text, f"{text} ", "A lamp."])
    context = shop.context("oak table")
    assert (2, 3) == (len(context.passages), context.read)


def test_items_that_are_no_chunks_are_passages_of_their_own() -> None:
    shop = cs.open(":memory:", model=MODEL)
    shop.add(cs.Item("MK-1", "A red chair.", {"document": "x", "start": 3}))
    [one] = shop.context("a chair").passages
    assert ("MK-1", "MK-1", 0, 12, "") == (one.id, one.document, one.start, one.end, one.heading)


def test_nothing_is_read_of_an_empty_collection() -> None:
    context = cs.open(":memory:", model=MODEL).context("a chair")
    assert ((), 0, 0, 0, "") == (
        context.passages, context.read, context.stored, context.tokens, context.text,
    )  # fmt: skip


@pytest.mark.parametrize("tokens", [0, -1, 1.5, True, "many"])
def test_a_budget_that_cannot_be(shop: cs.Collection, tokens: object) -> None:
    with pytest.raises(BadArgument, match="tokens is a whole number"):
        shop.context("a chair", tokens=tokens)  # type: ignore[arg-type]


def slice_of(text: str, start: int, end: int, **other: object) -> Passage:
    return Passage(
        1, f"d#{start}", "d", text[start:end], start, end, items=(f"d#{start}",), **other
    )  # type: ignore[arg-type]


def test_neighbours_that_overlap_or_touch_are_one_and_others_are_not() -> None:
    text = "".join(f"{n:02} " for n in range(40))
    whole = joined(slice_of(text, 30, 60), slice_of(text, 0, 33))
    assert whole is not None
    assert (text[0:60], 0, 60, "d#30") == (whole.text, whole.start, whole.end, whole.id)
    assert ("d#30", "d#0") == whole.items
    touching = joined(slice_of(text, 0, 30), slice_of(text, 30, 60))
    assert touching is not None
    assert text[0:60] == touching.text
    inside = joined(slice_of(text, 0, 60), slice_of(text, 9, 21))
    assert inside is not None
    assert text[0:60] == inside.text
    assert joined(slice_of(text, 0, 30), slice_of(text, 31, 60)) is None
    assert joined(slice_of(text, 0, 30), slice_of(text, 9, 60, heading="Other")) is None


def test_slices_of_a_document_that_changed_between_are_not_joined() -> None:
    old, new = "a" * 60, "b" * 60
    assert joined(slice_of(old, 0, 40), slice_of(new, 30, 60)) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Oil it twice a year.", "Oil  it TWICE a year.", True),
        ("Oil it twice a year.", "Wax it twice a year.", False),
        ("Oil it", "Oil it", True),
        ("Oil it", "Oil it twice a year in spring and in autumn, and let it rest.", False),
        ("", "", True),
    ],
)
def test_what_is_nearly_the_same(one: str, other: str, same: bool) -> None:
    assert same == near(one, [other])


# --- hits by document ---


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 3), st.sampled_from(["a chair of oak", "the lamp"]))
def test_the_first_documents_of_a_longer_list_are_the_same(k: int, question: str) -> None:
    shop = _SHOP or _made({f"{t}.md": text_of(t) for t in ("chair", "table", "lamp")})
    longer = [hit.id for hit in shop.documents(question, 3)]
    assert longer[:k] == [hit.id for hit in shop.documents(question, k)]


def test_a_document_stands_where_its_best_chunk_stands(folder: Path, shop: cs.Collection) -> None:
    texts = sources(folder)
    best: dict[str, str] = {}
    for hit in shop.search("a chair of oak", 100):
        best.setdefault(hit.metadata["document"], hit.id)
    found = shop.documents("a chair of oak")
    assert list(best.values()) == found.ids
    for hit in found:
        at = hit.metadata
        assert texts[at["document"]][at["start"] : at["end"]] == hit.text


def test_more_documents_than_the_first_hits_hold_are_found() -> None:
    rows = [{"id": "long", "text": text_of("chair", 400)}]
    rows += [{"id": f"short {n}", "text": f"A lamp, {n}."} for n in range(5)]
    shop = cs.open(":memory:", model=MODEL)
    shop.upsert(cs.read(rows, chunks=True))
    assert shop.count({"document": "long"}) > 60
    assert 6 == len(shop.documents("the chair number 7", 6))


@pytest.mark.parametrize("k", [-1, 1.5, 1_001])
def test_a_number_of_documents_that_cannot_be(shop: cs.Collection, k: object) -> None:
    with pytest.raises(BadArgument):
        shop.documents("a chair", k)  # type: ignore[arg-type]
