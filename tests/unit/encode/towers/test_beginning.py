"""A long text is cut into tokens only as far as the model reads, and nothing else changes."""

from __future__ import annotations

import string
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from cospace.encode.modules.bpe import _PATTERNS, _REPLACED, _WORDS
from cospace.encode.tokens import lengths, tokens
from cospace.encode.towers.beginning import _WORDS as KNOWN
from cospace.encode.towers.beginning import cutter, first_length
from cospace.testing.tiny import tiny_model

n, p = normalizers, pre_tokenizers
LETTERS = sorted(set(string.printable + "äßŀﬁéИ中国语日本語אا한국▁Ġ·²½̈"))


def word_piece() -> Any:
    pieces = [*LETTERS, *(f"##{x}" for x in LETTERS), "the", "##er", "##ing", "[UNK]"]
    return models.WordPiece({x: i for i, x in enumerate(pieces)}, unk_token="[UNK]")


def byte_pair(spaced: str = "") -> Any:
    alphabet = sorted({*p.ByteLevel.alphabet(), *LETTERS})
    merges = [("t", "h"), ("th", "e"), ("e", "r"), ("i", "n")]
    merges += [(spaced, "t"), ("e", spaced)] if spaced else []
    pieces = ["<unk>", *alphabet, *(a + b for a, b in merges)]
    return models.BPE({x: i for i, x in enumerate(dict.fromkeys(pieces))}, merges)


def unigram() -> Any:
    pieces = [("<unk>", 0.0), ("▁", -2.0), ("▁the", -2.5), ("er", -2.5), ("e▁t", -1.0), ("ing", -3)]
    return models.Unigram([*pieces, *((x, -4.0 - i / 100) for i, x in enumerate(LETTERS))], 0)


def made(model: Any, normalizer: Any, splitter: Any, *added: AddedToken) -> Tokenizer:
    one = Tokenizer(model)
    one.normalizer, one.pre_tokenizer = normalizer, splitter
    one.add_tokens(list(added))
    return one


def of_clip() -> Any:
    plain = [n.Replace(old, new) for old, new in _REPLACED.items()]
    classes = [n.Replace(Regex(old), new) for old, new in _PATTERNS.items()]
    return n.Sequence([*plain, *classes, n.NFC(), n.Lowercase()])


def llama() -> Any:
    [pattern] = [one for one in KNOWN if r"\p{N}{1,3}" in one]
    return p.Sequence(
        [p.Split(Regex(pattern), "isolated"), p.ByteLevel(add_prefix_space=False, use_regex=False)]
    )


CANONICAL = n.Sequence(
    [n.Lowercase(), n.Replace(Regex(r"[!-/:-@\[-`{-~]"), ""), n.Replace(Regex(r"\s+"), " "),
     n.Strip()]
)  # fmt: skip
ADDED = AddedToken("中国", normalized=False)
MASK = AddedToken("<mask>", lstrip=True, rstrip=True)

# Those whose texts are cut; every family of tokenizers that models here come with.
SAFE: dict[str, Callable[[], Tokenizer]] = {
    "BERT": lambda: made(word_piece(), n.BertNormalizer(), p.BertPreTokenizer(), MASK),
    "BERT, cased": lambda: made(
        word_piece(), n.BertNormalizer(lowercase=False), p.BertPreTokenizer()
    ),
    "BERT, added word": lambda: made(
        word_piece(), n.BertNormalizer(), p.BertPreTokenizer(), ADDED,
        AddedToken("the", single_word=True),
    ),
    "white space": lambda: made(word_piece(), n.NFKD(), p.Whitespace()),
    "GPT-2": lambda: made(byte_pair(), n.NFC(), p.ByteLevel(add_prefix_space=True), MASK),
    "Llama 3": lambda: made(byte_pair(), None, llama()),
    "CLIP": lambda: made(
        byte_pair(), of_clip(),
        p.Sequence([p.Split(Regex(_WORDS), "removed", invert=True), p.ByteLevel(use_regex=False)]),
    ),
    "canonical": lambda: made(word_piece(), CANONICAL, p.WhitespaceSplit()),
    "XLM-R": lambda: made(
        unigram(), n.Sequence([n.NFKC(), n.Replace(Regex(" {2,}"), " ")]),
        p.Sequence([p.WhitespaceSplit(), p.Metaspace()]), MASK,
    ),
    "T5": lambda: made(
        unigram(), n.Sequence([n.Nmt(), n.NFKC(), n.Replace(Regex(" {2,}"), "▁")]), p.Metaspace()
    ),
    "Metaspace, first": lambda: made(
        byte_pair(), n.Replace(" ", "▁"), p.Metaspace(prepend_scheme="first")
    ),
    "digits": lambda: made(
        unigram(), n.StripAccents(), p.Sequence([p.Digits(True), p.Punctuation(), p.Metaspace()])
    ),
}  # fmt: skip

# Those that see across spaces, or may: they are given the whole.
WHOLE: dict[str, Callable[[], Tokenizer]] = {
    "no words": lambda: made(unigram(), None, None),
    "Llama 2": lambda: made(
        byte_pair("▁"), n.Sequence([n.Prepend("▁"), n.Replace(" ", "▁")]), None
    ),
    "Metaspace in one": lambda: made(unigram(), None, p.Metaspace(split=False)),
    "spaces as letters": lambda: made(byte_pair("Ġ"), None, p.ByteLevel(use_regex=False)),
    "spaces taken away": lambda: made(word_piece(), n.Replace(" ", ""), p.WhitespaceSplit()),
    "a pattern over spaces": lambda: made(word_piece(), n.Replace("e t", "x"), p.Whitespace()),
    "unknown pattern": lambda: made(word_piece(), n.Replace(Regex("e.t"), "x"), p.Whitespace()),
    "unknown words": lambda: made(word_piece(), None, p.Split(Regex(r"e t|\w+"), "isolated")),
    "merged": lambda: made(word_piece(), None, p.Split(Regex(_WORDS), "merged_with_next")),
    "two words added": lambda: made(
        word_piece(), None, p.Whitespace(), AddedToken("New York", normalized=False)
    ),
    "an added word that is spaced": lambda: made(
        word_piece(), n.BertNormalizer(), p.BertPreTokenizer(), AddedToken("中国", normalized=True)
    ),
    "normalizer's mark": lambda: made(word_piece(), n.Replace(" ", "▁"), p.Whitespace()),
}
WORDS = ["the", "other", "thing", "New", "York", "don't", "<mask>", "1234", "ŀ", "中国语", "日本",
         "한국", "é", "e\u0308", "ﬁn", "½", "x.y,z", "!?", "\u0627",
         "&lt;", "▁", "İ", "a" * 40]  # fmt: skip
GAPS = [" ", " ", " ", "  ", "   ", "\n", " \n ", "\t", "\u00a0", "\u3000", "", "", " \u0308", "▁"]
TEXTS = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(GAPS)), max_size=60).map(
    lambda pairs: "".join(word + gap for word, gap in pairs)
)


@pytest.mark.parametrize("name", SAFE)
@given(text=TEXTS | st.text(max_size=80), most=st.integers(1, 200))
@example(text="the  other", most=4)
@example(text="ŀ the", most=1)
@example(text="the <mask> the", most=10)
@example(text="中国语日本 中国", most=3)
def test_the_tokens_of_a_beginning_are_the_first_of_the_whole(
    name: str, text: str, most: int
) -> None:
    tokenizer = made_once(name)
    find = cutter(tokenizer)
    assert find is not None
    place = find(text, most)
    assert 0 <= place <= most
    if not place:
        return
    whole, part = (tokenizer.encode(one).ids for one in (text, text[:place]))
    assert whole[: len(part)] == part


@pytest.mark.parametrize("name", WHOLE)
def test_a_tokenizer_that_may_see_across_a_space_is_given_the_whole(name: str) -> None:
    assert cutter(WHOLE[name]()) is None


@pytest.mark.parametrize("name", SAFE)
def test_a_plain_text_is_cut_near_the_place(name: str) -> None:
    find = cutter(SAFE[name]())
    assert find is not None
    assert 1_000 - len("the other thing") <= find("the other thing " * 100, 1_000) <= 1_000


def test_ideographs_are_cut_apart_where_the_tokenizer_takes_each_alone() -> None:
    find = cutter(SAFE["BERT"]())
    assert find is not None
    assert 500 == find("中国语" * 1_000, 500)
    joined = cutter(SAFE["BERT, added word"]())
    assert joined is not None
    assert 0 == joined("中国语" * 1_000, 500)


@cache
def made_once(name: str, *, read: bool = False) -> Tokenizer:
    """One tokenizer for all examples; another for those that change it."""
    del read
    return {**SAFE, **WHOLE}[name]()


def read(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch, most: int) -> Any:
    """The tiny model's text tower with another tokenizer."""
    tokenizer.post_processor = TemplateProcessing(single="t $A t", special_tokens=[("t", 1)])
    tokenizer.enable_truncation(most)
    tower = tiny_model().text_tower()
    monkeypatch.setattr(tower, "_tokenizer", tokenizer)
    monkeypatch.setattr(tower, "max_tokens", most)
    monkeypatch.delitem(vars(tower), "_cutter", raising=False)
    return tower


@pytest.mark.parametrize("name", [*SAFE, *WHOLE])
@settings(max_examples=25)
@given(texts=st.lists(TEXTS, min_size=1, max_size=5), most=st.integers(3, 12))
@example(texts=["the " * 300, "a", "x" * 300, "x" * 100 + " the" * 50], most=5)
@example(texts=["ab " + "中" * 400, "\u00a0" * 200 + "the the"], most=4)
def test_what_is_read_of_a_text_is_what_the_whole_tokenizer_gives(
    name: str, texts: list[str], most: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        tower = read(made_once(name, read=True), patch, most)
        expected = tower.tokenizer.encode_batch_fast(texts)
        found = tower._tokenise(texts)
        assert [one.ids for one in expected] == [one.ids for one in found]
        assert [tower._is_cut(one) for one in expected] == [tower._is_cut(one) for one in found]
        vars(tower).pop("_cutter", None)


def test_a_long_text_is_not_cut_into_tokens_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    tower = tiny_model().text_tower()
    all_ = tower._all
    monkeypatch.setattr(tower, "_all", lambda texts: (seen.extend(map(len, texts)), all_(texts))[1])
    text = "a red chair by the door " * 4_000
    vectors = tiny_model().encode_document([text, "a red chair"])
    assert sum(seen) <= 2 * first_length(tower.max_tokens)
    assert (0,) == vectors.truncated
    whole = tiny_model().encode_document([text[:5_000], "a red chair"])
    assert np.array_equal(vectors.array, whole.array)


def test_a_text_of_few_tokens_a_character_is_read_on_until_there_are_enough() -> None:
    text = ("x" * 90 + "\u200b" * 9_000 + " y") * 3 + " end"
    vectors = tiny_model().encode_document([text])
    seen = tokens(tiny_model(), text)
    assert bool(seen.lost) == bool(vectors.truncated)


def test_what_is_told_of_a_long_text_counts_all_of_it() -> None:
    text = "ab " * 30_000
    seen = tokens(tiny_model(), text)
    assert {"tokens": (29_872, 30_000), "words": (29_872, 30_000)}.items() <= seen.lost.items()
    found = lengths(tiny_model(), [text])
    assert ([30_000], 29_872, [0]) == (found.counts, found.lost_tokens, found.cut)
