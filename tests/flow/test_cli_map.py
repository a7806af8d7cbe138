"""`cospace map`: made once, shown, brought up to date, drawn; beside a process that owns it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_shop import Cli

import cospace as cs

THINGS = ["chair", "lamp", "rug", "bicycle"]
COLOURS = ["red", "blue", "grey", "white", "green", "black"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with cs.open("s.cospace", model="starter") as shop:
        shop.add(
            [
                cs.Item(f"{c} {t}", f"a {c} {t}", {"kind": t, "price": n * 10})
                for t in THINGS
                for n, c in enumerate(COLOURS)
            ]
        )
    return tmp_path / "s.cospace"


@pytest.fixture
def owned(folder: Path) -> Iterator[cs.Collection]:
    with cs.open(folder) as shop:
        yield shop


def test_a_map_is_made_once_and_shown_again(owned: cs.Collection, cli: Cli) -> None:
    first = cli("map", "s.cospace", "--json")
    assert 0 == first.code
    assert ("made", 24, 0) == tuple(first.json[k] for k in ("how", "points", "missing"))
    again = cli("map", "s.cospace", "--json").json
    assert ("kept", first.json["version"]) == (again["how"], again["version"])
    anew = cli("map", "s.cospace", "--again", "--seed", "5", "--json").json
    assert ("made", 5) == (anew["how"], anew["method"]["seed"])
    assert anew["version"] != again["version"]
    assert anew["version"] == owned.map().version


def test_it_says_what_is_on_it(owned: cs.Collection, cli: Cli) -> None:
    ran = cli("map", "s.cospace")
    assert "trustworthiness" in ran.out
    assert "24" in ran.out
    assert "map.npz" in ran.out
    names = [one.name for one in owned.map().clusters]
    assert names
    assert all(name in ran.out for name in names)


def test_update_places_what_is_new(owned: cs.Collection, cli: Cli) -> None:
    assert 4 == cli("map", "s.cospace", "--update").code  # there is none
    before = cli("map", "s.cospace", "--json").json
    owned.add(cs.Item("late", "a late chair"))
    ran = cli("map", "s.cospace")
    assert "1 item not on it" in ran.err
    assert "--update" in ran.err
    after = cli("map", "s.cospace", "--update", "--json").json
    assert ("updated", 25, 0) == tuple(after[k] for k in ("how", "points", "missing"))
    assert before["version"] != after["version"]


def test_it_is_drawn(owned: cs.Collection, cli: Cli) -> None:
    pytest.importorskip("matplotlib")
    ran = cli("map", "s.cospace", "-o", "map.png", "--color", "kind")
    assert 0 == ran.code
    assert b"\x89PNG" == Path("map.png").read_bytes()[:4]
    assert "map.png" in ran.out
    assert 0 == cli("map", "s.cospace", "-o", "map.svg", "--color", "price").code


def test_what_cannot_be_asked_is_refused_before_the_work(folder: Path, cli: Cli) -> None:
    for words in (
        ("--again", "--update"),
        ("--color", "kind"),
        ("-o", "map.gif"),
    ):
        assert 2 == cli("map", "s.cospace", *words).code
    assert not (folder / "map.npz").exists()
    assert 4 == cli("map", "other.cospace").code
    ran = cli("map", "s.cospace", "-o", "map.png", "--color", "weight")
    assert 2 == ran.code
    assert "kind, price" in ran.err


def test_a_damaged_map_is_named_and_made_again(folder: Path, cli: Cli) -> None:
    (folder / "map.npz").write_bytes(b"not a map")
    ran = cli("map", "s.cospace")
    assert 6 == ran.code
    assert "--again" in ran.err
    assert 0 == cli("map", "s.cospace", "--again").code
