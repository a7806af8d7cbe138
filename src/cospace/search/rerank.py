"""Reranking: the first candidates, scored anew by a model that reads query and text together.

The score is a mix of two standard scores: that of the first ranking and that of the reranker, each
over the candidates. How many these are hangs neither on k nor on the offset, so the first k of a
longer list are the same k. docs/reranking.md has what was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cospace.arguments import check_flag
from cospace.limits import limit
from cospace.read.texts import is_blank
from cospace.results import Hit, Note, Results, Why
from cospace.search.ask import Answer, Query, answers_of, end_of
from cospace.search.fuse import NAME, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cospace.encode.reranker import PairScores, Reranker
    from cospace.store.protocol import Row, Store

__all__ = [
    "FIRST",
    "RERANK",
    "SHARE",
    "Reranking",
    "ask_reranked",
    "judged_of",
    "mixed",
    "standard",
]

# What the lists of a hit's `why` are called: the ranking before, and the reranker.
FIRST, RERANK = "first", "rerank"
# What the reranker's standard score counts; the first ranking's counts the rest. A quarter gains
# where rerankers are good, and loses nothing that is more than luck where they are not (measured).
SHARE = 0.25


@dataclass(frozen=True)
class Reranking:
    """A reranker, and what its standard score counts, from 0 to 1; the first ranking's the rest."""

    reranker: Reranker
    share: float = SHARE


def ask_reranked(
    store: Store,
    queries: Sequence[tuple[Query, str]],
    by: Reranking,
    *,
    k: int,
    offset: int = 0,
    explain: bool = False,
) -> list[Results]:
    """For each query, and its text, what `ask_many` gives, its first candidates reranked.

    The candidates are the first `rerank_candidates` (limits.py) of the ranking without; what
    follows them keeps its order, below them. Raises `BadArgument` when k or offset are out of
    range.
    """
    end, explain = end_of(k, offset), check_flag("explain", explain)
    if k == 0:
        return [Results([], score="no hits were asked for") for _ in queries]
    depth = limit("rerank_candidates")
    answers, rows = answers_of(store, [query for query, _ in queries], 0, max(end, depth))
    return [
        _results(answer, text, rows, by, depth, slice(offset, end), explain)
        for answer, (_, text) in zip(answers, queries, strict=True)
    ]


def _results(
    answer: Answer,
    query: str,
    rows: Mapping[int, Row],
    by: Reranking,
    depth: int,
    span: slice,
    explain: bool,
) -> Results:
    places = [place for place, key in enumerate(answer.keys) if key in rows]
    found = [rows[answer.keys[place]] for place in places]
    first = np.array([answer.scores[place] for place in places])
    named = np.array([answer.named[place] for place in places])
    head = min(depth, len(found))
    judged, logits, own = judged_of(by.reranker, query, found[:head])
    scores, shares = mixed(first, named, logits, by.share)
    order = [*np.argsort(-scores[:head], kind="stable"), *range(head, len(found))]
    ranks = {place: rank for rank, place in enumerate(_ranked(logits), start=1)}
    hits = []
    for i in order[span]:
        row, place = found[i], places[i]
        whys = list(answer.whys[place](answer.keys[place])) if explain else []
        if i < head:
            whys.append(Why(FIRST, i + 1, float(first[i]), float(scores[i] - shares[i])))
        if i in own:
            whys.append(Why(RERANK, ranks[i], own[i], float(shares[i])))
        hits.append(Hit(row.id, float(scores[i]), row.text, row.metadata, row.media, tuple(whys)))
    told = (
        f"mix of standard scores over the first {head}: {1 - by.share:g} of the first ranking"
        f" ({answer.told}), {by.share:g} of {by.reranker.name} (docs/reranking.md)"
    )
    notes = (*answer.notes, *_cut(by.reranker, judged, len(own)))
    return Results(hits, score=told, notes=notes)


def judged_of(
    reranker: Reranker, query: str, rows: Sequence[Row]
) -> tuple[PairScores, Scores, dict[int, float]]:
    """What the reranker says of the texts of rows; a logit a row; the scores, by place of row.

    A row without a text has NaN for its logit, and no score.
    """
    texts = {i: row.text for i, row in enumerate(rows) if row.text and not is_blank(row.text)}
    judged = reranker.judge(query, list(texts.values()))
    logits = np.full(len(rows), np.nan)
    logits[list(texts)] = judged.logits
    return judged, logits, dict(zip(texts, judged.scores.tolist(), strict=True))


def mixed(first: Scores, named: Scores, logits: Scores, share: float) -> tuple[Scores, Scores]:
    """The mixed score of each hit [n], and the reranker's share of each candidate [m].

    `first` [n] are scores that never rise, `named` [n] what names added to them, `logits` [m] the
    reranker's of the candidates, which are the first m: NaN where a candidate has no text. Such a
    one is judged by its first score alone. Names count beside the mix as they counted before, so
    whatever holds the name that was asked for stays above whatever does not. Hits after the
    candidates keep their order, below the last of them.

    >>> first, logits = np.array([3.0, 2.0, 1.0, 0.5]), np.array([0.0, 9.0, np.nan])
    >>> scores, _ = mixed(first, np.zeros(4), logits, 0.5)
    >>> np.argsort(-scores).tolist()
    [1, 0, 2, 3]
    """
    head = len(logits)
    if not head:
        return first, np.zeros(0)
    plain = first - named
    mean, deviation = plain[:head].mean(), plain[:head].std()
    before = (plain - mean) / deviation if deviation > 1e-9 else np.zeros(len(plain))
    there = ~np.isnan(logits)
    mine = before[:head].copy()
    mine[there] = standard(logits[there])
    shares = np.where(there, share * mine, 0.0)
    scores = before.copy()
    scores[:head] = (1 - share) * before[:head] + share * mine
    span = float(np.ptp(scores[:head]))
    scores += named * max(1.0, (span + 0.5) / NAME)
    if head < len(scores):
        rest = np.minimum.accumulate(scores[head:])
        scores[head:] = rest + min(0.0, float(scores[:head].min()) - float(rest[0]))
    return scores, shares


def standard(values: Scores) -> Scores:
    """The values with mean 0 and deviation 1; all 0 where they are alike.

    >>> standard(np.array([1.0, 3.0])).tolist()
    [-1.0, 1.0]
    """
    if not len(values):
        return values
    deviation = float(values.std())
    centred: Scores = values - values.mean()
    return centred / deviation if deviation > 1e-9 else np.zeros(len(values))


def _ranked(logits: Scores) -> list[int]:
    """The places of the candidates that have a logit, the highest first."""
    return [int(i) for i in np.argsort(-logits, kind="stable") if not np.isnan(logits[i])]


def _cut(reranker: Reranker, judged: PairScores, texts: int) -> list[str]:
    """What a reader should know of texts of which the reranker read a beginning only."""
    notes: list[str] = []
    name, cut, tokens = reranker.name, len(judged.truncated), reranker.max_tokens
    if judged.query_cut:
        text = f"the query is too long for {name}, which read its beginning"
        notes.append(Note(text, code="query_cut", model=name))
    if cut:
        text = (
            f"of {cut} of the {texts} texts {name} read a beginning only: it reads {tokens} tokens"
            " with the query"
        )
        notes.append(Note(text, code="texts_cut", cut=cut, of=texts, model=name, tokens=tokens))
    return notes
