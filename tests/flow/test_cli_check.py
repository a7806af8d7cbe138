"""`cospace judge`, then `check` and `recall`: a judged set of one's own, held to in CI."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from cli_shop import Cli

import cospace as cs

THINGS = ["chair", "lamp", "rug", "bed", "vase", "shelf"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    with cs.open("s.cospace", model="starter") as shop:
        shop.add(
            ids=THINGS,
            documents=[f"a {thing}" for thing in THINGS],
            metadatas=[{"title": thing, "price": at} for at, thing in enumerate(THINGS)],
        )
    rows = [{"text": f"I need a {thing}", "relevant": {thing: 2}} for thing in THINGS]
    (tmp_path / "judged.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_grades_are_kept_one_by_one(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(monkeypatch, "3\nwhat\nb\n2\n0\n\nq\n")
    ran = cli("judge", "s.cospace", "somewhere to sit", "--depth", "4")
    assert 0 == ran.code, ran.err
    assert "3 the best" in ran.err
    with cs.open("s.cospace") as shop:
        [(query, grades)] = shop.judgments.items()
    assert "somewhere to sit" == query
    assert [0, 2] == sorted(grades.values())
    with cs.open("s.cospace"):  # what is only read needs no ownership
        assert 0 == cli("judge", "s.cospace", "--export", "again.jsonl").code
    # The rest of the questions is asked for what was not graded alone.
    typed(monkeypatch, "")
    again = cli("judge", "s.cospace", "somewhere to sit", "--depth", "4", "--export", "out.jsonl")
    assert "to grade, of" in again.err
    [row] = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert {"query": query, "relevant": grades} == row
    record = cli("check", "s.cospace", "--queries", "out.jsonl", "--json").json
    assert [query] == [one["query"] for one in record["questions"]]


def test_a_check_says_by_its_exit_code(folder: Path, cli: Cli) -> None:
    asked = ("check", "s.cospace", "--queries", "judged.jsonl")
    ran = cli(*asked, "--min", "ndcg@10=.5", "--save", "base.json")
    assert (0, True) == (ran.code, "passed" in ran.out)
    ran = cli(*asked, "--not-worse-than", "base.json")
    assert (0, True) == (ran.code, "against the baseline" in ran.out)
    with cs.open("s.cospace") as shop:
        shop.delete(THINGS[:5])
    ran = cli(*asked, "--not-worse-than", "base.json")
    assert (11, True, True) == (ran.code, "not passed" in ran.out, "5 questions moved" in ran.out)
    # What was not passed does not become the baseline, so it is not passed again.
    for _ in range(2):
        assert 11 == cli(*asked, "--not-worse-than", "base.json", "--save", "base.json").code
    assert "passed" not in cli(*asked).out
    ran = cli(*asked, "--min", "recall@10=.9", "--json")
    assert (11, False, ["recall@10"]) == (ran.code, ran.json["passed"], ran.json["short"])


def test_recall_of_the_index(folder: Path, cli: Cli) -> None:
    ran = cli("recall", "s.cospace", "-k", "2", "--min", "1")
    assert (0, True) == (ran.code, "recall@2" in ran.out)
    ran = cli("recall", "s.cospace", "--min", ".5", "--where", '{"price": {"$gt": 99}}')
    assert (11, True) == (ran.code, "could not be measured" in ran.err)
    (folder / "q.txt").write_text("somewhere to sit\n\nlight\n")
    record = cli("recall", "s.cospace", "--queries", "q.txt", "--json").json
    assert (2, 1.0, True) == (record["asked"], record["least"], record["passed"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("check", "s.cospace"), 2),
        (("check", "s.cospace", "--queries", "none.jsonl"), 4),
        (("check", "s.cospace", "--queries", "judged.jsonl", "--min", "ndcg@10=2"), 2),
        (("check", "s.cospace", "--queries", "judged.jsonl", "--min", "f1@10=.2"), 2),
        (("check", "s.cospace", "--queries", "judged.jsonl", "--not-worse-than", "no.json"), 4),
        (("check", "s.cospace", "--queries", "judged.jsonl", "--save", "no/where/b.json"), 6),
        (("recall", "s.cospace", "--min", "2"), 2),
        (("recall", "s.cospace", "--seed", "-1"), 2),
        (("judge", "s.cospace", "a", "--seed", "-1"), 2),
        (("check", "s.cospace", "--queries", "judged.jsonl", "--seed", "-1"), 2),
        (("recall", "s.cospace", "--queries", "none.txt"), 4),
        (("recall", "none.cospace"), 4),
        (("judge", "s.cospace"), 2),
        (("judge", "none.cospace", "a"), 4),
        (("judge", "s.cospace", "--queries", "empty.txt"), 2),
    ],
)
def test_what_is_refused(folder: Path, cli: Cli, words: tuple[str, ...], code: int) -> None:
    (folder / "empty.txt").write_text("\n\n")
    assert code == cli(*words).code
