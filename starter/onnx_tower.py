"""The text tower as an ONNX graph, for processors without VNNI: the same bytes, another engine.

ONNX Runtime multiplies bytes twice as fast as float32 where OpenVINO does not (AVX2 alone). The
graph takes `input_ids` i64 `[n, t]`: texts of one length, without padding. Its large numbers are
those of the OpenVINO graph: `model.onnx` names their places in `model.bin`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
from calibrate import SHAPE
from onnx import TensorProto, helper

from cospace.adopt.eight.flow import Array, Weights
from cospace.adopt.eight.layers import Attention, FeedForward, Layer, positions
from cospace.adopt.eight.rounding import Product, Rounding, quantize_rows

# Numbers of more bytes than this are not written again.
LARGE = 65_536
CONTRIBUTED = "com.microsoft"


def save_onnx(weights: Weights, numbers: Sequence[Layer], path: Path, xml: Path) -> None:
    """Writes the graph to `path`; the large numbers stay in the `.bin` beside `xml`."""
    model = Builder(Places(xml)).model(weights, numbers)
    part = path.with_name(path.name + ".part")
    part.write_bytes(model.SerializeToString(deterministic=True))
    part.replace(path)


class Places:
    """Where in an OpenVINO graph's `.bin` its numbers lie."""

    def __init__(self, xml: Path) -> None:
        self.file = xml.with_suffix(".bin")
        data = self.file.read_bytes()
        self._of: dict[bytes, int] = {}
        for layer in ElementTree.parse(xml).getroot().iter("data"):
            size = int(layer.get("size", 0))
            if size > LARGE:
                offset = int(layer.get("offset", 0))
                self._of[data[offset : offset + size]] = offset

    def find(self, values: Array) -> int:
        """The offset of `values`; SystemExit when they are not there."""
        offset = self._of.get(values.tobytes())
        if offset is None:
            raise SystemExit(f"{self.file}: does not hold the numbers {values.dtype}{values.shape}")
        return offset


class Builder:
    """Nodes and numbers of one graph, named in the order they are added."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._nodes: list[onnx.NodeProto] = []
        self._numbers: list[onnx.TensorProto] = []
        self._names = (f"v{number}" for number in itertools.count())

    def model(self, weights: Weights, numbers: Sequence[Layer]) -> onnx.ModelProto:
        """`input_ids` i64 `[n, t]` to `tokens` f32 `[n, t, 384]`, whose mean is the text's vector.

        The mean is left to the caller: here its last bit would hang on the number of texts.
        """
        x = self.embedded(weights)
        x = self.normalised(x, numbers[0].before_attention)
        for layer, after in itertools.pairwise(numbers):
            x = self.layer(x, layer, after.before_attention)
        norm = f"encoder.layer.{SHAPE.layers - 1}.output.LayerNorm"
        self.layer(x, numbers[-1], weights[norm + ".weight"], weights[norm + ".bias"])
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["n", "t"])
        out = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["n", "t", SHAPE.width])
        graph = helper.make_graph(self._nodes, "text", [ids], [out], self._numbers)
        sets = [helper.make_opsetid("", 17), helper.make_opsetid(CONTRIBUTED, 1)]
        return helper.make_model(graph, opset_imports=sets, ir_version=9, producer_name="cospace")

    def embedded(self, weights: Weights) -> str:
        """Token and position vectors, added: `[n, t, 384]`."""
        levels, scale, zero = (
            self.node("Gather", self.number(part), "input_ids", axis=0)
            for part in quantize_rows(weights["embeddings.word_embeddings.weight"])
        )
        levels, zero = self.node("Cast", levels, to=1), self.node("Cast", zero, to=1)
        word = self.node("Mul", self.node("Sub", levels, zero), scale)
        length = self.node("Shape", "input_ids", start=1, end=2)
        first, axes = self.number(np.array([0], np.int64)), self.number(np.array([0], np.int64))
        place = self.node("Slice", self.number(positions(weights)), first, length, axes)
        return self.node("Add", word, place)

    def layer(self, x: str, layer: Layer, scale: Array, shift: Array | None = None) -> str:
        """One layer: `x` comes times its scale, and goes times the next one's, or as `tokens`."""
        change = self.attention(x, layer.before_attention, layer.attention)
        x = self.normalised(self.node("Add", x, change), layer.before_feed)
        change = self.feed_forward(x, layer.before_feed, layer.feed)
        return self.normalised(self.node("Add", x, change), scale, shift)

    def normalised(self, x: str, scale: Array, shift: Array | None = None) -> str:
        """`x` with mean 0 and variance 1 over the last axis, times `scale`.

        A sum comes as a node of its own: ONNX Runtime's fusion of both is several times slower.
        With a `shift` it is what the graph gives.
        """
        zero = np.zeros(SHAPE.width, np.float32) if shift is None else shift
        return self.node(
            "LayerNormalization",
            x,
            self.number(scale),
            self.number(zero),
            out="" if shift is None else "tokens",
            axis=-1,
            epsilon=1e-12,
        )

    def attention(self, x: str, scale: Array, by: Attention) -> str:
        """What self-attention of 12 heads adds to its input, which is already times `scale`."""
        rows = self.rounded(self.scaled(x, by.scale / scale), by.taken)
        pairs = self.multiplied(rows, by.taken, by.pairs)
        sizes = self.number(np.array([SHAPE.width, SHAPE.width], np.int64))
        query, key = self.nodes("Split", 2, pairs, sizes, axis=-1)
        worth = self.multiplied(rows, by.taken, by.worth)
        mixed = self.contributed(
            "MultiHeadAttention",
            query,
            key,
            worth,
            num_heads=SHAPE.heads,
            scale=float(1 / by.grown),
        )
        return self.multiplied(self.rounded(mixed, by.mixed), by.mixed, by.out)

    def feed_forward(self, x: str, scale: Array, by: FeedForward) -> str:
        """What the feed-forward half adds to its input, which is already times `scale`."""
        rows = self.rounded(self.scaled(x, by.scale / scale), by.taken)
        hidden = self.contributed("Gelu", self.multiplied(rows, by.taken, by.wide))
        hidden = self.rounded(self.scaled(hidden, by.shrink), by.hidden)
        return self.multiplied(hidden, by.hidden, by.narrow)

    def scaled(self, x: str, by: Array) -> str:
        """`x` times `by`, a factor a channel."""
        return x if np.all(by == 1) else self.node("Mul", x, self.number(by.astype(np.float32)))

    def rounded(self, x: str, to: Rounding) -> str:
        """`x` as unsigned bytes."""
        return self.node("QuantizeLinear", x, *self.levels(to))

    def levels(self, of: Rounding) -> tuple[str, str]:
        """The step of a rounding, and the byte that is zero."""
        step = (of.high - of.low) / 255
        return self.number(np.float32(step)), self.number(np.uint8(np.rint(-of.low / step)))

    def multiplied(self, x: str, taken: Rounding, by: Product) -> str:
        """`x @ weight.T + bias`, of bytes by bytes, as float32."""
        step, zero = self.levels(taken)
        weight = self.node("Transpose", self.number(by.levels), perm=[1, 0])
        steps, bias = self.number(by.step[:, 0]), self.number(by.bias)
        return self.contributed("MatMulIntegerToFloat", x, weight, step, steps, zero, "", bias)

    def number(self, values: Array) -> str:
        """A constant; a large one is only pointed at."""
        values, name = np.asarray(values, order="C"), next(self._names)
        kind = helper.np_dtype_to_tensor_dtype(values.dtype)
        tensor = TensorProto(name=name, data_type=kind, dims=values.shape)
        if values.nbytes > LARGE:
            tensor.data_location = TensorProto.EXTERNAL
            where = {
                "location": self._places.file.name,
                "offset": str(self._places.find(values)),
                "length": str(values.nbytes),
            }
            for key, value in where.items():
                tensor.external_data.add(key=key, value=value)
        else:
            tensor.raw_data = values.tobytes()
        self._numbers.append(tensor)
        return name

    def node(self, kind: str, *inputs: str, out: str = "", **settings: object) -> str:
        """One node of ONNX itself; its output's name."""
        return self.nodes(kind, 1, *inputs, out=out, **settings)[0]

    def contributed(self, kind: str, *inputs: str, **settings: object) -> str:
        """One node of those that ONNX Runtime adds."""
        return self.nodes(kind, 1, *inputs, domain=CONTRIBUTED, **settings)[0]

    def nodes(
        self, kind: str, count: int, *inputs: str, out: str = "", **settings: object
    ) -> list[str]:
        """One node with `count` outputs; their names."""
        outputs = [out or next(self._names) for _ in range(count)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, **settings))
        return outputs
