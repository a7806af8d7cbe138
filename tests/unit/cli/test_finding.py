"""`cospace facets`, `search --sort` and `--as-typed`, as a shell sees them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main

ROWS = {
    "Oak chair with arms": {"price": 40, "city": "Graz", "at": {"lat": 47.07, "lon": 15.44}},
    "Rocking chair": {"price": 90, "city": "Graz", "at": {"lat": 48.2, "lon": 16.37}},
    "Green cup": {"price": 2, "city": "Bonn", "at": {"lat": 50.73, "lon": 7.1}},
    "Steel rake": {"price": 8, "city": "Bonn", "at": {"lat": 52.5, "lon": 13.4}},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    place: Path = tmp_path_factory.mktemp("cli") / "a.cospace"
    with cs.open(place, model="starter") as shop:
        shop.add(ids=list(ROWS), documents=list(ROWS), metadatas=list(ROWS.values()))
    return str(place)


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    assert code == main(list(words))
    told = capsys.readouterr()
    return told.out, told.err


def test_why_nothing_is_found_is_told_once(folder: str, capsys):
    out, err = said(capsys, "search", folder, "rug", "--where", '{"price": {"$lt": 0}}')
    assert "Nothing found.\n" == out
    assert 1 == (out + err).count("the filter")


def test_facets_are_bars(folder: str, capsys):
    out, _ = said(capsys, "facets", folder, "--where", '{"price": {"$lt": 50}}')
    lines = [line.split() for line in out.splitlines()]
    assert ["3", "items"] == lines[0]
    assert ["Bonn", "2", "#" * 24] in lines
    assert ["Graz", "1", "#" * 12] in lines
    assert "at: 3 items, 47.07 to 52.5 north, 7.1 to 15.44 east" in out
    record = json.loads(said(capsys, "facets", folder, "--json", "--fields", "city")[0])
    assert ["city"] == [one["name"] for one in record["fields"]]


def test_truths_are_told_as_in_hits(tmp_path: Path, capsys):
    with cs.open(tmp_path / "new.cospace", model="starter") as shop:
        shop.add(
            ids=["a", "b"], documents=["cup", "mug"], metadatas=[{"new": True}, {"new": False}]
        )
    out, _ = said(capsys, "facets", str(tmp_path / "new.cospace"))
    assert {"yes", "no"} <= {line.split(" ")[0] for line in out.splitlines()}


def test_facets_near_a_place(folder: str, capsys):
    out, _ = said(capsys, "facets", folder, "--near", "47.07,15.44")
    assert out.startswith("1 item within 10 km of 47.07,15.44\n")
    out, _ = said(capsys, "facets", folder, "--near", "47.07,15.44", "--km", "5", "--json")
    assert 1 == json.loads(out)["items"]
    _, err = said(capsys, "facets", folder, "--km", "5", code=2)
    assert "--near" in err


def test_best_matches_are_sorted(folder: str, capsys):
    out, err = said(capsys, "search", folder, "chair", "--sort", "-price")
    assert out.index("Rocking chair") < out.index("Oak chair")
    assert "cup" not in out
    assert "only the best matches are sorted, 2 of 4 items" in err
    assert "leave out sort (best first) or the question (all in this order)" in err


def test_all_items_are_shown_in_an_order(folder: str, capsys):
    out, _ = said(capsys, "search", folder, "--sort", "price", "--json")
    assert ["Green cup", "Steel rake"] == [hit["id"] for hit in json.loads(out)["hits"][:2]]
    words = ["search", folder, "--sort", "distance", "--near", "50.7,7.1"]
    out, _ = said(capsys, *words, "--json")
    hits = json.loads(out)["hits"]
    assert ("Green cup", 4) == (hits[0]["id"], len(hits))
    assert 3.3 == pytest.approx(hits[0]["km"], abs=0.1)
    out, _ = said(capsys, *words, "--km", "10", "--json")
    assert 1 == len(json.loads(out)["hits"])
    _, err = said(capsys, "search", folder, "--sort", "price", "--by", "words", code=2)
    assert "--by goes with a QUERY" in err


def test_a_typing_error_is_told(folder: str, capsys):
    out, err = said(capsys, "search", folder, "chiar", "-k", "1")
    assert "chair" in out
    assert "searched for 'chair'; as typed: --as-typed" in err
    out, err = said(capsys, "search", folder, "chiar", "--as-typed", "--json")
    assert "did_you_mean" not in json.loads(out)
