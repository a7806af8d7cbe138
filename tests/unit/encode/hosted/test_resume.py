"""A job that stops on the way: what was paid for is kept, and only the rest is paid for later."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.bulk import encode_items
from cospace.encode.cache.cached import Cached
from cospace.encode.hosted import Hosted
from cospace.errors import BadArgument, QuotaExceeded, ServiceDown, StorageError
from cospace.limits import override

from .conftest import KEY, Kit

TEXTS = [f"text number {i}" for i in range(150)]


@pytest.fixture
def slow(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """One request at a time, of at most 25 inputs."""
    facts = kit.kind.MODELS[kit.name]
    fewer = {**kit.kind.MODELS, kit.name: replace(facts, inputs=min(facts.inputs, 25))}
    monkeypatch.setattr(kit.kind, "MODELS", fewer)
    monkeypatch.setattr(kit.kind, "WORKERS", 1)
    return kit


@pytest.mark.parametrize("workers", [1, 4])
def test_a_quota_in_the_middle_is_not_paid_for_twice(
    slow: Kit, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow.kind, "WORKERS", workers)
    slow.service.quota = 60
    with pytest.raises(QuotaExceeded, match="only the rest is paid for"):
        Cached(slow.model()).encode_document(TEXTS)
    before = list(slow.service.paid)
    assert 50 <= len(before) <= 60
    slow.service.quota = None
    model = Cached(slow.model())
    assert 150 == len(model.encode_document(TEXTS))
    assert sorted(TEXTS) == sorted(slow.service.paid), "each text is paid for once"
    assert len(before) == model.bill.cached
    assert (150, 150) == (len(Cached(slow.model()).encode_document(TEXTS)), len(slow.service.paid))


def test_a_stream_of_items_goes_on_where_it_was(slow: Kit) -> None:
    items = [cs.Item(str(i), text) for i, text in enumerate(TEXTS[:80])]
    slow.service.quota = 50
    with pytest.raises(QuotaExceeded):
        list(encode_items(Cached(slow.model()), items, batch=30))
    slow.service.quota = None
    done = [b for batch in encode_items(Cached(slow.model()), items, batch=30) for b in batch]
    assert 80 == len(done)
    assert sorted(TEXTS[:80]) == sorted(slow.service.paid)


def test_a_collection_goes_on_where_it_was(openai: Kit) -> None:
    items = [cs.Item(str(i), text) for i, text in enumerate(TEXTS)]
    openai.service.quota = 130
    with override(batch_items=50), cs.open(":memory:", model=Cached(openai.model())) as shop:
        with pytest.raises(QuotaExceeded):
            shop.add(items)
        openai.service.quota = None
        assert 150 == shop.upsert(items).stored
        assert "7" == shop.search("text number 7", by="text")[0].id
    assert sorted([*TEXTS, "text number 7"]) == sorted(openai.service.paid)


def test_half_an_answer_is_never_kept(slow: Kit) -> None:
    slow.service.script = [lambda rows: rows[:-1], lambda rows: rows * np.nan]
    model = Cached(slow.model())
    with override(service_attempts=2), pytest.raises(ServiceDown):
        model.encode_document(["a"])
    assert 0 == model.cache.info().vectors
    assert 1 == len(model.encode_document(["a"]))
    assert 1 == model.cache.info().vectors


def test_what_cannot_be_kept_is_not_paid_for(slow: Kit) -> None:
    """When the cache fails, the job stops: the requests under way are the last."""
    model = Cached(slow.model())
    model.encode_document(["the cache is made"])

    def break_the_cache(rows: np.ndarray) -> np.ndarray:
        with closing(sqlite3.connect(model.cache.path)) as db, db:
            db.execute("DROP TABLE total")
        return rows

    slow.service.script = [break_the_cache]
    with pytest.raises(StorageError, match="the cache cannot be used"):
        model.encode_document(TEXTS)
    assert len(slow.service.asked) <= 4


def test_load_gives_a_model_with_a_cache(kit: Kit) -> None:
    name = f"{kit.kind.SERVICE}:{kit.name}"
    model = cs.load(name, dim=kit.dim)
    assert isinstance(model, Hosted)
    assert type(model) is type(kit.model())
    assert (name, kit.dim) == (model.space.name, model.space.dim)
    model.encode_query(["a"])
    model.encode_query(["a"])
    assert (1, 1) == (model.bill.requests, model.bill.cached)
    with pytest.raises(BadArgument, match="paid for twice"):
        cs.load(name, cache=False)


def test_what_is_known_needs_no_key(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    Cached(kit.model()).encode_query(["a"])
    for name in ("OPENAI_API_KEY", "GEMINI_API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name)
    assert 1 == len(Cached(kit.model()).encode_query(["a"]))


def test_a_collection_remembers_its_hosted_model(openai: Kit, tmp_path: Path) -> None:
    name = "openai:text-embedding-3-small"
    with cs.open(tmp_path / "shop", model=cs.load(name, dim=64)) as shop:
        shop.add(cs.Item("1", "a red chair"))
    with cs.open(tmp_path / "shop") as shop:
        assert "1" == shop.search("a red chair")[0].id
        assert (name, 64) == (shop.model.space.name, shop.model.space.dim)


def test_the_key_is_in_no_file(kit: Kit, tmp_path: Path) -> None:
    model = Cached(kit.model())
    model.encode_document(["a red chair"])
    model.cache.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert KEY.encode() not in path.read_bytes()
        assert b"a red chair" not in path.read_bytes(), "nor is the text"
