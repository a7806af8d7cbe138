"""`ask`: queries to a store. Candidates of fixed depths, so that k never changes the order.

The first tier takes a fixed number of candidates from every list and ranks them; hits past it
come from deeper tiers, each in its own order, without those already given. So the first k of a
longer list are the same k, and pages never repeat a hit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from cospace.arguments import check_count, check_flag
from cospace.errors import BadArgument
from cospace.limits import limit
from cospace.results import Hit, Note, Results, Why
from cospace.search.candidates import WORDS, Query, Ranking, rank
from cospace.store.protocol import Row, Store
from cospace.store.where import Node

__all__ = ["DEPTH", "WORDS", "Answer", "Query", "answers_of", "ask", "ask_many", "end_of", "tiers"]

DEPTH = 50
# The depths of the tiers; 0 is the limit `max_k`. One vector alone needs fewer candidates than
# lists that are to be fused.
_ALONE = (20, 2 * DEPTH, 0)
_FUSED = (DEPTH, 0)


def ask(store: Store, query: Query, *, k: int, offset: int = 0, explain: bool = False) -> Results:
    """The hits from `offset` to `offset + k`; with `explain`, each list's part in them.

    Raises `BadArgument` when k or offset are out of range.
    """
    return ask_many(store, [query], k=k, offset=offset, explain=explain)[0]


def ask_many(
    store: Store, queries: Sequence[Query], *, k: int, offset: int = 0, explain: bool = False
) -> list[Results]:
    """For each query what `ask` gives: the store is asked for all of them at once.

    Raises `BadArgument` when k or offset are out of range.
    """
    end, explain = end_of(k, offset), check_flag("explain", explain)
    if k == 0:
        return [Results([], score="no hits were asked for") for _ in queries]
    answers, rows = answers_of(store, queries, offset, end)
    return [answer.results(rows, explain) for answer in answers]


def _nothing(store: Store, where: Node | None) -> tuple[str, ...]:
    """Why there is no hit, where the question has no part in it."""
    if not store.count():
        return (Note("no item is stored", code="nothing_stored"),)
    if where is not None and not store.count(where):
        text = "no item passes the filter; texts in it are whole, and with their capitals"
        return (Note(text, code="nothing_passes"),)
    return ()


def answers_of(
    store: Store, queries: Sequence[Query], offset: int, end: int
) -> tuple[list[Answer], dict[int, Row]]:
    """What was found for each query from `offset` to `end`, and the rows of all, by their keys."""
    answers = [Answer(query, offset, end) for query in queries]
    while open_ := [answer for answer in answers if answer.depths]:
        depths = [answer.depths[0] or limit("max_k") for answer in open_]
        tiers = rank(store, [answer.query for answer in open_], depths)
        for answer, depth, tier in zip(open_, depths, tiers, strict=True):
            answer.take(tier, depth)
    why: dict[Node | None, tuple[str, ...]] = {}  # questions of one call share their filter
    for answer in answers:
        if not answer.keys and offset == 0:
            where = answer.query.where
            if where not in why:
                why[where] = _nothing(store, where)
            answer.notes += why[where]
    # A row that was deleted between the search and this reading is not a hit any more.
    return answers, store.rows(list({key for answer in answers for key in answer.keys}))


def end_of(k: int, offset: int) -> int:
    """Where the hits that are wanted end. Raises `BadArgument`."""
    end = check_count("k", k, 0) + check_count("offset", offset, 0)
    if end > limit("max_k"):
        raise BadArgument(f"k + offset is at most {limit('max_k')}, not {end}")
    return end


def tiers(query: Query, k: int) -> int:
    """How many candidates of each list are ranked for the first `k` hits of a query."""
    depths = [depth or limit("max_k") for depth in _depths(query)]
    return next((depth for depth in depths if depth >= k), depths[-1])


def _depths(query: Query) -> tuple[int, ...]:
    return _ALONE if len(query.vectors) == 1 and not query.words else _FUSED


class Answer:
    """What has been found for one query so far, and the depths of the tiers that remain."""

    __slots__ = (
        "depths",
        "given",
        "keys",
        "last",
        "named",
        "notes",
        "query",
        "scores",
        "span",
        "told",
        "whys",
    )

    def __init__(self, query: Query, offset: int, end: int) -> None:
        self.query = query
        self.span = (offset, end)
        self.depths = _depths(query)
        self.given: set[int] = set()
        self.last = math.inf
        self.told = ""
        self.notes: tuple[str, ...] = ()
        self.keys: list[int] = []
        self.scores: list[float] = []
        self.named: list[float] = []
        self.whys: list[Callable[[int], tuple[Why, ...]]] = []

    def take(self, tier: Ranking, depth: int) -> None:
        """The hits of one more tier; no depths remain when it was the last that is needed."""
        offset, end = self.span
        if not self.told:
            self.told, self.notes = tier.told, tier.notes
        exhausted = len(tier.keys) < depth
        if self.given:
            # Each tier has scores of its own; moved as one, they go on where the last one ended.
            tier = tier.without(self.given).below(self.last)
        self.last = tier.scores[-1] if tier.scores else self.last
        before = len(self.given)
        span = slice(max(0, offset - before), min(len(tier.keys), end - before))
        self.keys += tier.keys[span]
        self.scores += tier.scores[span]
        self.named += [tier.named.get(key, 0.0) for key in tier.keys[span]]
        self.whys += [tier.why] * (len(self.keys) - len(self.whys))
        done = exhausted or before + len(tier.keys) >= end
        self.depths = () if done else self.depths[1:]
        if self.depths:
            self.given.update(tier.keys)

    def results(self, rows: Mapping[int, Row], explain: bool) -> Results:
        """The hits with their items; `rows` lacks those that went meanwhile."""
        hits = [
            Hit(row.id, score, row.text, row.metadata, row.media, why(key) if explain else ())
            for key, score, why in zip(self.keys, self.scores, self.whys, strict=True)
            if (row := rows.get(key)) is not None
        ]
        return Results(hits, score=self.told, notes=self.notes)
