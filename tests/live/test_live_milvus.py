"""A real Milvus: `MILVUS_URL=milvus://localhost:19530/try pytest -m live tests/live`.

The address names a collection that is not there yet; it is made, and taken away at the end. A key
comes from MILVUS_TOKEN; an address of Milvus' own service ends with `?tls=1`.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from cospace.store.remote.address import read_address
from cospace.store.remote.engine import Ask, Engine, Point
from cospace.testing.engine import check_engine

pytestmark = pytest.mark.live
DIM, ROWS = 64, 25_000


@pytest.fixture(autouse=True)
def url(pytestconfig: pytest.Config) -> str:
    if "live" not in pytestconfig.getoption("-m"):
        pytest.skip("asked for by name only: pytest -m live")
    if not os.environ.get("MILVUS_URL"):
        pytest.skip("MILVUS_URL is not set")
    return os.environ["MILVUS_URL"]


def opened(url: str) -> Engine:
    from cospace.store.remote.milvus import OPTIONS, connect

    return connect(read_address(url, options=OPTIONS))


def test_the_engine_passes_the_suite(url: str) -> None:
    check_engine(lambda: opened(url))


def test_fresh_and_settled_rows_are_found(url: str) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((ROWS, DIM)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    engine = opened(url)
    assert engine.read_mark() is None
    try:
        engine.write_mark("try")
        engine.prepare(DIM, ["text"])
        for _ in range(2):
            engine.put("text", [Point(at, vector, {}) for at, vector in enumerate(vectors)])
            assert ROWS == engine.count("text")
            found = engine.nearest([Ask("text", query, 10) for query in vectors[:50]])
            for query, hits in zip(vectors[:50], found, strict=True):
                wanted = set(np.argsort(-(vectors @ query))[:10].tolist())
                assert len(wanted & {hit.number for hit in hits}) >= 9
            engine.optimize()
    finally:
        engine.remove()
        engine.close()
