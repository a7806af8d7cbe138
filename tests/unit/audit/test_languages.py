"""Languages by their words and letters, and those that a model does not know."""

import numpy as np
import pytest

import cospace as cs
from cospace.audit import audit
from cospace.audit.languages import language_of, measure_languages
from cospace.testing.tiny import tiny_model

ENGLISH = [f"A chair of oak with the arms in leather, and it is for {n} people" for n in range(9)]
GERMAN = [f"Ein Sessel aus Eiche mit Kissen, und er ist nicht neu, Nummer {n}" for n in range(9)]
RUSSIAN = [f"Стул из дуба и стол без царапин для детей, номер {n}" for n in range(9)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH[0], "english"),
        (GERMAN[0], "german"),
        (RUSSIAN[0], "russian"),
        ("椅子とテーブル", "Japanese"),
        ("כיסא ושולחן", "Hebrew"),
        ("Ντουλάπα", "Greek"),
        ("Lumo 3000", ""),
        ("", ""),
        ("42", ""),
        ("a hat in a hat box", ""),  # words of German too, and one of them twice
        ("Cory Booker takes early lead for N.J. Senate", ""),  # j and n are initials
        ("a Dutch oven, as good as new", ""),
        ("Mint green, over ear", ""),
    ],
)
def test_a_text_is_told_by_stop_words_or_by_its_letters(text: str, language: str) -> None:
    found = language_of(text)
    assert language == found or (language == "Japanese" and found.startswith(("Japan", "Chin")))


def test_a_language_whose_letters_or_words_a_model_lacks_is_found() -> None:
    shop = cs.open(":memory:", model="starter")
    texts = [*ENGLISH, *GERMAN, *RUSSIAN]
    shop.add(ids=[str(n) for n in range(len(texts))], documents=texts)
    [found] = audit(shop, checks=["languages"]).findings
    assert "found" == found.verdict
    assert {"German: 9 items, 6 of them here", "Russian: 9 items, 6 of them here"} == {
        group.said for group in found.groups
    }
    assert 18 / 27 == found.severity
    assert found.figures["english: letters read alone"] < 0.1
    assert found.figures["russian: letters read alone"] > 0.5
    assert "multilingual" in found.mend


def test_of_one_language_all_is_clean_and_of_few_texts_nothing_is_said() -> None:
    shop = cs.open(":memory:", model="starter")
    shop.add(ids=[str(n) for n in range(9)], documents=ENGLISH)
    assert "clean" == audit(shop, checks=["languages"])["languages"].verdict
    few = cs.open(":memory:", model=tiny_model())
    few.add(ids=["1"], documents=ENGLISH[:1])
    assert "inconclusive" == audit(few, checks=["languages"])["languages"].verdict


def test_texts_that_are_equal_find_one_another_as_well() -> None:
    model = tiny_model()
    rows = model.encode_document([ENGLISH[0]] * 9).normalized
    [found] = measure_languages([ENGLISH[0]] * 9, model, np.arange(9), rows)
    assert all(found.again)


def test_short_english_texts_are_no_other_language() -> None:
    """ "hat" and "in" are stop words of German."""
    shop = cs.open(":memory:", model="starter")
    titles = [f"{colour} hat in a hat box" for colour in ("red", "blue", "grey", "green")] * 3
    shop.add(ids=[str(n) for n in range(12)], documents=titles)
    [found] = audit(shop, checks=["languages"]).findings
    assert "inconclusive" == found.verdict


TITLES = [
    f"{title} {state}"
    for title in (
        "Bürostuhl schwarz verstellbar",
        "Esstisch Eiche massiv",
        "Kleiderschrank weiß 3-türig",
        "Gartenbank aus Teakholz",
        "Kinderbett mit Lattenrost",
    )
    for state in ("neu", "gebraucht")
]


def test_short_titles_of_a_language_that_the_model_does_not_know_are_found() -> None:
    """Their language cannot be told, but most of their words the model reads in pieces."""
    shop = cs.open(":memory:", model="starter")
    texts = [*ENGLISH * 4, *TITLES]
    shop.add(ids=[str(n) for n in range(len(texts))], documents=texts)
    found = audit(shop, checks=["languages"])["languages"]
    assert "found" == found.verdict
    assert found.said.startswith("10 texts of no recognised language: ")
    assert {str(n) for n in range(36, 46)} >= set(found.groups[0].ids)
    assert 10 / 46 == found.severity


def test_names_of_makers_are_no_language() -> None:
    shop = cs.open(":memory:", model="starter")
    names = [f"Kestrano Zahnrix Optilis KX-{n}" for n in range(9)]
    texts = [*ENGLISH * 20, *names]
    shop.add(ids=[str(n) for n in range(len(texts))], documents=texts)
    found = audit(shop, checks=["languages"])["languages"]
    assert "clean" == found.verdict
    assert (
        "9 texts of no recognised language hold mostly words the model does not know" in found.said
    )
