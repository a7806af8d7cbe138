from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cospace.errors import BadArgument, CollectionClosed
from cospace.limits import override
from cospace.search import Query, ask
from cospace.search.ask import DEPTH
from cospace.store.memory import MemoryStore
from cospace.store.where import parse
from cospace.testing.rows import fill, sample, unit

WEIGHTS = {"text": 1.0, "image": 0.2, "words": 3.5}


@pytest.fixture(scope="module")
def store() -> Iterator[MemoryStore]:
    made = MemoryStore()
    fill(made, sample(200))
    yield made
    made.close()


def query(words: str = "", **given: Any) -> Query:
    vector = unit(1, 7)[0]
    return Query({"text": vector, "image": vector}, words, WEIGHTS, **given)


def test_one_list_gives_plain_cosines(store: MemoryStore) -> None:
    results = ask(store, Query({"text": unit(1, 7)[0]}), k=5, explain=True)
    assert "cosine to the text vector" == results.score
    found = store.nearest("text", unit(1, 7)[0], 5)
    assert found.scores == [hit.score for hit in results]
    assert [1, 2, 3, 4, 5] == [hit.why[0].rank for hit in results]
    assert results[0].score == results[0].why[0].share


def test_words_alone_give_bm25(store: MemoryStore) -> None:
    results = ask(store, Query({}, "armchair 104"), k=3)
    assert ("BM25", "id-104") == (results.score, results[0].id)
    assert [] == ask(store, Query({}, "zeppelin"), k=3).ids
    assert "nothing was found to rank" == ask(store, Query({}), k=3).score


def test_fused_scores_say_from_what(store: MemoryStore) -> None:
    results = ask(store, query("bicycle"), k=10, explain=True)
    said = "sum of standard scores (docs/ranking.md): 1 text + 0.2 image + 3.5 words"
    assert f"{said}; kinds on one scale" == results.score, "some items have an image alone"
    for hit in results:
        assert hit.score == pytest.approx(sum(why.share for why in hit.why))
        assert {why.list for why in hit.why} <= {"text", "image", "words"}
    assert [] == [hit.why for hit in ask(store, query("bicycle"), k=10) if hit.why]


def test_hits_come_with_their_item(store: MemoryStore) -> None:
    [hit] = ask(store, query("number 33"), k=1)
    row = store.get([hit.id])[0]
    assert row is not None
    assert (row.text, row.metadata) == (hit.text, hit.metadata)


@pytest.mark.parametrize("words", ["", "armchair", "number 7"])
def test_past_the_first_tier_nothing_repeats(words: str, store: MemoryStore) -> None:
    whole = ask(store, query(words), k=200).ids
    assert len(whole) == len(set(whole)) > DEPTH
    for offset in (0, DEPTH - 1, DEPTH, DEPTH + 1, 120):
        assert whole[offset : offset + 7] == ask(store, query(words), k=7, offset=offset).ids
    assert [] == ask(store, query(words), k=7, offset=len(whole)).ids


def test_a_filter_holds_in_both_tiers(store: MemoryStore) -> None:
    where = parse({"new": True}, store.schema)
    ids = ask(store, query("number", where=where), k=200).ids
    assert set(ids) <= {row.id for row in store.scan(where=where)}
    assert len(ids) == len(set(ids))


def test_a_row_that_goes_meanwhile_is_no_hit() -> None:
    store = MemoryStore()
    fill(store, sample(20))
    rows = store.rows

    def deleted(keys: Any) -> Any:
        found = rows(keys)
        found.pop(next(iter(found)))
        return found

    store.rows = deleted  # type: ignore[method-assign]
    assert 4 == len(ask(store, query(), k=5))


@pytest.mark.parametrize(
    ("k", "offset"),
    [(-1, 0), (1.0, 0), ("1", 0), (True, 0), (1, -1), (1, None), (6, 0), (3, 3)],
)
def test_a_bad_k_or_offset_is_refused(k: Any, offset: Any, store: MemoryStore) -> None:
    with override(max_k=5), pytest.raises(BadArgument):
        ask(store, query(), k=k, offset=offset)


def test_no_hits_when_none_are_asked_for_or_stored() -> None:
    assert [] == ask(MemoryStore(), query("x"), k=0).ids
    assert [] == ask(MemoryStore(), query("x"), k=5).ids


def test_a_closed_store_says_so_even_when_nothing_would_be_found() -> None:
    store = MemoryStore()
    store.close()
    for one in (Query({}), query("x")):
        with pytest.raises(CollectionClosed):
            ask(store, one, k=3)


def test_scores_fall(store: MemoryStore) -> None:
    for words in ("", "armchair"):
        scores = [hit.score for hit in ask(store, query(words), k=DEPTH)]
        assert (np.diff(scores) <= 1e-9).all()
