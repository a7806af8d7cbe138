"""`Collection.search_many`: many queries in one call, each answered as alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadFilter, BadItem, SpaceMismatch
from cospace.store.local import LocalStore
from cospace.testing import tiny_model

TEXTS = ["retro velvet armchair", "steel garden rake", "swivel chair KX-4410B", "a blue lamp"]
QUERIES = ["a chair", "KX4410b", "garden", "zeppelin", "a chair"]


@pytest.fixture(scope="module", params=["memory", "local"])
def shop(request: Any, tmp_path_factory: Any) -> Iterator[cs.Collection]:
    folder = tmp_path_factory.mktemp("many") / "shop.cospace"
    where = ":memory:" if request.param == "memory" else folder
    with cs.open(where, model=tiny_model()) as made:
        made.add([cs.Item(f"MK-{i}", f"{TEXTS[i % 4]} {i}", {"n": i % 5}) for i in range(40)])
        yield made


def records(found: list[cs.Results]) -> list[dict[str, Any]]:
    return [one.to_json() for one in found]


@pytest.mark.parametrize(
    "given",
    [{}, {"k": 3, "offset": 2}, {"where": {"n": 2}}, {"by": "words"}, {"by": "text", "k": 0}],
)
def test_each_query_gets_what_it_gets_alone(shop: cs.Collection, given: dict[str, Any]) -> None:
    alone = [shop.search(query, explain=True, **given) for query in QUERIES]
    assert records(alone) == records(shop.search_many(QUERIES, explain=True, **given))


def test_queries_of_all_kinds_in_one_list(shop: cs.Collection) -> None:
    vector = shop.model.encode_query(["a lamp"])
    queries = ["garden", vector, cs.Parts(text="a chair"), cs.Part("text", "lamp")]
    alone = [shop.search(query) for query in queries]
    assert records(alone) == records(shop.search_many(iter(queries)))


def test_rows_of_vectors_are_queries(shop: cs.Collection) -> None:
    vectors = shop.model.encode_query(QUERIES)
    given = cs.Vectors(vectors.array * np.float32(3), vectors.space)
    found = shop.search_many(given, k=4)
    assert records([shop.search(given[[row]], k=4) for row in range(5)]) == records(found)
    assert [shop.search(text, k=4, by="text").ids for text in QUERIES] == [one.ids for one in found]


def test_no_queries_give_no_results(shop: cs.Collection) -> None:
    assert [] == shop.search_many([])


def test_an_empty_collection_answers_each_query() -> None:
    with cs.open(":memory:", model=tiny_model()) as empty:
        assert [[], []] == [found.ids for found in empty.search_many(["a chair", "a lamp"])]


@pytest.mark.parametrize("queries", ["a chair", cs.Parts(text="a chair"), 7, None])
def test_one_query_in_place_of_a_list_is_refused(shop: cs.Collection, queries: Any) -> None:
    with pytest.raises(BadArgument, match="a list of queries"):
        shop.search_many(queries)


@pytest.mark.parametrize(
    ("queries", "given", "error"),
    [
        (["a chair", 7], {}, BadItem),
        (["a chair", cs.Parts()], {}, BadArgument),
        (["a chair", cs.Vectors([[1.0, 0.0]], cs.Space.of("other", 2))], {}, SpaceMismatch),
        (["a chair"], {"where": {"nothing": 1}}, BadFilter),
        (["a chair"], {"k": -1}, BadArgument),
        (["a chair"], {"by": "smell"}, BadArgument),
    ],
)
def test_one_bad_query_is_told_before_any_answer(
    shop: cs.Collection, queries: Any, given: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        shop.search_many(queries, **given)


class Counted(LocalStore):
    """A local store that counts what it is asked."""

    finds = pages = 0

    def find(self, requests: Any) -> Any:
        self.finds += 1
        return super().find(requests)

    def rows(self, keys: Any) -> Any:
        self.pages += 1
        return super().rows(keys)


@pytest.mark.parametrize("queries", [QUERIES[:1], QUERIES * 20])
def test_the_store_is_asked_three_times_at_most_and_the_items_are_read_once(
    tmp_path: Path, queries: list[str]
) -> None:
    store = Counted(tmp_path / "shop.cospace")
    with cs.Collection(store, model=tiny_model()) as shop:
        shop.add([cs.Item(f"MK-{i}", f"{TEXTS[i % 4]} {i}") for i in range(120)])
        assert len(queries) == len(shop.search_many(queries))
        assert store.finds <= 3  # one is for the spelling of all queries
        assert 1 == store.pages
