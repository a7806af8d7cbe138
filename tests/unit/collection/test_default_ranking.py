"""The default ranking, in numbers: who changes a weight changes docs/ranking.md and this."""

from collections.abc import Iterator

import pytest
from PIL import Image as Pillow

import cospace as cs
from cospace.collection.query import query_of
from cospace.testing import tiny_model

PHOTO = Pillow.new("RGB", (8, 8), (200, 30, 30))


@pytest.fixture(scope="module")
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model=tiny_model()) as made:
        made.add(
            [
                cs.Item("MK-1", cs.Parts(text="red armchair KX4410B", image=cs.Image(PHOTO))),
                cs.Item("MK-2", cs.Parts(text="blue lamp", image=cs.Image(PHOTO))),
                cs.Item("MK-3", "green kettle"),
            ]
        )
        yield made


@pytest.mark.parametrize(
    ("query", "weights"),
    [
        ("a seat", {"text": 1.0, "image": 0.15, "words": 3.5}),
        (cs.Image(PHOTO), {"image": 1.0}),
        (
            cs.Parts(text="a seat", image=cs.Image(PHOTO)),
            {"text": 0.5, "image": 0.5, "words": 3.5},
        ),
    ],
    ids=["text", "photo", "both"],
)
def test_the_weights_of_each_kind_of_query(
    shop: cs.Collection, query: object, weights: dict[str, float]
) -> None:
    made = query_of(query, shop, None, None)  # type: ignore[arg-type]
    assert weights == dict(made.weights)
    assert set(weights) - {"words"} == set(made.vectors)
    assert ("words" in weights) == bool(made.words)


def test_by_leaves_out_lists_and_changes_no_weight(shop: cs.Collection) -> None:
    made = query_of("a seat", shop, ["text", "words"], None)
    assert ["text"] == list(made.vectors)
    assert {"text": 1.0, "image": 0.15, "words": 3.5} == dict(made.weights)


def test_the_share_of_the_words(shop: cs.Collection) -> None:
    """An article number alone is the whole of its query; of two rare words it is half."""
    [whole, *_] = shop.search("KX4410B", explain=True)
    assert "MK-1" == whole.id
    assert pytest.approx(3.5) == next(why.share for why in whole.why if why.list == "words")
    found = {hit.id: hit for hit in shop.search("KX4410B kettle", explain=True)}
    for id in ("MK-1", "MK-3"):
        [words] = [why for why in found[id].why if why.list == "words"]
        assert pytest.approx(0.5, abs=0.2) == words.score
        assert pytest.approx(3.5 * words.score**4) == words.share
    assert 0 == next(why.share for why in found["MK-2"].why if why.list == "words")


def test_the_score_says_what_was_fused(shop: cs.Collection) -> None:
    told = "fused standard scores: 1 text + 0.15 image + 3.5 words"
    assert told == shop.search("red armchair").score
