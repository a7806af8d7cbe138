"""Texts to tokens: the same as the tokenizer's own, whatever was remembered before."""

import json
import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

import cospace as cs
from cospace.encode.static import words
from cospace.encode.static.words import Words, bare


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    own = cs.load("minilm").text_tower().tokenizer
    return Tokenizer.from_str(bare(own.to_str().encode()).decode())


def reader(tokenizer: Tokenizer) -> Words:
    return Words(lambda words: tokenizer.encode_batch_fast(words, add_special_tokens=False))


def ids_of(cut: Words, texts: list[str]) -> list[list[int]]:
    flat, ends = cut.ids(texts)
    return [flat[a:b].tolist() for a, b in pairwise(ends)]


TRICKY = [
    "A retro velvet Armchair, 120 or best offer!", "don't (really) e-mail me",
    "Größe 42 — wie neu",
    "椅子とテーブル", "", "   ", "a\tb\nc", "[SEP] [MASK]", "x" * 300, "ﬁne Ⅷ",
    "\u200b", "é e\u0301",
]  # fmt: skip


def test_tokens_are_those_of_the_tokenizer(tokenizer: Tokenizer) -> None:
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in TRICKY]
    assert expected == ids_of(reader(tokenizer), TRICKY)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])), max_size=5))
def test_so_they_are_for_any_text(tokenizer: Tokenizer, texts: list[str]) -> None:
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    assert expected == ids_of(reader(tokenizer), texts)


def test_what_was_read_before_changes_nothing(tokenizer: Tokenizer) -> None:
    cut = reader(tokenizer)
    first = ids_of(cut, TRICKY)
    ids_of(cut, ["quite other words", *TRICKY[::-1]])
    assert first == ids_of(cut, TRICKY)


def test_words_are_forgotten_when_there_are_too_many(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "_MOST", 5)
    cut = reader(tokenizer)
    for number in range(30):
        text = f"word{number} and word{number + 1}"
        assert [tokenizer.encode(text, add_special_tokens=False).ids] == ids_of(cut, [text])
        assert len(cut._known) <= 5 + 3


def test_long_words_are_not_remembered(tokenizer: Tokenizer) -> None:
    cut = reader(tokenizer)
    ids_of(cut, ["x" * 41 + " chair"])
    assert ["chair"] == list(cut._known)


def test_threads_share_it(tokenizer: Tokenizer) -> None:
    cut, texts = reader(tokenizer), [f"item {n} of {n * 7 % 13}" for n in range(400)]
    expected = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    found: list[list[list[int]]] = []
    threads = [threading.Thread(target=lambda: found.append(ids_of(cut, texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [expected] * 4 == found


def test_a_bare_tokenizer_adds_no_marks(tokenizer: Tokenizer) -> None:
    own = cs.load("minilm").text_tower().tokenizer.to_str().encode()
    record = json.loads(bare(own))
    assert (None, None, None) == (
        record["post_processor"], record["padding"], record["truncation"],
    )  # fmt: skip
    assert 1 == len(tokenizer.encode("chair").ids)


def test_of_no_texts_there_are_no_tokens(tokenizer: Tokenizer) -> None:
    flat, ends = reader(tokenizer).ids([])
    assert (0, [0]) == (flat.size, np.asarray(ends).tolist())
