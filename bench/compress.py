"""Fewer numbers a vector: what PCA, a quadratic way back and an autoencoder keep of retrieval.

    python bench/compress.py ../shared/data --seeds 3

The texts are the passages of retrieval/msmarco-sample, the photos those of clothing, both as the
starter encodes them (384 numbers). A fifth is held out. "decoded" is recall@10 where a whole vector
is compared with the decoded vectors of others, "codes" codes with codes: of a vector's 10 nearest
among those held out. Medians over seeds, which draw the split and the network; chance is about 1.
The row with * is what the command recommends most often, by rows that are in no figure.
`--labels` measures cs.train.supervised on the photos: accuracy by the 5 nearest and by a linear
probe, before and after.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import cospace as cs
from cospace.vectors import Vectors


def texts(data: Path) -> Vectors:
    lines = (data / "retrieval/msmarco-sample/corpus.jsonl").read_text().split("\n")
    found = [json.loads(line) for line in lines if line]
    passages = list(dict.fromkeys(f"{one.get('title', '')} {one['text']}".strip() for one in found))
    return cs.load("starter", cache=False).encode_document(passages)


def photos(data: Path) -> tuple[Vectors, list[str]]:
    files = sorted((data / "clothing").glob("*/*/*.jpg"))
    model = cs.load("starter", cache=False)
    return model.encode_document([cs.Image(f) for f in files]), [f.parent.name for f in files]


def middle(values: list[float]) -> str:
    return f"{100 * statistics.median(values):.1f}"


def sizes(name: str, vectors: Vectors, seeds: int) -> None:
    started = time.process_time()
    runs = [cs.train.autoencoder(vectors, seed=seed) for seed in range(seeds)]
    for number, first in enumerate(runs[0].sizes):
        rows = []
        for way in ("pca", "quadratic", "autoencoder"):
            kept = [next(w for w in run.sizes[number].ways if w.method == way).kept for run in runs]
            wins = sum(run.sizes[number].ways[0].method == way for run in runs)
            rows.append((wins, way, kept))
        most = max(wins for wins, _, _ in rows)
        for wins, way, kept in rows:
            low, high = (
                middle([getattr(k.decoded, edge) for k in kept]) for edge in ("low", "high")
            )
            print(
                f"| {name} | {first.dim} | {way}{' *' if wins == most else ''} |"
                f" {middle([k.decoded.value for k in kept])} ({low} to {high}) |"
                f" {middle([k.codes.value for k in kept])} | {middle([k.error for k in kept])}% |"
                f" {wins} of {seeds} |",
                flush=True,
            )
    spent = (time.process_time() - started) / seeds
    print(f"{name}: {len(vectors):,} vectors, {spent:.0f} s of processor time a seed\n")


def labels(vectors: Vectors, names: list[str], seeds: int) -> None:
    print("| loss | measure | before | after | shuffled | largest class | better |")
    print("|---|---|---|---|---|---|---|")
    for loss in ("softmax", "contrastive"):
        runs = [cs.train.supervised(vectors, names, loss=loss, seed=s) for s in range(seeds)]
        for place, gain in enumerate(("neighbours", "probe")):
            better = sum(getattr(run, gain).verdict == "better" for run in runs)
            one = [run.card.figures[place] for run in runs]
            shuffled = [f.shuffled for f in one if f.shuffled is not None]
            print(
                f"| {loss} | {one[0].name} | {middle([f.before.value for f in one])} |"
                f" {middle([f.held.value for f in one])} | {middle(shuffled) if shuffled else ''} |"
                f" {middle([f.chance for f in one])} | {better} of {seeds} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--labels", action="store_true")
    args = parser.parse_args()
    vectors, names = photos(args.data)
    if args.labels:
        labels(vectors, names, args.seeds)
        return
    print("| of | numbers | way | decoded, R@10 | codes, R@10 | lost variance | recommended |")
    print("|---|---|---|---|---|---|---|")
    sizes("texts", texts(args.data), args.seeds)
    sizes("photos", vectors, args.seeds)


if __name__ == "__main__":
    main()
