"""Graphs of transformers written by hand: padding is dropped before the products.

Texts of a batch come padded to one width, which only the attention needs. All else is computed on
packed rows, one for each real token. The starter's text tower is made of these pieces too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.openvino import openvino

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Layout", "axis", "constant", "integers", "row", "unit_mean", "unit_variance", "whole",
]  # fmt: skip

# Rows of tokens are rounded up to a multiple: the engine makes a new kernel for each number of
# rows that it meets, which took 9% of the time with any number. Few rows, as a query has, are
# rounded less: they would be outnumbered.
_ROWS, _FEW_ROWS, _FEW = 64, 16, 256


class Layout:
    """Where tokens stand: padded `[n, t]` as they come in, and packed `[1, rows]` without gaps.

    `heads` is `(how many, how wide)`. The last packed rows, up to a whole number of rows, repeat
    the first token; none is read.
    """

    def __init__(self, ids: Any, mask: Any, heads: tuple[int, int]) -> None:
        op = openvino().opset13
        self._op = op
        self._heads, self._wide = heads
        flat = op.convert(op.reshape(mask, integers(-1), False), "i32")
        real = op.squeeze(op.non_zero(flat, "i32"), integers(0))
        rows = op.shape_of(real)
        unit = op.select(op.less(rows, integers(_FEW)), integers(_FEW_ROWS), integers(_ROWS))
        gap = op.floor_mod(op.subtract(integers(0), rows), unit)
        real = op.pad(real, integers(0), gap, "constant", whole(0))
        self.real = op.unsqueeze(real, integers(0))
        # The packed row of each place; that of padding is the row before it, and is masked.
        place = op.maximum(op.subtract(op.cum_sum(flat, axis(0)), whole(1)), whole(0))
        self.place = op.reshape(place, op.shape_of(mask), False)
        self.present = op.convert(mask, "f32")
        hidden = op.multiply(op.subtract(constant(1), self.present), constant(-1e9))
        self.penalty = op.unsqueeze(hidden, integers(1, 2))
        width = op.convert(op.gather(op.shape_of(ids), axis(1), axis(0)), "i32")
        self.position = op.floor_mod(self.real, width)
        self.token = op.gather(op.reshape(ids, integers(-1), False), self.real, axis(0))

    def padded(self, x: Any) -> Any:
        """Packed `[1, rows, c]` to padded `[n, t, c]`."""
        op = self._op
        return op.gather(op.squeeze(x, integers(0)), self.place, axis(0))

    def packed(self, x: Any) -> Any:
        """Padded `[1, n * t, c]` to packed `[1, rows, c]`."""
        op = self._op
        return op.gather(op.squeeze(x, integers(0)), self.real, axis(0))

    def heads(self, x: Any, part: int, parts: int) -> Any:
        """Part number `part` of packed `[1, rows, parts * heads * wide]`, `[n, heads, t, wide]`."""
        op = self._op
        pieces = op.reshape(x, integers(-1, self._wide), False)
        numbers = np.arange(self._heads, dtype=np.int32).reshape(1, self._heads, 1)
        head = op.constant(numbers + part * self._heads)
        first = op.multiply(op.unsqueeze(self.place, integers(1)), whole(parts * self._heads))
        return op.gather(pieces, op.add(first, head), axis(0))

    def turned(self, x: Any, part: int, parts: int) -> Any:
        """What `heads` gives, by way of `[n, t, heads * wide]`: fused with what follows."""
        op = self._op
        place = op.add(op.multiply(self.place, whole(parts)), whole(part))
        rows = op.reshape(x, integers(-1, self._heads * self._wide), False)
        wide = op.reshape(
            op.gather(rows, place, axis(0)), integers(0, 0, self._heads, self._wide), True
        )
        return op.transpose(wide, integers(0, 2, 1, 3))


def unit_variance(x: Any) -> Any:
    """`x` with mean 0 and variance 1 over the last axis."""
    return openvino().opset13.mvn(x, integers(-1), True, 1e-12, "inside_sqrt")


def unit_mean(x: Any, present: Any) -> Any:
    """The mean of the vectors of real tokens, at length 1: `[n, t, c]` to `[n, c]`."""
    op = openvino().opset13
    present = op.unsqueeze(present, integers(2))
    along = integers(1)
    mean = op.divide(op.reduce_sum(op.multiply(x, present), along), op.reduce_sum(present, along))
    return op.normalize_l2(mean, along, 1e-12, "add")


def constant(value: NDArray[Any] | float) -> Any:
    """A float32 constant node."""
    return openvino().opset13.constant(np.asarray(value, np.float32))


def row(values: NDArray[Any]) -> Any:
    """One value a channel, for packed rows: float32 `[1, 1, channels]`."""
    return constant(values.reshape(1, 1, -1))


def integers(*values: int) -> Any:
    """A constant node of int64 `[len(values)]`: axes, shapes, slices."""
    return openvino().opset13.constant(np.array(values, np.int64))


def whole(number: int) -> Any:
    """A constant of int32."""
    return openvino().opset13.constant(np.int32(number))


def axis(number: int) -> Any:
    """A constant of int64 `[]`: an axis, or a place along one."""
    return openvino().opset13.constant(np.int64(number))
