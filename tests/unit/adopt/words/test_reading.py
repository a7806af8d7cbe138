"""`cs.read_word_vectors`: a file of word vectors, and a model at once, without a folder."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.adopt.words import adopt_words, write_vectors
from cospace.encode.words import WordModel, WordVectors
from cospace.errors import BadArgument, BadItem, NotFound, UnsafeFile

WORDS = ["sofa", "couch", "lamp"]
ROWS = np.array([[1, 0.5], [0.9, 0.6], [-1, 2]], np.float32)


@pytest.mark.parametrize("format", ["word2vec", "word2vec-binary", "glove", "fasttext"])
def test_a_file_of_any_format_is_a_model(tmp_path: Path, format: str) -> None:
    file = tmp_path / "furniture.vec"
    write_vectors(WordVectors(WORDS, ROWS), file, format=format)
    mine = cs.read_word_vectors(file)
    assert isinstance(mine, WordModel)
    assert ("furniture", WORDS) == (mine.name, list(mine))
    assert np.array_equal(ROWS, mine[WORDS])
    assert "couch" == mine.most_similar("sofa", topn=1)[0].word
    assert () == mine.notes
    named = cs.read_word_vectors(str(file), name="mine", format=format)
    assert "mine" == named.name
    assert np.array_equal(mine.table.rows, named.table.rows)


def test_what_was_left_out_is_in_the_notes(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt.gz"
    file.write_bytes(gzip.compress(b"sofa 1 0.5\nlamp 1 oops\ncouch 0.9 0.6\nsofa 3 3\n"))
    mine = cs.read_word_vectors(file)
    assert ["sofa", "couch"] == list(mine)
    assert "mine" == mine.name
    left = " ".join(mine.notes)
    assert "line 2" in left
    assert "'sofa'" in left


def test_it_is_the_model_that_adding_the_file_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    file = tmp_path / "Capital.txt"
    file.write_text("Sofa 1 0.5\ncouch 0.9 0.6\n")
    mine = cs.read_word_vectors(file, name="goods")
    added = adopt_words(file, name="goods")
    assert added.model.space == mine.space
    assert cs.load("goods").space.fingerprint == mine.space.fingerprint
    assert np.array_equal(cs.load("goods").encode(["Sofa couch"]), mine.encode(["Sofa couch"]))
    assert "cased" == mine.space.towers[0].preprocess["split"]


def test_it_is_saved_and_loads_again(tmp_path: Path) -> None:
    file = tmp_path / "furniture.txt"
    file.write_text("a 0.1 0.3\nred 1 0.5\nchair 0.9 0.6\n")
    mine = cs.read_word_vectors(file)
    again = cs.load(mine.save(tmp_path / "folder"))
    assert mine.space.fingerprint == again.space.fingerprint


def test_what_is_no_file_of_word_vectors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prose.txt").write_text("Once upon a time there was\n")
    (tmp_path / "model.kv").write_bytes(b"\x80\x04")
    with pytest.raises(NotFound):
        cs.read_word_vectors(tmp_path / "nothing.txt")
    with pytest.raises(UnsafeFile):
        cs.read_word_vectors(tmp_path / "model.kv")
    with pytest.raises(BadItem):
        cs.read_word_vectors(tmp_path / "prose.txt")
    (tmp_path / "good.txt").write_text("sofa 1 2\n")
    with pytest.raises(BadArgument, match="format"):
        cs.read_word_vectors(tmp_path / "good.txt", format="glowe")
