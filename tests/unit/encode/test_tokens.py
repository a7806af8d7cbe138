"""Tokens: all of them, in order, with their places; where a text is cut, and what that loses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

import cospace as cs
from cospace.encode.tokens import cut_cosine, lengths, tokens
from cospace.encode.towers.pieces import marks, readable
from cospace.errors import BadArgument, BadItem, EmptyItem
from cospace.read.texts import is_blank
from cospace.space import Space
from cospace.testing.tiny import tiny_folder, tiny_model

LONG = " ".join(f"word{i}" for i in range(200))  # three tokens and more each; 128 are read


def minilm() -> Any:
    pytest.importorskip("cospace_starter", reason="the starter package is not installed")
    return cs.load("minilm")


def test_tokens_have_pieces_ids_and_places() -> None:
    found = tokens(minilm(), "Retro armchairs")
    shown = [(t.piece, t.id, t.kind, found.text[t.start : t.end]) for t in found.tokens]
    assert [
        ("[CLS]", 101, "special", ""),
        ("retro", 22307, "text", "Retro"),
        ("armchair", 29372, "text", "armchair"),
        ("##s", 2015, "text", "s"),
        ("[SEP]", 102, "special", ""),
    ] == shown
    assert ({}, 5, 15) == (found.lost, found.kept, found.at)


def test_unknown_and_typed_special_tokens_are_reported() -> None:
    found = tokens(minilm(), "a [SEP] \U0001f6b2 b")
    assert ["special", "text", "typed", "unknown", "text", "special"] == [
        token.kind for token in found.tokens
    ]


@given(st.text(min_size=1, max_size=600).filter(lambda t: "\x00" not in t and not is_blank(t)))
def test_places_lie_in_the_text_and_in_order(text: str) -> None:
    found = tokens(tiny_model(), text)
    assert all(0 <= t.start <= t.end <= len(text) for t in found.tokens)
    assert sorted(t.start for t in found.tokens) == [t.start for t in found.tokens]
    kept = [t.kept for t in found.tokens]
    assert sorted(kept, reverse=True) == kept, "what is kept stands before what is cut off"
    assert 0 <= found.at <= len(text)


@given(st.lists(st.sampled_from(["chair", "a", "vermilion", "x2", "\n", "漢字"]), min_size=1))
def test_what_is_cut_is_what_the_model_reports(words: list[str]) -> None:
    text = "z" + " ".join(words * 9)
    found = tokens(tiny_model(), text)
    assert bool(tiny_model().encode_document([text]).truncated) == bool(found.lost)
    assert found.kept == min(len(found.tokens), found.max_tokens)
    assert [len(found.tokens)] == lengths(tiny_model(), [text]).counts


def test_what_is_cut_off_is_counted() -> None:
    found = tokens(tiny_model(), LONG)
    lost, of = found.lost["tokens"]
    assert (len(found.tokens), len(found.tokens) - 128) == (of, lost)
    unread = LONG[found.at :]
    assert (len(unread), len(LONG)) == found.lost["characters"]
    assert 200 == found.lost["words"][1]
    assert abs(found.lost["words"][0] - len(unread.split())) <= 1
    # What is kept is what decides the vector, and no more.
    read, whole = tiny_model().encode_document([LONG[: found.at], LONG]).array
    assert read @ whole > 0.9999


def test_a_word_cut_in_two_is_lost() -> None:
    found = tokens(tiny_model(), "ab " * 127 + "cdefgh")  # the last is three tokens
    assert (127 * 3 + 2, 1) == (found.at, found.lost["words"][0])
    whole = tokens(tiny_model(), "ab " * 128 + "cd")
    assert (128 * 3, 1) == (whole.at, whole.lost["words"][0])


def test_the_cosine_of_what_is_read_with_the_whole() -> None:
    model = tiny_model()
    same = cut_cosine(model, "red chair " * 200)
    other = cut_cosine(model, "red chair " * 32 + "vermilion bicycle " * 400)
    assert same is not None
    assert other is not None
    assert same > 0.99 > other
    assert None is cut_cosine(model, "red chair")


def test_the_whole_is_the_mean_of_its_windows() -> None:
    text = "ab " * 128 + "cd " * 64  # one token each: a full window, and half of one
    first, second = tiny_model().encode_document(["ab " * 128, "cd " * 64]).array
    mean = 2 * first + second
    expected = float(first @ mean / np.linalg.norm(mean))
    assert expected == pytest.approx(cut_cosine(tiny_model(), text), abs=1e-5)


def test_the_tokens_of_a_role_include_its_prompt(tmp_path: Path) -> None:
    import json

    folder = tiny_folder(tmp_path, kinds=["text"])
    record = json.loads((folder / "space.json").read_text())
    record["towers"][0]["prompts"] = {"query": "find this: ", "document": ""}
    (folder / "space.json").write_text(json.dumps(record))
    model = cs.load(folder)
    asked, stored = (tokens(model, "red chair", role=role) for role in ("query", "document"))
    assert ("find this: ", "") == (asked.prompt, stored.prompt)
    own = [(t.piece, t.id, t.start, t.end) for t in stored.tokens]
    assert own == [(t.piece, t.id, t.start, t.end) for t in asked.tokens if t.kind == "text"]
    assert "prompt" == asked.tokens[0].kind
    assert {"prompt", "text"} == {t.kind for t in asked.tokens}
    long = "red chair " * 100
    assert tokens(model, long, role="query").at < tokens(model, long).at
    assert None is not cut_cosine(model, long, role="query")


def test_a_prompt_that_leaves_no_room(tmp_path: Path) -> None:
    import json

    folder = tiny_folder(tmp_path, kinds=["text"])
    record = json.loads((folder / "space.json").read_text())
    record["towers"][0]["prompts"] = {"query": "find " * 200, "document": ""}
    (folder / "space.json").write_text(json.dumps(record))
    found = tokens(cs.load(folder), "red chair", role="query")
    assert (0, (2, 2)) == (found.at, found.lost["words"])
    assert None is cut_cosine(cs.load(folder), "red chair", role="query")


# --- many texts ---


def test_lengths_count_texts_that_are_cut_or_fail() -> None:
    found = lengths(tiny_model(), iter(["red chair", " ", LONG, "a\x00b", "chair"]))
    assert [1, 3] == [position for position, _ in found.failed]
    assert [2] == found.cut
    assert 3 == len(found.counts) == len(found.to_json()["quantiles"]) - 4
    assert 1 == len(found.cosines)
    assert max(found.counts) - 128 == found.lost_tokens
    assert {} == lengths(tiny_model(), []).quantiles()


def test_unknown_tokens_are_counted() -> None:
    found = lengths(minilm(), ["a \U0001f6b2 and a \U0001f6b2", "a chair"])
    assert (2, 1) == (found.unknown_tokens, found.with_unknown)


# --- what cannot be shown ---


@pytest.mark.parametrize("text", ["", " \n", "a\x00b", "a \ud800", 7])
def test_a_text_that_cannot_be_encoded(text: Any) -> None:
    with pytest.raises(BadItem) as caught:
        tokens(tiny_model(), text)
    assert isinstance(caught.value, EmptyItem) == (text in ("", " \n"))


def test_models_without_a_tokenizer_are_refused() -> None:
    with pytest.raises(BadArgument, match="it cannot encode 'text'"):
        tokens(tiny_model().restricted("image"), "a chair")

    class Elsewhere:
        space = Space.of("far-away", 8)

    for ask in (tokens, cut_cosine):
        with pytest.raises(BadArgument, match="far-away has no tokenizer here"):
            ask(Elsewhere(), "a chair")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="role is 'query' or 'document'"):
        tokens(tiny_model(), "a chair", role="passage")


# --- pieces of each family ---


def made(model: Any, *, bytewise: bool = False) -> Tokenizer:
    tokenizer = Tokenizer(model)
    if bytewise:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.post_processor = processors.ByteLevel()
    return tokenizer


def test_unknown_tokens_of_each_family() -> None:
    words = made(models.WordLevel({"a": 0, "?": 1}, unk_token="?"))
    assert (1, frozenset(), False) == marks(words)
    pieces = made(models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0))
    assert 0 == marks(pieces)[0]
    without = made(models.BPE({"a": 0}, []), bytewise=True)
    assert (-1, frozenset(), True) == marks(without)
    words.add_special_tokens(["<s>"])
    assert frozenset({2}) == marks(words)[1]


@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_bytes_are_read_back(text: str) -> None:
    """Whatever a byte-level tokenizer spells in its alphabet is shown as it was written."""
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    [(piece, _)] = level.pre_tokenize_str(text)
    assert (text.replace(" ", "\u2581"), False) == readable(piece, True)


def test_bytes_of_half_a_letter() -> None:
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    [(piece, _)] = level.pre_tokenize_str("漢")
    assert [("<0xE6>", True), ("<0xBC>", True), ("<0xA2>", True)] == [
        readable(letter, True) for letter in piece
    ]
    assert ("<0xE6>", True) == readable("<0xE6>", False)
    assert ("##ing", False) == readable("##ing", False)
    assert ("##", False) == readable("##", False)
    assert ("漢", False) == readable("漢", True)
