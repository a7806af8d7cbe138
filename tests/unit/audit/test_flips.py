"""Words that turn the meaning, edits that do not, and what the score makes of both."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.audit import audit
from cospace.audit.flips import KINDS, Flips, measure_flips, names_of_column, names_of_texts
from cospace.audit.flips.edits import harmless
from cospace.audit.shares import at_least
from cospace.measures.bootstrap import wilson
from cospace.testing.tiny import tiny_model

SHOP = Flips("english", ["a red chair", "a blue one", "green"], ["Velmora", "Tandrix"])


@pytest.mark.parametrize(
    ("kind", "text", "flipped"),
    [
        ("negation", "Drill with case.", "Drill without case."),
        ("negation", "Drill without case.", "Drill with case."),
        ("negation", "It is not new.", "It is not not new."),
        ("negation", "Not new.", "new."),
        ("negation", "Oak chair", None),
        ("number", "4 chairs", "6 chairs"),
        ("number", "Set of 12, year 1970", "Set of 18, year 1970"),
        ("number", "Lamp KX-4410, 3.5 x, 1,200", None),
        ("number", "Made in 1970", None),
        ("size", "Desk, 80 cm wide", "Desk, 120 cm wide"),
        ("size", "A small desk", "A large desk"),
        ("size", "Large desk", "Small desk"),
        ("colour", "A red chair", "A blue chair"),
        ("colour", "Red, blue and green", None),
        ("colour", "A turquoise chair", None),
        ("name", "Mixer Velmora", "Mixer Tandrix"),
        ("name", "mixer velmora", None),
        ("name", "Velmora like Tandrix", None),
    ],
)
def test_the_first_word_of_a_kind_is_flipped(kind: str, text: str, flipped: str | None) -> None:
    found = SHOP.of(kind, text)
    assert flipped == (None if found is None else found.text)


def test_the_question_is_the_sentence_as_it_was() -> None:
    found = SHOP.of("colour", "Oak table, 2.5 m. Four red chairs. Old.")
    assert found is not None
    assert "Four red chairs." == found.asked
    assert ("red", "blue") == (found.old, found.new)


@given(st.text(max_size=200), st.sampled_from(KINDS))
def test_a_flip_changes_one_place_and_nothing_else(text: str, kind: str) -> None:
    found = SHOP.of(kind, text)
    if found is None:
        return
    assert text != found.text
    assert found.old in text
    assert found.asked in text
    start = next((i for i, (a, b) in enumerate(zip(text, found.text, strict=False)) if a != b), 0)
    assert text[:start] == found.text[:start]


@given(st.text(min_size=1, max_size=100))
def test_harmless_edits_change_punctuation_alone(text: str) -> None:
    def letters(one: str) -> str:
        return "".join(c for c in one if c.isalnum())

    assert {letters(text)} == {letters(one) for one in harmless(text)}


def test_names_come_from_a_column_or_from_capitals_that_the_model_has_no_piece_for() -> None:
    assert ["Velmora"] == names_of_column(["Velmora", "Two Words", None, 3])
    texts = ["Dress by Velmora, worn.", "Sold the Velmora bag. Chair here.", "the Garden is big"]
    assert ["Velmora"] == names_of_texts(texts, cs.load("starter"))


def test_the_same_seed_tries_the_same_texts() -> None:
    texts = [f"a red chair number {n}" for n in range(1, 40)]
    one, other = (
        measure_flips(texts, tiny_model(), Flips("english", [*texts, "blue"]), sample=8, seed=3)
        for _ in range(2)
    )
    assert one == other
    assert 8 == len(one["colour"])


def test_each_kind_is_told_with_its_share_and_too_few_are_inconclusive() -> None:
    shop = cs.open(":memory:", model=tiny_model())
    colours = ["red", "blue", "green", "black"]
    texts = [f"A {colours[n % 4]} chair of oak, number {n}." for n in range(16)]
    shop.add(ids=[str(n) for n in range(16)], documents=texts)
    found = {one.check: one for one in audit(shop, checks=["flips"]).findings}
    assert [f"flips: {kind}" for kind in KINDS] == list(found)
    colour = found["flips: colour"]
    assert 16 == colour.figures["tried"]
    # A bag of words sees each word: no flip costs less than a comma, which it does not read.
    assert "clean" == colour.verdict
    assert 0 == colour.severity
    assert "inconclusive" == found["flips: negation"].verdict
    assert "only 0 texts" in found["flips: negation"].said


def test_a_language_without_lists_is_skipped_and_says_so() -> None:
    shop = cs.open(":memory:", model=tiny_model())
    text = "Это был очень старый стол для детей, но не был новым, и без царапин."
    shop.add(ids=["1", "2", "3"], documents=[f"{text} {n}" for n in "abc"])
    [found] = audit(shop, checks=["flips"]).findings
    assert "skipped" == found.verdict
    assert "russian" in found.said


@given(st.integers(0, 30), st.integers(1, 30), st.floats(0.01, 0.99))
def test_binomial_tails_are_probabilities_that_fall(k: int, n: int, share: float) -> None:
    assert 0 <= at_least(k + 1, n, share) <= at_least(k, n, share) <= 1
    assert abs(1 - at_least(0, n, share)) < 1e-9


def test_binomial_tails_are_those_of_draws() -> None:
    draws = np.random.default_rng(0).binomial(20, 0.1, 20_000)
    assert abs(np.mean(draws >= 4) - at_least(4, 20, 0.1)) < 0.01


@given(st.integers(1, 200), st.data())
def test_the_interval_of_a_share_holds_it_and_its_mirror(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    found, mirror = wilson(k, n), wilson(n - k, n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert abs(found.low - (1 - mirror.high)) < 1e-9
    assert found.high > found.low
