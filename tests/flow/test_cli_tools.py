"""The smaller commands: help, version, embed, models, limits, doctor, compact."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from cli_shop import Cli

import cospace as cs
from cospace.cli.main import COMMANDS
from cospace.limits import TABLE


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example(cli: Cli, name: str) -> None:
    ran = cli(name, "--help")
    assert ran.code == 0
    assert "example" in ran.out
    assert f"cospace {name}" in ran.out.partition("example")[2]
    assert "--json" in ran.out
    assert ran.out == cli("help", name).out


def test_the_first_page_names_every_command(cli: Cli) -> None:
    for words in ([], ["--help"], ["help"]):
        ran = cli(*words)
        assert ran.code == 0
        assert all(f"\n  {name} " in ran.out for name in COMMANDS)


def test_the_version_is_printed_at_once_and_without_a_heavy_import() -> None:
    code = (
        "import sys; from cospace.cli.main import main; main(['--version']); main([]);"
        "heavy = {'numpy', 'openvino', 'apsw', 'pyarrow', 'qdrant_edge', 'tqdm', 'PIL'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    command = [sys.executable, "-m", "cospace", "--version"]
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds.append(time.perf_counter() - started)
    assert f"cospace {cs.__version__}\n" == ran.stdout
    assert min(seconds) < 0.3


def test_limits_shows_the_value_in_force(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_LIMIT_MAX_K", "7")
    rows = {row["name"]: row for row in cli("limits", "--json").json}
    assert set(TABLE) == set(rows)
    assert (7, 1000) == (rows["max_k"]["value"], rows["max_k"]["default"])
    assert "* 7" in cli("limits").out


def test_models_lists_shows_and_verifies(cli: Cli) -> None:
    names = [model["name"] for model in cli("models", "--json").json]
    assert {"starter", "minilm", "tiny-0"} <= set(names)
    assert "tiny-0" in cli("models").out
    assert 32 == cli("models", "show", "tiny-0", "--json").json["dim"]
    assert "Apache-2.0" in cli("models", "show", "tiny-0").out
    assert "tiny-0: sound" in cli("models", "verify", "tiny-0").out
    assert cli("models", "verify", "tiny-0", "--json").json["sound"] is True


def test_a_damaged_model_is_exit_7(cli: Cli, home: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(home / "models" / "tiny-0", tmp_path / "tiny")
    weights = tmp_path / "tiny" / "text" / "model.bin"
    data = bytearray(weights.read_bytes())
    data[10] ^= 1
    weights.write_bytes(data)
    ran = cli("models", "verify", "./tiny")
    assert ran.code == 7
    assert "ModelDamaged" in ran.err


def test_doctor_finds_this_machine_ready(cli: Cli) -> None:
    ran = cli("doctor", "--json")
    assert ran.code == 0, ran.out
    assert ran.json["ready"] is True
    assert {"python", "SQLite", "starter", "disk"} <= {f["name"] for f in ran.json["findings"]}
    assert "All that is needed is here." in cli("doctor").out


def test_doctor_says_what_is_wrong(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_LIMIT_FREE_BYTES", str(1 << 60))
    ran = cli("doctor")
    assert ran.code == 1
    assert "! disk: " in ran.out


def test_embedded_vectors_are_the_models(cli: Cli, shop: Path) -> None:
    ran = cli("embed", shop, "--model", "tiny-0", "-o", "v.npy", "--json")
    assert (5, 32) == (ran.json["vectors"], ran.json["dim"])
    about = json.loads(Path("v.ids.json").read_text())
    assert ["A-1", "A-2", "A-3", "A-4", "A-5"] == about["ids"]
    array = np.load("v.npy")
    assert (np.float32, (5, 32)) == (array.dtype, array.shape)
    expected = cs.load("tiny-0").encode_document(["Red velvet armchair"]).array[0]
    assert np.allclose(array[0], expected, atol=1e-6)


def test_embedded_images_leave_out_items_without_one(cli: Cli, shop: Path) -> None:
    ran = cli("embed", shop, "--model", "tiny-0", "-o", "v.parquet", "--part", "image")
    assert ran.code == 0
    assert "A-4: " in ran.err
    table = pq.read_table("v.parquet")
    assert ["id", "vector"] == table.column_names
    assert ["A-1", "A-2", "A-3", "A-5"] == table["id"].to_pylist()
    assert 32 == len(table["vector"][0])


def test_nothing_to_embed_writes_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("id,title\n,Chair\n")
    ran = cli("embed", "bad.csv", "--model", "tiny-0", "-o", "v.npy")
    assert ran.code == 2
    assert "1 item left out" in ran.err
    assert ["bad.csv"] == [path.name for path in tmp_path.iterdir()]


def test_queries_can_be_embedded(cli: Cli) -> None:
    ran = cli("embed", "--query", "red", "blue chair", "--model", "tiny-0", "-o", "q.npy")
    assert ran.code == 0
    assert (2, 32) == np.load("q.npy").shape
    assert ["red", "blue chair"] == json.loads(Path("q.ids.json").read_text())["ids"]


def test_info_tells_what_is_there(cli: Cli, shop: Path) -> None:
    cli("index", shop, "--model", "tiny-0")
    record = cli("info", "shop.cospace", "--json").json
    assert (5, {"text": 5, "image": 4}) == (record["items"], record["vectors"])
    assert "tiny-0" == record["space"]["name"]
    assert "number" == record["metadata"]["price"]
    text = cli("info", "shop.cospace").out
    assert "price (number)" in text
    assert record["space"]["fingerprint"][:16] in text


def test_info_lists_what_failed(cli: Cli, shop: Path) -> None:
    (shop.parent / "red.png").write_text("<html>")
    cli("index", shop, "--model", "tiny-0")
    failed = cli("info", "shop.cospace", "--failed", "--json").json["failed"]
    assert {"A-1", "A-5"} == {name for name, _ in failed}
    assert "A-1: " in cli("info", "shop.cospace", "--failed").out


def test_compact_keeps_the_answers(cli: Cli, shop: Path) -> None:
    cli("index", shop, "--model", "tiny-0")
    with cs.open("shop.cospace") as collection:
        collection.delete("A-1")
    before = cli("search", "shop.cospace", "red", "--json").json["hits"]
    assert cli("compact", "shop.cospace", "--json").code == 0
    assert before == cli("search", "shop.cospace", "red", "--json").json["hits"]


def test_an_id_that_would_run_on_a_terminal_is_shown_escaped(cli: Cli, tmp_path: Path) -> None:
    row = {"id": "evil\x1b[2J\n\u202e", "title": "red \x1b]0;owned\x07 chair\u202e"}
    (tmp_path / "t.jsonl").write_text(json.dumps(row) + "\n")
    assert cli("index", "t.jsonl", "--model", "tiny-0").code == 0
    ran = cli("search", "t.cospace", "red chair")
    assert r"evil\x1b[2J\n\u202e" in ran.out
    shown = cli("search", "t.cospace", "red chair", "--json")
    assert row["id"] == shown.json["hits"][0]["id"]
    for text in (ran.out, shown.out):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


@pytest.mark.skipif(os.name == "nt", reason="file names on Windows are Unicode")
def test_a_file_name_that_is_no_unicode_can_be_printed(cli: Cli) -> None:
    ran = cli("index", os.fsdecode(b"caf\xe9.csv"))
    assert ran.code == 4
    assert "no such file" in ran.err


def test_models_lists_what_the_library_lists(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    listed = {one["name"]: one for one in cli("models", "--json").json}
    assert [one.to_json() for one in cs.models()] == [
        {key: value for key, value in one.items() if key != "space"} for one in listed.values()
    ]
    assert listed["tiny-0"]["space"]["fingerprint"] == cs.load("tiny-0").space.fingerprint
    assert listed["openai:text-embedding-3-small"]["space"] is None
    printed = cli("models").out
    assert all(name in printed for name in listed), "no name is cut"
    assert "set OPENAI_API_KEY" in printed or ".[openai]" in printed
