"""Why an item is not among the answers to a query: each thing that can keep it out, looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, cast

import numpy as np

from cospace.arguments import check_count
from cospace.collection.clauses import unmet
from cospace.collection.composed import Row as Vector
from cospace.collection.composed import Searched
from cospace.collection.query import query_of
from cospace.collection.spelling import respelt
from cospace.encode.tokens import tokens
from cospace.errors import BadArgument, ModelNotFound
from cospace.explain import ordinal
from cospace.item import Content, Parts, check_id, kind_of
from cospace.limits import limit
from cospace.results import Results, Why
from cospace.search.ask import Query, tiers
from cospace.search.candidates import WORDS, gather
from cospace.store.protocol import Row
from cospace.store.where import Node, matches, parse
from cospace.store.words import content
from cospace.vectors import Vectors

__all__ = ["REASONS", "Exact", "WhyNot", "why_not"]

REASONS = (
    "there",  # it is among the answers
    "not stored",
    "failed",  # it, or the part that is asked by, could not be read
    "filtered",
    "excluded",  # the query itself names it, to be like it or unlike it
    "no vector",  # of a kind that is asked by, and no word in common
    "cut",  # what would have answered stands behind the end of what the model reads
    "missed",  # by the approximate index: it is near enough
    "beyond",  # the candidates that are ranked
    "outranked",
)
_PAGE = 1_000
_WINDOWS = 16  # of a text that is cut, so many pieces are looked at
_SAME = 1e-6  # cosines that differ by less are a tie
_NAMED = 3  # items in front of it that are named


class Exact(NamedTuple):
    """An item's place in one list by its very cosine, of so many; whether the index brought it."""

    rank: int
    cosine: float
    of: int
    brought: bool

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why an item is not among the `k` answers; `told` says it in a sentence.

    `reason` is one of `REASONS`. `rank` is its place among all that the search can give, None
    where it is not found at all. `exact` is its place in each list of vectors without any index,
    among the items that pass the filter. `score` and `needed` are its score and that of the last
    of the `k`; `above` the ids in front of it. `notes` are what else was seen.
    """

    id: str
    reason: str
    told: str
    k: int
    rank: int | None = None
    exact: Mapping[str, Exact] = field(default_factory=dict)
    score: float | None = None
    needed: float | None = None
    above: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "id": self.id,
            "reason": self.reason,
            "told": self.told,
            "k": self.k,
            "rank": self.rank,
            "exact": {name: one.to_json() for name, one in self.exact.items()},
            "score": self.score,
            "needed": self.needed,
            "above": list(self.above),
            "notes": list(self.notes),
        }


class Asked(Searched, Protocol):
    """A collection that can be searched."""

    def search(
        self, query: Any, k: int = 10, *, where: Any = None, by: Any = None, explain: bool = False
    ) -> Results: ...


def why_not(
    collection: Searched,
    question: Content | Vectors,
    id: str,
    *,
    k: int = 10,
    where: Mapping[str, Any] | None = None,
    by: str | Sequence[str] | None = None,
) -> WhyNot:
    """See `Collection.why_not`."""
    k = check_count("k", k, most=limit("max_k"))
    nothing = where is None or (isinstance(where, Mapping) and not where)
    node = None if nothing or where is None else parse(where, collection.store.schema)
    meant = {at: one for at, one in respelt([question], collection, by).items() if one.used}
    query = query_of(question, collection, by, node, meant=meant)
    [row] = collection.store.get([check_id(id)], vectors=True)
    if row is None:
        return _absent(collection, id, k)
    if node is not None and not matches(node, row.metadata):
        lines = unmet(node, row.metadata)
        return WhyNot(id, "filtered", f"{id} does not pass the filter: {'; '.join(lines)}.", k)
    if id in query.exclude:
        told = f"{id} is left out: the question names it, and what it names is never an answer."
        return WhyNot(id, "excluded", told, k)
    hits = cast("Asked", collection).search(
        question, limit("max_k"), where=where, by=by, explain=True
    )
    rank = hits.ids.index(id) + 1 if id in hits.ids else None
    if rank is not None and rank <= k:
        hit = hits[rank - 1]
        return WhyNot(
            id, "there", f"{id} is there: it is the {ordinal(rank)} of the answers.", k, rank,
            score=hit.score, notes=_notes(row),
        )  # fmt: skip
    asked = meant[0].text if 0 in meant else _text(question)
    return _Seeker(_Case(collection, query, asked, row, node, k), hits, rank).found()


def _text(question: Content | Vectors) -> str:
    return "" if isinstance(question, Vectors) else Parts.of(question).text or ""


def _absent(collection: Searched, id: str, k: int) -> WhyNot:
    """Of an item that is not stored: whether it was refused."""
    failures = getattr(collection.store, "failures", None)
    offset = 0
    while failures is not None and (page := failures(_PAGE, offset)):
        for one in page:
            if one.name == id or repr(id) in one.reason:
                told = f"{id} could not be stored: {one.reason.rstrip('.')}."
                return WhyNot(id, "failed", told, k)
        offset += len(page)
    return WhyNot(id, "not stored", f"{collection.name} holds no item {id!r}.", k)


def _notes(row: Row) -> tuple[str, ...]:
    return (row.reason,) if row.reason else ()


class _Case(NamedTuple):
    """What was asked, and of which item."""

    collection: Searched
    query: Query
    asked: str
    row: Row
    node: Node | None
    k: int


class _Seeker:
    """One search for the reason, of an item that is stored and passes the filter."""

    def __init__(self, case: _Case, hits: Results, rank: int | None) -> None:
        self._collection, self._query, self._text, self._row, self._node, self._k = case
        self._hits, self._rank = hits, rank
        self._asked = {**self._query.others, **self._query.vectors}
        self._cosines: dict[str, np.ndarray[Any, Any]] = {}
        self._depth = tiers(self._query, self._k)

    def found(self) -> WhyNot:
        row, id = self._row, self._row.id
        kinds = {kind_of(name) for name in row.vectors}
        mine = [kind for kind in self._asked if kind in kinds]
        if self._query.vectors and any(kind in kinds for kind in self._query.vectors):
            mine = [kind for kind in mine if kind in self._query.vectors]
        held = self._brought()
        exact = self._exact(mine, held)
        if not mine and self._rank is None:
            return self._no_vector()
        cut = self._cut(exact.get("text"))
        if cut:
            return self._made("cut", cut, exact)
        brought = any(id in ids for ids in held.values())
        missed = {name: one for name, one in exact.items() if self._missed(name, one)}
        if missed and not brought:
            name, one = min(missed.items(), key=lambda pair: pair[1].rank)
            told = (
                f"{id} was missed by the approximate index: by its {name} it is the"
                f" {ordinal(one.rank)} of {one.of:,} (cosine {one.cosine:.3f}), and of"
                f" {self._depth} candidates it should have been one."
            )
            return self._made("missed", told, exact)
        alone = len(self._asked) == 1 and not self._query.words
        if not brought and not (alone and self._rank is not None):
            places = ", ".join(
                f"the {ordinal(one.rank)} of {one.of:,} by its {name} (cosine {one.cosine:.3f}"
                + (f", as {tied:,} others)" if (tied := self._tied(name, one)) > 1 else ")")
                for name, one in exact.items()
            )
            words = "; no word of the question is in it" if self._query.words else ""
            told = (
                f"{id} is beyond the candidates: it is {places or 'in no list'}{words}, and the"
                f" first {self._depth} of each list are ranked."
            )
            return self._made("beyond", told, exact)
        return self._outranked(exact)

    def _made(self, reason: str, told: str, exact: Mapping[str, Exact], **more: Any) -> WhyNot:
        notes = [*_notes(self._row)]
        if reason != "missed":
            notes += [
                f"the approximate index missed it by its {name} (it is the {ordinal(one.rank)})"
                for name, one in exact.items()
                if self._missed(name, one)
            ]
        return WhyNot(
            self._row.id, reason, told, self._k, self._rank, exact, notes=tuple(notes), **more
        )

    def _missed(self, name: str, one: Exact) -> bool:
        """Whether any index that is exact would have brought it: with all that are as near."""
        return not one.brought and one.rank + self._tied(name, one) <= self._depth

    def _tied(self, name: str, one: Exact) -> int:
        """How many others are as near, or so little nearer or less that no index could tell."""
        return int((np.abs(self._cosines[name] - one.cosine) <= _SAME).sum())

    def _no_vector(self) -> WhyNot:
        row, asked = self._row, " and ".join(self._asked) or WORDS
        if row.reason:
            told = f"{row.id} was stored in part: {row.reason.rstrip('.')}; it has no {asked}."
            return self._made("failed", told, {})
        words = ", and no word in common with it" if self._query.words else ""
        told = f"{row.id} has no vector of what the question asks by ({asked}){words}."
        return self._made("no vector", told, {})

    def _brought(self) -> dict[str, set[str]]:
        """The ids that each list brought for the candidates."""
        [gathered] = gather(self._collection.store, [self._query], [self._depth])
        keys = {key for one in gathered.lists.values() for key in (*one.keys, *one.names)}
        rows = self._collection.store.rows(sorted(keys))
        return {
            name: {rows[key].id for key in (*one.keys, *one.names) if key in rows}
            for name, one in gathered.lists.items()
        }

    def _exact(self, kinds: Sequence[str], held: Mapping[str, set[str]]) -> dict[str, Exact]:
        """The item's place by each kind, of all items that pass the filter."""
        if not kinds:
            return {}
        mine = {kind: self._best(self._row, kind) for kind in kinds}
        others: dict[str, list[float]] = {kind: [] for kind in kinds}
        for row in self._collection.store.scan(where=self._node, vectors=True):
            if row.id == self._row.id or row.id in self._query.exclude:
                continue
            for kind in kinds:
                if kind in row.vectors:
                    others[kind].append(self._best(row, kind))
        self._cosines = {kind: np.array(some) for kind, some in others.items()}
        return {
            kind: Exact(
                int((some > mine[kind]).sum()) + 1, mine[kind], len(some) + 1,
                self._row.id in held.get(kind, ()),
            )
            for kind, some in self._cosines.items()
        }  # fmt: skip

    def _best(self, row: Row, kind: str) -> float:
        asked: Vector = self._asked[kind]
        return max(float(row.vectors[n] @ asked) for n in row.vectors if kind_of(n) == kind)

    def _cut(self, exact: Exact | None) -> str:
        """What is told of a text whose end would have been among the answers; "" otherwise."""
        text = self._row.text or ""
        if exact is None or not text:
            return ""
        try:
            model = self._collection.model
            at = tokens(model, text).at
        except (BadArgument, ModelNotFound):  # it shows no tokens; or is away, as one may ask by
            return ""  # vectors
        if at >= len(text):
            return ""
        pieces = [text[i : i + at] for i in range(at, len(text), max(1, at))][:_WINDOWS]
        pieces = [one for one in pieces if one.strip()]
        if not pieces:
            return ""
        cosines = model.encode_document(pieces).normalized @ self._asked["text"]
        best = float(cosines.max())
        rank = int((self._cosines["text"] > best).sum()) + 1
        if best <= exact.cosine or rank > self._k:
            return ""
        behind = set(content(text[at:].lower())) & set(content(self._text.lower()))
        words = sorted(behind - set(content(text[:at].lower())))
        named = f" ({', '.join(words)})" if words else ""
        return (
            f"{self._row.id} is cut: the model reads {at:,} of {len(text):,} characters of its"
            f" text, and what answers{named} stands behind them. Read, that would be the"
            f" {ordinal(rank)} by its text (cosine {best:.3f} and not {exact.cosine:.3f}). Store"
            " it in chunks: docs/documents.md."
        )

    def _outranked(self, exact: Mapping[str, Exact]) -> WhyNot:
        id, hits, rank = self._row.id, self._hits, self._rank
        last = hits[self._k - 1] if len(hits) >= self._k else None
        above = tuple(hits.ids[: self._k])
        if rank is None or last is None:
            told = (
                f"{id} is a candidate, but is not among the {len(hits):,} answers that are given."
            )
            return self._made("outranked", told, exact, above=above)
        hit = hits[rank - 1]
        first = ", ".join(above[:_NAMED]) + (", ..." if len(above) > _NAMED else "")
        told = (
            f"{id} is outranked: it is the {ordinal(rank)}, with a score of {hit.score:.3f}. The"
            f" {self._k} in front of it ({first}) have {last.score:.3f} and more."
            f"{_change(hits, hit.why, last.score - hit.score)}"
        )
        return self._made("outranked", told, exact, score=hit.score, needed=last.score, above=above)


def _change(hits: Results, whys: Sequence[Why], gap: float) -> str:
    """What the item's cosine would have to be, by the list of vectors that counts the most.

    A list's share grows with its cosine in a straight line: its slope is that of the hits.
    """
    for name in [one.list for one in whys if one.list != WORDS]:
        pairs = [(w.score, w.share) for hit in hits[:50] for w in hit.why if w.list == name]
        mine = next(one for one in whys if one.list == name)
        cosines, shares = np.array([*pairs, (mine.score, mine.share)]).T
        if len(pairs) > 2 and np.ptp(cosines) > 1e-6:
            slope = float(np.polyfit(cosines, shares, 1)[0])
            wanted = mine.score + gap / slope if slope > 1e-9 else 2.0
            if wanted <= 1:
                return (
                    f" By its {name} its cosine is {mine.score:.3f}; about {wanted:.3f} would"
                    " bring it among them."
                )
    return ""
