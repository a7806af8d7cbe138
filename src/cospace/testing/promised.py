"""Checks of `check_store`: what a store promises, and goes on to hold when it is asked again."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import ItemNotFound
from cospace.space import Space
from cospace.store.protocol import Row, Store

__all__ = ["metadata_is_kept", "promises_are_held", "scan_goes_on", "ties_are_cut_in_order"]

_DIM = 16


def _unit(n: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(40).normal(size=(n, _DIM)).astype(np.float32)
    unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _write(store: Store, rows: list[Row]) -> None:
    schema = store.schema.copy()
    for row in rows:
        schema.add(schema.learn(row.metadata, row.id))
    store.extend(store.space or Space.of("check", _DIM), schema)
    store.write(rows, replace=True)


def _plain(n: int, first: int = 0) -> list[Row]:
    return [
        Row(f"id-{i}", f"lamp {i}", {"n": i}, {}, {"text": vector})
        for i, vector in enumerate(_unit(n), first)
    ]


def promises_are_held(store: Store) -> None:
    """What was written is found by the next search; the revision grows with each commit."""
    promises = store.promises
    assert promises.exact_rows >= 0
    seen = store.revision
    rows = _plain(8)
    for row in rows:
        _write(store, [row])
        if promises.read_your_writes:
            found = store.nearest("text", row.vectors["text"], 1)
            assert [row.id] == [one.id for one in store.rows(found.keys).values()]
        assert store.revision > seen
        seen = store.revision
    store.delete(["id-0"])
    assert store.revision > seen
    if promises.exact_counts:
        assert store.count() == 7
    for _ in range(12):  # the same rows again and again: an index may lose them
        _write(store, rows)
    found = store.nearest("text", rows[3].vectors["text"], 20)
    assert len(found.keys) == 8


def scan_goes_on(store: Store) -> None:
    """`scan` goes on behind any id, and refuses one that is not stored."""
    rows = _plain(30)
    _write(store, rows)
    if store.promises.ordered_scan:
        for at in (0, 12, 29):
            behind = [row.id for row in store.scan(after=f"id-{at}")]
            assert behind == [row.id for row in rows[at + 1 :]]
    try:
        list(store.scan(after="nothing"))
    except ItemNotFound:
        return
    raise AssertionError("expected ItemNotFound")


def ties_are_cut_in_order(store: Store) -> None:
    """Of rows that are equally near, the first `k` are the same for every `k`: the oldest."""
    vector = _unit(1)[0]
    _write(store, [Row(f"id-{i}", None, {}, {}, {"text": vector}) for i in range(30)])
    whole = store.nearest("text", vector, 30).keys
    for k in (1, 2, 6, 17):
        assert store.nearest("text", vector, k).keys == whole[:k]
    assert [row.id for row in store.rows(whole).values()] == [f"id-{i}" for i in range(30)]


def metadata_is_kept(store: Store) -> None:
    """Numbers come back as they were, to the sign of zero and the last digit; keys in order."""
    values: list[dict[str, Any]] = [
        {"x": 1e22}, {"x": -0.0}, {"x": 2**53 + 1}, {"x": 3}, {"x": 3.0}, {"x": [1, 2.5]},
        {"z": 1, "a": {"y": 2, "b": "\\ \u2028 \U0001f6b2"}, "m": []}, {"x": 5e-324},
    ]  # fmt: skip
    _write(store, [Row(f"id-{i}", None, one, {}, {}) for i, one in enumerate(values)])
    back = store.get([f"id-{i}" for i in range(len(values))])
    assert [json.dumps(one) for one in values] == [
        json.dumps(row.metadata) for row in back if row is not None
    ]
