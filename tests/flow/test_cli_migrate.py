"""`cospace migrate`, by its words: copied, compared, switched, back, dropped."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from serving import serving

import cospace as cs
from cospace.cli.main import COMMANDS, main
from cospace.testing.tiny import tiny_folder

THINGS = ["armchair", "kettle", "rake", "bicycle", "lamp", "sofa", "drill", "vase"]


@pytest.fixture
def shop(tmp_path: Path) -> tuple[str, str]:
    """A collection of the starter model, and the folder of another model."""
    folder = tmp_path / "shop.cospace"
    with cs.open(folder, model="starter") as made:
        made.add(ids=[f"MK-{i}" for i in range(8)], documents=[f"Old {one}" for one in THINGS])
    model = tmp_path / "tiny"
    tiny_folder(model)
    return str(folder), str(model)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main([*words, "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def test_few_questions_let_no_model_through(
    shop: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = shop
    code, told = said(capsys, "migrate", folder, "--to", model)
    assert (0, True) == (code, told["migration"]["complete"])
    code, told = said(capsys, "migrate", folder, "--check", "--model", "starter")
    assert (11, "sampled") == (code, told["compared"]["how"])
    code, told = said(capsys, "migrate", folder, "--switch")
    assert (11, False) == (code, told["migration"]["switched"])
    assert 384 == cs.open(folder, read_only=True).space.dim  # type: ignore[union-attr]


def test_over_all_the_same_and_back(
    shop: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = shop
    before = main(["search", folder, "a place to sit", "--json"]), capsys.readouterr().out
    assert 0 == said(capsys, "migrate", folder, "--to", model)[0]
    code, told = said(capsys, "migrate", folder, "--switch", "--anyway")
    assert (0, True) == (code, told["migration"]["switched"])
    with cs.open(folder, read_only=True) as opened:
        assert opened.space is not None
        assert 384 != opened.space.dim
    assert 0 == said(capsys, "migrate", folder, "--back")[0]
    assert 0 == said(capsys, "migrate", folder, "--drop")[0]
    after = main(["search", folder, "a place to sit", "--json"]), capsys.readouterr().out
    assert before == after


@pytest.mark.parametrize(
    "words",
    [
        ["--switch", "--back"],
        ["--check", "--switch"],
        ["--anyway"],
        ["--judgments", "x.jsonl"],
        ["--switch", "--anyway", "--bridges"],
        ["--drop", "--to", "minilm"],
    ],
)
def test_words_that_do_not_go_together(
    shop: tuple[str, str], words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["migrate", shop[0], *words])
    assert "--" in capsys.readouterr().err


def test_what_came_since_is_encoded_before_the_comparison(
    shop: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = shop
    assert said(capsys, "migrate", folder, "--to", model)[0] == 0
    with cs.open(folder) as made:
        made.add(ids=["MK-9"], documents=["Old table"])
    code, told = said(capsys, "migrate", folder, "--check")
    assert code == 2 and "8 of 9 items" in told["error"]["message"]
    code, told = said(capsys, "migrate", folder, "--switch")
    assert code == 11 and told["migration"]["complete"]
    assert told["compared"]["whole"]["questions"] == 9


def test_a_model_that_moved_is_asked_for_by_the_right_option(
    shop: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = shop
    assert said(capsys, "migrate", folder, "--to", model)[0] == 0
    moved = Path(model).rename(Path(model).with_name("moved"))
    code, told = said(capsys, "migrate", folder, "--switch", "--anyway")
    assert code == 4 and "migrate --to FOLDER" in told["error"]["message"]
    assert said(capsys, "migrate", folder, "--switch", "--anyway", "--to", str(moved))[0] == 0
    code, told = said(capsys, "migrate", folder, "--switch", "--model", str(moved))
    assert code == 2 and "switched to tiny-0" in told["error"]["message"]


# Commands that open a collection and never load its model.
WITHOUT = {"copy", "delete", "demo", "import", "map"}


def test_a_command_that_loads_the_model_can_be_told_it() -> None:
    for name, (module, _) in COMMANDS.items():
        source = importlib.import_module(f"cospace.cli.{module}")
        if "cs.open(" in inspect.getsource(source) and name not in WITHOUT:
            assert "--model" in source.parser().format_help(), name


def test_a_model_in_a_folder_is_told_to_commands_and_to_a_server(
    shop: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, model = shop
    question = "/collections/shop/search", {"query": "sofa", "k": 1}
    with serving(folder, "--read-only", "1", "--model", f"starter,{model}") as server:
        assert ["MK-5"] == [one["id"] for one in server.post(*question).json["hits"]]
        with cs.open(folder) as owner:
            owner.migrate(model)
            owner.switch_model()
        found = server.post(*question).json  # which follows the switch
        assert ["MK-5"] == [one["id"] for one in found["hits"]]
    with serving(folder, "--model", model) as server:
        assert ["tiny-0"] == server.told["models"]
        assert ["MK-5"] == [one["id"] for one in server.post(*question).json["hits"]]
    assert "--model FOLDER" in said(capsys, "search", folder, "sofa")[1]["error"]["message"]
    assert 0 == said(capsys, "search", folder, "sofa", "--model", model)[0]
    assert 11 == said(capsys, "compare", folder, folder, "--model", model)[0]
