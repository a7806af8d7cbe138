"""Which reranker a search goes through: the one asked for, the collection's own, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from cospace.encode.names import find_installed, model_home
from cospace.encode.reranker import Reranker, load_reranker
from cospace.errors import BadArgument, ModelNotFound, SpaceMismatch
from cospace.item import Content, Parts
from cospace.results import Results
from cospace.search import Query, ask_many
from cospace.search.rerank import SHARE, Reranking, ask_reranked
from cospace.store.protocol import Store
from cospace.vectors import Vectors

__all__ = ["Rerank", "answers", "check_setting", "reranking_of", "setting_of", "texts_of"]

# What `rerank=` takes: a name or a folder, a loaded one, one with its share; "" for none.
Rerank: TypeAlias = "str | Reranker | Reranking"
_KEYS = ("name", "fingerprint", "folder", "share")


def reranking_of(
    given: Rerank | None, remembered: Mapping[str, Any] | None, loaded: dict[str, Reranker]
) -> Reranking | None:
    """The reranking of a search; `loaded` keeps what was loaded by its name.

    Raises `BadArgument` for what is none, `ModelNotFound`, `ModelDamaged`, and `SpaceMismatch`
    when the collection's own has changed.
    """
    if given is None:
        return None if remembered is None else _own(remembered, loaded)
    if isinstance(given, Reranking):
        return given
    if isinstance(given, Reranker):
        return Reranking(given)
    if not isinstance(given, str):
        raise BadArgument(
            f'rerank is the name of a reranker, a Reranker, or "" for none, not {given!r}'
        )
    if not given:
        return None
    if given not in loaded:
        loaded[given] = load_reranker(given)
    return Reranking(loaded[given])


def setting_of(reranking: Reranking) -> dict[str, Any]:
    """The record by which a collection keeps a reranking."""
    one = reranking.reranker
    known = {"name": one.name, "fingerprint": one.fingerprint, "folder": str(one.path)}
    return {**known, "share": reranking.share}


def check_setting(setting: Mapping[str, Any]) -> dict[str, Any]:
    """The record, checked. Raises `BadArgument`."""
    if not isinstance(setting, Mapping) or set(setting) != set(_KEYS):
        raise BadArgument(f"a reranking is a dict of {', '.join(_KEYS)}, not {setting!r}")
    share = setting["share"]
    number = isinstance(share, int | float) and not isinstance(share, bool)
    if not number or not 0 < share <= 1:
        raise BadArgument(f"the share of a reranker is above 0, and 1 at most, not {share!r}")
    texts = {key: setting[key] for key in _KEYS[:3]}
    if not all(isinstance(text, str) for text in texts.values()):
        raise BadArgument(f"{', '.join(_KEYS[:3])} of a reranking are texts, not {texts!r}")
    return {**texts, "share": float(share)}


def texts_of(
    queries: Sequence[Content | Vectors] | Vectors, *, asked_for: bool
) -> list[str | None]:
    """The text of each query that is a text and nothing else; None for any other.

    Beside an image or a stored item a text says what is to differ, and is no question of its own.
    Raises `BadArgument` for these where a reranker was `asked_for`.
    """
    if isinstance(queries, Vectors):
        texts: list[str | None] = [None] * len(queries)
    else:
        texts = [_text(one) for one in queries]
    if asked_for and None in texts:
        raise BadArgument(
            "rerank goes with queries that are texts, and nothing else: a reranker reads the query"
            " and the text of an item together"
        )
    return texts


def answers(
    store: Store,
    asked: Sequence[Query],
    texts: Sequence[str | None],
    by: Reranking,
    **span: Any,
) -> list[Results]:
    """The answer to each query: reranked where it is a text, as it is for any other."""
    pairs = [(one, text) for one, text in zip(asked, texts, strict=True) if text is not None]
    others = [one for one, text in zip(asked, texts, strict=True) if text is None]
    reranked = iter(ask_reranked(store, pairs, by, **span))
    plain = iter(ask_many(store, others, **span))
    return [next(plain if text is None else reranked) for text in texts]


def _text(query: Content | Vectors) -> str | None:
    if isinstance(query, Vectors):
        return None
    parts = Parts.of(query)
    return parts.text if set(parts) == {"text"} else None


def _own(setting: Mapping[str, Any], loaded: dict[str, Reranker]) -> Reranking:
    """The collection's own: found by its fingerprint, wherever it is called what."""
    wanted, name = setting["fingerprint"], setting["name"]
    if wanted not in loaded:
        found = find_installed(lambda space: space.fingerprint == wanted, f"the reranker {name}")
        folder = Path(setting["folder"]) if found is None else model_home() / found
        without = '; rerank="" searches without it, and `collection.reranking = None` forgets it'
        try:
            one = load_reranker(folder)
        except ModelNotFound as error:
            raise ModelNotFound(
                f"the reranker {name!r} of this collection is not here ({error}){without}"
            ) from error
        if one.fingerprint != wanted:
            raise SpaceMismatch(
                f"{folder}: the reranker of this collection is {name} ({wanted[:8]}), and this is"
                f" {one.name} ({one.fingerprint[:8]}){without}"
            )
        loaded[wanted] = one
    return Reranking(loaded[wanted], setting.get("share", SHARE))
