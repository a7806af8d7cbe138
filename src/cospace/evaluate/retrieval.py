"""Retrieval: does a model find the documents that people judged relevant? In BEIR's layout."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.evaluate.beir import Beir
from cospace.evaluate.encoding import ModelName, encode_texts, loaded, named_models
from cospace.evaluate.own import read_set
from cospace.measures.bootstrap import (
    LEAST,
    RESAMPLES,
    Difference,
    Interval,
    difference,
    interval,
    resample,
)
from cospace.measures.metrics import ndcg, recall, reciprocal_rank
from cospace.progress import Meter, Watch, metered
from cospace.read import Failures
from cospace.topk import TopK, cosines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode import Encoder

__all__ = ["FIGURES", "RetrievalReport", "RetrievalResult", "retrieval"]

FIGURES = ("ndcg@10", "recall@100", "mrr@10")
_DEEPEST = 100

# Documents that are encoded, compared and let go of together.
_WINDOW = 4_096


@dataclass(frozen=True, slots=True)
class RetrievalResult:
    """One model: each of `FIGURES` with its interval, and its difference to the first model.

    `truncated` and `failed` count documents and queries that were cut short, or that could not
    be encoded: such a document is never found, and such a query finds nothing. `per_second` is
    documents over the time that the encoder took.
    """

    model: str
    dim: int
    figures: dict[str, Interval]
    per_second: float
    truncated: int
    failed: int
    differences: dict[str, Difference] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "model": self.model,
            "dim": self.dim,
            **{name: figure.to_json() for name, figure in self.figures.items()},
            "documents_per_second": round(self.per_second, 2),
            "truncated": self.truncated,
            "failed": self.failed,
            "differences_to_first": {name: d.to_json() for name, d in self.differences.items()},
        }


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """All models on the same queries and documents; `notes` tells what was left out, and why."""

    folder: str
    split: str
    documents: int
    queries: int
    judgments: int
    resamples: int
    seed: int
    notes: tuple[str, ...]
    failed: Failures
    results: tuple[RetrievalResult, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        names = ("folder", "split", "documents", "queries", "judgments", "resamples", "seed")
        return {
            **{name: getattr(self, name) for name in names},
            "notes": list(self.notes),
            "left_out": len(self.failed),
            "failed": [{"name": one.name, "reason": one.reason} for one in self.failed],
            "results": [result.to_json() for result in self.results],
        }


def retrieval(
    folder: str | os.PathLike[str],
    models: Sequence[ModelName] | ModelName,
    *,
    split: str = "test",
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Watch = None,
) -> RetrievalReport:
    """nDCG@10, recall@100 and MRR@10 of exact search, for each model, as BEIR counts them.

    `folder` holds corpus.jsonl (`_id`, `title`, `text`), queries.jsonl (`_id`, `text`) and
    qrels/`split`.tsv (query, document, grade). Or it is a collection: its items' texts are the
    documents, and what `Collection.judge` has kept are the queries and grades. Title and text are
    joined by a space. Documents are encoded as documents and queries as queries, each with the
    model's prompt. A document with the id of the query is left out of its ranking. Intervals and
    differences come from `resamples` draws of the queries.

    A judged document that is missing from the corpus counts as not found. Queries without
    judgments are not run. Both are counted in `notes`. `progress` counts the texts of all models;
    its `stage` is the model.

    Raises as `read_beir` and `cospace.load` do.
    """
    named = named_models(models)
    data = read_set(folder, split)
    encoders = [(name, loaded(model)) for name, model in named]
    tables, results = [], []
    texts = len(encoders) * (len(data.queries) + len(data.order))
    with metered(progress, texts, "texts") as meter:
        for name, encoder in encoders:
            meter.stage = name
            table, result = _measure(name, encoder, data, meter)
            tables.append(table)
            results.append(result)
    _compare(results, np.stack(tables), resamples, seed)
    return RetrievalReport(
        folder=str(folder),
        split=split,
        documents=len(data.order),
        queries=len(data.queries),
        judgments=sum(map(len, data.judged.values())),
        resamples=resamples,
        seed=seed,
        notes=tuple(_notes(data)),
        failed=data.failed,
        results=tuple(results),
    )


def _compare(
    results: list[RetrievalResult], values: NDArray[np.float64], resamples: int, seed: int
) -> None:
    """The figures of `values` [models, queries, figures], put into the results of the models."""
    queries = values.shape[1]
    draws = resample(
        lambda drawn: values[:, drawn].mean(axis=1), queries, resamples=resamples, seed=seed
    ).reshape(resamples, *values.shape[::2])
    means = values.mean(axis=1)
    for i, result in enumerate(results):
        for j, name in enumerate(FIGURES):
            result.figures[name] = interval(
                float(means[i, j]), draws[:, i, j], items=queries, shares=True
            )
            if i:
                result.differences[name] = difference(
                    float(means[i, j] - means[0, j]),
                    draws[:, i, j] - draws[:, 0, j],
                    items=queries,
                    apart=values[i, :, j] - values[0, :, j],
                    seed=seed,
                )


def _measure(
    name: str, encoder: Encoder, data: Beir, meter: Meter
) -> tuple[NDArray[np.float64], RetrievalResult]:
    """Figures by query [queries, figures], and the result that still lacks its intervals."""
    keys = list(data.queries)
    queries = encode_texts(encoder, list(data.queries.values()), "query", progress=meter)
    asked = np.flatnonzero(queries.good)
    # One more than is counted, since a document with the query's own id is taken out again.
    rows, best = queries.rows[asked], TopK(len(asked), _DEEPEST + 1)
    seconds, documents, cut, failed = 0.0, 0, len(queries.truncated), len(queries.failed)
    for position, reason in queries.failed.items():
        data.failed.add(f"query {keys[position]}", f"{name}: {reason}")
    stream = data.documents()
    while window := list(islice(stream, _WINDOW)):
        done = encode_texts(encoder, [text for _, text in window], "document", progress=meter)
        good = np.flatnonzero(done.good)
        numbers = np.array([data.order[key] for key, _ in window], np.intp)
        best.add(len(good), cosines(rows, done.rows[good]), numbers=numbers[good])
        for position, reason in done.failed.items():
            data.failed.add(f"document {window[position][0]}", f"{name}: {reason}")
        seconds, documents = seconds + done.seconds, documents + done.encoded
        cut, failed = cut + len(done.truncated), failed + len(done.failed)
    numbers, _ = best.found()
    ids = list(data.order)
    table = np.zeros((len(keys), len(FIGURES)))  # a query that could not be encoded scores 0
    for row, query in zip(numbers, asked, strict=True):
        found = [ids[number] for number in row if ids[number] != keys[query]][:_DEEPEST]
        table[query] = _scores(found, data.judged[keys[query]])
    rate = documents / seconds if seconds else 0.0
    return table, RetrievalResult(name, encoder.space.dim, {}, rate, cut, failed)


def _scores(found: list[str], judged: dict[str, int]) -> tuple[float, ...]:
    grades = [judged.get(key, 0) for key in found]
    all_ = list(judged.values())
    return ndcg(grades, all_, k=10), recall(grades, all_, k=_DEEPEST), reciprocal_rank(grades, k=10)


def _notes(data: Beir) -> list[str]:
    """What is not as it should be, in words."""
    barren = sum(max(grades.values()) <= 0 for grades in data.judged.values())
    same = sum(query in grades for query, grades in data.judged.items())
    counts = (
        (data.unjudged, "queries without a judgment in this split, not run"),
        (data.no_query, "judgments of a query that is not there, left out"),
        (data.no_document, "judgments of a document that is not there, counted as not found"),
        (barren, "queries that nothing is relevant to, counted as 0 as in trec_eval"),
        (same, "judged documents with the id of their query, left out of its ranking as in BEIR"),
    )
    few = len(data.queries) if len(data.queries) < LEAST else 0
    return [
        *(f"{what}: {number:,}" for number, what in counts if number),
        *([f"too few queries for intervals and verdicts: {few}, at least {LEAST}"] if few else []),
    ]
