"""Streams and threads of the engines follow the processors that the process may use."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import cospace.cores
from cospace.encode.engines import openvino
from cospace.encode.engines.openvino import Graph, _streams, _threads
from cospace.encode.engines.threads import spread
from cospace.encode.folder import open_folder
from cospace.space import Tower
from cospace.testing.tiny import tiny_folder


def give(monkeypatch: pytest.MonkeyPatch, quota: int | None, sight: int) -> None:
    monkeypatch.setattr(cospace.cores, "_own_quota", lambda: quota)
    monkeypatch.setattr(cospace.cores, "_in_sight", lambda: sight)
    monkeypatch.setattr(os, "cpu_count", lambda: sight)


@pytest.mark.parametrize("quota", [1, 3, 63])
def test_the_engine_is_told_the_threads_of_a_quota(
    monkeypatch: pytest.MonkeyPatch, quota: int
) -> None:
    give(monkeypatch, quota, 64)
    told = _threads(streams=1)
    assert {"NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(quota)} == told


def test_the_engine_counts_for_itself_without_a_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, None, 64)
    assert {"NUM_STREAMS": "8"} == _threads(streams=8)


@pytest.mark.parametrize(("quota", "streams"), [(1, 1), (2, 2), (None, 8)])
def test_texts_have_a_stream_a_processor_and_the_same_vectors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: int | None, streams: int
) -> None:
    folder = open_folder(tiny_folder(tmp_path / "tiny"))
    tower = folder.tower("text")
    ids = {"input_ids": np.array([[3, 5, 7]]), "attention_mask": np.ones((1, 3), np.int64)}
    expected = Graph(folder, tower, "f32").run(ids)
    give(monkeypatch, quota, 64)
    graph = Graph(folder, tower, "f32")
    assert streams == graph.streams
    assert np.allclose(expected, graph.run(ids), atol=1e-6)


@pytest.mark.parametrize(("processors", "streams"), [(1, 1), (2, 1), (3, 1), (8, 4), (64, 8)])
def test_bf16_on_amx_has_two_threads_a_stream(
    monkeypatch: pytest.MonkeyPatch, processors: int, streams: int
) -> None:
    give(monkeypatch, None, processors)
    monkeypatch.setattr(openvino, "has_amx", lambda: True)
    assert streams == _streams("text", "bf16")
    assert processors < 2 or processors // streams >= 2
    assert min(processors, 8) == _streams("text", "f32")
    monkeypatch.setattr(openvino, "has_amx", lambda: False)
    assert min(processors, 8) == _streams("text", "bf16")
    assert 1 == _streams("image", "bf16")


def test_bf16_on_amx_is_not_offered_to_a_single_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino, "has_amx", lambda: True)
    give(monkeypatch, 1, 8)
    assert not openvino.has_bf16()
    assert ("f32",) == openvino.precisions(Tower("text", "m", precision="bf16"))


@pytest.mark.parametrize("quota", [1, 2, 5])
def test_work_is_spread_over_no_more_threads_than_the_quota(
    monkeypatch: pytest.MonkeyPatch, quota: int
) -> None:
    from threading import Barrier, BrokenBarrierError

    give(monkeypatch, quota, 64)
    full, over = Barrier(quota), Barrier(quota + 1)

    def meet(barrier: Barrier, wait: float) -> bool:
        try:
            barrier.wait(wait)
        except BrokenBarrierError:
            return False
        return True

    assert all(spread(lambda _: meet(full, 60), range(quota)))
    assert not any(spread(lambda _: meet(over, 0.05), range(quota + 1)))


def test_torch_takes_no_more_threads_than_the_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    from cospace.encode.engines.torch import TorchGraph

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        give(monkeypatch, 1, 64)
        TorchGraph(torch.nn.Identity(), ("x",))
        assert 1 == torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
