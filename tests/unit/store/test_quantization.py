"""quantization=: remembered, a matter of the cache alone, and rescored with the full vectors."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import cospace as cs
from cospace.errors import BadArgument, FormatTooNew
from cospace.store import edge, opened
from cospace.store.edge import QUANTIZATIONS
from cospace.store.local import LocalStore
from cospace.store.protocol import Row
from cospace.store.schema import Schema
from cospace.store.seal import Seal, read_seal
from cospace.store.truth import Truth

DIM, ROWS = 128, 1_200  # the engine rounds bits up to 128
SPACE = cs.Space.of("random", DIM)
FEW = 100


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph is built for a hundred rows, not for 20,000: or nothing here would be quantized."""
    monkeypatch.setattr(edge, "EXACT_BELOW", FEW)
    monkeypatch.setattr(opened, "EXACT_BELOW", FEW)


def unit(n: int, seed: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((n, DIM)).astype(np.float32)
    out: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return out


VECTORS, ASKED = unit(ROWS, 0), unit(20, 1)


def fill(store: LocalStore) -> None:
    store.extend(SPACE, Schema())
    rows = [Row(str(i), None, {}, {}, {"text": v}) for i, v in enumerate(VECTORS)]
    store.write(rows, replace=False)
    store.optimize()


def recall(store: LocalStore, k: int = 10) -> float:
    """The share of the exact first k that is found; their scores must be the full cosines."""
    hits = 0
    for query in ASKED:
        cosines = VECTORS @ query
        exact = set(np.argsort(-cosines)[:k].tolist())
        found = store.nearest("text", query, k)
        rows = [key - 1 for key in found.keys]  # the first key is 1
        assert np.allclose(cosines[rows], found.scores, atol=1e-5)
        hits += len(exact & set(rows))
    return hits / (k * len(ASKED))


@pytest.mark.usefixtures("graphs")
# Random vectors are the hardest case: their neighbours are hardly nearer than the rest. Without
# rescoring 8 times as many, the bits find 0.36 of them (measured).
@pytest.mark.parametrize(
    ("quantization", "least"), [("none", 0.97), ("int8", 0.93), ("binary", 0.8)]
)
def test_what_the_graph_finds_has_its_full_cosine(
    tmp_path: Path, quantization: str, least: float
) -> None:
    store = LocalStore(tmp_path / "a.cospace", quantization=quantization)
    fill(store)
    files = [path.name for path in (tmp_path / "a.cospace").rglob("quantized.data")]
    assert (quantization != "none") == bool(files)
    assert recall(store) >= least
    store.close()


@pytest.mark.usefixtures("graphs")
def test_binary_copies_are_an_eighth_of_8_bit_ones(tmp_path: Path) -> None:
    sizes = {}
    for name in ("int8", "binary"):
        folder = tmp_path / f"{name}.cospace"
        store = LocalStore(folder, quantization=name)
        fill(store)
        store.close()
        sizes[name] = max(path.stat().st_size for path in folder.rglob("quantized.data"))
    assert ROWS * DIM / 8 <= sizes["binary"] < sizes["int8"] / 7


@pytest.mark.usefixtures("graphs")
def test_a_change_rebuilds_the_cache_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "a.cospace"
    store = LocalStore(folder)
    fill(store)
    vectors = [row.vectors["text"] for row in store.scan(vectors=True)]
    store.close()
    for before, now in (("int8", "binary"), ("binary", "none"), ("none", "int8")):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "cospace.store"):
            store = LocalStore(folder, quantization=now)
            recall(store)
        assert [f"quantization was {before}, and is {now}" in m for m in caplog.messages] == [True]
        assert np.array_equal(vectors, [r.vectors["text"] for r in store.scan(vectors=True)])
        assert now == store.info().quantization
        store.close()


def test_it_is_remembered(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "a.cospace"
    LocalStore(folder, quantization="binary").close()
    with caplog.at_level(logging.WARNING, "cospace.store"):
        for _ in range(2):
            store = LocalStore(folder)
            if not store.count():
                fill(store)
            assert "binary" == store.info().quantization
            assert ["1"] == [
                store.rows([k])[k].id for k in store.nearest("text", VECTORS[1], 1).keys
            ]
            store.close()
    assert [] == caplog.messages
    [shard] = [path for path in (folder / "cache").iterdir() if path.is_dir()]
    seal = read_seal(folder / "cache", shard)
    assert isinstance(seal, Seal)
    assert "binary" == seal.quantization


def test_8_bits_when_nothing_is_said(tmp_path: Path) -> None:
    with cs.open(tmp_path / "a.cospace") as shop:
        assert "int8" == shop.info().quantization


@pytest.mark.parametrize("name", ["INT8", "int4", "", 8, True])
def test_another_name_is_refused_before_anything_is_made(tmp_path: Path, name: Any) -> None:
    with pytest.raises(BadArgument, match="quantization is one of 'none', 'int8', 'binary'"):
        cs.open(tmp_path / "a.cospace", quantization=name)
    assert not (tmp_path / "a.cospace").exists()


def test_a_name_of_a_newer_version(tmp_path: Path) -> None:
    folder = tmp_path / "a.cospace"
    cs.open(folder).close()
    truth = Truth(folder / "truth.sqlite")
    truth.quantization = "ternary"
    truth.close()
    with pytest.raises(FormatTooNew, match="'ternary', which this cospace does not know"):
        cs.open(folder)
    with cs.open(folder, quantization="int8") as shop:
        assert "int8" == shop.info().quantization


def test_in_memory_there_is_none() -> None:
    with pytest.raises(BadArgument, match="leave out quantization="):
        cs.open(":memory:", quantization="int8")
    with cs.open(":memory:") as shop:
        assert "none" == shop.info().quantization


def test_the_quantizations_have_their_public_names() -> None:
    assert ["none", "int8", "binary"] == list(QUANTIZATIONS)
