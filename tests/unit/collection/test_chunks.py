"""Chunks: slices to the character, none cut by the model, all of the text in them."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.chunks import chunk_items, chunks_of, number_of, passage_of
from cospace.encode.sizes import Sizes, sizes_of
from cospace.errors import BadItem
from cospace.item import Item
from cospace.outline import Heading, Outline
from cospace.read.documents.markdown import headings_of
from cospace.testing.tiny import tiny_model

MODEL = tiny_model()
SIZES = sizes_of(MODEL)
SHORT = Sizes(lambda texts: [2 + len(one.split()) for one in texts], 12, 2, True)

BLOCK = st.one_of(
    st.sampled_from(["# Shop", "## Returns", "### Late", "## Care", "#### Deep", ""]),
    st.text(alphabet="ab .!?。\n漢1é", max_size=300),
    st.sampled_from(["word " * 200, "x" * 900, "漢字" * 300, "One. Two. Three. " * 40]),
)


def outlined(text: str, outline: Outline) -> Item:
    item = Item("doc", text)
    object.__setattr__(item, "outline", outline)
    return item


@settings(max_examples=150, deadline=None)
@given(st.lists(BLOCK, max_size=8), st.sampled_from([SIZES, SHORT]))
def test_a_chunk_is_a_slice_that_the_model_reads_to_its_end(
    blocks: list[str], sizes: Sizes
) -> None:
    text = "\n\n".join(blocks)
    outline = Outline(tuple(headings_of(text)))
    items = chunk_items(outlined(text, outline), sizes)
    if not text.strip():
        assert ["doc"] == [item.id for item in items]
        return
    covered = [False] * len(text)
    for number, item in enumerate(items, start=1):
        at = item.metadata
        assert (f"doc#{number}", "doc") == (item.id, at["document"])
        stored = item.parts.text or ""
        start, end = at["start"], at["end"]
        assert text[start:end] == passage_of(item.id, stored, at)
        before = f"{at['heading']}\n" if "heading" in at else ""
        assert before + text[start:end] == stored
        assert sizes.fits(sizes.of([stored])[0]) or end - start < 2
        covered[start:end] = [True] * (end - start)
    for heading in outline.headings:
        covered[heading.start : heading.end] = [True] * (heading.end - heading.start)
    assert not [c for c, seen in zip(text, covered, strict=True) if not (seen or c.isspace())]
    assert items == chunk_items(outlined(text, outline), sizes)


@settings(max_examples=25, deadline=None)
@given(st.lists(BLOCK, max_size=6))
def test_the_encoder_cuts_none_of_them(blocks: list[str]) -> None:
    text = "\n\n".join(blocks)
    chunks = chunks_of(text, Outline(tuple(headings_of(text))), SIZES)
    stored = [chunk.stored(text) for chunk in chunks]
    assert not stored or [] == list(MODEL.encode_document(stored).truncated)


def test_neighbours_share_whole_sentences() -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(40))
    chunks = chunks_of(text, Outline(), SHORT, tokens=30, overlap=6)
    assert len(chunks) > 5
    for one, other in pairwise(chunks):
        shared = text[other.start : one.end]
        assert re.fullmatch(r"Sentence number \d+ is here\.", shared), shared


def test_a_chunk_stands_under_its_headings_and_on_its_page() -> None:
    text = "Shop\nOpen.\nHours\nNine.\nLate\nTen.\nCare\nOil."
    heads = [("Shop", 1), ("Hours", 2), ("Late", 3), ("Care", 2)]
    headings = [Heading(t, n, text.index(t), text.index(t) + len(t)) for t, n in heads]
    outline = Outline(tuple(headings), (0, text.index("Late")))
    found = [(text[c.start : c.end], c.heading, c.page) for c in chunks_of(text, outline, SIZES)]
    assert [
        ("Open.", "Shop", 1),
        ("Nine.", "Shop > Hours", 1),
        ("Ten.", "Shop > Hours > Late", 2),
        ("Oil.", "Shop > Care", 2),
    ] == found


def test_a_heading_with_nothing_under_it_is_a_chunk_of_its_own() -> None:
    text = "# Shop\n\n## Closed on Sundays\n\n## Hours\n\nNine.\n\n## Parking"
    outline = Outline(tuple(headings_of(text)))
    found = [(text[c.start : c.end], c.heading) for c in chunks_of(text, outline, SIZES)]
    assert [
        ("## Closed on Sundays", "Shop"),
        ("Nine.", "Shop > Hours"),
        ("## Parking", "Shop"),
    ] == found


def test_long_headings_leave_room_for_the_text() -> None:
    title = "A very long title " * 30
    text = f"{title}\nThe text."
    outline = Outline((Heading(title.strip(), 1, 0, len(title)),))
    [chunk] = chunks_of(text, outline, SIZES)
    assert "The text." == text[chunk.start : chunk.end]
    assert chunk.heading
    assert title.startswith(chunk.heading)


def test_a_long_word_that_a_model_takes_for_one_token_is_not_one_chunk() -> None:
    one = Sizes(lambda texts: [1 for _ in texts], 0, 0, True)
    chunks = chunks_of("x" * 100_000, Outline(), one)
    assert max(chunk.end - chunk.start for chunk in chunks) <= 20_000


def test_other_parts_go_with_the_first_chunk_and_metadata_with_each() -> None:
    item = Item("doc", cs.Parts(text="One. " * 300, image=cs.Image("a.jpg")), {"price": 3})
    object.__setattr__(item, "outline", Outline())
    items = chunk_items(item, SIZES)
    assert len(items) > 3
    assert [["text", "image"], ["text"]] == [list(one.parts) for one in items[:2]]
    assert {3} == {one.metadata["price"] for one in items}


def test_a_field_that_chunks_need_is_refused_by_name() -> None:
    item = outlined("One.", Outline())
    object.__setattr__(item, "metadata", {"page": "about"})
    with pytest.raises(BadItem, match="a field 'page'"):
        chunk_items(item, SIZES)


def test_an_item_without_an_outline_or_a_text_stays_as_it_is() -> None:
    plain = Item("1", "One. " * 300)
    assert [plain] == chunk_items(plain, SIZES)
    blank = outlined(" \n", Outline())
    assert [blank] == chunk_items(blank, SIZES)


@pytest.mark.parametrize(
    ("id", "metadata", "number"),
    [
        ("a#2", {"document": "a"}, 2),
        ("a#2", {}, None),
        ("a#2", {"document": "b"}, None),
        ("a", {"document": "a"}, None),
        ("a#", {"document": "a"}, None),
        ("a#x", {"document": "a"}, None),
        ("a#b#3", {"document": "a#b"}, 3),
    ],
)
def test_what_is_a_chunk(id: str, metadata: dict[str, str], number: int | None) -> None:
    assert number == number_of(id, metadata)


@pytest.mark.parametrize(
    "place", [{}, {"start": 0}, {"start": 5, "end": 2}, {"start": 0, "end": 99}]
)
def test_a_place_that_cannot_be_gives_the_whole_text(place: dict[str, int]) -> None:
    assert "Oil it." == passage_of("a#1", "Oil it.", {"document": "a", **place})
