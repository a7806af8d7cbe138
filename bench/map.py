"""Ways to lay out a map: what each keeps of the neighbourhoods, and what it costs.

    pip install umap-learn pacmap openTSNE
    python bench/map.py VECTORS.npy [--points 10000] [--methods cospace,umap,pacmap,opentsne]

VECTORS are unit vectors [n, dim], as `cospace embed -o VECTORS.npy` writes them. Each method runs
at its defaults in a process of its own, after a warm-up that compiles what it compiles. Processor
time is of all threads; wall time is the machine's, with what else runs on it. Both measures are at
12 neighbours (cospace.measures.neighbours), with exact ranks, of 2,000 points drawn from all.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

METHODS = ("cospace", "umap", "pacmap", "opentsne")


def cospace(vectors: np.ndarray) -> np.ndarray:
    from cospace.map.layout import layout

    return layout(vectors)[0]


def umap(vectors: np.ndarray) -> np.ndarray:
    import umap

    return umap.UMAP(metric="cosine").fit_transform(vectors)


def pacmap(vectors: np.ndarray) -> np.ndarray:
    import pacmap

    return pacmap.PaCMAP().fit_transform(vectors)


def opentsne(vectors: np.ndarray) -> np.ndarray:
    import openTSNE

    return np.asarray(openTSNE.TSNE(metric="cosine", n_jobs=2).fit(vectors))


def alone(method: str, file: Path, points: int) -> dict[str, float]:
    from cospace.measures.neighbours import neighbours_kept

    run: Callable[[np.ndarray], np.ndarray] = globals()[method]
    vectors = np.load(file)[:points]
    run(vectors[:600])
    wall, cpu = time.perf_counter(), time.process_time()
    places = run(vectors).astype(np.float32)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    kept = neighbours_kept(vectors, places)
    return {"trust": kept.trustworthiness, "continuity": kept.continuity, "cpu": cpu, "wall": wall}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("vectors", type=Path)
    parser.add_argument("--points", type=int, default=10_000)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--alone", action="store_true")
    args = parser.parse_args()
    names = args.methods.split(",")
    if args.alone:
        print(json.dumps(alone(names[0], args.vectors, args.points)))
        return
    print("| method | trustworthiness | continuity | processor s | wall s |\n|---|---|---|---|---|")
    for name in names:
        words = [str(args.vectors), "--points", str(args.points), "--methods", name, "--alone"]
        done = subprocess.run(
            [sys.executable, __file__, *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(f"| {name} | {done.stderr.strip().splitlines()[-1]} |", flush=True)
            continue
        one = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {name} | {one['trust']:.4f} | {one['continuity']:.4f} | {one['cpu']:.0f}"
            f" | {one['wall']:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
