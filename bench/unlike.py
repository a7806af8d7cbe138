"""What `unlike` is worth: a reader points at the first wrong hit, and asks again.

    python bench/unlike.py DATA        (the folder with retrieval/)

For each query of a judged set, the best hit that nobody judged relevant is named. Compared on the
rest: nDCG@10 with that item left out alone (0), and with the query moved away from it, by how much.
The weight was chosen on cisi.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

import cospace as cs
from cospace.collection import composed
from cospace.evaluate.beir import read_beir
from cospace.measures.metrics import ndcg

MARKET = Path(__file__).parents[1] / "examples" / "marketplace"
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)


def judged(folder: Path) -> tuple[list[cs.Item], dict[str, str], dict[str, dict[str, int]]]:
    data = read_beir(folder)
    items = [cs.Item(id, text) for id, text in data.documents() if text]
    return items, data.queries, data.judged


def market() -> tuple[list[cs.Item], dict[str, str], dict[str, dict[str, int]]]:
    rows = [json.loads(line) for line in (MARKET / "queries.jsonl").read_text().splitlines()]
    kept = [row for row in rows if row["kind"] == "meaning" and row.get("text")]
    return (
        list(cs.read(MARKET / "listings.csv")),
        {row["id"]: row["text"] for row in kept},
        {row["id"]: row["relevant"] for row in kept},
    )


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("data", type=Path)
    data = given.parse_args().data
    sets = {
        "cisi": judged(data / "retrieval" / "cisi"),
        "marketplace": market(),
    }
    print(f"{'set':<16}{'queries':>8}" + "".join(f"{weight:>9}" for weight in WEIGHTS))
    for name, (items, queries, qrels) in sets.items():
        with (
            tempfile.TemporaryDirectory() as folder,
            cs.open(Path(folder) / "set.cospace", model="starter") as collection,
        ):
            collection.add(items)
            row = measure(collection, queries, qrels)
        print(f"{name:<16}{row[0]:>8}" + "".join(f"{100 * one:9.2f}" for one in row[1]))


def measure(
    collection: cs.Collection, queries: dict[str, str], qrels: dict[str, dict[str, int]]
) -> tuple[int, list[float]]:
    wrong = {}
    for id, text in queries.items():
        relevant = {one for one, grade in qrels.get(id, {}).items() if grade > 0}
        first = [hit.id for hit in collection.search(text, 5) if hit.id not in relevant]
        if relevant and first:
            wrong[id] = first[0]
    means = []
    for weight in WEIGHTS:
        composed._AWAY = weight
        found = []
        for id, pointed in wrong.items():
            ids = collection.search(cs.Parts(text=queries[id], unlike=[pointed]), 10).ids
            grades = [qrels[id].get(one, 0) for one in ids]
            found.append(ndcg(grades, list(qrels[id].values()), k=10))
        means.append(float(np.mean(found)))
    return len(wrong), means


if __name__ == "__main__":
    main()
