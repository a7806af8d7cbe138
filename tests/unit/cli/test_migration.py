"""`cospace compare OLD NEW` of two collections: the verdict, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.testing.tiny import tiny_folder

FIRST = ["red", "blue", "grey", "oak", "old", "new", "tin", "wet", "big", "dry"]
THINGS = [f"{a} {b}" for a in FIRST for b in ["chair", "rug", "box", "desk", "lamp", "coat"]]


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str, str]:
    """Two folders of collections, and a file of judgments."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    folders = []
    for seed in (0, 1):
        model = tiny_folder(tmp_path / f"home/models/tiny-{seed}", dim=32, seed=seed)
        with cs.open(tmp_path / f"shop-{seed}", model=model) as shop:
            shop.add(ids=THINGS, documents=THINGS)
        folders.append(str(tmp_path / f"shop-{seed}"))
    judged = tmp_path / "judged.jsonl"
    rows = [{"query": f"a {name} please", "relevant": [name]} for name in THINGS]
    judged.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folders[0], folders[1], str(judged)


def test_two_collections_are_compared(
    pair: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, judged = pair
    code = main(["compare", old, new, "--judgments", judged, "--bridges"])
    printed = capsys.readouterr().out
    assert "60 questions, judged" in printed
    assert "default ranking" in printed
    assert "map into old" in printed
    code_json = main(["compare", old, new, "--judgments", judged, "--json"])
    record = json.loads(capsys.readouterr().out)
    assert code == code_json == (0 if record["passed"] else 11)
    assert "judged" == record["how"]


def test_without_judgments_it_says_that_nobody_judged(
    pair: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 11 == main(["compare", *pair[:2]])
    told = capsys.readouterr()
    assert told.out.startswith("on sampled questions")
    assert "nobody judged" in told.err


def test_what_does_not_go_together_is_refused(
    pair: tuple[str, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, judged = pair
    assert 0 != main(["compare", old, new, "--images", "photos"])
    assert "asked" in (told := capsys.readouterr().err) or "questions" in told
    assert 0 != main(["compare", "starter", "minilm", "--judgments", judged])
    assert "with two collections" in capsys.readouterr().err
    assert 0 != main(["compare", old, new, "--wanted", "2"])
    assert "between 0 and 1" in capsys.readouterr().err
