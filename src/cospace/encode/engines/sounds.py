"""An ONNX graph of an audio encoder as a tower's graph: samples in, one vector out."""

from __future__ import annotations

from typing import Any

from cospace.encode.engines.openvino import openvino
from cospace.errors import UnsupportedModel

__all__ = ["of_samples"]


def of_samples(data: bytes, samples: int) -> Any:
    """The graph in an .onnx file, for clips of so many samples: float32 [n, samples] to [n, dim].

    What it gives a frame, [n, frames, dim], is averaged. Raises `UnsupportedModel` for a graph
    that takes or gives something else, or clips of another length.
    """
    ov = openvino()
    op = ov.opset13
    try:
        model = ov.Core().read_model(data)
    except RuntimeError as error:
        raise UnsupportedModel(f"it cannot be read as ONNX: {str(error)[:300]}") from error
    takes = ", ".join(f"{one.get_any_name()} {one.get_partial_shape()}" for one in model.inputs)
    taken = model.get_parameters()
    sort = taken[0].get_element_type().get_type_name()
    if len(taken) != 1 or len(taken[0].get_partial_shape()) != 2 or sort != "f32":
        raise UnsupportedModel(f"it takes {takes}; expected samples of sound, float32 [n, samples]")
    try:
        model.reshape([-1, samples])
    except RuntimeError as error:
        raise UnsupportedModel(
            f"it takes {takes}, and no clips of {samples} samples: {str(error)[:300]}"
        ) from error
    found = model.output(0).get_node().input_value(0)
    shape = found.get_partial_shape()
    if len(shape) < 2 or shape[len(shape) - 1].is_dynamic or shape[0].is_static:
        raise UnsupportedModel(
            f"of clips [n, {samples}] it makes {shape}; expected a vector a clip, [n, dim], or a"
            " frame, [n, frames, dim]"
        )
    middle = list(range(1, len(shape) - 1))
    rows = op.reduce_mean(found, op.constant(middle), False) if middle else found
    rows = op.normalize_l2(rows, op.constant([1]), 1e-12, "max")
    taken[0].output(0).get_tensor().set_names({"samples"})
    result = op.result(rows)
    result.output(0).get_tensor().set_names({"embedding"})
    return ov.Model([result], taken, "tower")
