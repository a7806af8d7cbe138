"""A shop in one language, queries in another: align, translate, index, search, as typed."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_shop import Cli

from cospace.encode.words import WordModel, WordVectors

NOUNS = [("sofa", "couch"), ("lamp", "lampe"), ("bicycle", "fahrrad"), ("table", "tisch")]


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with `english`, `german` of 8 dimensions, and `pairs.tsv` of 124 pairs."""
    random = np.random.default_rng(0)
    pairs = [*NOUNS, *((f"word{n}", f"wort{n}") for n in range(120))]
    rows = random.standard_normal((len(pairs), 8)).astype(np.float32)
    turn = np.linalg.qr(random.standard_normal((8, 8)))[0].astype(np.float32)
    for number, (name, table) in enumerate((("english", rows), ("german", rows @ turn))):
        words = [pair[number] for pair in pairs]
        WordModel.of(WordVectors(words, table), name=name).save(tmp_path / name)
    lines = [f"{one}\t{other}\n" for one, other in pairs]
    (tmp_path / "pairs.tsv").write_text("".join(lines) + "high chair\thochstuhl\nalone\n")
    return tmp_path


ALIGN = ("align", "./english", "./german", "pairs.tsv", "-o", "en-de", "--from", "en", "--to", "de")


def test_a_german_shop_is_searched_in_english(cli: Cli, models: Path) -> None:
    done = cli(*ALIGN)
    assert 0 == done.code, done.err
    assert "english to german: 25 words held out, 25 of them asked" in done.out
    assert "100.0 (86.7 to 100.0)" in done.out
    assert "left out: 1 pair of several words" in done.err
    assert "pairs.tsv:126" in done.err
    ran = cli("translate", "./en-de", "lamp", "nothing", "--to", "de")
    assert 0 == ran.code
    assert "lampe" in ran.out
    assert "'nothing' is not among the words" in ran.err
    listings = models / "listings.csv"
    listings.write_text("id,title\n1,Fahrrad\n2,Couch\n3,Lampe und Tisch\n")
    assert 0 == cli("index", "listings.csv", "--into", "shop", "--model", "./en-de").code
    found = cli("search", "shop", "a sofa", "--model", "./en-de", "--json")
    assert 0 == found.code, found.err
    assert "2" == json.loads(found.out)["hits"][0]["id"]


def test_json_has_the_same_figures(cli: Cli, models: Path) -> None:
    record = json.loads(cli(*ALIGN, "--json").out)
    assert (124, 1, 1) == (record["pairs"], record["several_words"], record["unreadable"])
    assert 1 == record["held_out"]["csls"]["at_1"]["value"]
    record = json.loads(cli("translate", "./en-de", "lampe", "x", "--to", "en", "--json").out)
    assert "lamp" == record["translations"]["lampe"][0]["word"]
    assert ["x"] == record["unknown"]


def test_what_goes_wrong_is_reported(cli: Cli, models: Path) -> None:
    assert 0 == cli(*ALIGN).code
    again = cli(*ALIGN)
    assert (2, True) == (again.code, "it exists already" in again.err)
    assert 0 == cli(*ALIGN, "--replace").code
    assert 4 == cli("translate", "./en-de", "nothing", "--to", "de").code
    wrong = cli("translate", "./english", "lamp", "--to", "de")
    assert (2, True) == (wrong.code, "not of two languages" in wrong.err)
    wrong = cli("align", "./english", "tiny-0", "pairs.tsv", "-o", "x", "--from", "a", "--to", "b")
    assert (2, True) == (wrong.code, "no table of word vectors" in wrong.err)
