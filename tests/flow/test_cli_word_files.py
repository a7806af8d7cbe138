"""A file of word vectors becomes a model by one command, and a file again by another."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli

import cospace as cs
from cospace.encode.words import WordModel

GLOVE = "sofa 0.5 1\nlamp 2 -3\ncouch 0.6 1.1\n"


@pytest.fixture(autouse=True)
def empty_home(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model home of this test's own, set after the one that `cli` sets."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "models"


def test_a_file_is_added_and_loaded_by_its_name(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "glove.6B.2d.txt").write_text(GLOVE)
    ran = cli("models", "add", "glove.6B.2d.txt")
    assert 0 == ran.code, ran.err
    for line in ("glove.6B.2d is ready", "words       3", "dimensions  2", "read as     glove"):
        assert line in ran.out
    model = cs.load("glove.6B.2d")
    assert isinstance(model, WordModel)
    assert "couch" == model.nearest("sofa", k=1)[0].word
    assert "sound" in cli("models", "verify", "glove.6B.2d").out
    assert (1, 2) == model.encode_query(["A red sofa!"]).array.shape


def test_json_says_the_same(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text(f"4 2\n{GLOVE}bed nan 1\n")
    found = cli("models", "add", "v.txt", "--name", "mine", "--json").json
    assert ("mine", "word2vec", 3, 2) == tuple(found[k] for k in ("name", "format", "words", "dim"))
    assert found["bytes"] > 0
    assert ["1 row left out, with a number that is not finite: line 5"] == found["notes"]


def test_bad_lines_are_noted_beside_the_result(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text(f"{GLOVE}bed 1\n")
    ran = cli("models", "add", "v.txt")
    assert 0 == ran.code
    assert "note: 1 row left out, with too few numbers: line 4" in ran.err


@pytest.mark.parametrize(("words", "split"), [(("sofa", "Sofa"), "cased"), (("sofa",), "words")])
def test_capitals_are_kept_where_a_word_has_one(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], split: str
) -> None:
    (tmp_path / "v.txt").write_text("".join(f"{word} {n} 1\n" for n, word in enumerate(words)))
    record = cli("models", "add", "v.txt", "--json").json
    assert split == record["space"]["towers"][0]["preprocess"]["split"]


@pytest.mark.parametrize("format", ["word2vec", "word2vec-binary", "glove", "fasttext"])
def test_what_is_exported_can_be_added_again(cli: Cli, tmp_path: Path, format: str) -> None:
    (tmp_path / "v.txt").write_text(GLOVE)
    cli("models", "add", "v.txt", "--name", "one")
    ran = cli("models", "export", "one", "out", "--format", format, "--json")
    assert (0, 3, format) == (ran.code, ran.json["words"], ran.json["format"])
    assert 0 == cli("models", "add", "out", "--name", "two", "--format", format).code
    first, second = cs.load("one"), cs.load("two")
    assert isinstance(first, WordModel)
    assert isinstance(second, WordModel)
    assert list(first.words) == list(second.words)
    assert np.array_equal(first.table.rows, second.table.rows)


def test_a_model_is_replaced_only_when_asked(cli: Cli, tmp_path: Path, empty_home: Path) -> None:
    (tmp_path / "v.txt").write_text(GLOVE)
    assert 0 == cli("models", "add", "v.txt").code
    before = (empty_home / "v" / "space.json").read_text()
    (tmp_path / "v.txt").write_text("bed 1 2\n")
    ran = cli("models", "add", "v.txt")
    assert 2 == ran.code
    assert "--replace" in ran.err
    assert before == (empty_home / "v" / "space.json").read_text()
    assert 0 == cli("models", "add", "v.txt", "--replace").code
    assert 1 == len(cs.load("v"))  # type: ignore[arg-type]


def test_an_export_replaces_a_file_only_when_asked(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_text(GLOVE)
    cli("models", "add", "v.txt")
    ran = cli("models", "export", "v", "v.txt")
    assert 2 == ran.code
    assert GLOVE == (tmp_path / "v.txt").read_text()
    assert 0 == cli("models", "export", "v", "v.txt", "--replace").code
    assert f"3 2\n{GLOVE}" == (tmp_path / "v.txt").read_text()


REFUSED = {
    "a pickle of gensim": (["models", "add", "vectors.kv"], "UnsafeFile"),
    "a file that is missing": (["models", "add", "vectors.txt"], "no such file"),
    "a torch option": (["models", "add", "v.txt", "--weights", "int8"], "no weights to convert"),
    "a format that the file has not": (
        ["models", "add", "v.txt", "--format", "fasttext-bin", "--replace"],
        "not a fastText .bin",
    ),
    "a format for a torch model": (["models", "add", "hf:a/b", "--format", "glove"], "--format"),
    "a model without words": (["models", "export", "tiny-0", "out"], "tiny-0"),
    "no file to export to": (["models", "export", "minilm"], "to which file"),
    "a format that is only read": (
        ["models", "export", "v", "out", "--format", "fasttext-bin"],
        "fasttext-bin",
    ),
    "a file for another action": (["models", "show", "v", "out"], "FILE goes with"),
    "a format for another action": (["models", "show", "v", "--format", "glove"], "--format goes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_at_once(cli: Cli, tmp_path: Path, case: str) -> None:
    words, expected = REFUSED[case]
    (tmp_path / "v.txt").write_text(GLOVE)
    cli("models", "add", "v.txt")
    ran = cli(*words)
    assert ran.code in (2, 4)
    assert expected in ran.err
    assert not (tmp_path / "out").exists()


def test_a_model_of_texts_has_no_words_to_export(cli: Cli) -> None:
    ran = cli("models", "export", "minilm", "out")
    assert 2 == ran.code
    assert "no word model" in ran.err


def test_no_torch_is_asked_for(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [n for n in sys.modules if n.startswith("cospace.adopt")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "v.txt").write_text(GLOVE)
    ran = cli("models", "add", "v.txt", "--json")
    assert 0 == ran.code, ran.err
    assert "v" == json.loads(ran.out)["name"]
