"""A collection's search against judged questions: figures, least figures, a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadItem, NotFound
from cospace.evaluate.baseline import Baseline
from cospace.evaluate.checked import check, parse_figure
from cospace.measures.metrics import ndcg

THINGS = ["chair", "lamp", "rug", "bed", "vase", "shelf", "rake", "kettle"]


@pytest.fixture(scope="module")
def shop():
    with cs.open(":memory:", model="starter") as made:
        made.add(ids=THINGS, documents=[f"a wooden {thing}" for thing in THINGS])
        yield made


JUDGED = {f"I need a {thing}": {thing: 2, "rug": 1} for thing in THINGS}


def test_the_figures_are_those_of_the_hits(shop: cs.Collection):
    found = check(shop, JUDGED, minimum={"ndcg@3": 0.1})
    for one in found.asked:
        ids = shop.search(one.query, 10).ids
        assert tuple(ids) == one.first
        grades = JUDGED[one.query]
        expected = ndcg([grades.get(id, 0) for id in ids[:3]], list(grades.values()), k=3)
        assert expected == pytest.approx(one.figures["ndcg@3"])
    assert found.figures["ndcg@3"].value == pytest.approx(
        np.mean([one.figures["ndcg@3"] for one in found.asked])
    )
    assert found.passed
    assert 0 < found.judged < 1


def test_a_figure_below_its_minimum_is_not_passed(shop: cs.Collection):
    found = check(shop, JUDGED, minimum={"ndcg@10": 1.0, "mrr@10": 0.0})
    assert ("ndcg@10",) == found.short
    assert not found.passed


def test_a_baseline_of_itself_moves_nothing(shop: cs.Collection):
    first = check(shop, JUDGED)
    again = check(shop, JUDGED, baseline=Baseline.of(json.loads(json.dumps(first.to_json()))))
    assert () == again.moved == again.worse
    assert 0 == again.differences["ndcg@10"].value
    assert again.passed


def test_what_got_worse_is_told_question_by_question(shop: cs.Collection):
    before = Baseline.of(check(shop, JUDGED).to_json())
    wrong = {query: {"kettle" if id != "kettle" else "bed": 2} for query, (id, *_) in
             ((query, list(grades)) for query, grades in JUDGED.items())}  # fmt: skip
    after = check(shop, wrong, baseline=before)
    assert "ndcg@10" in after.worse
    assert not after.passed
    assert after.moved[0].after < after.moved[0].before
    falls = [one.after - one.before for one in after.moved]
    assert sorted(falls) == falls


def test_other_questions_are_counted_and_none_is_refused(shop: cs.Collection):
    before = Baseline.of(check(shop, JUDGED).to_json())
    some = {**dict(list(JUDGED.items())[:7]), "a new one": ["bed"]}
    found = check(shop, some, baseline=before)
    assert any("has not, not compared: 1" in note for note in found.notes)
    assert any("that are gone: 1" in note for note in found.notes)
    with pytest.raises(BadArgument, match="has 0 of these questions"):
        check(shop, {"another": ["bed"]}, baseline=before)


def test_few_questions_have_no_interval_and_say_so(shop: cs.Collection):
    found = check(shop, {"a bed": ["bed", "gone"]})
    assert any("too few" in note for note in found.notes)
    assert any("not stored" in note for note in found.notes)
    assert 0.5 == found.asked[0].figures["recall@100"]


def test_the_kept_judgments_are_the_default(shop: cs.Collection):
    with pytest.raises(BadArgument, match="cospace judge"):
        check(shop)
    with cs.open(":memory:", model="starter") as mine:
        mine.add(ids=["1"], documents=["a chair"])
        mine.judge("a seat", "1", 3)
        assert 1.0 == check(mine).figures["ndcg@10"].value


@pytest.mark.parametrize(
    "name", ["ndcg", "ndcg@", "ndcg@0", "ndcg@x", "f1@3", "recall@99999999", ""]
)
def test_a_figure_that_is_none(shop: cs.Collection, name: str):
    with pytest.raises(BadArgument, match="is no figure"):
        parse_figure(name)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"questions": []}', '{"questions": [1], "figures": {"a": {}}}',
     '{"questions": [{"query": "a", "figures": {"n": "x"}, "first": []}], "figures": {"n": {}}}',
     '{"questions": [{"query": "a", "figures": {}, "first": []}], "figures": {"n": {}}}',
     '{"questions": [{"query": "a", "figures": {"n": NaN}, "first": []}], "figures": {"n": {}}}'],
)  # fmt: skip
def test_a_file_that_is_no_baseline(tmp_path: Path, text: str):
    (tmp_path / "b.json").write_text(text)
    with pytest.raises(BadItem, match="is no baseline"):
        Baseline.read(tmp_path / "b.json")
    with pytest.raises(NotFound):
        Baseline.read(tmp_path / "none.json")


def test_every_figure_is_held_against_the_baseline(shop: cs.Collection):
    record = json.loads(json.dumps(check(shop, JUDGED).to_json()))
    for one in record["questions"]:
        one["figures"]["ndcg@10"] = 0.0  # then that got better, and the recall worse
    found = check(shop, JUDGED, baseline=Baseline.of(record), where={"x": 1})
    assert {"ndcg@10", "recall@100", "mrr@10"} == set(found.differences)
    assert {"recall@100", "mrr@10"} == set(found.worse)
    assert not found.passed
    assert found.judged is None  # nothing was found
    assert any("searched otherwise" in note for note in found.notes)


def test_a_few_questions_tell_nothing_and_are_refused(shop: cs.Collection):
    some = dict(list(JUDGED.items())[:5])
    with pytest.raises(BadArgument, match="at least 6"):
        check(shop, some, baseline=Baseline.of(check(shop, some).to_json()))
    with pytest.raises(BadArgument, match="seed"):
        check(shop, some, seed=-1)
