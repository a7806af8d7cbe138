"""Pools: what each setting finds first, once, in an order that tells nothing."""

from __future__ import annotations

import pytest

import cospace as cs
from cospace.errors import BadArgument
from cospace.evaluate.pooling import pool, settings_of

NAMES = [f"{a} {b}" for a in ("red", "blue", "old", "new") for b in ("chair", "lamp", "rug", "bed")]


@pytest.fixture(scope="module")
def shop():
    with cs.open(":memory:", model="starter") as made:
        made.add(ids=NAMES, documents=NAMES)
        yield made


def test_each_setting_is_there_with_its_ranks(shop: cs.Collection):
    found = pool(shop, "a red seat", depth=4)
    for name, setting in settings_of(shop).items():
        ids = shop.search("a red seat", 4, **setting).ids
        ranks = {one.ranks[name]: one.hit.id for one in found if name in one.ranks}
        assert dict(enumerate(ids, 1)) == ranks
    assert len(found) == len({one.hit.id for one in found})


def test_the_order_is_drawn_and_stays(shop: cs.Collection):
    ids = [one.hit.id for one in pool(shop, "a red seat")]
    assert ids == [one.hit.id for one in pool(shop, "a red seat")]
    assert ids != [one.hit.id for one in pool(shop, "a red seat", seed=1)]
    assert ids != shop.search("a red seat", len(ids)).ids


def test_a_depth_that_is_none(shop: cs.Collection):
    with pytest.raises(BadArgument):
        pool(shop, "a", depth=0)
    with pytest.raises(BadArgument, match="seed"):
        pool(shop, "a", seed=-1)
