"""Search and ingest of ready-made vectors, beside raw qdrant-edge with the same payload.

    python bench/search.py             100,000 x 384: build, queries a second, recall, filter
    python bench/search.py --curve     10,000 to 1,000,000: cost curve, memory, plot
    python bench/search.py --exact     where brute force stops paying
    python bench/search.py --text      a text query from end to end

The comparison uses real vectors: 22-word passages of ../shared/data/text8-like.txt.xz, encoded
once by the starter and kept in bench/out. Without that file, and for the curve, they are drawn
from 2,000 clusters on the unit sphere, which is easier to search. Both sides are asked the same
queries in turns; medians of the rounds are compared.
"""

from __future__ import annotations

import argparse
import json
import lzma
import resource
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as qe

import cospace as cs
from cospace.store import edge as cospace_edge

DIM = 384
TEXT = Path(__file__).parents[2] / "shared/data/text8-like.txt.xz"
OUT = Path(__file__).parent / "out"
SPACE = cs.Space.of("bench", DIM)


def vectors(n: int, seed: int = 0) -> np.ndarray:
    """Unit rows around 2,000 centres: float32 [n, 384]."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(2000, DIM)).astype(np.float32)
    rows = np.empty((n, DIM), np.float32)
    for i in range(0, n, 50_000):
        part = rows[i : i + 50_000]
        part[:] = rng.normal(size=part.shape)
        part += centres[rng.integers(0, len(centres), len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return rows


def real_vectors(n: int) -> tuple[np.ndarray, np.ndarray, str]:
    """`n` rows and 1,000 queries of one kind, and where they come from."""
    kept = OUT / f"passages-{n}.npy"
    if not kept.exists():
        if not TEXT.exists():
            return vectors(n), vectors(1000, 1), "synthetic"
        with lzma.open(TEXT, "rt") as file:
            words = file.read(160 * (n + 1000)).split()
        texts = [" ".join(words[i * 22 : i * 22 + 22]) for i in range(n + 1000)]
        model = cs.load("starter")
        parts = [model.encode_document(texts[i : i + 5000]) for i in range(0, len(texts), 5000)]
        OUT.mkdir(parents=True, exist_ok=True)
        np.save(kept, np.concatenate([part.normalized for part in parts]))
    both = np.load(kept)
    return np.ascontiguousarray(both[:n]), np.ascontiguousarray(both[n:]), "real"


def metadata(n: int) -> list[dict[str, Any]]:
    return [{"price": float(i % 1000), "city": f"city-{i % 100}"} for i in range(n)]


def truth(rows: np.ndarray, queries: np.ndarray, mask: np.ndarray | None = None) -> list[set[int]]:
    keys = np.arange(len(rows)) if mask is None else np.flatnonzero(mask)
    data = rows if mask is None else rows[keys]
    best = []
    for i in range(0, len(queries), 100):
        scores = queries[i : i + 100] @ data.T
        top = np.argpartition(-scores, 10, axis=1)[:, :10]
        best += [set(keys[t].tolist()) for t in top]
    return best


def raw_config(**more: Any) -> Any:
    """The engine's settings as its documentation has them, with what the design measured."""
    return qe.EdgeConfig(
        vectors={"text": qe.EdgeVectorParams(size=DIM, distance=qe.Distance.Cosine)},
        hnsw_config=qe.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000),
        quantization_config=qe.ScalarQuantizationConfig(
            type=qe.ScalarType.Int8, quantile=0.99, always_ram=True
        ),
        optimizers=qe.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1000),
        **more,
    )


def raw_build(folder: Path, rows: np.ndarray, payload: list[dict[str, Any]]) -> tuple[Any, float]:
    """A shard as a careful user of qdrant-edge writes it, and the seconds it took."""
    start = time.perf_counter()
    folder.mkdir(parents=True)
    config = raw_config()
    shard = qe.EdgeShard.create(str(folder), config)
    shard.update(qe.UpdateOperation.create_field_index("price", qe.FloatIndexParams()))
    shard.update(qe.UpdateOperation.create_field_index("city", qe.KeywordIndexParams()))
    for i in range(0, len(rows), 2000):
        points = [
            qe.Point(i + j, {"text": row}, payload[i + j])
            for j, row in enumerate(rows[i : i + 2000])
        ]
        shard.update(qe.UpdateOperation.upsert_points(points))
    shard.optimize()
    shard.flush()
    return shard, time.perf_counter() - start


def cospace_build(
    folder: Path, rows: np.ndarray, payload: list[dict[str, Any]]
) -> tuple[cs.Collection, float, float]:
    """A collection, the seconds to take the vectors in (durable), and to index them."""
    shop = cs.open(folder)
    optimize, shop.store.optimize = shop.store.optimize, lambda: None  # timed apart
    start = time.perf_counter()
    for i in range(0, len(rows), 50_000):
        part = slice(i, i + 50_000)
        given = cs.Vectors(rows[part], SPACE)
        ids = [f"item-{i + j}" for j in range(len(given))]
        shop.add_vectors(ids, given, metadata=payload[part])
    taken = time.perf_counter() - start
    shop.store.optimize = optimize
    start = time.perf_counter()
    shop.optimize()
    return shop, taken, time.perf_counter() - start


def ask_raw(shard: Any, query: np.ndarray, ef: int, condition: Any = None) -> set[int]:
    request = qe.QueryRequest(
        limit=10,
        query=qe.Query.Nearest(query, using="text"),
        with_payload=True,
        filter=condition,
        params=qe.SearchParams(
            hnsw_ef=ef, quantization=qe.QuantizationSearchParams(rescore=True, oversampling=2.0)
        ),
    )
    return {point.id for point in shard.query(request)}


def ask_cospace(shop: cs.Collection, query: np.ndarray, where: Any = None) -> set[int]:
    hits = shop.search(cs.Vectors(query[None], SPACE), k=10, where=where)
    return {int(hit.id[5:]) for hit in hits if hit.metadata}


def rate(
    ask: Callable[[np.ndarray], set[int]], queries: np.ndarray
) -> tuple[float, list[set[int]]]:
    start = time.perf_counter()
    found = [ask(query) for query in queries]
    return len(queries) / (time.perf_counter() - start), found


def recall(found: list[set[int]], best: list[set[int]]) -> float:
    return float(np.mean([len(f & b) / 10 for f, b in zip(found, best, strict=True)]))


def compare(n: int, rounds: int) -> dict[str, Any]:
    rows, queries, source = real_vectors(n)
    payload = metadata(n)
    best = truth(rows, queries)
    with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
        root = Path(name)
        raw_times, ours_times = [], []
        for turn in range(3):  # builds in turns too: the machine is shared
            shard, raw_seconds = raw_build(root / f"raw{turn}", rows, payload)
            shop, taken, indexed = cospace_build(root / f"c{turn}.cospace", rows, payload)
            raw_times.append(raw_seconds)
            ours_times.append((taken, indexed))
            if turn < 2:
                shard.close()
                shop.close()
                shutil.rmtree(root / f"raw{turn}")
                shutil.rmtree(root / f"c{turn}.cospace")
        # The smallest ef with which the raw engine reaches our recall, so that both are equal.
        _, found = rate(lambda q: ask_cospace(shop, q), queries)
        ours_recall = recall(found, best)
        raw_ef, raw_recall = _equal_ef(shard, queries, best, ours_recall)
        raw_rates, our_rates = [], []
        for _ in range(rounds):
            raw_rates.append(rate(lambda q: ask_raw(shard, q, raw_ef), queries)[0])
            our_rates.append(rate(lambda q: ask_cospace(shop, q), queries)[0])
        # The same once more with our thread setting, so that only our own work differs.
        shard.close()
        shard = qe.EdgeShard.load(str(root / "raw2"), raw_config(max_search_threads=1))
        rate(partial(ask_raw, shard, ef=raw_ef), queries)
        single = []
        for _ in range(rounds):
            raw = rate(partial(ask_raw, shard, ef=raw_ef), queries)[0]
            single.append((rate(partial(ask_cospace, shop), queries)[0] / raw, raw))
        where = {"city": "city-7"}
        mask = np.arange(n) % 100 == 7
        filter_rate, filtered = rate(lambda q: ask_cospace(shop, q, where), queries[:300])
        filter_recall = recall(filtered, truth(rows, queries[:300], mask))
        result = {
            "n": n,
            "vectors": source,
            "raw_qps": statistics.median(raw_rates),
            "cospace_qps": statistics.median(our_rates),
            "qps_ratio": statistics.median(
                o / r for o, r in zip(our_rates, raw_rates, strict=True)
            ),
            "qps_ratio_same_threads": statistics.median(ratio for ratio, _ in single),
            "raw_qps_same_threads": statistics.median(raw for _, raw in single),
            "raw_recall@10": raw_recall,
            "raw_ef": raw_ef,
            "cospace_recall@10": ours_recall,
            "raw_build_s": statistics.median(raw_times),
            "cospace_index_s": statistics.median(t[1] for t in ours_times),
            "build_ratio": statistics.median(
                o[1] / r for o, r in zip(ours_times, raw_times, strict=True)
            ),
            "taken_in_per_s": n / statistics.median(t[0] for t in ours_times),
            "filter_1%_recall@10": filter_recall,
            "filter_1%_qps": filter_rate,
        }
        shard.close()
        shop.close()
    return result


def _equal_ef(
    shard: Any, queries: np.ndarray, best: list[set[int]], wanted: float
) -> tuple[int, float]:
    for ef in (32, 48, 64, 80, 96, 112, 128, 160, 192, 256, 384, 512):
        _, found = rate(lambda q, ef=ef: ask_raw(shard, q, ef), queries)
        reached = recall(found, best)
        if reached >= wanted - 0.001:
            break
    return ef, reached


def exact_curve() -> list[dict[str, Any]]:
    """Milliseconds of one search that compares with every row, and of one through the graph."""
    out = []
    queries = vectors(200, 1)
    for n in (1_000, 5_000, 10_000, 20_000, 50_000):
        rows = vectors(n)
        with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
            shop = cs.open(Path(name) / "c.cospace")
            shop.add_vectors(
                [f"item-{i}" for i in range(n)], cs.Vectors(rows, SPACE), metadata=metadata(n)
            )
            shop.search(cs.Vectors(queries[:1], SPACE))
            qps, _ = rate(partial(ask_cospace, shop), queries)
            kind = "exact" if n <= cospace_edge.EXACT_BELOW else "graph"
            out.append({"n": n, "kind": kind, "ms": 1000 / qps})
            shop.close()
    return out


def text_query() -> dict[str, Any]:
    """Milliseconds of `Collection.search(text)` on msmarco-sample: encode, two lists, fusion."""
    import ranking

    queries = ranking.msmarco_queries()
    with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
        shop = cs.open(Path(name) / "c.cospace", model="starter")
        rows = [json.loads(line) for line in (ranking.MSMARCO / "corpus.jsonl").open()]
        shop.add([cs.Item(row["_id"], row["text"]) for row in rows])
        times = []
        for _ in range(5):
            for text, _ in queries:
                start = time.perf_counter()
                shop.search(text)
                times.append(1000 * (time.perf_counter() - start))
        shop.close()
    return {
        "median_ms": statistics.median(times),
        "p95_ms": float(np.quantile(times, 0.95)),
        "items": len(rows),
    }


class Memory(threading.Thread):
    """The most memory that this process held, in bytes, each page counted once (Pss).

    The resident size counts a page of a file as often as it is mapped, and the engine maps its
    files more than once.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        if Path("/proc/self/smaps_rollup").exists():
            self.start()

    def run(self) -> None:
        while True:
            for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    self.peak = max(self.peak, int(line.split()[1]) * 1024)
            time.sleep(1)


def curve(sizes: list[int], out: Path) -> list[dict[str, Any]]:
    """Ingest, index, search, memory and disk for each size; one line each, and a plot."""
    points = []
    queries = vectors(500, 1)
    memory = Memory()
    for n in sizes:
        rows = vectors(n)
        best = truth(rows, queries)
        with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
            folder = Path(name) / "c.cospace"
            shop, taken, indexed = cospace_build(folder, rows, metadata(n))
            qps, found = rate(partial(ask_cospace, shop), queries)
            size = shop.info().bytes
            start = time.perf_counter()
            shop.close()
            shop = cs.open(folder)
            shop.search(cs.Vectors(queries[:1], SPACE))
            opened = time.perf_counter() - start
            shop.close()
        point = {
            "n": n,
            "taken_in_per_s": n / taken,
            "index_s": indexed,
            "qps": qps,
            "recall@10": recall(found, best),
            "disk_mb": size / 1e6,
            "close_and_open_s": opened,
            "peak_memory_gb": memory.peak / 1e9,
            "peak_rss_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
        }
        print(json.dumps(point), flush=True)
        points.append(point)
    _plot(points, out)
    return points


def _plot(points: list[dict[str, Any]], out: Path) -> None:
    try:
        import matplotlib as mpl
    except ImportError:
        print("matplotlib is not installed: no plot (pip install 'cospace[bench]')")
        return
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(15, 3.4), constrained_layout=True)
    n = [p["n"] for p in points]
    for axis, key, title in zip(
        axes,
        ("index_s", "qps", "recall@10", "peak_memory_gb"),
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--text", action="store_true")
    sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes)
    parser.add_argument("--out", type=Path, default=Path("bench/out/curve.png"))
    args = parser.parse_args()
    if args.curve:
        curve(args.sizes, args.out)
    elif args.text:
        print(json.dumps(text_query()))
    elif args.exact:
        for point in exact_curve():
            print(json.dumps(point))
    else:
        print(json.dumps(compare(args.n, args.rounds), indent=2))


if __name__ == "__main__":
    main()
