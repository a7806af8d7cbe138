"""Small ONNX graphs for tests: text encoders as somebody might export them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from cospace.testing.tiny import tiny_folder

WIDTH = 16
ALL = ("input_ids", "attention_mask", "token_type_ids")


def encoder(
    *, inputs: Sequence[str] = ALL, width: int = WIDTH, pooled: bool = False, table: str = ""
) -> bytes:
    """A graph that gives each token the row of its number in a table; `pooled` averages them.

    `table` names the file in which the table lies, outside of the graph.
    """
    rows = np.random.default_rng(0).standard_normal((40_000, width)).astype(np.float32)
    numbers = TensorProto(name="table", data_type=TensorProto.FLOAT, dims=rows.shape)
    if table:
        numbers.data_location = TensorProto.EXTERNAL
        numbers.external_data.add(key="location", value=table)
    else:
        numbers = numpy_helper.from_array(rows, "table")
    name = "tokens" if pooled else "last_hidden_state"
    nodes = [helper.make_node("Gather", ["table", inputs[0]], [name], axis=0)]
    if pooled:
        nodes.append(helper.make_node("ReduceMean", [name], ["pooled"], axes=[1], keepdims=0))
    # Every input is used, for a graph has none that is not.
    nodes += [helper.make_node("Identity", [one], [f"{one}_seen"]) for one in inputs[1:]]
    shape = ["n", width] if pooled else ["n", "t", width]
    out = helper.make_tensor_value_info("pooled" if pooled else name, TensorProto.FLOAT, shape)
    given = [helper.make_tensor_value_info(one, TensorProto.INT64, ["n", "t"]) for one in inputs]
    graph = helper.make_graph(nodes, "encoder", given, [out], [numbers])
    sets = [helper.make_opsetid("", 17)]
    model: Any = helper.make_model(graph, opset_imports=sets, ir_version=9)
    data: bytes = model.SerializeToString()
    return data


def exported(place: Path, graph: bytes) -> Path:
    """The file model.onnx in `place`, with a tokenizer beside it."""
    place.mkdir(parents=True, exist_ok=True)
    tiny = tiny_folder(place / "tiny", kinds=["text"])
    (place / "tokenizer.json").write_bytes((tiny / "text/tokenizer.json").read_bytes())
    (place / "model.onnx").write_bytes(graph)
    return place / "model.onnx"


def listener(
    samples: int = 1_600, *, frames: bool = True, width: int = WIDTH, ends: str = ""
) -> bytes:
    """A graph that hears: samples [n, samples] to the loudness of bands, a frame of 160 or a clip.

    `ends` "whole" makes it depend on the whole batch; "mel" has it take [n, 40, 100].
    """
    bands = np.random.default_rng(1).standard_normal((160, width)).astype(np.float32) / 8
    shape = numpy_helper.from_array(np.array([0, -1, 160], np.int64), "shape")
    nodes = [
        helper.make_node("Reshape", ["sound", "shape"], ["cut"]),
        helper.make_node("MatMul", ["cut", "bands"], ["heard"]),
        helper.make_node("Abs", ["heard"], ["loud"]),
    ]
    out = "loud"
    if ends == "whole":
        nodes.append(helper.make_node("ReduceMax", ["loud"], ["most"], axes=[0, 1], keepdims=1))
        nodes.append(helper.make_node("Sub", ["loud", "most"], ["apart"]))
        out = "apart"
    if not frames:
        nodes.append(helper.make_node("ReduceMean", [out], ["clip"], axes=[1], keepdims=0))
        out = "clip"
    dims = ["n", "t", width] if frames else ["n", width]
    given: list[str | int] = ["n", 40, 100] if ends == "mel" else ["n", "samples"]
    graph = helper.make_graph(
        nodes, "listener",
        [helper.make_tensor_value_info("sound", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, dims)],
        [shape, numpy_helper.from_array(bands, "bands")],
    )  # fmt: skip
    sets = [helper.make_opsetid("", 17)]
    model: Any = helper.make_model(graph, opset_imports=sets, ir_version=9)
    data: bytes = model.SerializeToString()
    return data
