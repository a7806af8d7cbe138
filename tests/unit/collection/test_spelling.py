"""Typing errors: mended by the collection's own words, and never at the cost of an exact hit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.errors import BadItem
from cospace.testing import tiny_model

TEXTS = {
    "MK-1": "Oak chair with arms, carved by hand",
    "MK-2": "Swivel chair KX-4410B by Velmora",
    "MK-3": "Steel garden rake, barely used",
    "MK-4": "Blue desk lamp with a long neck",
    "MK-5": "Mountain bicycle, 27 gears, 29 inch",
    "MK-6": "Porcelain coffee cups, six of them",
}


@pytest.fixture(scope="module")
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model="starter") as made:
        made.add(ids=list(TEXTS), documents=list(TEXTS.values()))
        yield made


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chiar with arms", "chair with arms"),  # two letters swapped
        ("chaiir", "chair"),  # one too many
        ("garen rake", "garden rake"),  # one left out
        ("gatden rake", "garden rake"),  # another one
        ("Chiar", "Chair"),
        ("bycycle", "bicycle"),
        ("porcelian cusp", "porcelain cups"),
        ("porcelayne cups", "porcelain cups"),  # two errors in a long word
        ("velmroa", "velmora"),
        ("mountain-bycycle", "mountain-bicycle"),
        ("gardenchair", "garden chair"),
    ],
)
def test_errors_are_mended(shop: cs.Collection, typed: str, meant: str):
    found = shop.spelling(typed)
    assert found is not None
    assert (meant, True) == (found.text, found.used)


@pytest.mark.parametrize(
    "typed",
    [
        "chair",
        "chairs",
        "Velmora",
        "a place to sit",
        "seating",  # the model knows it
        "KX-4410C",
        "KX4410C",
        "29inhc",
        "ARMS CHIAR",  # capitals: a name
        "cha",
        "chia1r",
        "xyzzyplugh",
        "chair@exmaple.org",
        "椅子",
        "",
        "  ",
    ],
)
def test_what_is_right_or_no_word_stays(shop: cs.Collection, typed: str):
    if not typed.strip():
        with pytest.raises(BadItem):
            shop.spelling(typed)
    else:
        assert shop.spelling(typed) is None


def test_a_search_uses_what_was_meant_and_says_so(shop: cs.Collection):
    found = shop.search("chiar with arms", 3)
    assert "MK-1" == found.ids[0]
    assert (("chiar", "chair"),) == found.did_you_mean.words
    assert {"text": "chair with arms", "used": True, "words": [["chiar", "chair"]]} == (
        found.to_json()["did_you_mean"]
    )
    typed = shop.search("chiar with arms", 3, spelling=False)
    assert typed.did_you_mean is None
    assert "did_you_mean" not in typed.to_json()


def test_by_words_alone(shop: cs.Collection):
    assert {"MK-1", "MK-2"} == set(shop.search("chiar", by="words").ids)
    assert [] == shop.search("chiar", by="words", spelling=False).ids


def test_each_of_many_is_mended_as_alone(shop: cs.Collection):
    queries = ["chiar", "a lamp", "garen rake", cs.Parts(text="bycycle")]
    many = shop.search_many(queries)
    assert [shop.search(one).to_json() for one in queries] == [one.to_json() for one in many]
    assert [True, False, True, True] == [one.did_you_mean is not None for one in many]


def test_parts_keep_their_weights(shop: cs.Collection):
    found = shop.search(cs.Parts(text="chiar", like="MK-4", weights={"text": 5}))
    assert "chair" == found.did_you_mean.text
    assert "MK-4" not in found.ids


def test_a_code_beside_an_error_stays_on_top(shop: cs.Collection):
    for query in ("chiar KX-4410B", "KX4410b bycycle", "garen velmora"):
        assert "MK-2" == shop.search(query).ids[0], query


def test_a_word_of_an_item_that_went_is_not_offered():
    with cs.open(":memory:", model="starter") as shop:
        shop.add(ids=["1", "2"], documents=["Oak chair", "Steel rake"])
        assert shop.spelling("chiar") is not None
        shop.delete("1")
        assert shop.spelling("chiar") is None
        assert [] == shop.complete("cha")
        shop.add(ids=["3"], documents=["Folding chair"])
        assert shop.spelling("chiar") is not None


def test_german_words_umlauts_and_compounds():
    texts = [
        "Bunte Stühle aus dem Garten, die sich gut für den Balkon eignen",
        "Ein Kleiderschrank, der in die Kammer passt, und ein Tisch aus Eiche",
        "Die Lampe steht auf dem Schreibtisch und ist noch wie neu",
        "Küche und Schrank sind nicht zu verkaufen, aber das Regal ist es",
    ]
    with cs.open(":memory:", model="starter", language="de") as shop:
        shop.add(ids=list("abcd"), documents=texts)
        for typed, meant in (
            ("Kleiderschrnak", "Kleiderschrank"),
            ("Stühel", "Stühle"),
            ("stuehle", None),  # German stems know it
            ("Kleiderschrank", None),
            ("Gartentisch", None),  # a compound of words that are there
            ("Gartenlmape", "Gartenlampe"),
            ("Rampe", None),  # begins otherwise than Lampe
        ):
            found = shop.spelling(typed)
            assert meant == (None if found is None else found.text), typed


WORDS = sorted({word.strip(",") for text in TEXTS.values() for word in text.split()})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5), st.integers(0, 3))
def test_a_question_whose_words_all_occur_gets_the_same_to_the_bit(words, offset):
    shop = _tiny()
    query = " ".join(words)
    given: dict[str, Any] = {"offset": offset, "explain": True}
    on, off = (shop.search(query, **given, spelling=flag) for flag in (True, False))
    assert off.to_json() == on.to_json()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["KX-4410B", "kx4410b", "Velmora", "MK-3", "MK-5"]),
    st.sampled_from(WORDS),
    st.integers(0, 1000),
)
def test_with_a_word_mended_the_exact_hit_stays_on_top(name, word, seed):
    draw = random.Random(seed)
    letters = list(word)
    draw.shuffle(letters)
    shop = _tiny()
    query = f"{name} {''.join(letters)}"
    before = shop.search(query, by="words", spelling=False)
    after = shop.search(query, by="words")
    assert set(before.ids) <= set(after.ids)
    named = shop.search(name, by="words", spelling=False).ids
    if after.did_you_mean is not None and len(named) == 1:
        best = shop.search(query)
        lifted = [hit.id for hit in shop.search(query, spelling=False)][:1]
        assert named[0] in best.ids
        assert lifted == best.ids[:1] or named[0] not in lifted


_MADE: list[cs.Collection] = []


def _tiny() -> cs.Collection:
    """One shop for all examples."""
    if not _MADE:
        shop = cs.open(":memory:", model=tiny_model())
        shop.add(ids=list(TEXTS), documents=list(TEXTS.values()))
        _MADE.append(shop)
    return _MADE[0]


# --- completions ---


def test_completions_are_words_and_titles(shop: cs.Collection):
    assert ["chair"] == shop.complete("chai")
    assert ["swivel", "swivel chair kx-4410b by velmora"] == shop.complete("Swi")
    assert "blue lamp" in shop.complete("blue la")
    assert [] == shop.complete("zebra")
    assert [] == shop.complete("  ")


@given(st.text(max_size=12))
def test_completions_begin_with_what_was_typed(text):
    from cospace.read.terms import fold

    typed = fold(" ".join(text.split()))
    try:
        found = _tiny().complete(text)
    except BadItem:
        return
    assert len(found) <= 8
    assert all(fold(one).startswith(typed) for one in found)
