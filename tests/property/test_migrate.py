"""A collection that is migrated, against two that are not: it is always one of them, as a whole."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.store.truth import Truth
from cospace.testing.tiny import tiny_model

MODELS = [tiny_model(), tiny_model(dim=16, seed=1)]
TEXTS = ["a red chair", "a blue lamp", "a green rug", "a red lamp of steel", "a kettle"]
names = st.sampled_from([f"id-{n}" for n in range(6)])
steps = st.one_of(
    st.tuples(st.just("upsert"), names, st.sampled_from(TEXTS), st.integers(0, 2)),
    st.tuples(st.just("update"), names, st.integers(0, 2)),
    st.tuples(st.just("delete"), names),
    st.tuples(st.sampled_from(["migrate", "switch", "back", "drop", "compact", "reopen"])),
)


def change(shop: cs.Collection, step: Any) -> None:
    kind, *rest = step
    if kind == "upsert":
        shop.upsert(cs.Item(rest[0], rest[1], {"n": rest[2]}))
    elif kind == "update" and rest[0] in shop:
        shop.update(rest[0], n=rest[1])
    elif kind == "delete":
        shop.delete(rest[0])


def contents(shop: cs.Collection) -> Any:
    return {
        row.id: (row.text, row.metadata, row.hash, row.reason, row.vectors["text"].tobytes())
        for row in shop.store.scan(vectors=True)
    }


def found(shop: cs.Collection) -> Any:
    return [
        {(hit.id, hit.score) for hit in shop.search(text, k=9, by="text")} for text in TEXTS[:3]
    ]


def opened(place: Path) -> cs.Collection:
    shop = cs.open(place)
    for model in MODELS:
        shop.keep(model)
    return shop


def move(shop: cs.Collection, kind: str) -> None:
    """Do it where it can be done."""
    now = shop.migration
    there: dict[str, tuple[bool, Callable[[], object]]] = {
        "migrate": (len(shop) > 0, lambda: shop.migrate(MODELS[shop.space == MODELS[0].space])),
        "switch": (now is not None and not now.switched, shop.switch_model),
        "back": (now is not None and now.switched, shop.switch_back),
        "drop": (now is not None, shop.drop_model),
        "compact": (True, shop.store.compact),  # type: ignore[attr-defined]
    }
    can, do = there[kind]
    if can:
        do()


@settings(max_examples=12)
@given(st.lists(steps, min_size=5, max_size=25))
def test_it_is_one_of_the_two(script: list[Any]) -> None:
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    direct = [cs.open(":memory:", model=model) for model in MODELS]
    shop = cs.open(place / "shop.cospace", model=MODELS[0])
    try:
        for step in [("upsert", "id-0", TEXTS[0], 1), *script]:
            if step[0] == "reopen":
                shop.close()
                shop = opened(place / "shop.cospace")
            elif len(step) == 1:
                move(shop, step[0])
            else:
                for one in (shop, *direct):
                    change(one, step)
            assert shop.space is not None
            alone = direct[shop.space != MODELS[0].space]
            assert contents(alone) == contents(shop)
            assert [{id for id, _ in one} for one in found(alone)] == [
                {id for id, _ in one} for one in found(shop)
            ]
        truth = Truth(place / "shop.cospace" / "truth.sqlite", read_only=True)
        assert [] == truth.verify()
        truth.close()
    finally:
        shop.close()
        shutil.rmtree(place)
