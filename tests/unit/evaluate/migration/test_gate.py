"""The gate: the figures are those of the default ranking, and nothing is told that is not known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.cli.migration import migration_lines
from cospace.errors import BadArgument
from cospace.evaluate import check
from cospace.evaluate.migration import compare_models, judge_migration
from cospace.evaluate.migration.overlap import overlap_of, rank_biased_of
from cospace.measures.paired import BETTER, NOT_WORSE, UNDECIDED, WORSE
from cospace.testing.tiny import tiny_model
from cospace.vectors import Vectors

from .shops import ITEMS, JUDGED, shop

THINGS = ("chair", "lamp", "rug", "shelf", "box", "desk", "sofa", "pan")


class Blurred:
    """A model whose vectors are another's with noise added: a worse one."""

    def __init__(self, noise: float) -> None:
        self.real, self.noise = cs.testing.tiny.tiny_model(), noise
        self.space = cs.Space.of("blurred", self.real.space.dim)

    def encode_document(self, items: Any, **_: Any) -> Vectors:
        rows = self.real.encode_document(items).normalized
        random = np.random.default_rng(len(rows))
        return Vectors(rows + self.noise * random.normal(size=rows.shape), self.space)

    encode_query = encode_document


def test_the_figures_are_those_of_a_check() -> None:
    old, new = shop(0), shop(1)
    found = compare_models(old, new, judgments=JUDGED)
    for shop_, interval in ((old, found.whole.old), (new, found.whole.new)):
        figure = check(shop_, JUDGED).figures["ndcg@10"]
        assert figure.value == pytest.approx(interval.value)
    assert "judged" == found.how
    assert len(JUDGED) == found.whole.paired.questions
    assert ["text", "words"] == [one.name for one in found.lists]


def test_a_model_against_itself_is_not_worse_once_the_questions_are_enough() -> None:
    items = [cs.Item(f"{n}-{i.id}", f"{i.parts.text} {n}") for n in range(3) for i in ITEMS]
    judged = {f"a {i.parts.text} please": {i.id: 1.0} for i in items}
    found = compare_models(shop(0, items=items), shop(0, items=items), judgments=judged)
    assert NOT_WORSE == found.verdict
    assert found.passed
    assert 1.0 == found.overlap.value == found.rank_biased.value


def test_a_model_that_lost_its_sense_is_worse_and_the_list_tells() -> None:
    old, new = shop(0), cs.open(":memory:", model=Blurred(3.0))
    new.add(ITEMS)
    judged = {f"{i.parts.text}y": {i.id: 1.0} for i in ITEMS}  # no word of an item
    found = compare_models(old, new, judgments=judged)
    assert WORSE == found.verdict, str(found)
    assert not found.passed
    assert {"text": WORSE}.items() <= {one.name: one.paired.verdict for one in found.lists}.items()
    assert BETTER == compare_models(new, old, judgments=judged).verdict


def test_few_questions_tell_nothing_but_how_many_more() -> None:
    few = dict(list(JUDGED.items())[:8])
    found = compare_models(shop(0), shop(1), judgments=few)
    assert UNDECIDED == found.verdict
    assert found.more > 0
    assert "more would be needed" in str(found)
    assert any("too few" in note for note in found.notes)


def test_sampled_questions_say_so_and_easy_ones_pass_nothing() -> None:
    found = compare_models(shop(0), shop(1))
    assert "sampled" == found.how
    assert str(found).startswith("on sampled questions")
    assert any("nobody judged" in note for note in found.notes)
    assert found.easy
    assert not found.passed


def test_judgments_come_from_the_old_collection_or_a_file(tmp_path: Path) -> None:
    old, new = shop(0), shop(1)
    file = tmp_path / "judged.jsonl"
    file.write_text(
        "".join(json.dumps({"query": q, "relevant": g}) + "\n" for q, g in JUDGED.items())
    )
    for query, grades in JUDGED.items():
        for id, grade in grades.items():
            old.judge(query, id, int(grade))
    kept, read = compare_models(old, new), compare_models(old, new, judgments=file)
    assert "judged" == kept.how
    assert kept.to_json() == read.to_json()


def test_a_seed_gives_the_same_again_and_questions_of_users_are_overlapped() -> None:
    old, new = shop(0), shop(1)
    first, again = (
        compare_models(old, new, questions=["a red thing", "boats"], seed=3) for _ in "ab"
    )
    assert first.to_json() == again.to_json()
    assert 2 == first.overlap_questions


def test_what_is_stored_in_one_only_is_told() -> None:
    found = compare_models(shop(0), shop(1, items=ITEMS[:70]), judgments=JUDGED)
    assert any("80 and 70 items" in note for note in found.notes)
    assert any("only the old collection holds: 10" in note for note in found.notes)


@pytest.mark.parametrize("given", [{"k": 0}, {"wanted": 0}, {"seed": -1}, {"questions": "one"}])
def test_what_cannot_be_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        compare_models(shop(0), shop(1), judgments=JUDGED, **given)


def test_a_candidate_that_lacks_items_is_not_judged(fast_path: Path) -> None:
    old, new = tiny_model(), tiny_model(dim=16, seed=1)
    texts = [f"{colour} {thing}" for colour in ("red", "blue", "grey") for thing in THINGS]
    with cs.open(fast_path / "shop.cospace", model=old) as made:
        made.add(ids=texts, documents=texts)
        made.migrate(new)
        with made.candidate() as after:
            assert compare_models(made, after).whole.paired.questions == len(texts)
        made.add(ids=["late"], documents=["a late lamp"])
        with (
            made.candidate() as after,
            pytest.raises(BadArgument, match=r"24 of 25 items.*--to MODEL"),
        ):
            compare_models(made, after)


def test_judgments_of_other_items_are_refused() -> None:
    with pytest.raises(BadArgument, match="none of the 1 judged"):
        compare_models(shop(0), shop(1), judgments={"a sofa": ["elsewhere"]})


def test_the_report_is_json_and_lines() -> None:
    found = judge_migration(shop(0), shop(1), judgments=JUDGED, bridges=True)
    record = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert found.verdict.verdict == record["verdict"]
    assert ["rescoring", "map into old", "map into new"] == [
        one["name"] for one in record["bridges"]
    ]
    lines = migration_lines(found)
    assert any(line.startswith("default ranking") for line in lines)
    assert any(line.startswith("map into old") for line in lines)


def test_overlaps() -> None:
    assert overlap_of("abc", "abc") == rank_biased_of("abc", "abc") == 1
    assert overlap_of("abc", "xyz") == rank_biased_of("abc", "xyz") == 0
    assert overlap_of("", "") == rank_biased_of("", "") == 1
    assert overlap_of("ab", "abcd") == 0.5
