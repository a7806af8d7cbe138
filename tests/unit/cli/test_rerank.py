"""`cospace search --rerank`, `cospace tune --rerank`: what is printed, kept and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.testing import tiny_reranker_folder

TEXTS = [f"{colour} {thing}" for colour in ("red", "blue", "grey", "oak", "green", "velvet")
         for thing in ("chair", "lamp", "rug", "shelf", "bus")]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    tiny_reranker_folder(tmp_path / "home/models/reranker")
    with cs.open(tmp_path / "shop", model="starter") as made:
        made.add(ids=[f"MK-{i}" for i in range(len(TEXTS))], documents=TEXTS)
    return str(tmp_path / "shop")


@pytest.fixture
def judged(tmp_path: Path) -> str:
    rows = [f"the {text} please,MK-{i}" for i, text in enumerate(TEXTS[:25])]
    (tmp_path / "judged.csv").write_text("query,id\n" + "\n".join(rows) + "\n")
    return str(tmp_path / "judged.csv")


def test_search_goes_through_it(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["search", shop, "red chair", "-k", "3", "--rerank", "--explain"])
    out, err = capsys.readouterr()
    assert "rerank 10.000, rank 1" in out
    assert "mix of standard scores" in err
    assert 0 == main(["search", shop, "red chair", "--rerank", "reranker", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert "rerank" == record["hits"][0]["why"][-1]["list"]
    assert 0 == main(["search", shop, "red chair", "--rerank", "", "--json"])
    assert "mix" not in json.loads(capsys.readouterr().out)["score"]


def test_what_cannot_be_reranked_is_refused(shop: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert 4 == main(["search", shop, "red chair", "--rerank", "nix"])
    assert "no model is called 'nix'" in capsys.readouterr().err
    assert 2 == main(["search", shop, "red chair", "--rerank", "starter"])
    assert "embedding model" in capsys.readouterr().err
    assert 2 == main(["search", shop, "--like", "MK-1", "--rerank"])
    assert "queries that are texts" in capsys.readouterr().err


def test_tune_says_whether_it_pays_and_keeps_it_only_then(
    shop: str, judged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["tune", shop, judged, "--rerank", "--use", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert ("reranker", 25) == (record["reranker"].replace("tiny-reranker-0", "reranker"),
                                record["queries"])  # fmt: skip
    with cs.open(shop, model="starter") as made:
        assert record["used"] == record["better"] == (made.reranking is not None)
    assert 0 == main(["tune", shop, judged, "--rerank", "reranker"])
    assert "nothing was changed" in capsys.readouterr().out
    assert 0 == main(["tune", shop, "--reset"])
    assert "without a reranker" in capsys.readouterr().out
    with cs.open(shop, model="starter") as made:
        assert made.reranking is None
    assert 2 == main(["tune", shop, "--reset", "--rerank"])
