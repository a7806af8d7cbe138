"""What an answer says of itself when no list is sure, and scores that never rise."""

from collections.abc import Iterator

import numpy as np
import pytest

import cospace as cs
from cospace.search.candidates import Ranking


@pytest.fixture(scope="module")
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model="starter") as made:
        texts = ["Retro velvet armchair", "Steel garden rake KX-4410B", "Blue lamp by Velmora"]
        made.add([cs.Item(f"MK-{i}", text, {"at": i}) for i, text in enumerate(texts)])
        yield made


@pytest.mark.parametrize(
    "query", ["Kleiderschrank", "armchiar vlevet", "QR-9999Z", "the Kleiderschrank QR-9999"]
)
def test_words_that_nothing_knows_are_told(shop: cs.Collection, query: str) -> None:
    found = shop.search(query, spelling=False)
    assert 3 == len(found)
    [note] = found.notes
    assert "no item holds" in note
    assert "the hits may be unrelated" in note


@pytest.mark.parametrize(
    "query",
    [
        "a place to sit",
        "armchair Kleiderschrank",
        "KX-4410B",
        "velmora",
        "a chair",
        "the",
        "armchiar chair",
    ],
)
def test_an_answer_that_a_list_is_sure_of_has_no_note(shop: cs.Collection, query: str) -> None:
    assert () == shop.search(query).notes


def test_behind_a_filter_it_is_told_of_what_passes(shop: cs.Collection) -> None:
    """An item that the filter leaves out does hold the word."""
    [note] = shop.search("velmora", where={"at": 0}).notes
    assert "no item that passes the filter holds 'velmora'" in note


def test_each_query_of_many_has_its_own_note(shop: cs.Collection) -> None:
    sure, unsure = shop.search_many(["a place to sit", "Kleiderschrank"])
    assert (0, 1) == (len(sure.notes), len(unsure.notes))


def test_vectors_and_words_alone_have_no_note(shop: cs.Collection) -> None:
    assert () == shop.search(shop.model.encode_query(["Kleiderschrank"])).notes
    assert () == shop.search("Kleiderschrank", by="words").notes


@pytest.mark.parametrize("fused", [True, False])
def test_a_deeper_tier_goes_on_where_the_last_one_ended(fused: bool) -> None:
    tier = Ranking([1, 2, 3], [9.0, 5.0, 1.0], lambda _: (), "", fused)
    moved = tier.below(6.0)
    assert ([6.0, 2.0, -2.0] if fused else [6.0, 5.0, 1.0]) == moved.scores
    assert tier.below(9.0) == tier
    assert [] == tier._replace(keys=[], scores=[]).below(1.0).scores


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_scores_never_rise_along_a_list(fast_path: object, place: str) -> None:
    rng = np.random.default_rng(0)
    space = cs.Space.of("rising", 16)
    with cs.open(":memory:" if place == "memory" else f"{fast_path}/s.cospace") as made:
        words = ["red", "blue", "lamp", "chair", "rug"]
        made.add_vectors(
            [f"id-{i}" for i in range(400)],
            cs.Vectors(rng.normal(size=(400, 16)), space),
            texts=[" ".join(rng.choice(words, 3)) for _ in range(400)],
        )
        from cospace.search import Query, ask

        for _ in range(5):
            vector = rng.normal(size=16).astype(np.float32)
            query = Query({"text": vector / np.linalg.norm(vector)}, "red lamp KX-1")
            whole = ask(made.store, query, k=400)
            scores = [hit.score for hit in whole]
            assert (np.diff(scores) <= 1e-9).all()
            for k, offset in ((10, 0), (60, 45), (100, 300)):
                page = ask(made.store, query, k=k, offset=offset)
                assert whole.ids[offset : offset + k] == page.ids
                assert np.allclose(scores[offset : offset + k], [hit.score for hit in page])
