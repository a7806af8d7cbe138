"""The engine: OpenVINO, which runs a model's graph on the processor.

openvino is imported here and nowhere else, on first use and without its telemetry: left alone,
it reports each import to a server. Nothing is downloaded and nothing is cached on disk.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from cospace.cores import cores, has_amx
from cospace.encode.engines.process import enter_engine, never_end_in_child
from cospace.encode.engines.running import Batch, run_all, streams, unit
from cospace.errors import BadArgument, ModelDamaged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Batching
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = [
    "Graph",
    "has_bf16",
    "multiplies_bytes",
    "openvino",
    "parameters",
    "precisions",
    "read_graph",
]

_importing = threading.Lock()

# One stream on all cores runs many images as fast as one stream a core, and a single one twice
# as fast (4.9 against 9.7 ms). Besides, OpenVINO 2026.4.1 gives wrong numbers for convolutions
# with 8-bit weights in more than one stream (cosine 0.57 to the known answers). What is seen by
# an image's tower is such a graph too.
_ONE_STREAM = frozenset({"image", "video", "thermal", "depth"})

# What the engine is set to for each precision. The graph is as it is; this is how it is computed.
# int8: graphs with fixed ranges run in 8 bits as they are; where only the weights are 8-bit, each
# token's activations are rounded in groups of 64, so that its neighbours have no part in it.
# int8-as-f32: the same 8-bit weights, with activations that are not rounded, in float32. For
# processors without VNNI: they multiply bytes no faster, and cut off the top bits of some sums.
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "int8": {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "64"},
    "int8-as-f32": {
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
        "LP_TRANSFORMS_MODE": "NO",
    },
    "bf16": {"INFERENCE_PRECISION_HINT": "bf16", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"},
    "f32": {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"},
}


def openvino() -> Any:
    """The module openvino, imported without the part that sends telemetry.

    That part is `openvino.tools.ovc` (model conversion). It is kept out while openvino is
    imported, and can be imported afterwards by whoever wants it.
    """
    with _importing:
        if "openvino" not in sys.modules:
            sys.modules["openvino.tools.ovc"] = None  # type: ignore[assignment]
            try:
                import openvino as module
            finally:
                del sys.modules["openvino.tools.ovc"]
            module.__getattr__ = _converter
        return sys.modules["openvino"]


def _converter(name: str) -> Any:
    """`openvino.convert_model` for other code in this process, which may count on it."""
    if name == "convert_model":
        from openvino.tools.ovc import convert_model

        return convert_model
    raise AttributeError(f"module 'openvino' has no attribute {name!r}")


def _core() -> Any:
    enter_engine()
    return _started()


@cache
def _started() -> Any:
    core = openvino().Core()
    never_end_in_child(core)
    return core


def precisions(tower: Tower) -> tuple[str, ...]:
    """The precisions to try for a tower on this processor, the recorded one first.

    8-bit weights want 8-bit activations where the processor multiplies bytes. Whether bf16 is
    faster than f32 cannot be known from what a processor says of itself: of two that have
    AVX512-BF16, one was 1.4 times as fast with it and one half as fast. So it is measured when a
    model is added, and recorded.
    """
    if tower.precision == "int8-exact":  # its sums fit 16 bits, and convolutions are fast anywhere
        return ("int8",)
    if tower.precision == "int8":
        return ("int8", "int8-as-f32") if multiplies_bytes() else ("int8-as-f32",)
    if tower.precision == "bf16" and has_bf16():
        return ("bf16", "f32")
    return ("f32",)


@cache
def multiplies_bytes() -> bool:
    """Whether the processor adds products of bytes in 32 bits, in one instruction (VNNI, AMX).

    The others add two products in 16 bits, and cut off what does not fit. Flags are not asked,
    for no two systems name them alike: the engine is given the largest product of two bytes.
    """
    import numpy as np

    ov = openvino()
    op = ov.opset13
    size, most = 64, np.float32(255)
    given = op.parameter([1, size], ov.Type.f32)
    low, high = op.constant(np.float32(0)), op.constant(most)
    levels = op.convert(op.constant(np.full((size, size), 127, np.int8)), "f32")
    weight = op.multiply(levels, op.constant(np.ones((size, 1), np.float32)))
    product = op.matmul(op.fake_quantize(given, low, high, low, high, 256), weight, False, True)
    model = ov.Model([op.result(product)], [given], "bytes")
    compiled = _core().compile_model(model, "CPU", {**_SETTINGS["int8"], "NUM_STREAMS": "1"})
    found = compiled(np.full((1, size), most))[0]
    return bool(found[0, 0] == size * 255 * 127)


def has_bf16() -> bool:
    """Whether bfloat16 numbers can be multiplied here at all.

    OpenVINO 2026.4.1 divides by zero, which ends the process, when it compiles some models (those
    like Qwen3) in bf16 for a processor with AMX and one thread a stream.
    """
    if cores() == 1 and has_amx():
        return False
    return "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _streams(kind: str, precision: str) -> int:
    """How many batches run at once: see `_ONE_STREAM`, and `has_bf16` for two threads a stream."""
    if kind in _ONE_STREAM:
        return 1
    if precision == "bf16" and has_amx():
        return streams(threads=2)
    return streams()


class Graph:
    """A compiled graph: named arrays in, float32 [n, dim] out. Safe to use from many threads.

    Texts have one stream a core: each batch runs on one core, and as many run at once as there
    are streams. That is about a fifth cheaper than all cores sharing one batch.

    With `change`, the graph is what that makes of it, and its rows stay as long as they are; so do
    the logits of pairs.

    Raises `ModelDamaged` when the engine refuses the graph, or its outputs are of another width.
    """

    def __init__(
        self,
        folder: Folder,
        tower: Tower,
        precision: str,
        *,
        change: Callable[[Any], Any] | None = None,
    ) -> None:
        if precision not in _SETTINGS:
            raise BadArgument(f"the precision {precision!r}; there are: {', '.join(_SETTINGS)}")
        never_end_in_child(self)
        self.precision = precision
        self.streams = _streams(tower.kind, precision)
        self.batching: Batching = "padded"
        settings = {**_SETTINGS[precision], **_threads(self.streams), "CACHE_DIR": ""}
        self._finish = unit if change is None and tower.kind != "pair" else _as_they_are
        try:
            model = read_graph(folder, tower)
            if change is not None:
                model = change(model)
            if precision == "int8-as-f32":
                _keep_activations(model)
            compiled = _core().compile_model(model, "CPU", settings)
            self._requests: SimpleQueue[Any] = SimpleQueue()
            for _ in range(self.streams):
                self._requests.put(compiled.create_infer_request())
            width = compiled.output(0).get_partial_shape()[1]
            # Not of the compiled model: it has names of the engine's own beside them.
            self._inputs = frozenset(one.get_any_name() for one in model.inputs)
        except RuntimeError as error:
            raise ModelDamaged(f"{folder.path}/{tower.graph}: {str(error)[:500]}") from error
        if change is None and width.is_static and width.get_length() != folder.dim:
            raise ModelDamaged(
                f"{folder.path}/{tower.graph}: gives {width.get_length()} numbers a row;"
                f" space.json says {folder.dim}"
            )

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The rows float32 [n, dim] of one batch."""
        if len(inputs) > len(self._inputs):  # a model that reads its padding takes no mask
            inputs = {name: inputs[name] for name in inputs if name in self._inputs}
        request = self._requests.get()
        try:
            outputs = request.infer(inputs, share_inputs=True, share_outputs=True)
            rows: NDArray[np.float32] = outputs[0].copy()
        finally:
            self._requests.put(request)
        return self._finish(rows)

    def run_each(self, batches: Iterable[Batch], out: NDArray[np.float32]) -> None:
        """Runs every batch, as many at once as there are streams, into rows of `out`."""
        run_all(self.run, batches, out)


def _as_they_are(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows


def read_graph(folder: Folder, tower: Tower) -> Any:
    """The tower's graph, as `openvino.Model`. Raises `ModelDamaged`."""
    import numpy as np

    xml = folder.read(tower, tower.graph)
    weights = folder.read(tower, tower.graph.removesuffix(".xml") + ".bin")
    try:
        return _core().read_model(xml, openvino().Tensor(np.frombuffer(weights, np.uint8)))
    except RuntimeError as error:
        raise ModelDamaged(f"{folder.path}/{tower.graph}: {str(error)[:500]}") from error


def _threads(streams: int) -> dict[str, str]:
    """The engine's settings for streams and threads.

    OpenVINO sees the affinity and not the quota of a container, so it is told the threads where
    they are fewer than it would take by itself.
    """
    settings = {"NUM_STREAMS": str(streams)}
    if cores() < (os.cpu_count() or 1):
        settings["INFERENCE_NUM_THREADS"] = str(cores())
    return settings


def _keep_activations(model: Any) -> None:
    """Takes out what rounds activations, in place; weights stay as they are.

    In float32 the last bit of a sum decides which way an activation is rounded, and hangs on the
    text's neighbours: of 300 passages 31% moved by a cosine of more than 0.0001 (measured).
    """
    for node in model.get_ordered_ops():
        if node.get_type_name() == "FakeQuantize":
            rounded = node.input_value(0)
            if rounded.get_node().get_type_name() != "Constant":
                node.output(0).replace(rounded)
    model.validate_nodes_and_infer_types()


# Constants of these types are weights; int32 and int64 hold shapes, axes and positions.
_WEIGHTS = frozenset({"bf16", "f16", "f32", "f64", "i4", "i8", "u4", "u8"})


def parameters(folder: Folder, tower: Tower) -> int | None:
    """How many numbers a tower's graph holds as weights; None for a graph that is no OpenVINO IR.

    Counted are the elements of floating-point and of 8- and 4-bit constants, each once, with the
    scales of 8-bit weights (under 1% of them). What conversion leaves out, such as the layer of
    ImageNet's classes, is not there to be counted; a folded batch norm counts as its bias.

    Raises `ModelDamaged`.
    """
    if not tower.graph.endswith(".xml"):
        return None
    nodes = read_graph(folder, tower).get_ordered_ops()
    try:
        constants = [node for node in nodes if node.get_type_name() == "Constant"]
        sizes: list[int] = [
            math.prod(node.get_output_shape(0))
            for node in constants
            if node.get_element_type().get_type_name() in _WEIGHTS
        ]
        return sum(sizes)
    except RuntimeError as error:
        raise ModelDamaged(f"{folder.path}/{tower.graph}: {str(error)[:500]}") from error
