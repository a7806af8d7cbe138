"""Rerankers: nDCG@10 by what they count and how many candidates they score, and what it costs.

    cospace models add reranker
    python bench/rerank.py [--reranker NAME] [--json] [--keep FILE]

Sets of judged queries: msmarco-sample and cisi (../shared/data), and the marketplace's queries by
meaning and by exact word. Each query's first 100 candidates of the default ranking are scored
once; every row of the table ranks these scores anew. Share 0 is the default ranking, share 1 is
pure reranking. Differences to the default are by query, with a 95% interval by bootstrap. Times
are of the processor, all cores together. `--keep` writes what was scored, `--kept` reads it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from ranking import MARKET, RETRIEVAL, corpus, judged_queries, market

import cospace as cs
from cospace.collection.query import queries_of
from cospace.encode.reranker import Reranker, load_reranker
from cospace.measures.bootstrap import mean_difference
from cospace.measures.metrics import ndcg
from cospace.search.ask import answers_of
from cospace.search.rerank import judged_of, mixed

DEPTHS = (20, 50, 100)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def scored(
    shop: cs.Collection, queries: list[tuple[str, dict[str, int]]], reranker: Reranker
) -> list[dict[str, Any]]:
    """For each query its candidates: first scores, what names added, logits, grades; and seconds.

    Scored in three parts, of which the seconds add up to those of each depth.
    """
    asked = queries_of([text for text, _ in queries], shop, None, None)
    answers, rows = answers_of(shop.store, asked, 0, DEPTHS[-1])
    table = []
    for answer, (text, grades) in zip(answers, queries, strict=True):
        found = [rows[key] for key in answer.keys]
        logits, seconds, start, cut = [], [], 0, 0
        for depth in DEPTHS:
            before = time.process_time()
            judged, some, _ = judged_of(reranker, text, found[start:depth])
            seconds.append(time.process_time() - before)
            logits += some.tolist()
            cut += len(judged.truncated)
            start = depth
        table.append(
            {
                "first": answer.scores,
                "named": answer.named,
                "logits": logits,
                "gains": [grades.get(row.id, 0) for row in found],
                "judged": [*grades.values()],
                "seconds": seconds,
                "cut": cut,
            }
        )
    return table


def figure(one: dict[str, Any], depth: int, share: float) -> float:
    first, named, logits = (np.array(one[name], float) for name in ("first", "named", "logits"))
    scores, _ = mixed(first, named, logits[:depth], share)
    best = np.argsort(-scores, kind="stable")[:10]
    return 100 * ndcg([one["gains"][i] for i in best], one["judged"], k=10)


def rows_of(name: str, table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    default = np.array([figure(one, DEPTHS[0], 0.0) for one in table])
    seconds = np.cumsum([one["seconds"] for one in table], axis=1).mean(0)
    found = []
    for depth, spent in zip(DEPTHS, seconds, strict=True):
        pairs = np.mean([min(depth, len(one["logits"])) for one in table])
        for share in SHARES:
            each = np.array([figure(one, depth, share) for one in table])
            difference = mean_difference(each, default)
            row = {"set": name, "queries": len(table), "candidates": depth, "share": share}
            row |= {"ndcg@10": round(float(each.mean()), 2)}
            row |= {"difference": round(difference.value, 2), "low": round(difference.low, 2)}
            row |= {"high": round(difference.high, 2), "ms": round(1_000 * float(spent), 1)}
            row |= {"pairs_s": round(float(pairs / spent), 1) if spent else 0.0}
            found.append(row)
    return found


def sets() -> dict[str, Any]:
    """Each set by its name, as a function that makes its collection and its queries."""
    found: dict[str, Any] = {}
    for name in ("msmarco-sample", "cisi"):
        folder = RETRIEVAL / name
        if folder.exists():
            found[name] = lambda folder=folder: (corpus(folder), judged_queries(folder))
        else:
            print(f"{name} is not there: skipped")
    for kind in ("meaning", "exact"):
        found[f"market, {kind}"] = lambda kind=kind: (shop_of(MARKET), market(kind))
    return found


def shop_of(folder: Path) -> cs.Collection:
    shop = cs.open(":memory:", model="starter")
    shop.add(cs.read(folder / "listings.csv"))
    return shop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reranker", default="reranker", help="a name or a folder")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, help="write what was scored to this file")
    parser.add_argument("--kept", type=Path, help="read it from there, and score nothing")
    args = parser.parse_args()
    if args.kept:
        scores = json.loads(args.kept.read_text())
    else:
        reranker = load_reranker(args.reranker)
        scores = {}
        for name, made in sets().items():
            scores[name] = scored(*made(), reranker)
            if args.keep:
                args.keep.write_text(json.dumps(scores))
    table = [row for name, one in scores.items() for row in rows_of(name, one)]
    if args.json:
        print(json.dumps(table, indent=2))
        return
    print("set              candidates share  nDCG@10  difference (95%)           ms  pairs/s")
    line = "{set:16} {candidates:>10} {share:5} {ndcg@10:8.2f} {difference:+8.2f}"
    line += " ({low:+.2f} to {high:+.2f})  {ms:8.1f} {pairs_s:8.1f}"
    for row in table:
        print(line.format(**row))


if __name__ == "__main__":
    main()
