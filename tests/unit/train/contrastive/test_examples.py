"""Examples: forms known by their columns, groups of those that share a text, what cannot teach."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument, NotFound
from cospace.train.contrastive.batches import batches, positives_of_labels
from cospace.train.contrastive.examples import read_examples
from cospace.train.contrastive.measure import apart, measure
from cospace.train.contrastive.mining import mine
from cospace.train.contrastive.options import tune_settings

PAIRS = [("a chair", "a seat"), ("a lamp", "a light"), ("a bed", "a cot")]


@pytest.mark.parametrize(
    ("columns", "row", "form"),
    [
        ("anchor,positive", "a{0},b{0}", "pairs"),
        ("anchor,positive,negative", "a{0},b{0},c{0}", "triplets"),
        ("sentence1,sentence2,score", "a{0},b{0},{0}", "scored"),
        ("text,label", "a{0},x", "labels"),
    ],
)
def test_a_table_has_the_form_of_its_columns(
    columns: str, row: str, form: str, tmp_path: Path
) -> None:
    file = tmp_path / "examples.csv"
    lines = [row.format(i) for i in range(3)] + (["z,y"] if form == "labels" else [])
    file.write_text("\n".join([columns, *lines]) + "\n")
    read = read_examples(file)
    assert (form, len(lines)) == (read.form, len(read))
    assert read.sha256 == read_examples(file).sha256
    if form == "triplets":
        assert form == read_examples(file, "triplets").form
        assert "pairs" == read_examples(file, "pairs").form


def test_a_file_of_the_sts_benchmark(tmp_path: Path) -> None:
    file = tmp_path / "sts.csv"
    file.write_text("g\tf\ty\t1\t4.5\tone\ttwo\ng\tf\ty\t2\t1\tthree\tfour\n")
    assert [4.5, 1] == read_examples(file).values.tolist()


@pytest.mark.parametrize(
    ("rows", "form"),
    [
        (PAIRS, "pairs"),
        ([(*pair, "other") for pair in PAIRS], "triplets"),
        ([(*pair, i / 2) for i, pair in enumerate(PAIRS)], "scored"),
    ],
)
def test_a_list_has_the_form_of_its_tuples(rows: list[Any], form: str) -> None:
    assert form == read_examples(rows).form


def test_examples_that_share_a_text_are_one_group() -> None:
    rows = [("a", "b"), ("c", "d"), ("d", "e"), ("b", "f"), ("g", "h")]
    groups = read_examples(rows).groups.tolist()
    assert groups[0] == groups[3] and groups[1] == groups[2]
    assert 3 == len(set(groups))


def test_a_negative_joins_a_group_and_no_family() -> None:
    """Split together, so that no text is on both sides; and yet each other's negatives."""
    read = read_examples([("a", "b", "n"), ("c", "d", "n")])
    assert 1 == len(set(read.groups.tolist()))
    assert 2 == len(set(read.families.tolist()))


def test_bad_rows_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text("anchor,positive\na,b\n,c\nd,e\nf,\n")
    read = read_examples(file)
    assert (2, 2) == (len(read), len(read.failed))


@pytest.mark.parametrize(
    ("rows", "form", "why"),
    [
        ([("a", "b")], "", "1 examples can be used"),
        ([], "", "not of no parts"),
        (["ab", "cd"], "", "tuples"),
        ([("a", "b"), ("c", "d", "e")], "", "tuples of one length"),
        ([("a", "same"), ("b", "same")], "", "all 2 positives are one text"),
        ([("a", "b", 1), ("c", "d", 1)], "", "all 2 pairs have the score 1"),
        ([("a", "b", 1), ("c", "d", float("nan"))], "", "finite number"),
        ([("a", "x"), ("b", "x")], "labels", "of 1 labels"),
        ([("a", "x"), ("b", "y")], "labels", "one with 2 texts"),
        ([("a", ""), ("b", None)], "labels", "it has no label"),
        ([("a", ""), ("b", "c")], "", "1 examples can be used"),
        (PAIRS, "couples", "form is one of"),
        (PAIRS, "triplets", "tuples of 3"),
    ],
)
def test_what_cannot_teach(rows: Any, form: str, why: str) -> None:
    with pytest.raises(BadArgument, match=why):
        read_examples(rows, form)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_examples(tmp_path / "nowhere.csv")
    (tmp_path / "table.csv").write_text("question,answer\na,b\n")
    with pytest.raises(BadArgument, match="anchor and positive"):
        read_examples(tmp_path / "table.csv")
    with pytest.raises(BadArgument, match="sentence1"):
        read_examples(tmp_path / "table.csv", "scored")


def test_mined_by_hand() -> None:
    anchors = np.float32([[1, 0]])
    texts = np.float32([[0.96, 0.28], [0.8, 0.6], [0.6, 0.8], [0, 1]])
    positive = texts[1:2]  # a cosine of 0.8
    none = np.zeros((1, 4), bool)
    none[0, 1] = True  # its own
    found = mine(anchors, positive, texts, none, count=2, margin=0.05)
    assert ([[2, 3]], 1, 0) == (found.negatives.tolist(), found.refused, found.short)
    # 0.6 is above 0.8 - 0.3, and is refused too; only one is left.
    found = mine(anchors, positive, texts, none, count=2, margin=0.3)
    assert ([[3, -1]], 2, 1) == (found.negatives.tolist(), found.refused, found.short)


@given(st.integers(0, 99), st.floats(-0.5, 0.5), st.integers(1, 4))
def test_no_mined_text_is_as_near_as_the_positive(seed: int, margin: float, count: int) -> None:
    random = np.random.default_rng(seed)

    def rows(n: int) -> np.ndarray:
        made = random.standard_normal((n, 3))
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)

    anchors, positives, texts = rows(5), rows(5), rows(8)
    forbidden = random.random((5, 8)) < 0.3
    found = mine(anchors, positives, texts, forbidden, count=count, margin=margin)
    close = anchors @ texts.T
    for i, negatives in enumerate(found.negatives.tolist()):
        taken = [j for j in negatives if j >= 0]
        assert not any(forbidden[i, j] for j in taken)
        limit = float(anchors[i] @ positives[i]) - margin
        assert all(close[i, j] <= limit + 1e-6 for j in taken)
        usable = np.flatnonzero(~forbidden[i] & (close[i] <= limit - 1e-6))
        assert len(taken) >= min(count, len(usable))


def test_batches_hold_every_example_once() -> None:
    read = read_examples([(f"a{i}", f"b{i}") for i in range(23)])
    lengths = np.arange(len(read.texts))
    made = list(batches(read, lengths, np.zeros((23, 0), np.intp), size=4,
                        random=np.random.default_rng(0)))  # fmt: skip
    assert sorted(read.first.tolist()) == sorted(i for b in made for i in b.anchors.tolist())
    assert all(len(b.anchors) <= 4 for b in made)


def test_what_belongs_together_is_no_negative() -> None:
    read = read_examples([("a", "b"), ("a", "c"), ("d", "e")])
    [batch] = batches(read, np.ones(len(read.texts), np.intp), np.full((3, 1), -1), size=8,
                      random=np.random.default_rng(0))  # fmt: skip
    for i, anchor in enumerate(batch.anchors):
        for j, document in enumerate(batch.documents):
            one, two = read.texts[anchor], read.texts[document]
            assert batch.same[i, j] == ((one == "d") == (two == "e"))


def test_hard_negatives_stand_after_the_positives() -> None:
    read = read_examples([("a", "b", "n"), ("c", "d", "m")])
    [batch] = batches(read, np.ones(6, np.intp), read.third[:, None], size=8,
                      random=np.random.default_rng(0))  # fmt: skip
    assert {"b", "d"} == {read.texts[i] for i in batch.documents[:2]}
    assert {"n", "m"} == {read.texts[i] for i in batch.documents[2:]}
    assert not batch.same[:, 2:].any()


@given(st.lists(st.integers(0, 3), min_size=2, max_size=20), st.integers(0, 9))
def test_a_label_gives_each_text_another_one(labels: list[int], seed: int) -> None:
    rows = [(f"t{i}", str(label)) for i, label in enumerate(labels)]
    if len(set(labels)) < 2 or max(labels.count(one) for one in labels) < 2:
        return
    read = read_examples(rows, "labels")
    found = positives_of_labels(read, np.random.default_rng(seed))
    for i, other in enumerate(found.tolist()):
        if labels.count(labels[i]) == 1:
            assert -1 == other
        else:
            assert i != other and labels[i] == labels[other]


def test_measures_by_hand() -> None:
    rows = np.eye(4, dtype=np.float32)
    pairs = read_examples([("a", "b"), ("c", "d")])
    placed = rows[[0, 0, 1, 1]]  # each pair in one place
    assert [1, 1] == measure(pairs, placed, placed).values.tolist()
    wrong = rows[[0, 1, 1, 0]]
    assert [1 / np.log2(3)] * 2 == pytest.approx(measure(pairs, wrong, wrong).values.tolist())
    scored = read_examples([("a", "b", 0), ("a", "c", 1), ("a", "d", 2)])
    by = np.float32([[1, 0], [0, 1], [0.6, 0.8], [0.8, 0.6]])
    assert 1 == pytest.approx(measure(scored, by, by).figure)
    labels = read_examples([("a", "x"), ("b", "x"), ("c", "y"), ("d", "y")], "labels")
    assert 1 == measure(labels, placed, placed).figure
    assert measure(labels, wrong, wrong).figure < 1


def test_a_measure_that_is_better_says_so() -> None:
    random = np.random.default_rng(0)
    rows = [(f"a{i}", f"b{i}", float(i % 7)) for i in range(80)]
    scored = read_examples(rows)
    one = np.tile(np.float32([[1, 0]]), (160, 1))
    good, bad = one.copy(), one.copy()
    angle = scored.values / 7
    good[scored.second] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    angle = random.random(80)
    bad[scored.second] = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    difference = apart(measure(scored, good, good), measure(scored, bad, bad), seed=0)
    assert "better" == difference.verdict
    mixed = measure(scored, good, good, shuffled=random)
    assert abs(mixed.figure) < 0.35


@pytest.mark.parametrize(
    ("options", "form", "why"),
    [
        ({"epoch": 1}, "pairs", "did you mean epochs"),
        ({"epochs": 0}, "pairs", "epochs is a whole number"),
        ({"rate": 0}, "pairs", "rate is a number"),
        ({"batch": 1}, "pairs", "batch is a whole number"),
        ({"loss": "cosent"}, "pairs", "the loss for pairs is ranking"),
        ({"loss": "ranking"}, "scored", "cosine or cosent"),
        ({"negatives": 1}, "triplets", "mined for pairs"),
        ({"matryoshka": [32]}, "pairs", "a size of matryoshka is a whole number from 1 to 31"),
        ({"held_out": 1.0}, "pairs", "share between 0 and 1"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], form: str, why: str) -> None:
    with pytest.raises(BadArgument, match=why):
        tune_settings(options, form, 32)
