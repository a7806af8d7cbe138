"""A torch module to the engine's graph: traced, read by OpenVINO's own frontend, and stored.

`openvino.convert_model` is not used: it lives in a package that reports each use to a server.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.openvino import openvino
from cospace.encode.modules.libraries import torch
from cospace.errors import UnsupportedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.modules.built import Built, Input

__all__ = ["WEIGHTS", "convert", "save"]

# How weights can be stored; the engine computes with them in its own precision.
WEIGHTS = ("f32", "f16", "int8")

_SMALL = 4_096  # constants with fewer numbers stay as they are: they weigh nothing


def convert(built: Built) -> Any:
    """The graph of `built`: an `openvino.Model` with its inputs by name, and "embedding" out.

    Raises `UnsupportedModel` with the operations that the engine does not know.
    """
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    example = tuple(_example(name, given) for name, given in built.inputs.items())
    try:
        with torch().no_grad(), _finite_attention(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the tracer, at each `if` over a shape
            traced = torch().jit.trace(built.module, example, check_trace=False, strict=False)
            decoder = TorchScriptPythonDecoder(traced)  # must outlive what reads it
            frontend = FrontEndManager().load_by_framework("pytorch")
            model = frontend.convert(frontend.load(decoder))
    except Exception as error:  # the tracer and the frontend raise whatever the model raises
        raise UnsupportedModel(f"it cannot be converted: {str(error)[:500]}") from error
    return _named(model, built.inputs)


@contextmanager
def _finite_attention() -> Iterator[None]:
    """A block in which masks of attention are traced as large negative numbers, not as -inf.

    Where windows are local, a token of the padding may see no token at all. torch gives it zeros,
    and OpenVINO NaN, which spreads: 0 times NaN is NaN.
    """
    functional = torch().nn.functional
    plain = functional.scaled_dot_product_attention

    def finite(
        query: Any, key: Any, value: Any, attn_mask: Any = None, *rest: Any, **named: Any
    ) -> Any:
        if attn_mask is not None and attn_mask.dtype == torch().bool:
            zero = torch().zeros((), dtype=query.dtype)
            attn_mask = torch().where(attn_mask, zero, zero - 1e9)
        return plain(query, key, value, attn_mask, *rest, **named)

    functional.scaled_dot_product_attention = finite
    try:
        yield
    finally:
        functional.scaled_dot_product_attention = plain


def _example(name: str, given: Input) -> Any:
    """An input to trace with: two rows of unlike length, so that no branch is taken for good."""
    # Images vary in height where a model takes one frame, or two, one above the other.
    free = 2 * (given.shape[2] or 0) if name == "pixels" else 24
    shape = [2 if i == 0 else free if size is None else size for i, size in enumerate(given.shape)]
    random = np.random.default_rng(0)
    array: NDArray[Any]
    if name == "attention_mask":
        array = np.ones(shape, np.int64)
        array[1, shape[1] // 2 :] = 0
    elif name == "token_type_ids":
        array = np.zeros(shape, np.int64)
        array[:, shape[1] // 2 :] = 1
    elif given.dtype == "int64":
        array = random.integers(1, 40, shape, np.int64)
    elif given.dtype == "uint8":
        array = random.integers(0, 256, shape, np.uint8)
    else:
        array = random.standard_normal(shape).astype(given.dtype)
    return torch().from_numpy(array)


def _named(model: Any, inputs: Mapping[str, Input]) -> Any:
    ov = openvino()
    found = {name: node for node in model.inputs for name in node.get_names()}
    if len(model.inputs) != len(inputs):
        raise UnsupportedModel(f"its graph uses {sorted(found)}, not all of {sorted(inputs)}")
    shapes = {}
    for node, (name, given) in zip(model.inputs, inputs.items(), strict=True):
        node.get_tensor().set_names({name})
        node.get_node().set_friendly_name(name)
        node.get_node().set_element_type(ov.Type(np.dtype(given.dtype)))
        shapes[name] = ov.PartialShape([-1 if size is None else size for size in given.shape])
    model.reshape(shapes)
    model.outputs[0].get_tensor().set_names({"embedding"})
    model.validate_nodes_and_infer_types()
    return model


def save(model: Any, xml: Path, weights: str) -> None:
    """Writes `xml` and the .bin beside it, the weights as one of `WEIGHTS`.

    int8: each output channel has a scale and a zero of its own, its weights rounded to 0..255.
    """
    if weights == "int8":
        _quantize(model)
    openvino().save_model(model, str(xml), compress_to_fp16=weights == "f16")


def _quantize(model: Any) -> None:
    """Replaces the float weights of products, convolutions and tables by bytes and scales."""
    ov = openvino()
    op = ov.opset13
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != ov.Type.f32:
            continue
        targets = list(node.output(0).get_target_inputs())
        users = {(t.get_node().get_type_name(), t.get_index()) for t in targets}
        if not users or node.data.size < _SMALL or users - _WEIGHTED or node.data.ndim < 2:
            continue
        data = node.data
        axes = tuple(i for i in range(data.ndim) if i != _channel(targets[0], data.ndim))
        low = np.minimum(data.min(axis=axes, keepdims=True), 0)
        scale = np.maximum((np.maximum(data.max(axis=axes, keepdims=True), 0) - low) / 255, 1e-12)
        zero = np.clip(np.rint(-low / scale), 0, 255)
        levels = np.clip(np.rint(data / scale) + zero, 0, 255).astype(np.uint8)
        wide = op.convert(op.constant(levels), "f32")
        centred = op.subtract(wide, op.convert(op.constant(zero.astype(np.uint8)), "f32"))
        product = op.multiply(centred, op.constant(scale.astype(np.float32)))
        for target in targets:
            target.replace_source_output(product.output(0))


# Who takes a constant as weights, and as which input.
_WEIGHTED = {("MatMul", 1), ("Convolution", 1), ("GroupConvolution", 1), ("Gather", 0)}


def _channel(target: Any, axes: int) -> int:
    """The axis of a weight that runs over what comes out: each of its slices has a scale."""
    node = target.get_node()
    if node.get_type_name() == "MatMul":
        return axes - 2 if node.get_attributes().get("transpose_b") else axes - 1
    return 0
