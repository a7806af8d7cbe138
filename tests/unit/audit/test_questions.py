"""Logs of questions: what is read, what lies outside, what is never found, where the floor is."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.audit import audit
from cospace.audit.questions import measure_questions, read_log
from cospace.audit.questions.measure import never_found
from cospace.audit.questions.nonsense import mixed, random_words, vocabulary
from cospace.errors import BadArgument, NotFound
from cospace.testing.tiny import tiny_model

EXAMPLE = Path(__file__).parents[3] / "examples" / "marketplace"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("log.txt", "a chair\n\n a lamp \n", ["a chair", "a lamp"]),
        ("log.csv", "when,query\n1,a chair\n2,\n3,a lamp\n", ["a chair", "a lamp"]),
        ("log.csv", "when;Frage\n1;ein Stuhl, alt\n", ["ein Stuhl, alt"]),
        ("log.csv", "a chair\na lamp\n", ["a chair", "a lamp"]),
        ("log.csv", 'q\n"two\nlines"\n', ["two\nlines"]),
        ("log.tsv", "user\tsearch\nx\ta chair\n", ["a chair"]),
        ("log.jsonl", '{"query": "a chair", "n": 1}\n"a lamp"\n', ["a chair", "a lamp"]),
    ],
)
def test_the_questions_of_a_log(tmp_path: Path, name: str, text: str, expected: list[str]) -> None:
    (tmp_path / name).write_text(text)
    found, failed = read_log(tmp_path / name)
    assert expected == found
    assert 0 == len(failed)


def test_what_is_no_question_is_listed_and_the_rest_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"query": "a chair"}\nnot json\n{"other": 1}\n\xff\n{"q": "\\u0000"}\n')
    found, failed = read_log(log)
    assert ["a chair"] == found
    assert 4 == len(failed)


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_log(tmp_path / "none.txt")
    (tmp_path / "log.pdf").write_text("a")
    with pytest.raises(BadArgument, match="ends in"):
        read_log(tmp_path / "log.pdf")
    (tmp_path / "log.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadArgument, match="none is called"):
        read_log(tmp_path / "log.csv")
    (tmp_path / "log.txt").write_text("\n \n")
    with pytest.raises(BadArgument, match="holds no questions"):
        read_log(tmp_path / "log.txt")


def test_words_are_drawn_from_the_model_and_mixed_from_the_questions() -> None:
    words = vocabulary(cs.load("starter"))
    assert len(words) > 5_000
    some = random_words(words, ["a b c"], 5, seed=0)
    assert [3] * 5 == [len(one.split()) for one in some]
    questions = ["red chair", "blue lamp", "oak table"]
    known = {word for one in questions for word in one.split()}
    assert {word for one in mixed(questions, 20, seed=0) for word in one.split()} <= known


def test_a_question_of_something_else_does_not_stand_out() -> None:
    model = cs.load("starter")
    rows = model.encode_document(
        [item.parts.text for item in cs.read(EXAMPLE / "listings.csv")][:150]
    ).normalized
    real = ["warm coat for winter", "camera lens", "toy for a small child"]
    foreign = ["interest rate of the central bank", "boiling point of nitrogen at sea level"]
    seen = measure_questions([*real, *foreign, "why do we dream"], model, rows)
    assert (seen.p[:3] <= 0.05).all()
    assert (seen.p[3:] > 0.05).all()
    assert {3, 4, 5} == {*seen.outside, *seen.unsure}
    assert 5 in seen.outside
    assert 6 * 10 == seen.found.sum()
    assert 0 <= seen.floor.false_answers <= 0.15


def test_a_log_gives_three_findings() -> None:
    shop = cs.open(":memory:", model="starter")
    items = list(cs.read(EXAMPLE / "listings.csv"))[:120]
    shop.add(ids=[one.id for one in items], documents=[one.parts.text for one in items])
    lines = (EXAMPLE / "queries.jsonl").read_text().splitlines()
    log = [json.loads(line)["text"] for line in lines]
    found = audit(shop, questions=log, checks=["questions"]).findings
    names = ["questions: outside", "questions: items never found", "questions: score floor"]
    assert names == [one.check for one in found]
    assert len(log) == found[0].figures["questions"]
    assert all(one.verdict in ("found", "clean", "inconclusive") for one in found)
    assert found[2].figures["false answers"] < 0.15
    few = audit(shop, questions=log[:3], checks=["questions"]).findings
    assert {"inconclusive"} == {one.verdict for one in few}
    [none] = audit(shop, checks=["questions"]).findings
    assert "skipped" == none.verdict


@given(st.integers(2, 60), st.integers(1, 200), st.integers(1, 10))
def test_items_never_found_by_chance_are_counted_exactly(n: int, questions: int, k: int) -> None:
    k = min(k, n)
    expected, deviation, p = never_found(np.zeros(n, np.int64), questions, k)
    assert 0 <= expected <= n
    assert deviation >= 0
    assert 0 <= p <= 1


def test_items_never_found_by_chance_are_those_of_draws() -> None:
    random = np.random.default_rng(0)
    left = []
    for _ in range(400):
        drawn = {i for _ in range(30) for i in random.choice(50, 2, replace=False)}
        left.append(50 - len(drawn))
    expected, deviation, _ = never_found(np.zeros(50, np.int64), 30, 2)
    assert abs(np.mean(left) - expected) < 0.5
    assert abs(np.std(left) - deviation) < 0.3


def test_of_equal_questions_one_counts() -> None:
    model = tiny_model()
    rows = model.encode_document([f"chair {n}" for n in range(12)]).normalized
    seen = measure_questions(["a chair"] * 50 + ["a lamp"], model, rows, k=3)
    assert ("a chair", "a lamp") == seen.questions
    assert 6 == seen.found.sum()


def test_one_question_outside_among_many_is_no_finding_and_many_are() -> None:
    shop = cs.open(":memory:", model="starter")
    items = list(cs.read(EXAMPLE / "listings.csv"))
    shop.add(ids=[one.id for one in items], documents=[one.parts.text for one in items])
    own = [(one.parts.text or "").split(".")[0] for one in items[:40]]
    odd = [f"why do {name} dream at night" for name in ("cats", "kings", "popes", "whales", "we")]
    few, *_ = audit(shop, questions=[*own, odd[0]], checks=["questions"]).findings
    assert "clean" == few.verdict
    many, *_ = audit(shop, questions=[*own[:10], *odd * 2], checks=["questions"]).findings
    assert many.figures["outside"] + many.figures["cannot be told"] >= 4


def test_all_questions_and_items_of_a_finding_are_kept() -> None:
    shop = cs.open(":memory:", model=tiny_model())
    ids = [f"{number:03}" for number in range(400)]
    shop.add(ids=ids, documents=[f"thing of make {number}" for number in range(400)])
    asked = [f"question {number} of something else" for number in range(30)]
    found = audit(shop, questions=asked, checks=["questions"])
    outside, never = found["questions: outside"], found["questions: items never found"]
    assert len(outside.groups) == outside.figures["outside"]
    assert len(never.groups) == never.figures["never found"] > 24
