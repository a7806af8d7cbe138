"""Pooling: what several settings of a search find first, together, to be judged blindly.

Source: Spärck Jones and van Rijsbergen, Report on the need for and provision of an ideal
information retrieval test collection, 1975. Only what one setting finds among its first is judged,
so a set that was pooled from all settings that will be compared is fair to each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_count
from cospace.collection.collection import check_collection
from cospace.errors import BadArgument
from cospace.limits import limit
from cospace.measures.bootstrap import check_seed
from cospace.results import Hit
from cospace.search.ask import WORDS

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["Candidate", "pool", "settings_of"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item to be judged, and its rank, from 1, in each setting that found it."""

    hit: Hit
    ranks: Mapping[str, int]


def settings_of(collection: Collection, rerank: str | None = None) -> dict[str, dict[str, Any]]:
    """The settings that this collection has: its ranking, each list alone, and a reranker.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["1"], documents=["a chair"])
    >>> list(settings_of(shop))
    ['default', 'text', 'words']
    """
    held = [field for field, count in collection.store.info().holders.items() if count]
    lists = [field for field in held if field in ("text", "image")]
    found: dict[str, dict[str, Any]] = {"default": {}}
    found |= {name: {"by": name} for name in [*lists, WORDS]}
    if rerank:
        found[f"rerank {rerank}"] = {"rerank": rerank}
    return found


def pool(
    collection: Collection,
    query: str,
    *,
    depth: int = 10,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int = 0,
) -> list[Candidate]:
    """The first `depth` hits of each setting, each item once, shuffled.

    `settings` are names and what each gives to `Collection.search`; by default `settings_of`. The
    order is drawn with `seed`: who judges does not see what ranked an item first.

    Raises `BadArgument`, and as `search` does.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["1", "2"], documents=["a rocking chair", "a rake"])
    >>> {one.hit.id: dict(one.ranks) for one in pool(shop, "chair", depth=1)}
    {'1': {'default': 1, 'text': 1, 'words': 1}}
    """
    check_collection(collection)
    check_seed(seed)
    depth = check_count("depth", depth, most=limit("max_k"))
    settings = settings_of(collection) if settings is None else settings
    if not isinstance(settings, Mapping) or not all(
        isinstance(one, Mapping) and all(isinstance(key, str) for key in one)
        for one in settings.values()
    ):
        raise BadArgument(
            "settings are names, and what each gives to search, such as"
            f" {{'words': {{'text': 0}}}}, not {settings!r:.60}"
        )
    hits: dict[str, Hit] = {}
    ranks: dict[str, dict[str, int]] = {}
    for name, setting in settings.items():
        for rank, hit in enumerate(collection.search(query, depth, **setting), 1):
            hits.setdefault(hit.id, hit)
            ranks.setdefault(hit.id, {})[name] = rank
    ids = sorted(hits)
    order = np.random.default_rng([seed, *query.encode()[:256]]).permutation(len(ids))
    return [Candidate(hits[ids[at]], ranks[ids[at]]) for at in order]
