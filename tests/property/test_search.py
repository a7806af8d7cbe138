"""Properties of search that users rely on, over random collections and queries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cospace.limits import override
from cospace.search import Query, ask, ask_many
from cospace.search.ask import DEPTH
from cospace.store import edge
from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.store.protocol import Store
from cospace.store.where import matches, parse
from cospace.testing.rows import fill, sample, unit
from cospace.testing.store import FILTERS

WEIGHTS = {"text": 1.0, "image": 0.2, "words": 3.5}
WORDS = ["armchair", "bicycle", "lamp", "number 7", "id-3", "zeppelin", ""]


@pytest.fixture(scope="module", params=["memory", "local", "local graph"])
def store(request: Any, tmp_path_factory: Any) -> Any:
    """One store a kind; "local graph" walks the graph even though 300 rows would be exact."""
    patch = pytest.MonkeyPatch()
    if request.param == "memory":
        made: Store = MemoryStore()
    else:
        if request.param == "local graph":
            patch.setattr("cospace.store.opened.EXACT_BELOW", 20)
            patch.setattr(edge, "EXACT_BELOW", 20)
        made = LocalStore(tmp_path_factory.mktemp("store") / "shop.cospace")
    fill(made, sample(300))
    made.optimize()
    yield made
    made.close()
    patch.undo()


def query(seed: int, words: str, where: Any = None) -> Query:
    vector = unit(1, seed)[0]
    return Query({"text": vector, "image": vector}, words, WEIGHTS, where)


SEEDS = st.integers(0, 10_000)
run = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@run
@given(SEEDS, st.sampled_from(WORDS), st.integers(0, 250), st.integers(0, 250))
def test_first_k_of_a_longer_list_are_the_same_k(
    store: Store, seed: int, words: str, k: int, more: int
) -> None:
    short = ask(store, query(seed, words), k=k).ids
    long = ask(store, query(seed, words), k=k + more).ids
    assert short == long[: len(short)]
    assert len(short) == min(k, len(long))


ASKED = st.lists(st.tuples(SEEDS, st.sampled_from(WORDS), st.sampled_from([None, *FILTERS])))


@run
@given(ASKED, st.integers(0, 120), st.integers(0, 60))
def test_many_queries_together_give_what_each_gives_alone(
    store: Store, asked: list[Any], k: int, offset: int
) -> None:
    queries = [
        query(seed, words, None if where is None else parse(where, store.schema))
        for seed, words, where in asked
    ]
    queries += [Query({"text": unit(1, seed)[0]}) for seed, _, _ in asked[:3]]
    alone = [ask(store, one, k=k, offset=offset, explain=True) for one in queries]
    together = ask_many(store, queries, k=k, offset=offset, explain=True)
    assert [one.to_json() for one in alone] == [one.to_json() for one in together]


@run
@given(SEEDS, st.sampled_from(WORDS), st.integers(1, 60))
def test_pages_repeat_nothing_and_miss_nothing(
    store: Store, seed: int, words: str, size: int
) -> None:
    asked = query(seed, words)
    whole = ask(store, asked, k=300).ids
    pages: list[str] = []
    for offset in range(0, 300, size):
        pages += ask(store, asked, k=min(size, 300 - offset), offset=offset).ids
    assert whole == pages
    assert len(pages) == len(set(pages))


@run
@given(SEEDS, st.sampled_from(WORDS), st.sampled_from(FILTERS), st.integers(1, 120))
def test_filter_never_starves_k(
    store: Store, seed: int, words: str, where: dict[str, object], k: int
) -> None:
    node = parse(where, store.schema)
    passing = {row.id for row in store.scan() if matches(node, row.metadata)}
    reachable = {row.id for row in store.scan(vectors=True) if row.id in passing and row.vectors}
    found = ask(store, query(seed, words, node), k=k).ids
    assert set(found) <= passing
    assert len(found) >= min(k, len(reachable))


@run
@given(SEEDS, st.sampled_from(WORDS), st.sets(st.integers(0, 320)), st.integers(0, 120))
def test_what_is_excluded_is_never_found_and_nothing_else_is_lost(
    store: Store, seed: int, words: str, out: set[int], k: int
) -> None:
    asked = query(seed, words)._replace(exclude=frozenset(f"id-{i}" for i in out))
    whole = ask(store, asked, k=320).ids
    assert not asked.exclude & set(whole)
    reachable = {row.id for row in store.scan(vectors=True) if row.vectors} - asked.exclude
    assert len(whole) >= len(reachable)
    assert whole[:k] == ask(store, asked, k=k).ids


@run
@given(st.integers(0, 299))
def test_every_item_finds_itself_first(store: Store, i: int) -> None:
    row = store.get([f"id-{i}"], vectors=True)[0]
    assert row is not None
    assume(row.vectors)
    for field, vector in row.vectors.items():
        first = ask(store, Query({field: vector}), k=1)[0]
        assert row.id == first.id
        assert first.score == pytest.approx(1.0, abs=1e-3)


@run
@given(SEEDS, st.sampled_from(WORDS))
def test_shares_add_up_to_the_score(store: Store, seed: int, words: str) -> None:
    for hit in ask(store, query(seed, words), k=20, explain=True):
        assert hit.score == pytest.approx(sum(why.share for why in hit.why), abs=1e-6)


def test_scores_are_comparable_across_backends(tmp_path: Any) -> None:
    """The same rows and query give the same ids and scores on every backend.

    At most as many rows as there are candidates: which of many equal BM25 scores come into the
    list is the backend's choice.
    """
    stores: list[Store] = [MemoryStore(), LocalStore(tmp_path / "shop.cospace")]
    answers = []
    for one in stores:
        fill(one, sample(DEPTH))
        answers.append([ask(one, query(5, w), k=30) for w in WORDS])
        one.close()
    for memory, local in zip(*answers, strict=True):
        assert memory.ids == local.ids
        assert np.allclose([h.score for h in memory], [h.score for h in local], atol=1e-3)


def test_limit_of_k_is_named_in_the_error() -> None:
    with override(max_k=5), pytest.raises(ValueError, match="at most 5"):
        ask(MemoryStore(), Query({}), k=6)
