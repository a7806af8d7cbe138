"""What a store keeps besides rows, as a check of `check_store`."""

from __future__ import annotations

from cospace.store.protocol import Remembers, Store

__all__ = ["weights_are_kept"]


def weights_are_kept(store: Store) -> None:
    """A store that keeps weights keeps those of lists, those of parts, and a reranker, apart."""
    if not isinstance(store, Remembers):
        return
    assert store.weights is None
    assert store.part_weights is None
    assert store.reranking is None
    lists, parts = {"text": 1.0, "words": 3.5}, {"image": 1.0, "text": 0.6}
    store.weigh(lists)
    assert store.part_weights is None
    store.weigh_parts(parts)
    _held(store, lists, parts)
    setting = {"name": "judge", "fingerprint": "ab", "folder": "./judge", "share": 0.25}
    store.keep_reranking(setting)
    assert store.reranking == setting
    _held(store, lists, parts)
    store.keep_reranking(None)
    assert store.reranking is None
    store.weigh_parts({"image": 0.0, "text": 1.0})
    _held(store, lists, {"image": 0.0, "text": 1.0})
    store.weigh_parts(None)
    _held(store, lists, None)
    store.weigh(None)
    _held(store, None, None)


def _held(store: Remembers, lists: dict[str, float] | None, parts: dict[str, float] | None) -> None:
    assert store.weights == lists
    assert store.part_weights == parts
