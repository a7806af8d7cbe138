"""The measure of a training: examples that share a text are drawn together."""

import numpy as np
import pytest

from cospace.train.contrastive.examples import read_examples
from cospace.train.contrastive.measure import Measure, apart, measure
from cospace.train.losses import unit


@pytest.mark.parametrize("scored", [False, True])
def test_examples_that_share_a_text_stand_or_fall_together(scored: bool) -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    own = np.arange(200)

    def made() -> np.ndarray:
        return np.repeat(random.random(20), 10) + 0.05 * random.random(200)

    scores = made() if scored else None
    clear = []
    for seed in range(25):
        values = made(), made()
        for mine in (groups, own):
            after, before = (Measure("", one, mine, scores) for one in values)
            clear.append(apart(after, before, seed=seed).verdict != "no clear difference")
    assert np.mean(clear[::2]) <= 0.16
    assert np.mean(clear[1::2]) > 0.3


def test_questions_of_one_answer_are_of_one_group() -> None:
    pairs = [(f"question {n}", f"answer {n % 8}") for n in range(40)]
    examples = read_examples(pairs)
    rows = unit(np.random.default_rng(0).normal(size=(len(examples.texts), 6)).astype(np.float32))
    found = measure(examples, rows, rows)
    assert (40, 8) == (len(found.values), len(np.unique(found.groups)))
    narrow = Measure(found.name, found.values, np.arange(40)).interval(0)
    assert found.interval(0).value == narrow.value


def test_scored_pairs_of_texts_of_their_own_are_drawn_one_by_one() -> None:
    random = np.random.default_rng(1)
    values, scores = random.random(30), random.random(30)
    each = Measure("", values, np.arange(30), scores)
    few = Measure("", values, np.arange(30) % 3, scores)
    assert each.interval(0) == few.interval(0)
