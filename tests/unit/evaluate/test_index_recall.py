"""The index beside an exact search: what it finds, by the share that a filter passes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadArgument, BadFilter
from cospace.evaluate.index_recall import index_recall
from cospace.store.edge import EXACT_BELOW
from cospace.store.protocol import Found, Request

N, DIM = 1_200, 12


def filled(shop: cs.Collection, count: int = N) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(count, DIM)).astype(np.float32)
    metadata = [{"price": at, "city": f"c{at % 10}", "new": at % 2 == 0} for at in range(count)]
    ids = [str(at) for at in range(count)]
    shop.add(ids=ids, embeddings=cs.Vectors(rows, cs.Space.of("t", DIM)), metadatas=metadata)


def test_what_compares_with_every_row_finds_all():
    with cs.open(":memory:") as shop:
        filled(shop)
        found = index_recall(shop, k=5, sample=20)
    assert 1.0 == found.least
    shares = sorted(round(one.share, 3) for one in found.results)
    assert [0.01, 0.1, 0.5, 1.0] == pytest.approx(shares, rel=0.2)
    for one in found.results:
        assert one.passing == pytest.approx(one.share * N)


def test_what_the_index_misses_is_counted(monkeypatch: pytest.MonkeyPatch):
    with cs.open(":memory:") as shop:
        filled(shop)
        find = shop.store.find

        def forgetful(requests: list[Request]) -> list[Found]:
            """Each answer without its second row."""
            return [
                Found([*one.keys[:1], *one.keys[2:]], [*one.scores[:1], *one.scores[2:]])
                for one in find(requests)
            ]

        monkeypatch.setattr(shop.store, "find", forgetful)
        found = index_recall(shop, k=5, sample=20)
        assert found.results
        for one in found.results:
            assert one.recall.value == pytest.approx(0.8)
        assert 0.8 == pytest.approx(found.least)


def test_a_graph_is_measured_against_all_rows(tmp_path: Path):
    with cs.open(tmp_path / "a.cospace") as shop:
        filled(shop, EXACT_BELOW + 1_000)
        shop.optimize()
        found = index_recall(shop, k=10, sample=40, where={"price": {"$lt": 300}})
        [row] = shop.store.get(["7"], vectors=True)
    assert row is not None
    assert {None, 0.5, 0.1, 0.01} <= {
        None if one.where is None else round(one.share, 2) for one in found.results
    }
    assert found.least > 0.8
    mine = [one for one in found.results if one.where == {"price": {"$lt": 300}}]
    assert [300] == [one.passing for one in mine]


def test_questions_are_asked_as_questions():
    with cs.open(":memory:", model="starter") as shop:
        names = [
            f"{a} {b}" for a in ("red", "blue", "old") for b in ("chair", "lamp", "rug", "bed")
        ]
        shop.add(ids=names, documents=names)
        found = index_recall(shop, ["somewhere to sit", "light"], k=3)
    assert (2, "texts, as questions", 1.0) == (found.asked, found.questions, found.least)
    assert ["text"] == [one.field for one in found.results]


def test_what_cannot_be_measured():
    with cs.open(":memory:", model="starter") as shop:
        with pytest.raises(BadArgument, match="no vectors"):
            index_recall(shop)
        shop.add(ids=["1"], documents=["a chair"])
        with pytest.raises(BadArgument, match="nothing could be measured"):
            index_recall(shop)  # one item has no neighbour to miss
        shop.add(ids=["2"], documents=["a rake"])
        with pytest.raises(BadArgument, match="k is"):
            index_recall(shop, k=0)
        with pytest.raises(BadArgument, match="seed"):
            index_recall(shop, seed=-1)
        with pytest.raises(BadFilter):
            index_recall(shop, where={"no": {"$what": 1}})
        found = index_recall(shop, where={"no": 1})
        assert any("no other item" in note for note in found.notes)
