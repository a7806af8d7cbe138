"""Stores beside their own clients: vectors a second in, and one search through cospace and past it.

    python bench/remote.py [ROWS] [STORE ...]

Milvus and PostgreSQL are real servers. Qdrant's is that of our tests, Qdrant's engine behind its
REST interface in Python: there only the ratio counts. Rows are 384 numbers in clusters, with a
price. "bare" are vectors a second through `Collection.add_vectors` to the last acknowledgement of
the store, by the clock; "worded" the same with a text of three words; "engine" into an engine
elsewhere alone, without the truth before it. "ours" is the median of `Collection.search` with a
given vector, k=10; "raw" that of the client's own call for as many rows with their values, in
turns. "1% r@10" is the recall under a filter that one row of a hundred passes.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from stores.running import STORES, addressed

import cospace as cs

DIM, TURNS, K = 384, 200, 10
SPACE = cs.Space.of("bench", DIM)
Search = Callable[[np.ndarray], int]


def vectors(rows: int, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(200, DIM))
    made = centres[chance.integers(200, size=rows)] + chance.normal(size=(rows, DIM)) * 0.7
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


@contextmanager
def milvus(address: str) -> Iterator[Search]:
    from pymilvus import MilvusClient

    url, token = f"http://{host_of(address)}", os.environ["MILVUS_TOKEN"]
    with closing(MilvusClient(uri=url, token=token)) as client:
        place = next(name for name in client.list_collections() if name.lower().endswith("text"))
        fields = client.describe_collection(place)["fields"]
        dense = next(one["name"] for one in fields if "dim" in one.get("params", {}))
        values = [one["name"] for one in fields if one["name"] != dense]
        like = {"anns_field": dense, "limit": K, "output_fields": values}

        def search(vector: np.ndarray) -> int:
            [hits] = client.search(place, [vector.tolist()], consistency_level="Session", **like)
            return len(hits)

        yield search


@contextmanager
def postgresql(address: str) -> Iterator[Search]:
    import psycopg

    options = dict(part.split("=") for part in address.partition("?")[2].split("&"))
    port = int(host_of(address).partition(":")[2])
    with psycopg.connect(
        host=options["socket"], port=port, dbname=options["database"], autocommit=True
    ) as db:
        schema = db.execute(
            "SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname='vector'"
        ).fetchone()[0]
        sql = (
            "SELECT i.id, i.text, i.metadata FROM (SELECT n FROM market.vectors WHERE field='text'"
            f" ORDER BY vector OPERATOR({schema}.<=>) %s::{schema}.vector LIMIT {K}) v"
            " JOIN market.items i USING (n)"
        )
        yield lambda vector: len(db.execute(sql, (str(vector.tolist()),)).fetchall())


@contextmanager
def qdrant(address: str) -> Iterator[Search]:
    from qdrant_client import QdrantClient, models

    url = f"http://{host_of(address)}"
    with closing(QdrantClient(url=url, check_compatibility=False)) as client:

        def search(vector: np.ndarray) -> int:
            asked = models.QueryRequest(
                query=vector.tolist(), using="cospace", limit=K, with_payload=True
            )
            [found] = client.query_batch_points("market-text", [asked])
            return len(found.points)

        yield search


def host_of(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]


CLIENTS: dict[str, Callable[[str], AbstractContextManager[Search]]] = {
    "milvus 2.3.5": milvus,
    "milvus lite": milvus,
    "postgresql": postgresql,
    "qdrant": qdrant,
}


def medians(one: Search, other: Search) -> tuple[float, float]:
    took: tuple[list[float], list[float]] = ([], [])
    for vector in vectors(TURNS, seed=5):
        for search, times in zip((one, other), took, strict=True):
            started = time.perf_counter()
            assert search(vector) == K
            times.append(time.perf_counter() - started)
    return statistics.median(took[0][20:]), statistics.median(took[1][20:])


def added(shop: cs.Collection, array: np.ndarray, texts: bool) -> float:
    """Vectors a second, acknowledged by the collection and by its engine."""
    rows = len(array)
    more = {"texts": [f"listing {i % 97} {i % 13}" for i in range(rows)]} if texts else {}
    started = time.perf_counter()
    shop.add_vectors(
        [f"id-{i}" for i in range(rows)], cs.Vectors(array, SPACE),
        metadata=[{"price": i % 100} for i in range(rows)], **more,
    )  # fmt: skip
    return rows / (time.perf_counter() - started)


def measured(name: str, rows: int) -> str:
    array = vectors(rows)
    with tempfile.TemporaryDirectory() as folder, STORES[name](Path(folder)) as address:
        bare = addressed(address.replace("/market?", "/bare?"), Path(folder) / "bare")
        with cs.open(bare) as shop:
            alone = added(shop, array, texts=False)
        place = addressed(address, Path(folder) / "truth")
        with cs.open(place) as shop:
            worded = added(shop, array, texts=True)
            engine = getattr(shop.store, "_engine", None)
            put = per_second(engine, array) if engine else 0.0

            def here(vector: np.ndarray) -> int:
                return len(shop.search(cs.Vectors(vector[None], SPACE), k=K))

            with CLIENTS[name](address) as raw:
                ours, theirs = medians(here, raw)
            few, asked = {"price": 7}, vectors(20, seed=6)
            found = [shop.search(cs.Vectors(one[None], SPACE), k=K, where=few).ids for one in asked]
            best = [best_of(array, one) for one in asked]
            shares = [len({*a} & {*b}) / K for a, b in zip(found, best, strict=True)]
    speeds = f"{alone:9,.0f} {worded:9,.0f} {put:9,.0f}"
    times = f"{1000 * ours:8.2f} {1000 * theirs:8.2f} {ours / theirs:6.2f}"
    return f"{name:14} {rows:8,} {speeds} {times} {statistics.mean(shares):7.3f}"


def best_of(array: np.ndarray, query: np.ndarray) -> list[str]:
    passing = np.arange(7, len(array), 100)
    order = np.argsort(-(array[passing] @ query), kind="stable")[:K]
    return [f"id-{passing[i]}" for i in order]


def per_second(engine: Any, array: np.ndarray) -> float:
    """Vectors a second into the engine alone, in a field of its own."""
    from cospace.store.remote.engine import PHOTOS, Point

    engine.prepare(DIM, ["image", "text"])
    points = [Point((10**6 + i) * PHOTOS, one, {}) for i, one in enumerate(array)]
    started = time.perf_counter()
    engine.put("image", points)
    return len(points) / (time.perf_counter() - started)


def main() -> None:
    given = sys.argv[1:]
    rows = int(given.pop(0)) if given and given[0].isdigit() else 20_000
    heads = (
        f"{'bare/s':>9} {'worded/s':>9} {'engine/s':>9} {'ours ms':>8} {'raw ms':>8} {'ratio':>6}"
    )
    print(f"{'store':14} {'rows':>8} {heads} {'1% r@10':>7}")
    for name in given or ["milvus 2.3.5", "postgresql", "qdrant"]:
        print(measured(name, rows), flush=True)


if __name__ == "__main__":
    main()
