"""Shares: they add up where they can, and the word that decides comes first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.encode.words import WordModel, WordVectors
from cospace.explain import shares
from cospace.explain.shares import Share, Shares, without, word_spans
from cospace.explain.texts import encoding
from cospace.testing.tiny import tiny_model

LONG = "It stood in the sun for a while and was never used much. " * 12


def test_the_shares_of_the_words_and_the_rest_are_the_cosine():
    model = cs.load("starter")
    text = "Velvet armchair, from a loft in Graz (2019)!"
    vector = model.encode("a comfortable seat")
    found = shares(model, text, vector)
    total = sum(one.share or 0 for one in found.words) + found.rest
    assert found.exact
    assert float(model.encode(text) @ vector) == pytest.approx(total, abs=1e-5)
    assert found.cosine == pytest.approx(total)
    assert word_spans(text) == [(one.start, one.end) for one in found.words]
    assert "armchair" == text[slice(*found.top(1)[0][:2])]


def test_leaving_out_the_named_words_costs_more_than_others():
    model = cs.load("starter")
    text = "A garden bench of oak. " + LONG
    vector = model.encode("a seat for outdoors")
    found = shares(model, text, vector)
    named = [(one.start, one.end) for one in found.top(3)]
    rest = [span for span in word_spans(text) if span not in named]
    whole, lost, other = (
        model.encode_document([text, without(text, named), without(text, rest[10:13])]).normalized
        @ vector
    )
    assert whole - lost > 3 * abs(whole - other)


def test_a_model_that_is_no_sum_is_explained_by_leaving_out():
    model = tiny_model()
    text = f"{LONG} a red armchair {LONG}"
    read = shares(model, f"a red armchair {LONG}", model.encode("armchair"))
    assert not read.exact
    assert all(one.share is None for one in read.words)
    best = read.top(1)[0]
    assert best.loss is not None and best.loss > 0
    late = shares(model, text, model.encode("armchair"))
    assert late.read < len(text)
    assert max(one.end for one in late.words) <= late.read


@given(st.integers(1, 120), st.integers(0, 119))
@settings(max_examples=20, deadline=None)
def test_each_word_is_in_one_group_and_few_texts_are_encoded(count: int, at: int):
    model = tiny_model()
    words = ["ab"] * count
    words[at % count] = "armchair"
    text = " ".join(words)
    encoded = 0

    def encode(texts: list[str]) -> np.ndarray:
        nonlocal encoded
        encoded += len(texts)
        return model.encode_document(list(texts)).normalized

    found = shares(model, text, model.encode("armchair"), encode=encode)
    assert encoded <= 24
    covered = [span for one in found.words for span in word_spans(text[one.start : one.end])]
    assert len(covered) == len(word_spans(text[: found.read]))
    ends = [one.end for one in found.words]
    assert ends == sorted(ends)
    if text.index("armchair") + 8 <= found.read and count > 1:
        best = found.top(1)[0]
        assert "armchair" in text[best.start : best.end]


def test_a_word_without_which_nothing_can_be_read_has_a_share_alone():
    table = WordVectors(["sofa", "red"], np.eye(2, dtype=np.float32))
    model = WordModel.of(table, name="demo", weighting="mean")
    found = shares(model, "Sofa!", model.encode("sofa"))
    assert [Share(0, 4, 1.0, None)] == [
        one._replace(share=round(one.share, 6)) for one in found.words
    ]


def test_a_text_without_words_has_no_shares():
    model = cs.load("starter")
    found = shares(model, "?!", model.encode("a"))
    assert () == found.words == found.top()
    assert found.cosine == pytest.approx(found.rest)


def test_what_was_left_out_alone_comes_before_what_was_not():
    found = Shares(0.5, (Share(0, 1, 0.9), Share(2, 3, 0.1, 0.2), Share(4, 5, 0.1, -0.1)))
    assert [Share(2, 3, 0.1, 0.2), Share(0, 1, 0.9)] == list(found.top(3))
    assert {"cosine", "exact", "rest", "read", "words"} == set(found.to_json())


def test_a_question_is_encoded_as_one():
    model = tiny_model()
    assert np.allclose(
        encoding(model, "query")(["a chair"]), model.encode_query(["a chair"]).normalized
    )
