"""`cospace tune`: judged queries in a table, advice, and weights that are kept."""

from pathlib import Path

import pytest
from cli_shop import Cli

import cospace as cs

THINGS = ["chair", "lamp", "rug", "bed", "vase", "shelf"]
COLOURS = ["red", "blue", "grey", "white"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    names = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]
    with cs.open("s.cospace", model="starter") as shop:
        shop.add(ids=names, documents=names)
    lines = ["query,id,grade", *(f"a {name},{name},2" for name in names)]
    (tmp_path / "judged.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_it_says_what_it_found_and_changes_nothing(folder: Path, cli: Cli) -> None:
    ran = cli("tune", "s.cospace", "judged.csv")
    assert 0 == ran.code
    assert "nDCG@10 by default" in ran.out
    assert "keep the default weights" in ran.out
    assert "nothing was changed" in ran.out
    record = cli("tune", "s.cospace", "judged.csv", "--use", "--json").json
    assert (24, False, False) == (record["queries"], record["better"], record["used"])
    with cs.open("s.cospace") as shop:
        assert shop.weights is None


def test_weights_that_pay_are_kept_and_taken_back(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cospace.collection.tune import Tuning

    # Whether they pay is the library's own test; here it is what follows.
    monkeypatch.setattr(Tuning, "better", True)
    record = cli("tune", "s.cospace", "judged.csv", "--use", "--json").json
    assert record["used"]
    with cs.open("s.cospace") as shop:
        assert record["weights"] == shop.weights
    assert 0 == cli("tune", "s.cospace", "--reset").code
    with cs.open("s.cospace") as shop:
        assert shop.weights is None


def test_rows_that_cannot_be_used_are_listed(folder: Path, cli: Cli) -> None:
    with (folder / "judged.csv").open("a") as file:
        file.write("a red chair,red chair,2\n")  # the same again is no fault
        file.write("a red chair,red chair,0\n")
        file.write("a bed,white bed,very\n")
        file.write(",white bed,1\n")
        file.write("a bed,,1\n")
        file.write("a throne,no such id,1\n")
    ran = cli("tune", "s.cospace", "judged.csv")
    assert 0 == ran.code
    assert "Left out, 4 in all" in ran.err
    for reason in ("judged 2 before", "the grade is 'very'", "has no query", "has no id"):
        assert reason in ran.err
    assert "queries without a right item that is stored, left out: 1" in ran.err


def test_a_grade_may_be_left_out(folder: Path, cli: Cli) -> None:
    text = (folder / "judged.csv").read_text().replace(",2\n", "\n").replace(",grade", "")
    (folder / "judged.csv").write_text(text)
    assert 24 == cli("tune", "s.cospace", "judged.csv", "--json").json["queries"]


def test_what_is_refused(folder: Path, cli: Cli) -> None:
    (folder / "few.csv").write_text("query,id\na red chair,red chair\n")
    ran = cli("tune", "s.cospace", "few.csv")
    assert 2 == ran.code
    assert "at least 20 queries" in ran.err
    (folder / "other.csv").write_text("question,sku\na,b\n")
    ran = cli("tune", "s.cospace", "other.csv")
    assert 2 == ran.code
    assert "expected the columns query, id" in ran.err
    assert 4 == cli("tune", "s.cospace", "missing.csv").code
    assert 4 == cli("tune", "missing.cospace", "judged.csv").code
    assert 2 == cli("tune", "s.cospace").code
    assert 2 == cli("tune", "s.cospace", "judged.csv", "--reset").code
    assert 2 == cli("tune", "s.cospace", "--reset", "--use").code
