"""Smaller vectors and tokens on the command line: --dim, --quantization, --loss, tokens."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli

LONG = " ".join(f"word{i}" for i in range(200))


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(f"red chair\n\nblue bicycle\n{LONG}\n".encode() + b"\xff\xfe\n" + b"lamp")
    return path


# --- smaller vectors ---


def test_a_shop_of_short_vectors_is_searched(cli: Cli, shop: Path) -> None:
    index = ["index", shop, "--into", "a.cospace"]
    first = cli(*index, "--model", "tiny-0", "--dim", "12", "--quantization", "binary")
    assert (0, True) == (first.code, "the first 12 of 32 numbers" in first.err)
    info = cli("info", "a.cospace", "--json").json
    assert (12, "binary") == (info["space"]["dim"], info["quantization"])
    assert "quantization binary" in cli("info", "a.cospace").out
    assert 0 == cli("search", "a.cospace", "chair").code
    again = cli(*index, "--dim", "12", "--json").json
    assert again["report"]["unchanged"] == again["items"]
    assert "the first 12 of 32 numbers" in again["notes"][-1]
    other = cli(*index, "--dim", "16")
    assert (2, True) == (other.code, "--dim 16 is chosen when a collection is made" in other.err)
    assert 3 == cli(*index, "--model", "tiny-0", "--dim", "16").code
    named = cli(*index, "--model", "tiny-0", "--json").json
    assert named["report"]["unchanged"] == named["items"], "a name leaves the dim to the collection"


def test_another_quantization_is_reported_by_verify_until_it_is_built(cli: Cli, shop: Path) -> None:
    import cospace as cs

    cli("index", shop, "--into", "a.cospace", "--model", "tiny-0")
    cli("search", "a.cospace", "chair")
    cs.open("a.cospace", quantization="none").close()
    assert "built for quantization int8" in cli("verify", "a.cospace").out
    cli("search", "a.cospace", "chair")
    assert "sealed and whole" in cli("verify", "a.cospace").out


def test_embed_writes_short_vectors(cli: Cli, tmp_path: Path) -> None:
    ran = cli("embed", "--query", "a", "b", "-o", "q.npy", "--model", "tiny-0", "--dim", "5")
    assert (0, True) == (ran.code, "note: the first 5 of 32" in ran.err)
    rows = np.load(tmp_path / "q.npy")
    assert (2, 5) == rows.shape
    assert np.allclose(1, np.linalg.norm(rows, axis=1), atol=1e-5)


@pytest.mark.parametrize("dim", ["0", "33", "-4", "x", "1.5", ""])
def test_a_dim_that_is_none_is_refused(cli: Cli, dim: str) -> None:
    for words in (["embed", "--query", "a", "-o", "q.npy", "--model"], ["models", "show"]):
        ran = cli(*words, "tiny-0", f"--dim={dim}")
        assert 2 == ran.code
        assert "dim" in ran.err


def test_models_show_notes_a_dim(cli: Cli) -> None:
    assert "note: the first 12 of 32 numbers" in cli("models", "show", "tiny-0", "--dim", "12").out
    record = cli("models", "show", "tiny-0", "--dim", "12", "--json").json
    assert (12, True) == (record["dim"], "its training is unknown" in record["note"])
    assert "note" not in cli("models", "show", "tiny-0").out


# --- what they lose ---


def test_the_loss_is_measured_on_the_example(cli: Cli) -> None:
    record = cli("models", "show", "tiny-0", "--loss", "--json").json
    assert (420, 60, 10) == (record["texts"], record["queries"], record["k"])
    notes = " ".join(record["notes"])
    assert "example marketplace" in notes
    assert "420 texts are few" in notes
    recalls = {(form["name"], form["dim"]): form["recall"] for form in record["forms"]}
    assert 1 == recalls["float32", 32] > recalls["float32", 16] > recalls["float32", 4]
    assert recalls["binary", 32] < recalls["binary, rescored", 32]
    printed = cli("models", "show", "tiny-0", "--loss").out
    assert "recall@10" in printed
    assert all(note in printed for note in record["notes"])


def test_the_loss_is_measured_on_texts_of_ones_own(cli: Cli, lines: Path, tmp_path: Path) -> None:
    words = ["red", "blue", "chair", "lamp", "bicycle", "old", "new", "table"]
    texts = [f"{a} {b} {i}" for i, (a, b) in enumerate((a, b) for a in words for b in words)]
    (tmp_path / "many.txt").write_bytes("\n".join([*texts, texts[0]]).encode() + b"\n\xff\xfe\n")
    loss = ["models", "show", "tiny-0", "--loss", "--texts", "many.txt", "--json"]
    record = cli(*loss).json
    assert (57, 7) == (record["texts"], record["queries"]), "64 texts, each tenth a query"
    notes = " ".join(record["notes"])
    assert "each 10th text was a query" in notes
    assert "1 text left out, such as many.txt:66: the line is not UTF-8" in notes
    asked = cli(*loss, "--dim", "16", "--queries", lines).json
    assert (16, 64, 4) == (asked["dim"], asked["texts"], asked["queries"])
    assert "the first 16 of 32" in asked["notes"][0]


def test_a_loss_reads_up_to_its_limit(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_LIMIT_LOSS_TEXTS", "50")
    record = cli("models", "show", "tiny-0", "--loss", "--json").json
    assert (50, 50) == (record["texts"], record["queries"])
    assert "only the first 50 were read" in " ".join(record["notes"])


def test_a_loss_that_cannot_be_measured_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n \n")
    (tmp_path / "bad.pkl").write_bytes(b"x")
    loss = ["models", "show", "tiny-0", "--loss", "--texts"]
    assert (2, True) == ((ran := cli(*loss, "empty.txt")).code, "there is no text in it" in ran.err)
    (tmp_path / "few.txt").write_text("a\nb\n")
    assert "few.txt holds 2 texts" in cli(*loss, "few.txt").err
    assert 4 == cli(*loss, "nothing.txt").code
    assert "UnsafeFile" in cli(*loss, "bad.pkl").err
    assert 2 == cli("models", "list", "--loss").code
    assert 2 == cli("models", "verify", "tiny-0", "--dim", "3").code
    assert "--loss" in cli("models", "show", "tiny-0", "--texts", "empty.txt").err


# --- tokens ---


def test_the_tokens_of_one_text_are_shown(cli: Cli) -> None:
    ran = cli("tokens", "a red chair", "--model", "tiny-0")
    assert (0, True) == (ran.code, "tiny-0 reads 128 tokens" in ran.out)
    assert "all are read" in ran.out
    record = cli("tokens", "a red chair", "--model", "tiny-0", "--json").json
    assert record["count"] == record["kept"] == len(record["tokens"])
    assert (None, None, {}) == (record["cut_at"], record["cosine"], record["lost"])


def test_the_place_where_a_text_is_cut_is_shown(cli: Cli) -> None:
    record = cli("tokens", LONG, "--model", "tiny-0", "--json").json
    assert 128 == record["kept"] < record["count"]
    assert {"tokens", "words", "characters"} == set(record["lost"])
    assert 0 < record["cosine"] < 1
    printed = cli("tokens", LONG, "--model", "tiny-0").out
    assert "are cut off" in printed
    assert "more; --json lists them" in printed
    at = record["cut_at"]
    assert f"{LONG[at - 60 : at]}|".strip() in printed
    assert f"|{LONG[at : at + 60]}".strip() in printed
    assert f"{record['cosine']:.4f}" in printed


def test_tokens_cannot_command_a_terminal(cli: Cli) -> None:
    ran = cli("tokens", "a \x1b[31m b \u202e c", "--model", "tiny-0")
    assert 0 == ran.code
    assert not {"\x1b", "\u202e"} & set(ran.out + ran.err)


def test_the_lengths_of_many_texts_are_shown(cli: Cli, lines: Path, shop: Path) -> None:
    record = cli("tokens", "--file", lines, "--model", "tiny-0", "--json").json
    assert (4, ["notes.txt:4"]) == (record["texts"], record["cut"]["names"])
    assert [["notes.txt:5", "the line is not UTF-8 (invalid start byte)"]] == record["failed"]
    printed = cli("tokens", "--file", lines, "--model", "tiny-0").out
    assert "1 text (25.0%)" in printed
    assert "notes.txt:5: the line is not UTF-8" in printed
    table = cli("tokens", "--file", shop, "--model", "tiny-0", "--json").json
    assert 5 == table["texts"] + len(table["failed"])
    assert table["notes"]


def test_tokens_that_cannot_be_shown_are_refused(cli: Cli, lines: Path) -> None:
    assert 2 == cli("tokens", "--model", "tiny-0").code
    assert 2 == cli("tokens", "a", "--file", lines, "--model", "tiny-0").code
    assert "EmptyItem" in cli("tokens", " ", "--model", "tiny-0").err
    assert 4 == cli("tokens", "a", "--model", "nothing").code
    assert 4 == cli("tokens", "--file", "nothing.csv", "--model", "tiny-0").code
    ran = cli("tokens", "", "--model", "tiny-0", "--json")
    assert "EmptyItem" == json.loads(ran.out)["error"]["type"]
    (lines.parent / "empty.txt").write_text("")
    assert 2 == cli("tokens", "--file", "empty.txt", "--model", "tiny-0").code
