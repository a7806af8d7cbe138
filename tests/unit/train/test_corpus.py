"""A corpus is read whole: every word counted once, nothing cut or dropped in silence."""

import bz2
import gzip
import lzma
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.encode.words.reading import split_words
from cospace.errors import BadArgument, BadInput, BadItem, NotFound
from cospace.limits import override
from cospace.train import read_corpus
from cospace.train.corpus import Corpus


def sentences_of(corpus: Corpus) -> list[list[str]]:
    """The sentences of a corpus, as words."""
    found: list[list[str]] = [[]]
    for token in corpus.tokens:
        if token < 0:
            found.append([])
        else:
            found[-1].append(corpus.words[token])
    return [sentence for sentence in found if sentence]


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(st.lists(words, max_size=6).map(" ".join), max_size=12),
    split=st.sampled_from(["words", "cased", "spaces"]),
)
def test_a_file_has_the_words_that_a_text_has(
    lines: list[str], split: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("corpus") / "texts.txt"
    file.write_bytes("\n".join(lines).encode())
    expected = [split_words(line, split) for line in lines]
    counts = Counter(word for sentence in expected for word in sentence)
    if len(counts) < 2:
        with pytest.raises(BadInput):
            read_corpus(file, split=split, min_count=1)
        return
    corpus = read_corpus(file, split=split, min_count=1)
    assert [sentence for sentence in expected if sentence] == sentences_of(corpus)
    assert counts == dict(zip(corpus.words, corpus.counts, strict=True))
    assert sorted(counts, key=lambda w: (-counts[w], w.encode())) == corpus.words


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=9), min_size=2))
def test_lists_are_the_corpus_that_their_lines_are(sentences: list[list[str]]) -> None:
    if len({w for s in sentences for w in s}) < 2:
        return
    assert [s for s in sentences if s] == sentences_of(read_corpus(sentences, min_count=1))


@pytest.mark.parametrize("kind", ["txt", "gz", "xz", "bz2", "zst"])
def test_a_packed_file_is_read_as_the_plain_one(kind: str, tmp_path: Path) -> None:
    text = b"a red chair\na blue chair\n" * 1000
    pack = {
        "txt": lambda data: data, "gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress,
        "zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    }  # fmt: skip
    file = tmp_path / f"corpus.{kind}"
    file.write_bytes(pack[kind](text))
    corpus = read_corpus(file)
    assert ["a", "chair", "blue", "red"] == corpus.words
    assert [2000, 2000, 1000, 1000] == corpus.counts.tolist()
    if kind != "txt":
        file.write_bytes(file.read_bytes()[:-30])
        with pytest.raises(BadItem, match="cut off or damaged"):
            read_corpus(file)


def test_a_folder_is_read_in_order_and_a_bad_file_is_sentences_of(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("second file second")
    (tmp_path / "a.txt").write_text("first file first")
    (tmp_path / "c.bin").write_bytes(b"\x00\x01\x02")
    (tmp_path / ".hidden").write_text("never")
    corpus = read_corpus(tmp_path, min_count=1)
    assert [["first", "file", "first"], ["second", "file", "second"]] == sentences_of(corpus)
    assert any("c.bin" in note and "NUL" in note for note in corpus.notes)


def test_many_words_across_many_pieces_keep_their_counts(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    drawn = [f"word{n}" for n in random.integers(0, 90_000, 400_000)]
    file = tmp_path / "many.txt"
    file.write_text(" ".join(drawn))
    corpus = read_corpus(file, min_count=1)
    assert Counter(drawn) == dict(zip(corpus.words, corpus.counts, strict=True))
    assert drawn == sentences_of(corpus)[0]


def test_a_large_corpus_is_memory_mapped_and_the_same(tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    file.write_text("a red chair and a blue lamp\n" * 5000)
    inside = read_corpus(file)
    with override(corpus_memory_bytes=10_000):
        outside = read_corpus(file)
    assert isinstance(outside.tokens, np.memmap)
    assert inside.fingerprint == outside.fingerprint


def test_rare_words_are_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "rare.txt"
    file.write_text("a b a b a b once twice twice")
    corpus = read_corpus(file, min_count=3)
    assert ["a", "b"] == corpus.words
    assert 9 == corpus.total
    assert any("2 words" in note and "3 tokens" in note for note in corpus.notes)


def test_broken_bytes_are_counted_and_part_words(tmp_path: Path) -> None:
    file = tmp_path / "broken.txt"
    file.write_bytes(b"caf\xe9 bar caf\xc3\xa9 bar")
    corpus = read_corpus(file, min_count=1)
    assert ["bar", "caf", "café"] == corpus.words
    assert any(note.startswith("1 bytes are not UTF-8") for note in corpus.notes)


def test_a_word_past_the_limit_is_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("a b " + "x" * 2000 + " a b")
    corpus = read_corpus(file, min_count=1)
    assert ["a", "b"] == corpus.words
    assert any("longer than the limit" in note for note in corpus.notes)


def test_a_line_without_an_end_is_read_in_bounded_pieces(tmp_path: Path) -> None:
    file = tmp_path / "line.txt"
    with file.open("wb") as out:
        for _ in range(10):
            out.write(b"x" * (1 << 20))
        out.write(b" a b a b")
    corpus = read_corpus(file, min_count=1)
    assert ["a", "b"] == corpus.words
    assert any("without a space" in note for note in corpus.notes)


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"", "empty"), (b" \n\n", "empty"), (b"alone alone", "1 different"), (b"a b c", "0 of them")],
)
def test_too_little_text_is_sentences_of(data: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "small.txt"
    file.write_bytes(data)
    with pytest.raises(BadInput, match=why):
        read_corpus(file)


def test_what_is_no_corpus_is_refused(tmp_path: Path) -> None:
    (tmp_path / "image.txt").write_bytes(b"\x89PNG\r\n\x00\x00")
    with pytest.raises(BadItem, match="NUL at byte"):
        read_corpus(tmp_path / "image.txt")
    with pytest.raises(NotFound, match="no such file"):
        read_corpus(tmp_path / "nowhere.txt")
    with pytest.raises(BadItem, match="sentence 1: a sentence is a list of words, not str"):
        read_corpus([["a"], "a text"])  # type: ignore[list-item]
    with pytest.raises(BadItem, match="a word is a str, not int"):
        read_corpus([["a", 7]])  # type: ignore[list-item]
    with pytest.raises(BadArgument, match="lists of words"):
        read_corpus(7)  # type: ignore[arg-type]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(BadItem, match="not a regular file"):
            read_corpus(tmp_path / "pipe")
