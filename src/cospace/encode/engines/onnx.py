"""The third engine: ONNX Runtime, for processors without VNNI, and for encoders that come as .onnx.

Where a processor cannot multiply bytes in one instruction (AVX2 alone, or AVX-512 without VNNI),
OpenVINO multiplies them no faster than float32, and ONNX Runtime twice as fast. Its sums are exact
when the weights leave room for them, as the starter's do: a pair of products fits 16 bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.running import Batch, run_all, streams, unit
from cospace.errors import ModelDamaged
from cospace.need import need

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.engines.protocol import Batching
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["OnnxGraph", "has_onnx", "onnx_file"]

# Two plain nodes are several times faster than what ONNX Runtime 1.32 fuses them to.
_SLOWER = ["SkipLayerNormFusion", "EmbedLayerNormFusion"]

# A graph with such nodes takes the range of a whole batch at once: its texts must run alone.
_DYNAMIC = (b"DynamicQuantizeLinear", b"DynamicQuantizeMatMul", b"DynamicQuantizeLSTM")

_NUMPY = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(uint8)": np.uint8}


def has_onnx() -> bool:
    """Whether ONNX Runtime is installed."""
    return find_spec("onnxruntime") is not None


def onnx_file(tower: Tower) -> str:
    """The name of the tower's ONNX graph in its folder, or "".

    >>> from cospace.space import Tower
    >>> onnx_file(Tower(kind="text", model="m", graph="text/model.onnx"))
    'text/model.onnx'
    """
    if tower.graph.endswith(".onnx"):
        return tower.graph
    beside = tower.graph.removesuffix(".xml") + ".onnx"
    return beside if tower.graph and beside in tower.files else ""


class OnnxGraph:
    """A graph that ONNX Runtime runs: named arrays in, unit rows float32 [n, dim] out.

    A graph that gives a vector a token has them pooled as the tower's record says: "mean" or
    "cls". Threads may share it; each batch runs on one core, and as many at once as there are.

    Raises `MissingExtra` without ONNX Runtime, and `ModelDamaged` for a graph that it refuses.
    """

    def __init__(self, folder: Folder, tower: Tower) -> None:
        ort = need("onnxruntime", extra="onnx")
        name = onnx_file(tower)
        data = folder.read(tower, name)
        self.precision = "int8 on onnx" if tower.precision == "int8" else "f32 on onnx"
        self.streams = streams()
        self.batching: Batching = "alone" if any(node in data for node in _DYNAMIC) else "equal"
        self._pooling, self._dim, self._where = tower.pooling, folder.dim, folder.path / name
        self._unit = tower.kind != "pair"  # a logit stays as long as it is
        try:
            options = _options(ort)
            names, buffers = _beside(folder, tower, name)
            # Numbers outside the graph come from these bytes, whose hashes were checked, and from
            # no other file: given a table, ONNX Runtime opens none.
            sizes = [len(buffer) for buffer in buffers]
            options.add_external_initializers_from_files_in_memory(names, buffers, sizes)
            self._session = ort.InferenceSession(
                data, options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
            )
        except Exception as error:  # it raises classes of its own, one a kind of failure
            raise ModelDamaged(f"{self._where}: {str(error)[:500]}") from error
        self._types = {
            one.name: _NUMPY.get(one.type, np.float32) for one in self._session.get_inputs()
        }

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the arrays that the graph takes."""
        return tuple(self._types)

    def shape(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[int, ...]:
        """The shape of what the graph gives for a batch, before it is pooled."""
        return self._outputs(inputs).shape

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        """The unit rows float32 [n, dim] of one batch."""
        found = self._outputs(inputs)
        rows = self._pooled(found, inputs["attention_mask"]) if found.ndim == 3 else found
        count = len(next(iter(inputs.values())))
        if rows.shape != (count, self._dim):
            raise ModelDamaged(
                f"{self._where}: gives {list(rows.shape)}; space.json says [{count}, {self._dim}]"
            )
        return unit(rows) if self._unit else rows

    def run_each(self, batches: Iterable[Batch], out: NDArray[np.float32]) -> None:
        """Runs every batch, as many at once as there are cores, into its rows of `out`."""
        run_all(self.run, batches, out)

    def _outputs(self, inputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
        known = dict(inputs)
        if "input_ids" in known and "token_type_ids" not in known:
            known["token_type_ids"] = np.zeros_like(known["input_ids"])
        try:
            given = {
                name: known[name].astype(kind, copy=False) for name, kind in self._types.items()
            }
            return np.asarray(self._session.run(None, given)[0], np.float32)
        except KeyError as error:
            raise ModelDamaged(f"{self._where}: takes {error}, which is not known here") from error
        except Exception as error:
            raise ModelDamaged(f"{self._where}: {str(error)[:500]}") from error

    def _pooled(self, found: NDArray[np.float32], mask: NDArray[Any]) -> NDArray[np.float32]:
        """One vector a text, of those of its tokens."""
        if self._pooling == "cls":
            return found[:, 0]
        present = mask[:, :, None].astype(np.float32)
        mean: NDArray[np.float32] = (found * present).sum(1) / present.sum(1)
        return mean


def _options(ort: Any) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # a batch a core: see `spread`
    options.log_severity_level = 4  # what fails is raised
    return options


def _beside(folder: Folder, tower: Tower, graph: str) -> tuple[list[str], list[bytes]]:
    """The files beside the graph that can hold its numbers: names as the graph has them, bytes."""
    room = PurePosixPath(graph).parent
    names = [
        file
        for file in tower.files
        if PurePosixPath(file).parent == room
        and PurePosixPath(file).suffix in (".bin", ".data", ".onnx_data")
    ]
    found = {PurePosixPath(file).name: folder.read(tower, file) for file in names}
    found = found or {"none": b"\0"}  # a table of nothing is not taken for a table
    return list(found), list(found.values())
