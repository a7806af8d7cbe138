"""What the model cannot read is told by `cospace index`, and before by its dry run."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import pytest

from cospace.cli.main import main

GERMAN = "Dieser Sessel ist aus dunklem Eichenholz gefertigt und passt in das Wohnzimmer"
ENGLISH = "This armchair is made of dark oak and goes well with the rest of the living room"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(text: str) -> str:
    rows = "".join(f"{at},{text} Nr. {at}\n" for at in range(10))
    Path("shop.csv").write_text(f"id,title\n{rows}", "utf-8")
    return "shop.csv"


def test_a_language_that_the_model_does_not_know_is_told(capsys) -> None:
    assert 0 == main(["index", table(GERMAN), "--model", "starter"])
    said = capsys.readouterr().out
    assert "starter knows few words of German, so little is found by meaning" in said
    assert "cospace migrate shop.cospace --to multilingual" in said
    assert 0 == main(["index", "shop.csv", "--json"])
    [note] = [note for note in json.loads(capsys.readouterr().out)["notes"] if "German" in note]
    assert note.startswith("starter knows few words")


def test_a_language_that_it_knows_is_not(capsys) -> None:
    assert 0 == main(["index", table(ENGLISH), "--model", "starter"])
    assert "knows few words" not in capsys.readouterr().out


def test_a_dry_run_says_what_the_model_cannot_take(capsys) -> None:
    Path("sounds").mkdir()
    with wave.open("sounds/bark.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    said = "starter takes text and image; it cannot encode 'audio' (docs/models.md: which"
    assert 0 == main(["index", "sounds", "--dry-run"])
    assert f"1 item: {said}" in capsys.readouterr().out
    assert 0 == main(["index", "sounds", "--dry-run", "--json"])
    assert f"1 item: {said}" in str(json.loads(capsys.readouterr().out)["notes"])
    assert 2 == main(["index", "sounds"])
    assert said in capsys.readouterr().out
    assert 0 == main(["index", table(ENGLISH), "--dry-run"])
    assert "cannot encode" not in capsys.readouterr().out
