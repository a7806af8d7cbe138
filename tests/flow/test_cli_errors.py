"""Bad usage: one line that says what to do, the right exit code, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_shop import Cli

import cospace as cs
from cospace.cli.main import COMMANDS, main

BAD_USAGE = {
    "an unknown command": (["serch"], 2, "did you mean: cospace search"),
    "an unknown option": (["search", "shop.cospace", "x", "--bogus"], 2, "--bogus"),
    "no folder": (["search"], 2, "FOLDER; see: cospace search --help"),
    "no query": (["search", "shop.cospace"], 2, "give a QUERY"),
    "an empty query": (["search", "shop.cospace", " "], 2, "EmptyItem"),
    "no such collection": (["search", "none.cospace", "x"], 4, "CollectionNotFound: none.cospace"),
    "a folder that is no collection": (["info", "."], 4, "NotACollection"),
    "a table to search": (["search", "shop.csv", "x"], 4, "To search what is in it: cospace index"),
    "no such image": (["search", "shop.cospace", "--image", "no.jpg"], 4, "no such image"),
    "a table as an image": (["search", "shop.cospace", "--image", "shop.csv"], 2, "BadItem"),
    "a filter that is no JSON": (
        ["search", "shop.cospace", "x", "--where", '{"price": {$lt: 3}}'],
        2,
        "not JSON at character 12",
    ),
    "a filter whose $ the shell took": (
        ["search", "shop.cospace", "x", "--where", '{"price": {"": 3}}'],
        2,
        "the shell may have eaten a $",
    ),
    "a filter that names a field twice": (
        ["search", "shop.cospace", "x", "--where", '{"price": 1, "price": 2}'],
        2,
        "'price' twice",
    ),
    "a filter with NaN": (["search", "shop.cospace", "x", "--where", '{"price": NaN}'], 2, "NaN"),
    "a filter that is a list": (["search", "shop.cospace", "x", "--where", "[]"], 2, "object"),
    "a filter without an end": (["search", "shop.cospace", "x", "--where", "[" * 9999], 2, "where"),
    "an unknown field": (
        ["search", "shop.cospace", "x", "--where", '{"prize": 3}'],
        2,
        "did you mean 'price'?",
    ),
    "half a place": (["search", "shop.cospace", "x", "--near", "52"], 2, "expected LAT,LON"),
    "a place that is nowhere": (["search", "shop.cospace", "x", "--near", "-91,3"], 2, "LAT,LON"),
    "a distance from nowhere": (["search", "shop.cospace", "x", "--km", "3"], 2, "--near"),
    "a negative k": (["search", "shop.cospace", "x", "-k", "-1"], 2, "not -1"),
    "a k in words": (["search", "shop.cospace", "x", "-k", "ten"], 2, "'ten'"),
    "an unknown list": (["search", "shop.cospace", "x", "--by", "sound"], 2, "'sound'"),
    "no such source": (["index", "none.csv"], 4, "none.csv"),
    "a source that can run code": (["index", "x.pkl"], 2, "UnsafeFile"),
    "half a location": (["index", "shop.csv", "--lat", "lat"], 2, "--lat and --lon"),
    "no such column": (["index", "shop.csv", "--text", "body"], 2, "'body'"),
    "no such model": (["index", "shop.csv", "--into", "n", "--model", "x"], 4, "ModelNotFound"),
    "another model": (["index", "shop.csv", "--model", "starter"], 3, "SpaceMismatch"),
    "nothing to embed": (["embed", "-o", "x.npy"], 2, "give a SOURCE"),
    "two things to embed": (["embed", "shop.csv", "--query", "x", "-o", "x.npy"], 2, "SOURCE"),
    "no file to write": (["embed", "shop.csv"], 2, "--out"),
    "a file of another kind": (["embed", "shop.csv", "-o", "x.txt"], 2, ".npy or .parquet"),
    "a file in no folder": (["embed", "shop.csv", "-o", "no/x.npy"], 2, "no folder"),
    "an export of another kind": (["export", "shop.cospace", "x.csv"], 2, ".parquet"),
    "an export over a folder": (["export", "shop.cospace", "d.parquet"], 6, "d.parquet"),
    "an import of nothing": (["import", "no.parquet", "x.cospace"], 4, "no.parquet"),
    "an import of a table": (["import", "shop.csv", "x.cospace"], 2, "cospace export"),
    "an import of what is there": (["import", "shop.parquet", "shop.cospace"], 2, "DuplicateId"),
    "a backup over something": (["backup", "shop.cospace", "shop.csv"], 2, "shop.csv exists"),
    "a compact of nothing": (["compact", "none.cospace"], 4, "CollectionNotFound"),
    "a model without a name": (["models", "show"], 2, "which model?"),
    "an unknown model": (["models", "show", "startr"], 4, "starter"),
    "a name too many": (["models", "list", "starter"], 2, "models show starter"),
}


@pytest.fixture
def stocked(cli: Cli, shop: Path) -> Cli:
    """The command line, where shop.csv, its collection and its export are."""
    assert cli("index", shop, "--model", "tiny-0").code == 0
    assert cli("export", "shop.cospace", "shop.parquet").code == 0
    Path("d.parquet").mkdir()
    Path("x.pkl").touch()
    return cli


def test_bad_usage_says_what_to_do(stocked: Cli) -> None:
    for name, (words, code, says) in BAD_USAGE.items():
        ran = stocked(*words)
        assert code == ran.code, (name, ran)
        assert says in ran.err, name
        assert ran.err.splitlines()[-1].startswith("cospace: "), name
        assert "Traceback" not in ran.err, name
        assert ran.out == "", name


def test_with_json_an_error_is_one_document(stocked: Cli) -> None:
    for name, (words, code, says) in BAD_USAGE.items():
        ran = stocked(*words, "--json")
        assert code == ran.code, name
        assert {"error"} == set(ran.json), name
        assert {"type", "message"} == set(ran.json["error"]), name
        assert says.split(": ")[-1] in "{type}: {message}".format(**ran.json["error"]), name


def test_nothing_is_left_behind_by_a_failure(stocked: Cli) -> None:
    before = sorted(Path().iterdir())
    for words, *_ in BAD_USAGE.values():
        if words[0] != "import":  # it makes the collection that it fails to fill
            stocked(*words)
    assert before == sorted(Path().iterdir())


def test_a_collection_that_is_open_elsewhere_can_still_be_looked_at(stocked: Cli) -> None:
    with cs.open("shop.cospace"):
        assert stocked("search", "shop.cospace", "red").code == 0
        busy = stocked("delete", "shop.cospace", "no-such-id")
        assert busy.code == 5
        assert "CollectionBusy" in busy.err
        assert 5 == stocked("info", "shop.cospace", "--json").json["items"]
        assert stocked("verify", "shop.cospace").code == 0
        assert stocked("export", "shop.cospace", "now.parquet").code == 0
        assert stocked("backup", "shop.cospace", "now.cospace").code == 0


def test_damage_is_found_and_named(stocked: Cli) -> None:
    truth = Path("shop.cospace/truth.sqlite")
    data = truth.read_bytes()
    at = data.index(b"Blue steel bicycle")
    truth.write_bytes(data[:at] + b"B1ue" + data[at + 4 :])
    ran = stocked("verify", "shop.cospace")
    assert ran.code == 6
    assert "'A-2'" in ran.out
    record = stocked("verify", "shop.cospace", "--json")
    assert record.code == 6
    assert record.json["sound"] is False
    assert "'A-2'" in record.json["faults"][0]


def test_an_unexpected_error_is_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "broken", ("no_such_module", ""))
    ran = cli("broken")
    assert ran.code == 1
    assert ran.err.startswith("cospace: ModuleNotFoundError: ")
    assert "COSPACE_TRACEBACK=1" in ran.err
    monkeypatch.setenv("COSPACE_TRACEBACK", "1")
    with pytest.raises(ModuleNotFoundError):
        main(["broken"])


def test_a_reader_that_goes_away_is_no_error(process: Any) -> None:
    running = process("limits", "--json")
    running.stdout.close()
    err = running.stderr.read()
    assert running.wait() == 141
    assert err == ""
    running.stderr.close()


def test_any_encoding_of_the_terminal_will_do(process: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,title\nü1,Stühle 椅子\n")
    ran = process("index", "t.csv", "--model", "tiny-0", PYTHONIOENCODING="ascii")
    assert ran.communicate()[1].startswith("Indexing")
    out, err = process("search", "t.cospace", "Stühle", PYTHONIOENCODING="ascii").communicate()
    assert r"St\xfchle \u6905" in out, err
    out, _ = process("search", "t.cospace", "x", "--json", PYTHONIOENCODING="ascii").communicate()
    assert "ü1" == json.loads(out)["hits"][0]["id"]
