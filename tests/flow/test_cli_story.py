"""The command line, as a shopkeeper uses it from the first day on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_shop import SHOP, Cli, write_shop

import cospace as cs
from cospace.cli.holding import Holding
from cospace.cli.index import fill
from cospace.errors import CospaceError


def test_from_a_table_to_answers_to_a_copy_with_the_same_answers(cli: Cli, shop: Path) -> None:
    ran = cli("index", shop, "--model", "tiny-0")
    assert ran.code == 0
    assert "5 added" in ran.out
    assert "column 'sku' (guessed)" in ran.err

    query = ("red chair", "--where", '{"price": {"$lt": 200}}', "--json", "--explain")
    first = cli("search", "shop.cospace", *query)
    assert first.code == 0
    assert "A-3" == first.json["hits"][0]["id"], "the chair under 200"

    cheaper = [(*row[:2], 150 if row[0] == "A-1" else row[2], *row[3:]) for row in SHOP]
    write_shop(shop, cheaper)
    again = cli("index", shop, "--json")
    assert (1, 4, 0) == (
        again.json["report"]["updated"],
        again.json["report"]["unchanged"],
        again.json["report"]["added"],
    )
    found = cli("search", "shop.cospace", *query).json["hits"]
    assert 150 == next(hit for hit in found if hit["id"] == "A-1")["metadata"]["price"]

    assert cli("export", "shop.cospace", "shop.parquet").code == 0
    assert cli("import", "shop.parquet", "copy.cospace").code == 0
    assert found == cli("search", "copy.cospace", *query).json["hits"]
    Path(".safe.cospace.0123abcd.cospace-backup").mkdir()  # as one left that was killed
    assert cli("backup", "shop.cospace", "safe.cospace").code == 0
    assert [] == [one.name for one in Path().glob(".safe*")] or os.name == "nt"
    assert found == cli("search", "safe.cospace", *query).json["hits"]
    assert cli("verify", "safe.cospace").code == 0


def test_a_change_of_price_encodes_nothing(cli: Cli, shop: Path) -> None:
    cli("index", shop, "--model", "tiny-0")
    write_shop(shop, [(*row[:2], row[2] + 1, *row[3:]) for row in SHOP])
    model = cs.load("tiny-0")
    with cs.open("shop.cospace", model=model) as collection:
        report = fill(collection, cs.read(shop))
    assert 5 == report.updated
    assert {} == dict(model.precision), "no tower was used"


def test_images_find_images(cli: Cli, shop: Path) -> None:
    cli("index", shop, "--model", "tiny-0")
    ran = cli("search", "shop.cospace", "--image", "blue.png", "--by", "image", "-k", 1, "--json")
    assert ["A-2"] == [hit["id"] for hit in ran.json["hits"]]
    ran = cli("search", "shop.cospace", "winter", "coat", "--image", "red.png", "-k", 1, "--json")
    assert ["A-5"] == [hit["id"] for hit in ran.json["hits"]]


def test_near_filters_and_shows_the_distance(cli: Cli, shop: Path) -> None:
    cli("index", shop, "--model", "tiny-0", "--lat", "lat", "--lon", "lon")
    near = ("search", "shop.cospace", "red", "--near", "52.52,13.40", "--km")
    assert {"A-1", "A-5"} == {hit["id"] for hit in cli(*near, 5, "--json").json["hits"]}
    hits = cli(*near, 40, "--json").json["hits"]
    assert {"A-1": 0.0, "A-5": 1.302, "A-2": 26.621} == {hit["id"]: hit["km"] for hit in hits}
    assert " km\n" in cli(*near, 40).out


def test_pages_follow_one_another(cli: Cli, shop: Path) -> None:
    cli("index", shop, "--model", "tiny-0")
    ids = [hit["id"] for hit in cli("search", "shop.cospace", "red", "--json").json["hits"]]
    page = cli("search", "shop.cospace", "red", "-k", 2, "--offset", 2)
    assert ids[2:4] == [line.split()[2] for line in page.out.splitlines()[1:]]
    assert ["3", "4"] == [line.split()[0] for line in page.out.splitlines()[1:]]


def test_bad_rows_are_reported_and_the_rest_is_stored(cli: Cli, shop: Path) -> None:
    with shop.open("a") as file:
        file.write("A-6,Chair,7,Berlin,999,13.4,\nA-7,\n")
        file.write("A-8,Stool,9,Berlin,52.5,13.4,gone.png\n")
    ran = cli("index", shop, "--model", "tiny-0")
    assert ran.code == 0
    assert "shop.csv:7: column 'lat' holds '999', not -90 to 90 degrees" in ran.out
    assert "shop.csv:8:" in ran.out
    assert "gone.png" in ran.out
    assert 7 == cli("info", "shop.cospace", "--json").json["items"]
    assert "(photo 1, lat 1)" in ran.out or "(lat 1, photo 1)" in ran.out


def test_strict_stops_at_the_first_bad_row(cli: Cli, shop: Path) -> None:
    with shop.open("a") as file:
        file.write("A-6,Chair,7,Berlin,999,13.4,\nA-7,Stool,9,Berlin,52.5,13.4,\n")
    ran = cli("index", shop, "--model", "tiny-0", "--strict")
    assert ran.code == 2
    assert "cospace: BadItem: shop.csv:7: column 'lat'" in ran.err


def test_nothing_but_bad_rows_is_exit_2(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("id,title\n,Chair\n,Stool\n")
    ran = cli("index", "bad.csv", "--model", "tiny-0")
    assert ran.code == 2
    assert "nothing could be stored" in ran.out
    (tmp_path / "bad.csv").write_text("id,title\nB-1,Chair\n")
    assert cli("index", "bad.csv").code == 0, "an empty collection takes the default model"


def test_a_table_whose_images_are_all_there_is(cli: Cli, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "red.png").rename(tmp_path / "photos" / "red.png")
    (tmp_path / "photos" / "note.txt").write_text("a red square")
    assert cli("index", "photos", "--model", "tiny-0").code == 0
    ran = cli("search", "photos.cospace", "red square", "--by", "image")
    assert "(red.png)" in ran.out, "an item without text goes by its image's name"


def _many(tmp_path: Path, count: int) -> Path:
    rows = [
        (f"B-{i}", f"{SHOP[i % 5][1]} number {i}", i, "Berlin", 52, 13, "") for i in range(count)
    ]
    return write_shop(tmp_path / "many.csv", rows)


def _stopped(running: subprocess.Popen[str], folder: Path, with_: signal.Signals) -> int:
    """How many items are stored after the process was stopped in the middle."""
    while True:
        try:
            running.wait(0.02)
            pytest.fail(f"it ended before it could be stopped: {running.communicate()}")
        except subprocess.TimeoutExpired:
            if (folder / "truth.sqlite").exists() and _items(folder):
                break
    running.send_signal(with_)
    running.wait()
    return _items(folder)


def _items(folder: Path) -> int:
    try:
        with Holding(folder) as holding:
            return holding.truth.counts()[0]
    except CospaceError:  # it is being made just now
        return 0


@pytest.mark.parametrize("with_", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on_where_it_was(
    cli: Cli, process: Any, tmp_path: Path, with_: signal.Signals
) -> None:
    many = _many(tmp_path, 1500)
    running = process("index", many, "--model", "tiny-0", COSPACE_LIMIT_BATCH_ITEMS="5")
    stored = _stopped(running, tmp_path / "many.cospace", with_)
    out, err = running.communicate()
    assert 0 < stored < 1500
    if with_ is signal.SIGINT:
        assert running.returncode == 130
        assert f"{stored:,} items safe in many.cospace" in err.replace("1 item ", "1 items ")
        assert "Traceback" not in out + err
    report = cli("index", many, "--json").json["report"]
    assert (1500 - stored, stored) == (report["added"], report["unchanged"])
    assert cli("verify", "many.cospace").code == 0


def test_the_demo_and_every_command_that_it_shows(cli: Cli) -> None:
    first = cli("demo")
    assert first.code == 0
    assert "420 added" in first.out
    assert "MK-1966" in first.out, "the velvet armchair, for 'vintage comfortable seating'"
    assert "shares no word" in first.out
    second = cli("demo", "--json")
    assert 420 == second.json["report"]["unchanged"]
    lines = [line.lstrip(" $") for line in first.out.splitlines()]
    pasted = [shlex.split(line) for line in lines if line.startswith("cospace search")]
    assert len(pasted) >= 5
    for words in pasted:
        assert cli(*words[1:]).code == 0
    assert "cospace serve market.cospace" in lines, "and the way to the pages"
    info = cli("info", "market.cospace", "--json").json
    assert 420 == info["items"]


def test_a_collection_finds_its_model_under_another_name(cli: Cli, shop: Path) -> None:
    assert cli("index", shop, "--model", "minilm").code == 0
    assert cs.load("minilm").name != "minilm"
    assert cli("search", "shop.cospace", "bike", "-k", 1).code == 0
    assert 5 == cli("index", shop, "--json").json["report"]["unchanged"]


def test_the_index_is_built_once_and_not_at_every_search(
    cli: Cli, shop: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cli("index", shop, "--model", "tiny-0")
    for _ in range(8):
        assert cli("search", "shop.cospace", "red").code == 0
    assert [] == caplog.messages, "such as: rebuilding the search index"
    assert "sealed and whole" in cli("verify", "shop.cospace").out
