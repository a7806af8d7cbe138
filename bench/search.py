"""Search and ingest of ready-made vectors, beside raw qdrant-edge with the same payload.

    python bench/search.py             100,000 x 384: build, queries a second, recall, filter
    python bench/search.py --exact     where brute force stops paying
    python bench/search.py --text      text queries from end to end, one by one and together

The comparison uses real vectors: 22-word passages of ../shared/data/text8-like.txt.xz, encoded
once by the starter and kept in bench/out. Without that file, and for the curve, they are drawn
from 2,000 clusters on the unit sphere, which is easier to search. Each side is built once. Both
are asked the same queries in turns of 100, and medians of the turns are compared: in processor
time, which a busy machine hardly changes, and by the clock beside it.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import qdrant_edge as qe

import cospace as cs
from cospace.plan.trial import processor_seconds
from cospace.store import edge as cospace_edge

DIM = 384
PART = 50_000
TURN = 100
TEXT = Path(__file__).parents[2] / "shared/data/text8-like.txt.xz"
OUT = Path(__file__).parent / "out"
SPACE = cs.Space.of("bench", DIM)


def vectors(n: int, seed: int = 0) -> np.ndarray:
    """Unit rows around 2,000 centres: float32 [n, 384]."""
    return np.concatenate(list(parts(n, seed)))


def parts(n: int, seed: int = 0) -> Iterator[np.ndarray]:
    """The same rows, 50,000 at a time."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(2000, DIM)).astype(np.float32)
    for i in range(0, n, PART):
        part = np.empty((min(PART, n - i), DIM), np.float32)
        part[:] = rng.normal(size=part.shape)
        part += centres[rng.integers(0, len(centres), len(part))]
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        yield part


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


class Taken(NamedTuple):
    """Seconds by the clock and of the processor."""

    clock: float
    processor: float


class Watch:
    """Seconds since it was made: `watch()`. Of the processor also what ended child processes took:
    a large graph is built in one."""

    def __init__(self) -> None:
        self._start = time.perf_counter(), processor_seconds()

    def __call__(self) -> Taken:
        clock, processor = self._start
        return Taken(time.perf_counter() - clock, processor_seconds() - processor)


def raw_build(folder: Path, rows: np.ndarray, payload: list[dict[str, Any]]) -> tuple[Any, Taken]:
    """A shard as a careful user of qdrant-edge writes it, and the time it took."""
    watch = Watch()
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
    return shard, watch()


def cospace_build(
    folder: Path, rows: np.ndarray, payload: list[dict[str, Any]]
) -> tuple[cs.Collection, Taken, Taken]:
    """A collection, the time to take the vectors in (durable), and to index them."""
    shop = cs.open(folder)
    optimize, shop.store.optimize = shop.store.optimize, lambda: None  # timed apart
    watch = Watch()
    for i in range(0, len(rows), PART):
        given = cs.Vectors(rows[i : i + PART], SPACE)
        ids = [f"item-{i + j}" for j in range(len(given))]
        shop.add_vectors(ids, given, metadata=payload[i : i + PART])
    taken = watch()
    shop.store.optimize = optimize
    watch = Watch()
    shop.optimize()
    return shop, taken, watch()


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


def ask_many(shop: cs.Collection, queries: np.ndarray) -> list[set[int]]:
    found = shop.search_many(cs.Vectors(queries, SPACE), k=10)
    return [{int(hit.id[5:]) for hit in hits if hit.metadata} for hits in found]


def rate(
    ask: Callable[[np.ndarray], set[int]], queries: np.ndarray
) -> tuple[float, list[set[int]]]:
    """Queries a second by the clock, and what they found."""
    start = time.perf_counter()
    found = [ask(query) for query in queries]
    return len(queries) / (time.perf_counter() - start), found


def in_turns(
    tasks: dict[str, Callable[[np.ndarray], Any]], queries: np.ndarray, rounds: int
) -> dict[str, list[Taken]]:
    """The seconds of each task for each 100 queries, one task after the other, `rounds` times."""
    seconds: dict[str, list[Taken]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for i in range(0, len(queries), TURN):
            for name, task in tasks.items():
                watch = Watch()
                task(queries[i : i + TURN])
                seconds[name].append(watch())
    return seconds


def per_second(seconds: list[Taken]) -> Taken:
    """Queries a second, by the clock and of the processor: the median turn's."""
    by_clock = statistics.median(TURN / one.clock for one in seconds)
    return Taken(by_clock, statistics.median(TURN / one.processor for one in seconds))


def ratio(more: list[Taken], less: list[Taken]) -> Taken:
    """How many times as fast the second is as the first: the median turn's."""
    pairs = list(zip(more, less, strict=True))
    by_clock = statistics.median(a.clock / b.clock for a, b in pairs)
    return Taken(by_clock, statistics.median(a.processor / b.processor for a, b in pairs))


def recall(found: list[set[int]], best: list[set[int]]) -> float:
    return float(np.mean([len(f & b) / 10 for f, b in zip(found, best, strict=True)]))


def compare(n: int, rounds: int) -> dict[str, Any]:
    rows, queries, source = real_vectors(n)
    payload = metadata(n)
    best = truth(rows, queries)
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
        root = Path(name)
        shard, raw_built = raw_build(root / "raw", rows, payload)
        shop, taken, indexed = cospace_build(root / "c.cospace", rows, payload)
        # The smallest ef with which the raw engine reaches our recall, so that both are equal.
        _, found = rate(partial(ask_cospace, shop), queries)
        ours_recall = recall(found, best)
        raw_ef, raw_recall = _equal_ef(shard, queries, best, ours_recall)

        def raw(part: np.ndarray) -> None:
            for query in part:
                ask_raw(shard, query, raw_ef)

        def ours(part: np.ndarray) -> None:
            for query in part:
                ask_cospace(shop, query)

        own = in_turns({"raw": raw, "ours": ours}, queries, 1)
        # Again with our thread setting, so that only our own work differs; and all in one call.
        shard.close()
        shard = qe.EdgeShard.load(str(root / "raw"), raw_config(max_search_threads=1))
        tasks = {"raw": raw, "ours": ours, "many": partial(ask_many, shop)}
        same = in_turns(tasks, queries, rounds)
        where = {"city": "city-7"}
        mask = np.arange(n) % 100 == 7
        filter_rate, filtered = rate(lambda q: ask_cospace(shop, q, where), queries[:300])
        wide, passing = {"price": {"$lt": 300}}, np.arange(n) % 1000 < 300
        wide_rate, widely = rate(lambda q: ask_cospace(shop, q, wide), queries[:300])
        result = {
            "n": n,
            "vectors": source,
            "raw_qps": per_second(own["raw"]).clock,
            "cospace_qps": per_second(own["ours"]).clock,
            "qps_ratio": ratio(own["raw"], own["ours"]).clock,
            "qps_ratio_same_threads": ratio(same["raw"], same["ours"])._asdict(),
            "raw_qps_same_threads": per_second(same["raw"])._asdict(),
            "cospace_qps_same_threads": per_second(same["ours"])._asdict(),
            "search_many_qps": per_second(same["many"])._asdict(),
            "search_many_ratio": ratio(same["ours"], same["many"])._asdict(),
            "raw_recall@10": raw_recall,
            "raw_ef": raw_ef,
            "cospace_recall@10": ours_recall,
            "raw_build_s": raw_built._asdict(),
            "cospace_index_s": indexed._asdict(),
            "build_ratio": indexed.processor / raw_built.processor,
            "taken_in_per_s": n / taken.clock,
            "filter_1%_recall@10": recall(filtered, truth(rows, queries[:300], mask)),
            "filter_1%_qps": filter_rate,
            "filter_30%_recall@10": recall(widely, truth(rows, queries[:300], passing)),
            "filter_30%_qps": wide_rate,
            "seconds_without_encoding": watch().clock,
            "load": os.getloadavg(),
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
    """Milliseconds of text queries on msmarco-sample: encode, two lists, fusion; and together."""
    import ranking

    texts = [text for text, _ in ranking.judged_queries()]
    with tempfile.TemporaryDirectory(prefix="cospace-bench-") as name:
        shop = cs.open(Path(name) / "c.cospace", model="starter")
        rows = [json.loads(line) for line in (ranking.MSMARCO / "corpus.jsonl").open()]
        shop.add([cs.Item(row["_id"], row["text"]) for row in rows])
        shop.search_many(texts)
        times, alone, together = [], [], []
        for _ in range(5):
            watch = Watch()
            for text in texts:
                start = time.perf_counter()
                shop.search(text)
                times.append(1000 * (time.perf_counter() - start))
            alone.append(watch())
            watch = Watch()
            shop.search_many(texts)
            together.append(watch())
        shop.close()
    return {
        "median_ms": statistics.median(times),
        "p95_ms": float(np.quantile(times, 0.95)),
        "items": len(rows),
        "queries": len(texts),
        "search_many_ratio": ratio(alone, together)._asdict(),
        "load": os.getloadavg(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--text", action="store_true")
    args = parser.parse_args()
    if args.text:
        print(json.dumps(text_query()))
    elif args.exact:
        for point in exact_curve():
            print(json.dumps(point))
    else:
        print(json.dumps(compare(args.n, args.rounds), indent=2))


if __name__ == "__main__":
    main()
