"""BERT as a graph of the engine, written by hand: packed rows, and products in 8 bits.

Devlin et al., 2019, arXiv:1810.04805. What a model makes of the last layer is its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cospace.adopt.packed import Layout, axis, constant, integers, row, unit_variance
from cospace.encode.engines.openvino import openvino

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Bert", "BertWeights", "Levels", "parameter", "rounded"]

# Weights in 8 bits: levels int8 [rows, columns], and the step of each row, float32 [rows, 1].
Levels = tuple["NDArray[np.int8]", "NDArray[np.float32]"]


class BertWeights(Protocol):
    """The tensors of a BERT, by name: `emb.pos`, `emb.type`, `emb.ln`; of layer n `ln.q`, `k`, `v`,
    `ao`, `fi`, `fo`, and the norms `aln` and `oln`; each with `.w` and `.b`.
    """  # fmt: skip

    @property
    def width(self) -> int:
        """The channels of a token."""
        ...

    @property
    def hidden(self) -> int:
        """The channels between the two products of a layer's second half."""
        ...

    @property
    def heads(self) -> int:
        """How many heads attend."""
        ...

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor in float32, as one row."""
        ...

    def matrix(self, name: str, columns: int) -> NDArray[np.float32]:
        """The weights of a product, float32 [rows, columns]."""
        ...

    def levels(self, name: str, columns: int) -> Levels:
        """The same in 8 bits."""
        ...


class Bert:
    """The layers of a BERT over packed rows. With `exact` products have float32 weights.

    `table` is a node that gives the vectors of tokens, float32 [tokens, width].
    """

    def __init__(self, weights: BertWeights, table: Any, *, exact: bool) -> None:
        self._op = openvino().opset13
        self._weights, self._table, self._exact = weights, table, exact

    def embedded(self, layout: Layout, types: Any = None) -> Any:
        """Token, position and type vectors, added: packed `[1, rows, width]`.

        `types` i64 `[n, t]` says which of two texts a token belongs to; without, all to the first.
        """
        op, width, get = self._op, self._weights.width, self._weights.floats
        places, kinds = get("emb.pos").reshape(-1, width), get("emb.type").reshape(-1, width)
        if types is None:
            places = places + kinds[0]
        place = op.gather(constant(places), layout.position, axis(0))
        found = op.add(op.gather(self._table, layout.token, axis(0)), place)
        if types is not None:
            kind = op.gather(op.reshape(types, integers(-1), False), layout.real, axis(0))
            found = op.add(found, op.gather(constant(kinds), kind, axis(0)))
        return self._normal(found, "emb.ln")

    def layer(self, x: Any, layout: Layout, name: str) -> Any:
        """Self-attention and the feed-forward half, each added to its input and normalised."""
        op, width, hidden = self._op, self._weights.width, self._weights.hidden
        three = self._attending(x, name)
        query, key, value = (layout.turned(three, part, 3) for part in range(3))
        scores = op.softmax(op.add(op.matmul(query, key, False, True), layout.penalty), -1)
        mixed = op.transpose(op.matmul(scores, value, False, False), integers(0, 2, 1, 3))
        mixed = layout.packed(op.reshape(mixed, integers(1, -1, width), False))
        x = self._normal(op.add(x, self.linear(mixed, f"{name}.ao", width)), f"{name}.aln")
        inner = op.gelu(self.linear(x, f"{name}.fi", width), "erf")
        change = self.linear(inner, f"{name}.fo", hidden)
        return self._normal(op.add(x, change), f"{name}.oln")

    def linear(self, x: Any, name: str, columns: int) -> Any:
        """The product with the weights called `name`, and their bias."""
        bias = self._weights.floats(f"{name}.b")
        if self._exact:
            return self._added(x, constant(self._weights.matrix(f"{name}.w", columns)), bias)
        return self._added(x, self._stepped(*self._weights.levels(f"{name}.w", columns)), bias)

    def _attending(self, x: Any, name: str) -> Any:
        """Queries, keys and values at once; 1/sqrt(wide) is folded into the queries."""
        width, weights = self._weights.width, self._weights
        shrink = np.float32((width // weights.heads) ** -0.5)
        some = [(f"{name}.{part}", shrink if part == "q" else np.float32(1)) for part in "qkv"]
        bias = np.concatenate([weights.floats(f"{one}.b") * by for one, by in some])
        if self._exact:
            matrices = [weights.matrix(f"{one}.w", width) * by for one, by in some]
            return self._added(x, constant(np.concatenate(matrices)), bias)
        found = [(*weights.levels(f"{one}.w", width), by) for one, by in some]
        levels = np.concatenate([one for one, _, _ in found])
        steps = np.concatenate([step * by for _, step, by in found])
        return self._added(x, self._stepped(levels, steps), bias)

    def _stepped(self, levels: NDArray[np.int8], step: NDArray[np.float32]) -> Any:
        op = self._op
        return op.multiply(op.convert(op.constant(levels), "f32"), constant(step))

    def _added(self, x: Any, weight: Any, bias: NDArray[np.float32]) -> Any:
        op = self._op
        return op.add(op.matmul(x, weight, False, True), row(bias))

    def _normal(self, x: Any, name: str) -> Any:
        op, get = self._op, self._weights.floats
        return op.add(op.multiply(unit_variance(x), row(get(f"{name}.w"))), row(get(f"{name}.b")))


def rounded(matrix: NDArray[np.float32]) -> Levels:
    """Weights in 8 bits, a step for each row.

    >>> levels, step = rounded(np.float32([[1, -127], [0, 254]]))
    >>> levels.tolist(), step.tolist()
    ([[1, -127], [0, 127]], [[1.0], [2.0]])
    """
    step = np.maximum(np.abs(matrix).max(1, keepdims=True) / np.float32(127), np.float32(1e-12))
    return np.rint(matrix / step).astype(np.int8), step


def parameter(name: str) -> Any:
    """An input of the graph: i64 `[n, t]`."""
    ov = openvino()
    node = ov.opset13.parameter([-1, -1], ov.Type.i64)
    node.output(0).set_names({name})
    return node
