"""`cospace serve` and `cospace mcp`: what they say before anything listens."""

import json
import sys
from pathlib import Path

import pytest

from cospace.cli.main import main
from cospace.serve.settings import TABLE, TOKEN


def test_help_names_every_setting_and_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["serve", "--help"])
    printed = capsys.readouterr().out
    assert TOKEN in printed
    for row in TABLE:
        assert row.flag in printed
        assert row.variable in "".join(printed.split())


def test_the_token_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["serve", "--token", "x" * 20])
    assert "--token" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "library"), [("serve", "uvicorn"), ("serve", "orjson")])
def test_a_library_that_is_missing_is_named_with_its_line(
    command: str, library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    assert 8 == main([command])
    said = capsys.readouterr().err
    assert library in said
    assert f"'.[{command}]'" in said


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["serve", "nowhere.cospace"], 4, "nowhere.cospace"),
        (["serve", "--models", "nobody"], 4, "nobody"),
        (["serve", "--host", "0.0.0.0"], 2, TOKEN),
        (["serve", "--port", "x"], 2, "a port is a number"),
        (["serve", "--token-ids", "nowhere.tiktoken"], 2, "nowhere.tiktoken"),
        (["serve", "--read-only", "perhaps"], 2, "read_only is 1 or 0"),
        (["mcp", "nowhere.cospace"], 4, "nowhere.cospace"),
    ],
)
def test_what_cannot_be_served_is_said_as_json_too(
    words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(TOKEN, raising=False)
    if "--port" not in words and words[0] == "serve":
        words = [*words, "--port", "0"]
    assert code == main([*words, "--json"])
    assert says in json.loads(capsys.readouterr().out)["error"]["message"]


def test_two_collections_of_one_name_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cospace as cs

    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        with cs.open(tmp_path / place / "shop.cospace", model="starter") as made:
            made.add(cs.Item("1", "A chair"))
    folders = [str(tmp_path / place / "shop.cospace") for place in ("a", "b")]
    assert 2 == main(["serve", *folders, "--port", "0"])
    assert "two collections are called 'shop'" in capsys.readouterr().err


def test_what_is_opened_is_said_before_it_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    assert 4 == main(["serve", "nowhere.cospace"])
    assert capsys.readouterr().err.startswith("opening nowhere.cospace ...\n")
