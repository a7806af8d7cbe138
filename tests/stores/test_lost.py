"""What somebody else takes away from an engine elsewhere is made anew, from the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.store.remote import weaviate
from cospace.store.remote.open import engine_of, parsed
from cospace.testing.tiny import tiny_model
from stores import running

IDS = [f"MK-{n}" for n in range(8)]
THINGS = ["armchair", "rake", "lamp", "kettle", "bicycle", "drum", "coat", "puzzle"]


# How one place goes, while the mark of the collection stays.
def _weaviate(engine: Any) -> None:
    engine._do(partial(weaviate._remove, engine._class_of("text")))


GONE: dict[str, Callable[[Any], Any]] = {
    "milvus": lambda one: one._say("DropCollection", collection_name=one._place("text")),
    "pinecone": lambda one: one._or_absent(partial(one._delete_all, one._namespace("text"))),
    "qdrant": lambda one: one._delete(one._place("text")),
    "weaviate": _weaviate,
}


@pytest.fixture(scope="module", params=[one for one in running.STORES if one != "postgresql"])
def address(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("lost")
    with running.STORES[request.param](folder) as given:
        yield running.addressed(given, folder / "truth.cospace")


def take_away(address: str) -> None:
    parts = parsed(address)
    engine: Any = engine_of(parts)
    assert engine.lacks(["text"]) == []
    GONE[parts.scheme](engine)
    assert engine.lacks(["text"]) == ["text"]
    engine.close()


def test_a_place_that_is_gone_is_made_anew(address: str, caplog: Any) -> None:
    with cs.open(address, model=tiny_model(dim=384)) as shop:
        shop.upsert(ids=IDS, documents=THINGS)
        engine = shop.store._engine  # type: ignore[attr-defined]
        assert 8 == len(shop.search("lamp", k=8))

        take_away(address)
        shop.upsert(ids="MK-8", documents="fountain pen")
        assert ["MK-2"] == shop.search("lamp", k=1).ids
        assert "anew (somebody else took away what it holds of text)" in caplog.text
        assert 9 == engine.count("text")

        take_away(address)
        shop.delete(["MK-8"])
        assert ["MK-2"] == shop.search("lamp", k=1).ids
        assert 8 == engine.count("text")

        take_away(address)  # nothing was written since
        assert ["MK-2"] == shop.search("lamp", k=1).ids

    if engine_has(address):
        take_away(address)
    with cs.open(address, model=tiny_model(dim=384)) as shop:
        shop.upsert(ids="MK-9", documents="teapot")
        assert 9 == len(shop.search("lamp", k=9))
        assert 9 == shop.store._engine.count("text")  # type: ignore[attr-defined]


def engine_has(address: str) -> bool:
    engine: Any = engine_of(parsed(address))
    try:
        return engine.lacks(["text"]) == []
    finally:
        engine.close()


def test_vectors_are_not_brought_again_for_a_kind_that_is_new(address: str, caplog: Any) -> None:
    with cs.open(address, model=tiny_model(dim=384)) as shop:
        shop.upsert(ids="MK-0", documents="armchair")
        shop.search("lamp", k=1)
        photo = cs.Image(np.full((32, 32, 3), 99, np.uint8))
        shop.upsert(cs.Item("MK-0", cs.Parts(text="armchair", image=photo)))
        shop.search("lamp", k=1)
    assert "anew" not in caplog.text
