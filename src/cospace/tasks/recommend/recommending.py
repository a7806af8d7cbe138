"""`recommend`: items more like these and less like those, no two of them alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count, check_instance, check_number, check_texts
from cospace.collection.collection import check_collection
from cospace.collection.composed import Reference, moved_away, references_of, weighted_sum
from cospace.errors import BadArgument
from cospace.item import LIKE, Parts, kind_of
from cospace.search.ask import Query, ask, end_of
from cospace.store.where import matches, parse
from cospace.tasks.material import filled, unit_mean
from cospace.tasks.recommend.content import Contents
from cospace.tasks.recommend.learning import Learnt

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.store.protocol import Row
    from cospace.tasks.material import Floats

__all__ = ["Recommendation", "Recommended", "mmr", "recommend"]

_DEPTH = 100  # candidates, and ten for each that is wanted

Numbers = NDArray[np.float64]


class Recommendation(NamedTuple):
    """An item, its score, and the highest cosine to one that stands before it in the list.

    `content` is its mean cosine to what was asked, over the kinds that both have; `together`, None
    without sessions, the cosine of its session vector to those of what was asked.
    """

    id: str
    score: float
    content: float
    together: float | None
    nearest: float
    text: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recommended:
    """Recommendations, the first first. `alike` is their mean cosine to one another.

    `alike_without` is what it would be without the wish for diversity, and `relevance_without`
    the mean score, beside `relevance`: what diversity gives, and what it costs.
    """

    items: tuple[Recommendation, ...]
    alike: float
    alike_without: float
    relevance: float
    relevance_without: float
    learnt: Learnt | None

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        names = ("alike", "alike_without", "relevance", "relevance_without")
        return {
            "items": [{**one._asdict(), "metadata": dict(one.metadata)} for one in self.items],
            **{name: round(getattr(self, name), 4) for name in names},
            "sessions": None if self.learnt is None else self.learnt.to_json(),
        }


def recommend(
    shop: Collection,
    like: Sequence[str] | str,
    *,
    unlike: Sequence[str] | str = (),
    k: int = 10,
    diversity: float = 0.0,
    where: Mapping[str, Any] | None = None,
    sessions: Learnt | None = None,
) -> Recommended:
    """The `k` items that are most like those of `like`, and least like those of `unlike`.

    What is asked is the mean of the stored vectors of `like`, kind by kind, moved away from the
    mean of `unlike` (Rocchio, as `Parts(like=, unlike=)`). With `sessions`, what `learn` made of
    them counts too, at the share that it earned. With `diversity` above 0, each next item is the
    one with the highest (1 - diversity) * relevance - diversity * (cosine to the nearest before
    it): maximal marginal relevance; relevance is brought to 0 to 1. `where` filters as in search.
    None of the items that were named is recommended.

    Source: Rocchio, Relevance feedback in information retrieval, 1971; Carbonell and Goldstein,
    The use of MMR, diversity-based reranking, SIGIR 1998.

    Raises `ItemNotFound` for an id that is not stored, `BadArgument` for nothing to be like,
    for an item without vectors, for an id on both sides, and for a diversity outside [0, 1].

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> texts = ["Oak chair", "Oak armchair", "Steel rake", "Garden spade"]
    >>> _ = shop.add(ids=["1", "2", "3", "4"], documents=texts)
    >>> [one.id for one in recommend(shop, ["1"], k=1).items]
    ['2']
    """
    check_collection(shop, "shop")
    liked = list(dict.fromkeys(check_texts("like", like)))
    away = list(dict.fromkeys(check_texts("unlike", unlike)))
    k = check_count("k", k)
    _check(liked, away, diversity)
    if sessions is not None:
        check_instance("sessions", sessions, Learnt, "as learn gives it")
    node = None if where is None else parse(where, shop.store.schema)
    vectors = _asked(shop, liked, away)
    rows = _candidates(shop, vectors, frozenset([*liked, *away]), max(_DEPTH, 10 * k), node)
    if sessions is not None:
        known = {row.id for row in rows}
        ids = [id for id in _together(sessions, liked, max(_DEPTH, 10 * k)) if id not in known]
        rows += _rows(shop, [id for id in ids if id not in {*liked, *away}], node)
    content = _contents(rows).scores(vectors)
    together = None if sessions is None else _with(sessions, liked, rows)
    score = content
    if sessions is not None and together is not None:
        mixed = (1 - sessions.share) * sessions.content.standard(content)
        score = mixed + sessions.share * sessions.together.standard(together)
    return _listed(rows, (score, content, together), k, diversity, sessions)


def _listed(
    rows: Sequence[Row],
    scores: tuple[Numbers, Numbers, Numbers | None],
    k: int,
    diversity: float,
    sessions: Learnt | None,
) -> Recommended:
    """The first `k` of the candidates, and what they would be without diversity."""
    score, content, together = scores
    close = _close(rows)
    plain = np.argsort(-score, kind="stable")[:k].tolist()
    chosen = mmr(score, close, k, diversity)
    items = [
        Recommendation(
            rows[at].id,
            float(score[at]),
            float(content[at]),
            None if together is None else float(together[at]),
            float(max((close[at, other] for other in chosen[:place]), default=0.0)),
            rows[at].text,
            rows[at].metadata,
        )
        for place, at in enumerate(chosen)
    ]
    return Recommended(
        tuple(items),
        _alike(close, chosen),
        _alike(close, plain),
        float(score[chosen].mean()) if chosen else 0.0,
        float(score[plain].mean()) if plain else 0.0,
        sessions,
    )


def _candidates(
    shop: Collection, vectors: Mapping[str, Floats], gone: frozenset[str], most: int, node: Any
) -> list[Row]:
    """The items nearest to what is asked, with their vectors."""
    query = Query(vectors, weights=dict.fromkeys(vectors, 1.0), where=node, exclude=gone)
    return _rows(shop, [hit.id for hit in ask(shop.store, query, k=end_of(most, 0))], node)


def _check(liked: list[str], away: list[str], diversity: float) -> None:
    if not liked:
        raise BadArgument("name at least one item to be like: like=")
    both = [id for id in liked if id in away]
    if both:
        raise BadArgument(f"{both[0]!r} cannot be liked and not liked")
    check_number("diversity", diversity, 0, 1)


def _asked(shop: Collection, liked: list[str], away: list[str]) -> dict[str, Floats]:
    """The unit vector of what is asked, by kind."""
    named = [Parts(like=id, unlike=away) for id in liked]
    known = references_of(named, shop)
    likes = [known[parts[LIKE].value] for parts in named]
    kinds = dict.fromkeys(kind for one in likes for kind in one.vectors)
    found = {kind: _middle(likes, kind) for kind in kinds}
    return moved_away(found, [known[id] for id in away])


def _middle(likes: Sequence[Reference], kind: str) -> Floats:
    rows = [one.vectors[kind] for one in likes if kind in one.vectors]
    return weighted_sum(rows, [1.0] * len(rows))


def _rows(shop: Collection, ids: list[str], node: Any) -> list[Row]:
    found = shop.store.get(ids, vectors=True) if ids else []
    return [
        row
        for row in found
        if row is not None and row.vectors and (node is None or matches(node, row.metadata))
    ]


def _by_kind(row: Row) -> dict[str, Floats]:
    kinds: dict[str, list[Floats]] = {}
    for name, vector in row.vectors.items():
        kinds.setdefault(kind_of(name), []).append(vector)
    return {kind: unit_mean(some) for kind, some in kinds.items()}


def _contents(rows: Sequence[Row]) -> Contents:
    kinds: dict[str, list[tuple[int, Floats]]] = {}
    for at, row in enumerate(rows):
        for kind, vector in _by_kind(row).items():
            kinds.setdefault(kind, []).append((at, vector))
    return Contents(
        {kind: filled(some, len(rows), len(some[0][1])) for kind, some in kinds.items()}
    )


def _close(rows: Sequence[Row]) -> Numbers:
    """The mean cosine of each two items over the kinds that both have; 0 where they share none."""
    total, count = np.zeros((len(rows), len(rows))), np.zeros((len(rows), len(rows)))
    kinds = [_by_kind(row) for row in rows]
    for kind in dict.fromkeys(kind for one in kinds for kind in one):
        at = [place for place, one in enumerate(kinds) if kind in one]
        some = np.stack([kinds[place][kind] for place in at])
        total[np.ix_(at, at)] += some @ some.T
        count[np.ix_(at, at)] += 1
    return total / np.maximum(count, 1)


def _together(sessions: Learnt, liked: Sequence[str], most: int) -> list[str]:
    """The ids whose session vectors lie nearest to those that are liked."""
    profile = _session_profile(sessions, liked)
    if not profile.any():
        return []
    scores = sessions.rows @ profile
    order = np.argsort(-scores, kind="stable")[:most]
    return [sessions.ids[at] for at in order if scores[at] > 0]


def _session_profile(sessions: Learnt, liked: Sequence[str]) -> Floats:
    number = {id: at for at, id in enumerate(sessions.ids)}
    at = [number[id] for id in liked if id in number]
    mean = sessions.rows[at].mean(0) if at else np.zeros(sessions.rows.shape[1], np.float32)
    length = float(np.linalg.norm(mean))
    found: Floats = mean / np.float32(length) if length > 1e-6 else np.zeros_like(mean)
    return found


def _with(sessions: Learnt, liked: Sequence[str], rows: Sequence[Row]) -> Numbers:
    profile = _session_profile(sessions, liked)
    number = {id: at for at, id in enumerate(sessions.ids)}
    return np.array(
        [float(sessions.rows[number[r.id]] @ profile) if r.id in number else 0.0 for r in rows]
    )


def mmr(score: Numbers, close: Numbers, k: int, diversity: float) -> list[int]:
    """The places of `k` items of scores [n], each relevant and unlike those before it.

    `close` [n, n] are their cosines. With a diversity of 0 they come by score alone.

    >>> mmr(np.array([1.0, 0.9, 0.2]), np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1.0]]), 2, 0.5)
    [0, 2]
    """
    span = float(score.max() - score.min()) if len(score) else 0.0
    relevance = (score - score.min()) / span if span > 0 else np.ones(len(score))
    chosen: list[int] = []
    nearest = np.zeros(len(score))
    left = np.ones(len(score), bool)
    while len(chosen) < min(k, len(score)):
        value = (1 - diversity) * relevance - diversity * nearest
        value[~left] = -np.inf
        best = int(value.argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, close[best])
    return chosen


def _alike(close: Numbers, chosen: Sequence[int]) -> float:
    """The mean cosine of two of the chosen; 0 for fewer than two."""
    if len(chosen) < 2:
        return 0.0
    some = close[np.ix_(chosen, chosen)]
    return float(some[np.triu_indices(len(chosen), 1)].mean())
