"""The default ranking beside its parts: nDCG@10 on four sets of judged queries, one setting.

    python bench/ranking.py [--json]

- msmarco-sample (../shared/data): 5,000 passages, the queries that have judgments.
- cisi (../shared/data): 1,460 abstracts, 76 long questions.
- the 40 marketplace queries by meaning: no word of the query stands in a right listing.
- the 20 marketplace queries by exact word: how often the right listing comes first.

nDCG@10 with linear gains, as BEIR and trec_eval compute it, and with exponential gains
(2^grade - 1, Burges et al. 2005); both are printed since papers use either.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

import cospace as cs
from cospace.measures.metrics import ndcg, reciprocal_rank

ROOT = Path(__file__).parents[1]
RETRIEVAL = ROOT / "../shared/data/retrieval"
MSMARCO = RETRIEVAL / "msmarco-sample"
MARKET = ROOT / "examples/marketplace"

# "text" and "words" are the lists alone; None is what users get.
RANKINGS: dict[str, Any] = {"dense": "text", "BM25": "words", "image": "image", "default": None}


def measure(shop: cs.Collection, queries: list[tuple[str, dict[str, int]]], by: Any) -> list[float]:
    """Mean nDCG@10 in points, linear and exponential gains; how often a right item is first."""
    rows = []
    for text, grades in queries:
        found = np.array([grades.get(one, 0) for one in shop.search(text, k=10, by=by).ids])
        judged = np.array([*grades.values()])
        exponential = ndcg(2.0**found - 1, 2.0**judged - 1)
        rows.append((ndcg(found, judged), exponential, reciprocal_rank(found, k=1)))
    means = np.mean(rows, axis=0)
    return [100 * means[0], 100 * means[1], float(np.sum([r[2] for r in rows]))]


def judged_queries(folder: Path = MSMARCO) -> list[tuple[str, dict[str, int]]]:
    """The texts of the queries that have judgments, and the grades by passage."""
    grades: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels/test.tsv").read_text().splitlines():
        query, passage, grade = line.split("\t")
        if grade.isdigit():
            grades.setdefault(query, {})[passage] = int(grade)
    rows = [json.loads(line) for line in (folder / "queries.jsonl").open()]
    return [(row["text"], grades[row["_id"]]) for row in rows if row["_id"] in grades]


def corpus(folder: Path) -> cs.Collection:
    """The passages of a folder in BEIR's layout, each with its title."""
    rows = [json.loads(line) for line in (folder / "corpus.jsonl").open()]
    shop = cs.open(":memory:", model="starter")
    texts = [" ".join(filter(None, (row.get("title"), row["text"]))) for row in rows]
    shop.add([cs.Item(row["_id"], text) for row, text in zip(rows, texts, strict=True)])
    return shop


def market(kind: str) -> list[tuple[str, dict[str, int]]]:
    rows = [json.loads(line) for line in (MARKET / "queries.jsonl").open()]
    return [(row["text"], row["relevant"]) for row in rows if row["kind"] == kind]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    shop = cs.open(":memory:", model="starter")
    shop.add(cs.read(MARKET / "listings.csv"))
    sets = {"meaning": (shop, market("meaning")), "exact": (shop, market("exact"))}
    for name in ("msmarco-sample", "cisi"):
        if (RETRIEVAL / name).exists():
            sets[name] = (corpus(RETRIEVAL / name), judged_queries(RETRIEVAL / name))
        else:
            print(f"{name} is not there: skipped")
    table = []
    for name, (collection, queries) in sets.items():
        fields = collection.info().fields
        for ranking, by in RANKINGS.items():
            if by == "image" and not fields.get("image"):
                continue
            linear, exponential, first = measure(collection, queries, by)
            row = {"set": name, "ranking": ranking, "queries": len(queries)}
            row |= {"ndcg@10": round(linear, 2), "ndcg@10_exp": round(exponential, 2)}
            table.append({**row, "right_first": int(first)})
    if args.json:
        print(json.dumps(table, indent=2))
        return
    print("set             ranking  nDCG@10  (exp)  right item first")
    line = "{set:15} {ranking:8} {ndcg@10:6.2f} {ndcg@10_exp:6.2f}  {right_first}/{queries}"
    for row in table:
        print(line.format(**row))


if __name__ == "__main__":
    main()
