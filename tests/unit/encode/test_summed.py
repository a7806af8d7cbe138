"""Summed: a text's vector is the sum of what its tokens bring, to the last bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.encode.static import StaticModel, bare, save_static
from cospace.encode.summed import summed
from cospace.encode.words import BilingualModel, WordModel, WordVectors
from cospace.errors import BadItem
from cospace.files import make_folder
from cospace.testing.tiny import tiny_model

TEXTS = (
    "Retro velvet armchair, from my aunt's flat",
    "Größe 42? wie neu! café",
    "a chair " * 300,
    "x",
)
WORDS = ["red", "sofa", "lamp", "velvet", "chair", "oak"]


def table(dim: int = 8) -> WordVectors:
    rows = np.random.default_rng(0).standard_normal((len(WORDS), dim)).astype(np.float32)
    return WordVectors(WORDS, rows)


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> StaticModel:
    teacher = tiny_model()
    tokenizer = bare(teacher.text_tower().tokenizer.to_str().encode())
    size = teacher.text_tower().tokenizer.get_vocab_size()
    rows = np.random.default_rng(0).standard_normal((size, 32)).astype(np.float32)
    place = tmp_path_factory.mktemp("static") / "fast"
    make_folder(place)
    save_static(place, rows, tokenizer, name="fast", teacher=teacher.space, training={"seed": 1})
    loaded = cs.load(place)
    assert isinstance(loaded, StaticModel)
    return loaded


def check(model: cs.Encoder, text: str) -> None:
    """The shares add up to the cosine, and each place is one of the text."""
    found = summed(model, text)
    assert found is not None
    other = np.random.default_rng(1).standard_normal(model.space.dim).astype(np.float32)
    other /= np.linalg.norm(other)
    cosine = float(model.encode_document([text]).normalized[0] @ other)
    assert cosine == pytest.approx(found.shares(other).sum(), abs=1e-5)
    assert all(0 <= start <= end <= len(text) for start, end in found.places)
    assert len(found.places) == len(found.rows)


@pytest.mark.parametrize("text", TEXTS)
def test_mean_pooling_is_a_sum(text: str):
    check(cs.load("starter"), text)


def test_the_first_numbers_are_a_sum_too():
    check(cs.load("minilm", dim=64), TEXTS[0])


@pytest.mark.parametrize("text", TEXTS)
def test_a_static_student_is_a_sum(static: StaticModel, text: str):
    check(static, text)


@given(st.lists(st.sampled_from([*WORDS, "Lamp!", "unheard", "..."]), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_a_word_model_is_a_sum(words: list[str]):
    model = WordModel.of(table(), name="demo")
    text = " ".join(words)
    try:
        model.encode_document([text])
    except BadItem:  # none of its words is known
        assert None is summed(model, text)
        return
    check(model, text)


def test_what_is_common_to_all_texts_is_taken_off_each_word():
    random = np.random.default_rng(0)
    names = [f"word{number}" for number in range(1_200)]
    rows = (random.standard_normal((1_200, 24)) + 2).astype(np.float32)
    check(WordModel.of(WordVectors(names, rows), name="common"), "word3 word900 and word77")


def test_words_of_two_languages():
    rows = np.eye(3, dtype=np.float32)
    english = WordVectors(["sofa", "lamp", "red"], rows)
    german = WordVectors(["couch", "lampe", "rot"], rows)
    check(BilingualModel.joined("two", {"en": english, "de": german}), "couch rot")


def test_other_models_are_no_sum():
    assert None is summed(tiny_model(), "a red chair")
    assert None is summed(cs.load("starter").restricted("image"), "a red chair")


def test_without_some_rows_it_is_the_text_without_those_words(static: StaticModel):
    words = ["red", "velvet", "chair", "oak"]
    for model in (static, WordModel.of(table(32), name="demo")):
        found = summed(model, " ".join(words))
        assert found is not None and found.alone
        other = np.random.default_rng(1).standard_normal(32).astype(np.float32)
        other /= np.linalg.norm(other)
        at = np.array([start for start, _ in found.places])
        gone = (at >= 4) & (at < 10)  # "velvet"
        left = model.encode_document(["red chair oak"]).normalized[0] @ other
        assert found.without(other, gone[None])[0] == pytest.approx(float(left), abs=1e-5)
        assert np.isnan(found.without(other, np.ones((1, len(at)), bool))[0])


def test_the_states_of_a_transformer_hang_on_their_neighbours():
    found = summed(cs.load("starter"), "a red chair")
    assert found is not None and not found.alone
