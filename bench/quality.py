"""The texts that encoders are compared on, and how good their vectors are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MSMARCO = DATA / "retrieval" / "msmarco-sample"

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Sentences:
    """Pairs of sentences, and the likeness that people gave each pair."""

    first: list[str]
    second: list[str]
    scores: NDArray[np.float64]

    def sts(self, vectors: Array) -> float:
        """Spearman's rank correlation, in points; `vectors` are of all first, then all second."""
        first, second = np.split(vectors, 2)
        return spearman(np.einsum("ij,ij->i", first, second), self.scores)


def sentences() -> Sentences:
    """STS Benchmark dev: 1,500 pairs."""
    lines = (DATA / "sts" / "sts-dev.csv").read_text(encoding="utf-8").splitlines()
    scores, first, second = zip(*(line.split("\t")[4:7] for line in lines), strict=True)
    return Sentences(list(first), list(second), np.array(scores, np.float64))


@dataclass(frozen=True)
class Retrieval:
    """Passages and queries by id, and the grades that people gave passages for each query."""

    passages: dict[str, str]
    queries: dict[str, str]
    grades: dict[str, dict[str, int]]

    def ndcg(self, vectors: Array, encode: Callable[[list[str]], Array], k: int = 10) -> float:
        """nDCG@k in points, of exact search, as BEIR counts it: a passage gains its grade.

        `vectors` are of all passages, in order; `encode` makes those of queries.
        """
        ids = list(self.passages)
        scores = encode(list(self.queries.values())) @ vectors.T
        discounts = 1 / np.log2(np.arange(2, k + 2))
        found = []
        for query, line in zip(self.queries, scores, strict=True):
            judged = self.grades[query]
            gains = np.array([judged.get(ids[i], 0) for i in np.argsort(-line)[:k]])
            ideal = np.array(sorted(judged.values(), reverse=True)[:k])
            found.append((gains @ discounts) / (ideal @ discounts[: len(ideal)]))
        return 100 * float(np.mean(found))


def retrieval(count: int) -> Retrieval:
    """The msmarco sample, 50 queries and 5,000 passages; or `count` queries and their share.

    Their share are the passages judged for them, and as large a part of those never judged.
    """
    passages = {row["_id"]: row["text"] for row in read_jsonl(MSMARCO / "corpus.jsonl")}
    queries = {row["_id"]: row["text"] for row in read_jsonl(MSMARCO / "queries.jsonl")}
    grades: dict[str, dict[str, int]] = {}
    for file in sorted((MSMARCO / "qrels").glob("*.tsv")):
        for line in file.read_text().splitlines():
            query, passage, grade = line.split("\t")
            if grade.isdigit():  # some sets begin with a header
                grades.setdefault(query, {})[passage] = int(grade)
    judged = {passage for of_one in grades.values() for passage in of_one}
    asked = {id: text for id, text in queries.items() if id in grades}
    kept = dict(list(asked.items())[:count])
    others = [id for id in passages if id not in judged]
    wanted = {passage for id in kept for passage in grades[id]}
    wanted.update(others[: len(others) * len(kept) // len(asked)])
    return Retrieval({id: passages[id] for id in passages if id in wanted}, kept, grades)


def spearman(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Spearman's rank correlation in points: Pearson's of the ranks, equals sharing theirs."""
    return 100 * float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    """The rank of each value from 1; equal values have their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def spaced(texts: list[str], limit: int) -> list[str]:
    """`limit` of the texts, evenly spaced."""
    count = min(limit, len(texts))
    return [texts[i * len(texts) // count] for i in range(count)]


def read_jsonl(file: Path) -> list[dict[str, str]]:
    # Not splitlines(): a passage may hold other line ends of Unicode.
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
