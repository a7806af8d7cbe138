"""`cospace adapt`, `index --adapt`, `bind` and `backup`, as they are typed."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.train.binding.kept import vectors_kept
from tests.unit.train.binding.catalogue import items


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 120 photos, indexed and adapted by one command."""
    place = tmp_path_factory.mktemp("market")
    (place / "photos").mkdir()
    with (place / "shop.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["sku", "title", "photo"])
        for item in items(place / "photos"):
            assert item.parts.image is not None
            assert item.parts.image.path is not None
            rows.writerow([item.id, item.parts.text, f"photos/{item.parts.image.path.name}"])
    return place


def run(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main([str(word) for word in words]) == code, capsys.readouterr().err
    return capsys.readouterr().out


def test_a_shop_is_adapted_backed_up_and_taken_back(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market, copy = shop / "market.cospace", shop / "copy.cospace"
    said = run(capsys, "index", shop / "shop.csv", "--into", market, "--adapt")
    assert "120 pairs of image and text; 24 were held out:" in said
    assert "recall@10, both ways" in said
    kept = re.search(r"text: 120 vectors as they were, to the bit \(sha256 (\w{12}) before", said)
    assert kept is not None
    with cs.open(market, read_only=True) as opened:
        assert vectors_kept(opened.store, "text")[1].startswith(kept[1])
    assert f"{market} searches with the new vectors. Back: cospace adapt {market} --back" in said
    photo = shop / "photos" / "7.png"
    found = run(capsys, "search", market, "--image", photo, "--json")
    run(capsys, "backup", market, copy)
    assert (
        json.loads(run(capsys, "search", copy, "--image", photo, "--json"))["hits"]
        == (json.loads(found)["hits"])
    )
    record = json.loads(run(capsys, "adapt", market, "--check", "--epochs", 4, "--json"))
    assert record["switched"] is False
    assert {"gain", "moved", "failed", "card", "reason"} <= set(record)
    assert "had before adapt" in run(capsys, "adapt", market, "--back")
    assert main(["adapt", str(market), "--back"]) == 2
    assert "was not adapted" in capsys.readouterr().err
    assert main(["adapt", str(market), "--back", "--check"]) == 2
    assert "--back goes alone" in capsys.readouterr().err


def test_too_few_pairs_are_told_and_no_failure_of_indexing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "few.csv").write_text("sku,title\nA,chair\nB,lamp\n")
    assert main(["index", str(tmp_path / "few.csv"), "--into", str(tmp_path / "x"), "--adapt"]) == 0
    told = capsys.readouterr()
    assert "not adapted: x has 0 pairs of image and text" in told.out + told.err


def test_bind_writes_a_model(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = shop / "bound"
    said = run(capsys, "bind", shop / "shop.csv", "-o", out, "--epochs", 8, "--rate", 0.003)
    assert f"{out} is ready" in said
    assert "recall at 10 on held-out pairs is better beyond doubt than before" in said
    assert re.search(r"text: \d+ files as they were, to the bit", said)
    assert cs.load(out).space.kinds == ("text", "image")
    assert main(["bind", str(shop / "shop.csv"), "-o", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["bind", str(shop / "shop.csv"), "-o", "x", "--kind", "text"]) == 2
    assert "two kinds" in capsys.readouterr().err
