"""The example marketplace in every store: copied there, it answers as the folder does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import cospace as cs
from cospace.collection.copying import copy_collection
from stores.running import STORES, addressed

EXAMPLE = Path(__file__).parents[2] / "examples" / "marketplace"
QUESTIONS = [
    json.loads(line)["text"]
    for line in (EXAMPLE / "queries.jsonl").read_text(encoding="utf-8").splitlines()
]
FEW = {"price": {"$gte": 400}}  # one in a hundred


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cs.Collection]:
    with cs.open(tmp_path_factory.mktemp("market") / "m", model="starter") as made:
        made.add(cs.read(EXAMPLE / "listings.csv"))
        yield made


@pytest.fixture(scope="module")
def answers(market: cs.Collection) -> list[list[str]]:
    return [market.search(question, k=10).ids for question in QUESTIONS]


@pytest.fixture(scope="module")
def few(market: cs.Collection) -> list[list[str]]:
    return [market.search(question, k=10, where=FEW).ids for question in QUESTIONS[:20]]


@pytest.mark.parametrize("name", STORES)
def test_sixty_questions_have_the_same_answers(
    name: str,
    market: cs.Collection,
    answers: list[list[str]],
    few: list[list[str]],
    tmp_path: Path,
) -> None:
    assert 60 == len(QUESTIONS)
    (tmp_path / "server").mkdir()
    with STORES[name](tmp_path / "server") as address:
        place = addressed(address, tmp_path / "truth")
        with cs.open(place, model="starter") as there:
            copied = copy_collection(market, there)
            assert (420, 420) == (copied.sent, copied.compared)
            for question, here in zip(QUESTIONS, answers, strict=True):
                assert here == there.search(question, k=10).ids, question
            assert few == [there.search(one, k=10, where=FEW).ids for one in QUESTIONS[:20]]
            assert 0 < market.count(FEW) == there.count(FEW) < 12
        with cs.open(place) as again:
            assert here == again.search(question, k=10).ids
            again.delete(here[:3])
            assert not set(here[:3]) & set(again.search(question, k=10).ids)
