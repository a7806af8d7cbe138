"""Cost by size: ingest, index, search, memory and disk of clustered vectors, and a plot.

    python bench/curve.py                           10,000 to 1,000,000 x 384
    python bench/curve.py --sizes 1000000 --limit-gb 4

Each size runs in a process of its own, which reads the vectors from a file, 50,000 at a time: the
memory is cospace's and Python's alone, with that of the process in which it builds a graph. It is
read from outside, every two seconds. "memory_gb" is the most that both held with each page counted
once (Pss); "private_gb" the part of it that is no page of a file, and which the system cannot take
back. `--limit-gb` is a hard limit on all pages of both, by a control group of Linux: past it the
system takes back pages of files, and ends a process where that is not enough. Where no group can be
made (that takes root) it is one on the private memory of each process (RLIMIT_DATA). "limit" says
which it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from group import group
from search import DIM, OUT, PART, SPACE, Watch, ask_cospace, parts, rate, recall, vectors

SIZES = [10_000, 30_000, 100_000, 300_000, 1_000_000]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--limit-gb", type=float, help="a hard limit on the memory")
    parser.add_argument("--out", type=Path, default=OUT / "curve.png")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measured(args.child)), flush=True)
        return
    points = [point(n, args.limit_gb) for n in args.sizes]
    plot(points, args.out)


def point(n: int, limit_gb: float | None) -> dict[str, Any]:
    """What one size costs, from a process of its own; one line."""
    with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
        prepare(n, Path(name))
        command = [sys.executable, __file__, "--child", name]
        with (
            limited(limit_gb) as (before, limit),
            subprocess.Popen([*before, *command], stdout=subprocess.PIPE, text=True) as process,
        ):
            peaks = {"Pss": 0.0, "Pss_Anon": 0.0}
            while process.poll() is None:
                held = [memory(pid) for pid in (process.pid, *children(process.pid))]
                for kind, most in peaks.items():
                    peaks[kind] = max(most, sum(one.get(kind, 0.0) for one in held))
                time.sleep(2)
            assert process.stdout is not None
            told = process.stdout.read()
    if process.returncode:
        sys.exit(f"{n:,} vectors: the process ended with {process.returncode}")
    found = {"n": n, **json.loads(told), "memory_gb": peaks["Pss"], "private_gb": peaks["Pss_Anon"]}
    found["limit"] = limit
    print(json.dumps(found), flush=True)
    return found


@contextmanager
def limited(gigabytes: float | None) -> Iterator[tuple[Sequence[str], str]]:
    """The words before a command that can have so much memory, and what limits it."""
    if gigabytes is None:
        yield (), "none"
        return
    most = int(gigabytes * 1e9)
    with ExitStack() as stack:
        try:
            one = stack.enter_context(group(memory=most))
        except OSError:
            yield ("prlimit", f"--data={most}"), f"{gigabytes} GB of private memory"
        else:
            yield one.enter, f"{gigabytes} GB of all memory"


def children(pid: int) -> list[int]:
    """The processes that a process has started, and that run."""
    try:
        found = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has ended
        return []
    return [int(one) for line in found for one in line.split()]


def memory(pid: int) -> dict[str, float]:
    """GB that a process holds, each page counted once, by kind; {} where that is not told."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return {}
    sizes = (line.split(":") for line in lines if line.startswith(("Pss:", "Pss_Anon:")))
    return {kind: int(size.split()[0]) * 1024 / 1e9 for kind, size in sizes}


def prepare(n: int, folder: Path) -> None:
    """The vectors as a file, 500 queries, and the ten nearest of each."""
    queries = vectors(500, 1)
    best, keys = np.full((500, 10), -2.0, np.float32), np.zeros((500, 10), np.int64)
    with (folder / "vectors.f32").open("wb") as file:
        for i, part in enumerate(parts(n)):
            part.tofile(file)
            numbers = np.broadcast_to(np.arange(len(part)) + i * PART, (500, len(part)))
            scores = np.concatenate([best, queries @ part.T], axis=1)
            held = np.concatenate([keys, numbers], axis=1)
            top = np.argpartition(-scores, 10, axis=1)[:, :10]
            best, keys = (np.take_along_axis(one, top, 1) for one in (scores, held))
    np.savez(folder / "queries.npz", queries=queries, keys=keys)


def measured(folder: Path) -> dict[str, Any]:
    """Taken in, indexed, searched, closed and opened again, in this process."""
    import cospace as cs

    shop = cs.open(folder / "c.cospace")
    optimize, shop.store.optimize = shop.store.optimize, lambda: None  # timed apart
    whole = watch = Watch()
    n = 0
    with (folder / "vectors.f32").open("rb") as file:
        while len(part := np.fromfile(file, np.float32, PART * DIM).reshape(-1, DIM)):
            keys = range(n, n + len(part))
            shop.add_vectors(
                [f"item-{i}" for i in keys],
                cs.Vectors(part, SPACE),
                metadata=[{"price": float(i % 1000), "city": f"city-{i % 100}"} for i in keys],
            )
            n += len(part)
    del part
    taken = watch()
    shop.store.optimize = optimize
    watch = Watch()
    shop.optimize()
    indexed, both = watch(), whole()
    given = np.load(folder / "queries.npz")
    queries, best = given["queries"], [set(row.tolist()) for row in given["keys"]]
    rate(lambda query: ask_cospace(shop, query), queries)
    qps, found = rate(lambda query: ask_cospace(shop, query), queries)
    size = shop.info().bytes
    shop.close()
    watch = Watch()
    with cs.open(folder / "c.cospace") as again:
        again.search(cs.Vectors(queries[:1], SPACE))
        opened = watch()
    return {
        "taken_in_per_s": n / taken.clock,
        "index_s": indexed.clock,
        "index_processor_s": indexed.processor,
        "both_processor_s": both.processor,
        "qps": qps,
        "recall@10": recall(found, best),
        "disk_mb": size / 1e6,
        "open_and_search_s": opened.clock,
        "open_and_search_processor_s": opened.processor,
        "load": os.getloadavg(),
    }


def plot(points: list[dict[str, Any]], out: Path) -> None:
    try:
        import matplotlib as mpl
    except ImportError:
        print("no plot: matplotlib is not here; in your clone: pip install '.[bench]'")
        return
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(15, 3.4), constrained_layout=True)
    n = [p["n"] for p in points]
    for axis, key, title in zip(
        axes,
        ("index_s", "qps", "recall@10", "memory_gb"),
        ("index build (s)", "queries per second", "recall@10", "peak memory (GB)"),
        strict=True,
    ):
        axis.plot(n, [p[key] for p in points], marker="o", color="#2a6f97")
        axis.set(xscale="log", title=title, xlabel="vectors of 384 numbers")
        axis.grid(alpha=0.3)
    axes[0].set_yscale("log")
    axes[1].set_yscale("log")
    axes[2].set_ylim(0.9, 1.005)
    axes[3].set_ylim(0, 8)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110)
    print(f"plot: {out}")


if __name__ == "__main__":
    main()
