"""Sizes: tokens as the encoder counts them."""

from __future__ import annotations

from typing import cast

import numpy as np

from cospace.encode import Encoder
from cospace.encode.sizes import sizes_of
from cospace.encode.tokens import tokens
from cospace.encode.words import WordModel, WordVectors
from cospace.testing.tiny import tiny_model

TEXTS = ["a", "a red chair", "ab " * 300, "漢字 " * 50, "", "word " * 127]


def test_sizes_are_those_of_the_tokenizer() -> None:
    model = tiny_model()
    sizes = sizes_of(model)
    texts = [text for text in TEXTS if text]
    expected = [len(tokens(model, text).tokens) - sizes.frame for text in texts]
    assert expected == sizes.of(texts)
    assert (0, True) == (sizes.of([""])[0], sizes.exact)


def test_what_fits_is_what_the_encoder_does_not_cut() -> None:
    model = tiny_model()
    sizes = sizes_of(model)
    texts = ["a " * n for n in range(max(1, sizes.most - 5), sizes.most + 5)]
    cut = set(model.encode_document(texts).truncated)
    assert [i not in cut for i in range(len(texts))] == [sizes.fits(n) for n in sizes.of(texts)]


def test_a_word_model_counts_words_and_cuts_nothing() -> None:
    rows = np.eye(2, dtype=np.float32)
    sizes = sizes_of(WordModel.of(WordVectors(["sofa", "couch"], rows), name="demo"))
    assert ([3], 0) == (sizes.of(["a red sofa"]), sizes.most)
    assert sizes.fits(10**9)


def test_without_a_tokenizer_a_token_is_three_bytes() -> None:
    sizes = sizes_of(cast("Encoder", object()))
    assert ([1, 2, 4], False) == (sizes.of(["abc", "abcd", "漢字漢字"]), sizes.exact)
