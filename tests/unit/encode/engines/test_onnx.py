"""ONNX Runtime as an engine: the starter's bytes, graphs of others, and what it must not read."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx_graphs
import pytest
from onnx import TensorProto, helper

import cospace as cs
from cospace.encode.engines.onnx import OnnxGraph, onnx_file
from cospace.encode.engines.openvino import Graph
from cospace.encode.folder import Folder, open_folder
from cospace.encode.towers import load as towers
from cospace.encode.towers.text import TextTower
from cospace.errors import ModelDamaged
from cospace.space import Space, Tower

STARTER = open_folder(cs.load("starter").path)
TEXT = STARTER.tower("text")
WORDS = [
    "the",
    "owner",
    "pumped",
    "the",
    "tyres",
    "and",
    "rode",
    "down",
    "to",
    "the",
    "harbour",
    "to",
    "see",
    "the",
    "old",
    "boats",
]
TEXTS = [" ".join(WORDS[: 1 + i % 14] * (1 + i % 5)) for i in range(60)]


def folder_of(place: Path, graph: bytes, **facts: object) -> Folder:
    """A model folder with this graph, its hash recorded."""
    (place / "text").mkdir(parents=True)
    (place / "text/model.onnx").write_bytes(graph)
    files = {"text/model.onnx": hashlib.sha256(graph).hexdigest()}
    tower = Tower(kind="text", model="m", graph="text/model.onnx", files=files, pooling="mean")
    return Folder(place, Space("m", onnx_graphs.WIDTH, towers=(replace(tower, **facts),)))  # type: ignore[arg-type]


def ids(*rows: list[int]) -> dict[str, np.ndarray]:
    given = np.array(rows, np.int64)
    return {"input_ids": given, "attention_mask": np.ones_like(given)}


def test_the_starter_gives_its_known_answers_on_onnx_runtime() -> None:
    loaded = TextTower(STARTER, TEXT, OnnxGraph(STARTER, TEXT))
    assert towers.known_answers(loaded, TEXT, STARTER) >= towers.SAME


def test_a_text_has_the_same_bits_alone_and_in_every_batch() -> None:
    model = cs.load("minilm", engine="onnx")
    together = model.encode_document(TEXTS).array
    alone = np.concatenate([model.encode_document([text]).array for text in TEXTS])
    assert {"text": "int8 on onnx"} == dict(model.precision)
    assert np.array_equal(together, alone)


def test_both_engines_give_one_vector() -> None:
    both = [cs.load("minilm", engine=name) for name in ("onnx", "openvino")]
    here, there = (model.encode_document(TEXTS).array for model in both)
    assert both[0].space.fingerprint == both[1].space.fingerprint
    assert np.einsum("ij,ij->i", here, there).mean() >= 0.999


@pytest.mark.parametrize("kind", ["int8", "int8-as-f32"])
def test_every_level_of_the_starter_leaves_room_for_a_pair_of_products(kind: str) -> None:
    """No processor cuts a sum off: OpenVINO gives the known answers in each precision."""
    loaded = TextTower(STARTER, TEXT, Graph(STARTER, TEXT, kind))
    assert towers.known_answers(loaded, TEXT, STARTER) >= towers.SAME


def test_a_graph_beside_openvinos_is_found_by_its_name() -> None:
    assert "text/model.onnx" == onnx_file(TEXT)
    assert "" == onnx_file(STARTER.tower("image")) or onnx_file(STARTER.tower("image"))
    assert "" == onnx_file(Tower(kind="text", model="m"))


@pytest.mark.parametrize("inputs", [("input_ids",), onnx_graphs.ALL[:2], onnx_graphs.ALL])
def test_a_vector_a_token_is_averaged(tmp_path: Path, inputs: tuple[str, ...]) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder(inputs=inputs))
    graph = OnnxGraph(folder, folder.tower("text"))
    [row], parts = graph.run(ids([3, 5])), graph.run(ids([3], [5]))
    raw = np.random.default_rng(0).standard_normal((40_000, onnx_graphs.WIDTH))[[3, 5]]
    mean = raw.astype(np.float32).mean(0)
    assert np.allclose(mean / np.linalg.norm(mean), row, atol=1e-6)
    assert np.allclose(1, np.linalg.norm(parts, axis=1))


def test_cls_takes_the_first_token(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder(), pooling="cls")
    graph = OnnxGraph(folder, folder.tower("text"))
    assert np.array_equal(graph.run(ids([3, 5])), graph.run(ids([3])))


def test_a_graph_that_pools_by_itself_is_left_as_it_is(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder(pooled=True))
    graph = OnnxGraph(folder, folder.tower("text"))
    assert (2, onnx_graphs.WIDTH) == graph.run(ids([3, 5], [4, 4])).shape


def test_texts_run_alone_where_a_graph_takes_its_ranges_from_the_batch(tmp_path: Path) -> None:
    plain = folder_of(tmp_path / "plain", onnx_graphs.encoder())
    assert "equal" == OnnxGraph(plain, plain.tower("text")).batching
    node = helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "scale", "zero"])
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "t"])
    y = helper.make_tensor_value_info("y", TensorProto.UINT8, ["n", "t"])
    made = helper.make_model(helper.make_graph([node], "g", [x], [y]), ir_version=9,
                             opset_imports=[helper.make_opsetid("", 17)])  # fmt: skip
    dynamic = folder_of(tmp_path / "dynamic", made.SerializeToString())
    assert "alone" == OnnxGraph(dynamic, dynamic.tower("text")).batching


@pytest.mark.parametrize("data", [b"", b"not a graph", b"\x08\x09" * 50])
def test_what_is_no_graph_is_refused(tmp_path: Path, data: bytes) -> None:
    folder = folder_of(tmp_path, data)
    with pytest.raises(ModelDamaged, match=r"model\.onnx"):
        OnnxGraph(folder, folder.tower("text"))


@pytest.mark.parametrize("where", ["../table.bin", "table.bin", "/table.bin"])
def test_no_file_is_opened_but_those_whose_hash_was_checked(tmp_path: Path, where: str) -> None:
    folder = folder_of(tmp_path / "model", onnx_graphs.encoder(table=where))
    for place in (tmp_path / "model", tmp_path / "model/text"):
        (place / "table.bin").write_bytes(bytes(40_000 * onnx_graphs.WIDTH * 4))
    with pytest.raises(ModelDamaged, match=r"model\.onnx"):
        OnnxGraph(folder, folder.tower("text"))


def test_numbers_outside_the_graph_come_from_the_file_of_that_hash(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder(table="model.onnx_data"))
    rows = np.random.default_rng(0).standard_normal((40_000, onnx_graphs.WIDTH))
    data = rows.astype("<f4").tobytes()
    (tmp_path / "text/model.onnx_data").write_bytes(data)
    tower = folder.tower("text")
    files = {**tower.files, "text/model.onnx_data": hashlib.sha256(data).hexdigest()}
    tower = replace(tower, files=files)
    apart = OnnxGraph(Folder(tmp_path, Space("m", onnx_graphs.WIDTH, towers=(tower,))), tower)
    inside = folder_of(tmp_path / "inside", onnx_graphs.encoder())
    expected = OnnxGraph(inside, inside.tower("text")).run(ids([3, 5]))
    assert np.allclose(expected, apart.run(ids([3, 5])), atol=1e-6)


def test_a_graph_of_another_width_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder(width=8))
    with pytest.raises(ModelDamaged, match=r"space\.json says"):
        OnnxGraph(folder, folder.tower("text")).run(ids([3]))


def test_a_graph_with_another_input_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder(inputs=("input_ids", "pixel_values")))
    with pytest.raises(ModelDamaged, match="pixel_values"):
        OnnxGraph(folder, folder.tower("text")).run(ids([3]))


def test_a_number_outside_the_vocabulary_is_an_error_of_the_model(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, onnx_graphs.encoder())
    with pytest.raises(ModelDamaged, match=r"model\.onnx"):
        OnnxGraph(folder, folder.tower("text")).run(ids([99_999_999]))


def test_the_record_of_the_starter_lists_the_graph() -> None:
    record = json.loads((STARTER.path / "space.json").read_text(encoding="utf-8"))
    assert "text/model.onnx" in record["towers"][0]["files"]
