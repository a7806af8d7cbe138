"""`Collection.tune`: weights that were fitted, held to queries that they have not seen."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.collection.query import DEFAULT
from cospace.collection.tune import LEAST_QUERIES
from cospace.errors import BadArgument, CollectionReadOnly

THINGS = ["kettle", "bicycle", "armchair", "rake", "carpet", "wardrobe", "lantern", "saucepan"]
COLOURS = ["red", "green", "yellow", "blue", "grey", "white"]


class Letters:
    """An encoder whose vectors say nothing of the meaning: all that helps is the words."""

    space = cs.Space.of("letters", 16)

    def encode_document(self, items: Any) -> cs.Vectors:
        return self._rows(items, 0)

    def encode_query(self, items: Any) -> cs.Vectors:
        return self._rows(items, 1)

    def _rows(self, items: Any, salt: int) -> cs.Vectors:
        rows = []
        for item in items:
            text = item if isinstance(item, str) else item.value
            rows.append(np.random.default_rng([salt, *text.encode()]).normal(size=16))
        return cs.Vectors(np.array(rows), self.space)


@pytest.fixture
def shop() -> cs.Collection:
    """Many items share each word, so that BM25 counts."""
    made = cs.open(":memory:", model=Letters())
    names = [f"{colour} {thing} number {n}" for colour in COLOURS for thing in THINGS for n in "12"]
    made.add(ids=names, documents=[f"a {name} of good make" for name in names])
    return made


def judged(shop: cs.Collection, count: int = 48) -> dict[str, dict[str, int]]:
    """For "red kettle" the red kettles are right."""
    pairs = [(colour, thing) for colour in COLOURS for thing in THINGS][:count]
    return {
        f"good make {c} {t}": {item.id: 1 for item in shop if f"{c} {t}" in item.id}
        for c, t in pairs
    }


def test_words_count_more_where_vectors_say_nothing(shop: cs.Collection) -> None:
    tuning = shop.tune(judged(shop))
    assert tuning.better
    assert tuning.weights["words"] > DEFAULT["words"]
    assert tuning.weights["image"] == DEFAULT["image"]  # there are no images to weigh
    assert tuning.held_out.value > tuning.before.value + 0.05
    assert tuning.advice.startswith("use these weights")
    assert 48 == tuning.queries
    # It has changed nothing yet.
    assert shop.weights is None
    before = [shop.search(query, k=5).ids for query in judged(shop)]
    shop.weights = tuning.weights
    assert dict(tuning.weights) == shop.weights
    assert before != [shop.search(query, k=5).ids for query in judged(shop)]
    shop.weights = None
    assert before == [shop.search(query, k=5).ids for query in judged(shop)]


def test_the_figures_are_those_of_search(shop: cs.Collection) -> None:
    from cospace.measures.metrics import ndcg

    def measured() -> float:
        found = []
        for query, grades in judged(shop).items():
            ids = shop.search(query, k=10).ids
            found.append(ndcg([grades.get(id, 0) for id in ids], list(grades.values()), k=10))
        return float(np.mean(found))

    tuning = shop.tune(judged(shop))
    assert tuning.before.value == pytest.approx(measured())
    shop.weights = tuning.weights
    # Chosen on all of them, the weights are at least as good as those that saw four fifths.
    assert measured() >= tuning.held_out.value - 1e-9
    # And what is compared with stays the default.
    assert tuning.before.value == pytest.approx(shop.tune(judged(shop)).before.value)


def test_judgments_of_chance_are_not_to_be_used(shop: cs.Collection) -> None:
    """Whatever fits noise is no better on what was held out."""
    ids = [item.id for item in shop]
    random = np.random.default_rng(5)
    better = 0
    for seed in range(8):
        noise = {q: {str(random.choice(ids)): 1} for q in judged(shop)}
        tuning = shop.tune(noise, seed=seed)
        better += tuning.better
        assert tuning.better == tuning.advice.startswith("use")
    assert better <= 1


def test_too_few_queries_are_refused(shop: cs.Collection) -> None:
    few = judged(shop, LEAST_QUERIES - 1)
    with pytest.raises(BadArgument, match=rf"{LEAST_QUERIES - 1} of {LEAST_QUERIES - 1} are such"):
        shop.tune(few)
    # Queries without a right item that is stored teach nothing, and are told.
    gone = {f"nothing {n}": {"no such id": 1} for n in range(9)}
    with pytest.raises(BadArgument, match=rf"{LEAST_QUERIES - 1} of {LEAST_QUERIES + 8}"):
        shop.tune({**few, **gone})
    tuning = shop.tune({**judged(shop), **gone, "wrong": {"red kettle number 1": 0}})
    assert 48 == tuning.queries
    assert (
        "queries without a right item that is stored, left out: 10",
        "judged items that are not stored, counted as not found: 1",
    ) == tuning.notes


def test_a_list_of_right_ids_is_enough(shop: cs.Collection) -> None:
    lists: dict[str, list[str]] = {query: list(grades) for query, grades in judged(shop).items()}
    assert shop.tune(judged(shop)).to_json() == shop.tune(lists).to_json()


@pytest.mark.parametrize(
    "bad",
    [
        ["a query"],
        {"": {"a": 1}},
        {7: {"a": 1}},
        {"a query": "MK-1"},
        {"a query": {"MK-1": "good"}},
        {"a query": {"MK-1": math.nan}},
        {"a query": {"MK-1": True}},
        {"a query": {7: 1}},
        {"a query": 7},
    ],
)
def test_what_is_no_judgment(shop: cs.Collection, bad: Any) -> None:
    with pytest.raises(BadArgument, match="judged"):
        shop.tune(bad)


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"text": 1.0},
        {"text": 1.0, "image": 0.1, "words": 1.0, "price": 2.0},
        {"text": 0.0, "image": 0.1, "words": 1.0},
        {"text": 1.0, "image": -0.1, "words": 1.0},
        {"text": 1.0, "image": 0.1, "words": math.nan},
        {"text": 1.0, "image": 0.1, "words": "much"},
        {"text": True, "image": 0.1, "words": 1.0},
        [1.0, 0.1, 1.0],
    ],
)
def test_what_cannot_be_weights(shop: cs.Collection, bad: Any) -> None:
    with pytest.raises(BadArgument, match="weight"):
        shop.weights = bad
    assert shop.weights is None


def test_weights_are_kept_with_the_collection(tmp_path: Path) -> None:
    weights = {"text": 1.0, "image": 0.3, "words": 2.0}
    with cs.open(tmp_path / "shop.cospace") as shop:
        shop.add_vectors(["a"], cs.Vectors([[1.0, 0.0]], cs.Space.of("mine", 2)))
        with cs.open(tmp_path / "shop.cospace", read_only=True) as reader:
            assert reader.weights is None
            shop.weights = weights
            assert weights == reader.weights
            with pytest.raises(CollectionReadOnly):
                reader.weights = None
    with cs.open(tmp_path / "shop.cospace") as shop:
        assert weights == shop.weights
        shop.weights = None
    with cs.open(tmp_path / "shop.cospace") as shop:
        assert shop.weights is None


def test_a_code_comes_first_whatever_words_weigh() -> None:
    """The promise of names does not hang on the weight of BM25."""
    shop = cs.open(":memory:", model="starter")
    shop.add(ids=[f"n{n}" for n in range(60)], documents=[f"Swivel chair {n}" for n in range(60)])
    shop.add(ids=["it"], documents=["Desk KX-4410B"])
    shop.weights = {"text": 1.0, "image": 0.15, "words": 0.0}
    assert "it" == shop.search("swivel chair kx4410b")[0].id


def test_weights_are_of_queries_that_are_texts() -> None:
    """By image, and by both, the ranking stays as it is."""
    shop = cs.open(":memory:", model="starter")
    photo = Path(__file__).parents[3] / "examples" / "marketplace" / "photos"
    photos = sorted(photo.glob("*.jpg"))[:12]
    shop.add(
        ids=[p.stem for p in photos],
        documents=[p.stem for p in photos],
        images=[cs.Image(p) for p in photos],
    )
    queries: list[Any] = [cs.Image(photos[0]), cs.Parts(image=cs.Image(photos[1]), text="in green")]
    before = [shop.search(query).to_json() for query in queries]
    text = shop.search("a green coat", explain=True)
    shop.weights = {"text": 1.0, "image": 1.0, "words": 5.0}
    assert before == [shop.search(query).to_json() for query in queries]
    assert text.score != shop.search("a green coat", explain=True).score


def test_images_are_weighed_where_there_are_some() -> None:
    """Where the texts say nothing, the images should count more."""
    shop = cs.open(":memory:", model="starter")
    folder = Path(__file__).parents[3] / "examples" / "marketplace"
    items = [item for item in cs.read(folder / "listings.csv") if "image" in item.parts][:40]
    shop.add(
        ids=[item.id for item in items],
        documents=[f"article {n}" for n in range(40)],
        images=[item.parts["image"] for item in items],
    )
    judged = {f"{item.parts['text'].value}": {item.id: 1} for item in items}
    tuning = shop.tune(judged)
    assert tuning.better, tuning
    assert tuning.weights["image"] > DEFAULT["image"]
    assert tuning.held_out.value > tuning.before.value
