"""Duplicates: unrelated items are none, and what is left after one run has none."""

import random

import numpy as np
import pytest

import cospace as cs
from cospace.audit import duplicates
from cospace.audit.copies import Copies
from cospace.audit.duplicates import groups_of
from cospace.audit.threshold import sampled
from cospace.audit.view import Matrix, View

ADJECTIVES = ("red", "blue", "green", "grey", "white", "black", "oak", "pine", "retro", "modern",
              "vintage", "small", "large", "tall", "narrow", "round", "folding")  # fmt: skip
NOUNS = ("chair", "table", "lamp", "sofa", "rug", "shelf", "mirror", "bench", "stool", "desk",
         "bed", "cabinet", "vase", "clock", "basket", "curtain", "pillow", "rake")  # fmt: skip
MATERIALS = ("wood", "steel", "glass", "velvet", "leather", "cotton", "wool", "paper")
ROOMS = ("kitchen", "bedroom", "garden", "office", "hall")


def drawn(n: int) -> list[str]:
    """Texts of one form, each with its own number: no two say the same."""
    draw = random.Random(1)
    return [
        f"{draw.choice(ADJECTIVES)} {draw.choice(NOUNS)} made of {draw.choice(MATERIALS)}"
        f" for the {draw.choice(ROOMS)}, in good condition, number {number}"
        for number in range(n)
    ]


@pytest.fixture(scope="module")
def shop() -> cs.Collection:
    texts = drawn(3_000)
    made = cs.open(":memory:", model="starter")
    made.add(ids=[f"{number:04}" for number in range(len(texts))], documents=texts)
    return made


def test_texts_of_one_form_are_no_copies(shop: cs.Collection) -> None:
    found = duplicates(shop)
    assert sum(len(one.ids) - 1 for one in found) <= 6, "0.1% by chance, twice that"


def test_copies_among_texts_of_one_form_are_found_in_one_run(shop: cs.Collection) -> None:
    texts = drawn(3_000)[:40]
    shop.add(ids=[f"copy {number}" for number in range(40)], documents=[f"{t}!" for t in texts])
    gone = [id for one in duplicates(shop) for id in one.ids[1:]]
    assert len(set(gone)) == len(gone), "an item goes once"
    assert all(f"copy {number}" in gone or f"{number:04}" in gone for number in range(40))
    shop.delete(gone)
    assert len(duplicates(shop)) <= 1, "nothing is left for a second run"


def test_who_goes_changes_nothing_about_who_is_drawn() -> None:
    ids = [f"MK-{number}" for number in range(1_000)]
    before, after = View("shop", None, ids=ids), View("shop", None, ids=ids[3:])
    matrices = [
        Matrix(np.arange(len(one)), np.ones((len(one), 2), np.float32)) for one in (before, after)
    ]
    first = {before.ids[at] for at in sampled(before, matrices[0], 100, 0)}
    second = {after.ids[at] for at in sampled(after, matrices[1], 100, 0)}
    assert 100 == len(first) == len(second)
    assert first - set(ids[:3]) <= second
    other = {before.ids[at] for at in sampled(before, matrices[0], 100, 1)}
    assert len(first & other) < 50, "another seed draws others"


def test_no_two_that_are_kept_are_near() -> None:
    """An original and three edits of it, each near to the original and to no other."""
    view = View("shop", None, ids=["a", "b", "c", "d"], texts=["oak"] * 4)
    view.metadata, view.media = [{}] * 4, [{}] * 4
    view.matrices = {"text": Matrix(np.arange(4), np.eye(4, dtype=np.float32))}
    pairs = np.array([0, 0, 0]), np.array([1, 2, 3]), np.array([0.99, 0.98, 0.97])
    view.memo["copies", "text", 0] = Copies("text", *pairs, [], None)
    found = [one.ids for one in groups_of(view, "both")]
    assert [("a", "b"), ("a", "c"), ("a", "d")] == found
