"""Searching through a reranker: which hits it scores, what is promised, what is kept and told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cospace as cs
from cospace.collection.rerank import check_setting, setting_of
from cospace.collection.tune_rerank import SHARES, _scores
from cospace.encode.reranker import load_reranker
from cospace.errors import (
    BadArgument,
    CollectionReadOnly,
    ModelNotFound,
    SpaceMismatch,
)
from cospace.limits import override
from cospace.measures.metrics import ndcg
from cospace.search.rerank import Reranking
from cospace.testing import tiny_model, tiny_reranker, tiny_reranker_folder

THINGS = ("chair", "lamp", "rug", "shelf", "bus", "bicycle", "sofa", "table")
COLOURS = ("red", "blue", "grey", "white", "black", "green", "oak", "pine", "velvet", "steel")
TEXTS = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]


@pytest.fixture(scope="module")
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model=tiny_model()) as made:
        made.add(ids=[f"MK-{i}" for i in range(len(TEXTS))], documents=TEXTS)
        yield made


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home/models"


def test_the_score_is_a_mix_and_says_how_it_came_about(shop: cs.Collection) -> None:
    plain = shop.search("red chair", k=5)
    found = shop.search("red chair", k=80, rerank=tiny_reranker())
    assert "mix of standard scores over the first 20" in found.score
    assert "tiny-reranker-0" in found.score
    assert [hit.score for hit in found] != [hit.score for hit in shop.search("red chair", k=80)]
    texts = [hit.text or "" for hit in found]
    logits = dict(zip(found.ids, tiny_reranker().score("red chair", texts), strict=True))
    for hit in found[:20]:
        first, judged = hit.why
        assert ("first", "rerank") == (first.list, judged.list)
        assert hit.score == pytest.approx(first.share + judged.share)
        assert judged.score == pytest.approx(float(logits[hit.id]), abs=1e-4), "of its own text"
    assert all(hit.why == () for hit in found[20:])
    ranks = [why.rank for hit in found[:20] for why in hit.why if why.list == "rerank"]
    assert sorted(ranks, key=lambda rank: rank or 0) == list(range(1, 21))
    assert found.to_json()["hits"][0]["why"][1]["list"] == "rerank"
    assert () == plain[0].why


def test_explained_each_list_is_told_too(shop: cs.Collection) -> None:
    hit = shop.search("red chair", k=1, explain=True, rerank=tiny_reranker())[0]
    assert {"text", "first", "rerank"} <= {why.list for why in hit.why}


@given(st.sampled_from(TEXTS), st.integers(0, 80), st.integers(0, 80), st.sampled_from([3, 7, 50]))
def test_the_first_k_of_a_longer_list_are_the_same_k(
    shop: cs.Collection, query: str, k: int, offset: int, depth: int
) -> None:
    with override(rerank_candidates=depth):
        whole = shop.search(query, k=80, rerank=tiny_reranker())
        page = shop.search(query, k=k, offset=offset, rerank=tiny_reranker())
    assert whole.ids[offset : offset + k] == page.ids
    scores = [hit.score for hit in whole]
    assert all(a >= b - 1e-9 for a, b in pairwise(scores))
    assert len(set(whole.ids)) == len(whole.ids)


def test_only_candidates_are_scored_and_the_rest_keeps_its_order(shop: cs.Collection) -> None:
    with override(rerank_candidates=5):
        found = shop.search("red chair", k=30, rerank=tiny_reranker()).ids
    plain = shop.search("red chair", k=30).ids
    assert set(plain[:5]) == set(found[:5])
    assert plain[5:] == found[5:]


def test_no_hits_and_no_items_are_no_error(shop: cs.Collection) -> None:
    assert [] == shop.search("red chair", k=0, rerank=tiny_reranker()).ids
    with cs.open(":memory:", model=tiny_model()) as empty:
        assert [] == empty.search("red chair", rerank=tiny_reranker()).ids
    where = {"price": {"$lt": 3}}
    assert [] == shop.search("red chair", where=where, rerank=tiny_reranker()).ids


def test_an_item_without_text_is_judged_by_its_first_score() -> None:
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(ids=["a", "b", "c"], documents=["red chair", "blue bus", "oak shelf"])
        vectors = tiny_model().encode_document(["red chair with arms", "a lamp"])
        shop.add_vectors(["d", "e"], vectors)
        found = shop.search("red chair", rerank=tiny_reranker())
        assert {"a", "b", "c", "d", "e"} == set(found.ids)
        lists = {hit.id: [why.list for why in hit.why] for hit in found}
        assert ["first"] == lists["d"] == lists["e"]
        assert ["first", "rerank"] == lists["a"]


def test_a_name_that_was_asked_for_stays_first() -> None:
    with cs.open(":memory:", model="starter") as shop:
        shop.add(ids=["x", *"abcdefgh"], documents=["spare part KX-4471", *TEXTS[:8]])
        found = shop.search("KX-4471 red chair", rerank=Reranking(tiny_reranker(), 1.0))
        assert "x" == found[0].id


def test_search_many_gives_what_search_gives(shop: cs.Collection) -> None:
    queries = ["red chair", "a bus", "velvet sofa"]
    many = shop.search_many(queries, k=7, rerank=tiny_reranker())
    assert [shop.search(one, k=7, rerank=tiny_reranker()).ids for one in queries] == [
        one.ids for one in many
    ]


def test_a_text_that_was_cut_is_told() -> None:
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(ids=["a", "b"], documents=["red chair", "red chair " * 90])
        notes = shop.search("red chair", rerank=tiny_reranker()).notes
        assert any(re.search("of 1 of the 2 texts .* a beginning only", note) for note in notes)
        notes = shop.search("red chair " * 90, rerank=tiny_reranker()).notes
        assert any("the query is too long" in note for note in notes)


@pytest.mark.parametrize("query", [
    cs.Parts(like="MK-1"), cs.Parts(like="MK-1", text="in green"),
    tiny_model().encode_query(["red chair"]),
])  # fmt: skip
def test_a_query_that_is_no_text_is_refused(shop: cs.Collection, query: Any) -> None:
    with pytest.raises(BadArgument, match="queries that are texts"):
        shop.search(query, rerank=tiny_reranker())
    with pytest.raises(BadArgument, match="queries that are texts"):
        shop.search_many(["red chair", query] if not isinstance(query, cs.Vectors) else query,
                         rerank=tiny_reranker())  # fmt: skip


@pytest.mark.parametrize("given", [3, True, ["reranker"], tiny_model()])
def test_what_is_no_reranker_is_refused(shop: cs.Collection, given: Any) -> None:
    with pytest.raises(BadArgument, match="rerank is the name"):
        shop.search("red chair", rerank=given)


def test_names_are_looked_up_and_loaded_once(shop: cs.Collection, home: Path) -> None:
    with pytest.raises(ModelNotFound, match="cospace models add reranker"):
        shop.search("red chair", rerank="reranker")
    tiny_reranker_folder(home / "judge")
    expected = shop.search("red chair", rerank=tiny_reranker()).ids
    assert expected == shop.search("red chair", rerank="judge").ids
    assert shop._rerankers["judge"] is shop._rerankers["judge"]
    with pytest.raises(BadArgument, match="embedding model"):
        shop.search("red chair", rerank="starter")
    assert shop.search("red chair", rerank="").ids == shop.search("red chair").ids


# --- kept with the collection ---


def kept(home: Path, share: float = 0.25) -> dict[str, Any]:
    """The setting of a reranker that was added."""
    return setting_of(Reranking(load_reranker(tiny_reranker_folder(home / "judge")), share))


def test_it_is_off_until_it_is_kept_and_lasts(tmp_path: Path, home: Path) -> None:
    setting = kept(home)
    with cs.open(tmp_path / "shop", model=tiny_model()) as shop:
        shop.add(ids=[f"MK-{i}" for i in range(len(TEXTS))], documents=TEXTS)
        assert shop.reranking is None
        plain = shop.search("red chair", k=20)
        assert "mix" not in plain.score
        shop.reranking = setting
        expected = shop.search("red chair", k=20, rerank=tiny_reranker()).ids
        assert expected == shop.search("red chair", k=20).ids
    with cs.open(tmp_path / "shop", model=tiny_model()) as shop:
        assert setting == shop.reranking
        assert expected == shop.search("red chair", k=20).ids
        assert plain.ids == shop.search("red chair", k=20, rerank="").ids
        like = shop.search(cs.Parts(like="MK-1"), k=3)
        assert "mix" not in like.score, "a query that is no text does not go through it"
        mixed = shop.search_many(["red chair", cs.Parts(like="MK-1")], k=3)
        assert [expected[:3], like.ids] == [one.ids for one in mixed]
        with cs.open(tmp_path / "shop", model=tiny_model(), read_only=True) as reader:
            assert expected == reader.search("red chair", k=20).ids
            with pytest.raises((CollectionReadOnly, AttributeError)):
                reader.reranking = None
        shop.reranking = None
        assert plain.ids == shop.search("red chair", k=20).ids


def test_it_is_found_under_another_name_and_by_its_folder(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = kept(home)
    (home / "judge").rename(home / "renamed")
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(ids=["a", "b"], documents=TEXTS[:2])
        shop.reranking = setting
        assert "mix" in shop.search("red chair").score
    (home / "renamed").rename(home / "judge")
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "elsewhere"))
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(ids=["a", "b"], documents=TEXTS[:2])
        shop.reranking = setting
        assert "mix" in shop.search("red chair").score


def test_one_that_is_gone_or_changed_says_what_to_do(home: Path) -> None:
    setting = kept(home)
    (home / "judge").rename(home.parent / "away")
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(ids=["a", "b"], documents=TEXTS[:2])
        shop.reranking = setting
        with pytest.raises(ModelNotFound, match='rerank="" searches without it'):
            shop.search("red chair")
        assert "mix" not in shop.search("red chair", rerank="").score
        tiny_reranker_folder(home / "judge", seed=3)
        with pytest.raises(SpaceMismatch, match="tiny-reranker-3"):
            shop.search("red chair")


@pytest.mark.parametrize(
    "change",
    [{"share": 0}, {"share": 1.5}, {"share": True}, {"share": "half"}, {"name": 3}, {"more": 1}],
)
def test_a_setting_that_is_none_is_refused(home: Path, change: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        check_setting({**kept(home), **change})
    with pytest.raises(BadArgument):
        check_setting("judge")  # type: ignore[arg-type]


# --- whether it pays ---


def judged(count: int = 24) -> dict[str, list[str]]:
    """Queries whose right item holds the same words: what the tiny reranker is good at."""
    return {f"the {TEXTS[i]} please": [f"MK-{i}"] for i in range(0, count * 3, 3)}


def test_a_reranker_that_knows_is_recommended_and_one_that_does_not_is_not(
    home: Path,
) -> None:
    tiny_reranker_folder(home / "judge")
    with cs.open(":memory:", model=tiny_model(dim=4, seed=5)) as shop:
        shop.add(ids=[f"MK-{i}" for i in range(len(TEXTS))], documents=TEXTS)
        tuning = shop.tune_rerank(judged(), "judge")
        assert tuning.share in SHARES
        assert 24 == tuning.queries
        assert shop.reranking is None, "nothing is changed"
        assert tuning.better == (tuning.setting is not None)
        if tuning.better:
            assert "use it" in tuning.advice
            shop.reranking = tuning.setting
            assert "mix" in shop.search("red chair").score
        assert {"share", "before", "held_out", "better"} <= set(tuning.to_json())
        assert "nDCG@10" in str(tuning)


def test_what_is_measured_is_what_a_search_gives(shop: cs.Collection) -> None:
    """Each share's figure is that of searches with this share; share 0 is a search without."""
    right = judged()
    grades = {query: dict.fromkeys(ids, 1.0) for query, ids in right.items()}
    table, cut = _scores(shop, grades, tiny_reranker())
    assert ((len(SHARES), 24), 0) == (table.shape, cut)
    for row, share in zip(table, SHARES, strict=True):
        by = Reranking(tiny_reranker(), share) if share else ""
        for figure, (query, judgment) in zip(row, grades.items(), strict=True):
            found = shop.search(query, k=10, rerank=by).ids
            expected = ndcg([judgment.get(id, 0.0) for id in found], [1.0], k=10)
            assert expected == pytest.approx(figure)
    tuning = shop.tune_rerank(right, tiny_reranker())
    assert tuning.before.value == pytest.approx(float(table[0].mean()))


def test_passages_and_documents_go_through_the_one_that_is_kept(home: Path) -> None:
    with cs.open(":memory:", model=tiny_model()) as shop:
        shop.add(ids=["a", "b", "c"], documents=["red chair", "blue bus", "oak chair"])
        shop.reranking = kept(home)
        assert shop.search("an oak chair").ids == shop.documents("an oak chair").ids
        assert "oak chair" in str(shop.context("an oak chair"))


def test_where_all_is_right_already_nothing_is_gained(shop: cs.Collection) -> None:
    right = {text: [f"MK-{i}"] for i, text in enumerate(TEXTS[:24])}
    tuning = shop.tune_rerank(right, tiny_reranker())
    assert (0.0, False, None) == (tuning.share, tuning.better, tuning.setting)
    assert "search without it" in tuning.advice


def test_few_queries_and_no_reranker_are_refused(shop: cs.Collection) -> None:
    with pytest.raises(BadArgument, match="at least 20"):
        shop.tune_rerank({"red chair": ["MK-0"]}, tiny_reranker())
    with pytest.raises(BadArgument, match="tune_rerank takes"):
        shop.tune_rerank(judged(), "")
