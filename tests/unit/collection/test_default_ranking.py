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
        ("a seat", {"text": 1.0, "image": 0.05, "words": 1.0}),
        (cs.Image(PHOTO), {"image": 1.0}),
        (
            cs.Parts(text="a seat", image=cs.Image(PHOTO)),
            {"text": 0.45, "image": 0.55, "words": 0.25},
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
    assert {"text": 1.0, "image": 0.05, "words": 1.0} == dict(made.weights)


def test_the_share_of_a_name(shop: cs.Collection) -> None:
    """An article number that one item holds comes first, alone and in a sentence."""
    for query in ("KX4410B", "kx-4410 b", "do you have the kx4410b lamp in blue"):
        [first, *others] = shop.search(query, explain=True)
        assert "MK-1" == first.id
        share = {
            hit.id: why.share for hit in (first, *others) for why in hit.why if why.list == "words"
        }
        assert pytest.approx(8, abs=0.1) == share["MK-1"]
        assert all(abs(share[hit.id]) < 0.1 for hit in others)


def test_the_score_says_what_was_fused(shop: cs.Collection) -> None:
    told = "sum of standard scores (docs/ranking.md): 1 text + 0.05 image + 1 words"
    assert told == shop.search("red armchair").score


def test_a_model_of_many_languages_knows_words_by_their_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its vocabulary cuts ordinary words too, so nothing is said of what it does not know."""
    shop = cs.open(":memory:", model="starter")
    shop.add(ids=["a", "b"], documents=["white wardrobe", "red lamp"])
    assert "does not know" in shop.search("weißer Kleiderschrank").notes[0]
    monkeypatch.setattr("cospace.encode.unknown._MANY", 20_000)
    assert () == shop.search("weißer Kleiderschrank").notes
