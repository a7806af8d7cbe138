"""Products of bytes: weights and activations of a linear layer in 8 bits, chosen once, here.

- A channel of the input that reaches far would leave few levels to the others: it is divided by
  what it exceeds the limit, and its column of weights multiplied (SmoothQuant: Xiao et al., 2022,
  arXiv:2211.10438, equation 3, with the limit in place of a power).
- Where one channel reaches several times as far as all others, it is divided among copies
  (outlier channel splitting: Zhao et al., 2019, arXiv:1901.09504).
- Weights are rounded column by column, and what each rounding leaves is made up for by the
  columns still to come (GPTQ: Frantar et al., 2022, arXiv:2210.17323, equation 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cospace.adopt.eight.flow import Array, Flow

__all__ = [
    "Product", "Rounding", "apart", "copies", "product", "quantize_rows", "smoothed", "smoothing",
]  # fmt: skip

DAMPING = 0.01  # of the mean diagonal, as in the paper
BLOCK = 64

# Processors without VNNI add two products of an unsigned and a signed byte in 16 bits, and cut off
# what does not fit (vpmaddubsw). So two neighbouring levels of one sign are kept so small that
# what reaches them fits, with this much room beyond the most that was seen.
MOST = 32_767
ROOM = 1.15

# A zero point at least this far from the middle makes the engine take the input as unsigned
# bytes, which its kernels multiply a quarter faster than signed ones.
ASIDE = 6


@dataclass(frozen=True)
class Rounding:
    """The 256 levels that values are rounded to, from `low` to `high`."""

    low: float
    high: float

    @staticmethod
    def of(low: float, high: float) -> Rounding:
        """Unsigned bytes over at least low to high, with a whole zero point off the middle."""
        low = min(low, 0.0)
        zero = np.rint(-low / (high - low) * 255)
        if abs(zero - 127.5) <= ASIDE:
            zero = 128 - ASIDE
        step = max(-low / max(zero, 1), high / (255 - zero))
        return Rounding(-zero * step, (255 - zero) * step)

    @staticmethod
    def signed(peak: float) -> Rounding:
        """Signed bytes from -peak to peak."""
        return Rounding(-peak * 128 / 127, peak)

    def top(self, high: Array) -> Array:
        """The byte that each channel reaches, with room beyond the `high` that was seen."""
        step = (self.high - self.low) / 255
        return np.clip(np.ceil((np.maximum(high, 0) * ROOM - self.low) / step), 1, 255)


@dataclass(frozen=True)
class Product:
    """`x @ (levels * step).T + bias`, levels being int8 `[rows, columns]`, step `[rows, 1]`."""

    levels: Array
    step: Array
    bias: Array


def product(weight: Array, bias: Array, moment: Array, top: Array) -> Product:
    """The product in 8 bits, of bytes whose columns reach `top` at most.

    `moment` is the mean of `x.T @ x` of its inputs, before they are rounded.
    """
    levels, step = round_rows(weight.astype(np.float64), moment, top)
    return Product(levels.astype(np.int8), step.astype(np.float32), bias.astype(np.float32))


def round_rows(weight: Array, moment: Array, top: Array) -> tuple[Array, Array]:
    """`(levels, step)` with `weight ~ levels * step`, so that the outputs move least."""
    first, second = weight[:, ::2] * top[::2], weight[:, 1::2] * top[1::2]
    pairs = np.where(first * second > 0, np.abs(first + second), 0).max(1) / MOST
    step = np.maximum(np.abs(weight).max(1) / 127, pairs)[:, None]
    damped = moment + DAMPING * np.mean(np.diag(moment)) * np.eye(len(moment))
    spread = np.linalg.cholesky(np.linalg.inv(damped)).T
    rest, levels = weight / step, np.empty_like(weight)
    for start in range(0, weight.shape[1], BLOCK):
        stop = min(start + BLOCK, weight.shape[1])
        left = np.zeros((len(weight), stop - start))
        for column in range(start, stop):
            low, high = reach(levels, column, top) if column % 2 else (-127, 127)
            levels[:, column] = np.clip(np.rint(rest[:, column]), low, high)
            left[:, column - start] = (rest[:, column] - levels[:, column]) / spread[column, column]
            rest[:, column + 1 : stop] -= np.outer(
                left[:, column - start], spread[column, column + 1 : stop]
            )
        rest[:, stop:] -= left @ spread[start:stop, stop:]
    return levels, step


def reach(levels: Array, column: int, top: Array) -> tuple[Array, Array]:
    """The lowest and the highest level that may stand beside those of the column before."""
    before = levels[:, column - 1] * top[column - 1]
    low = np.ceil((-MOST - np.minimum(before, 0)) / top[column])
    high = np.floor((MOST - np.maximum(before, 0)) / top[column])
    return np.maximum(-127, low), np.minimum(127, high)


def apart(reach: Array) -> Array:
    """An order of columns in which one that reaches far stands beside one that does not."""
    far = np.argsort(-(reach / reach.max(1, keepdims=True)).max(0), kind="stable")
    half = len(far) // 2
    return np.stack([far[:half], far[: half - 1 : -1][:half]], 1).ravel()


def smoothing(peak: Array, limit: float) -> Array:
    """What each channel is divided by, so that none reaches beyond `limit`: at least 1."""
    return np.maximum(peak, limit) / limit


def copies(peak: Array, extra: int) -> Array:
    """How many copies of each channel there are, when `extra` go to those that reach farthest."""
    count = np.ones(len(peak), np.int64)
    for _ in range(extra):
        count[np.argmax(peak / count)] += 1
    return count


def smoothed(flow: Flow, limit: float) -> tuple[Array, Rounding, Array, Array]:
    """`(divisor, rounding, moment, top)` of an input whose channels are kept within `limit`.

    Rounding, moment and top are those of the channels after the division.
    """
    divisor = smoothing(flow.peak, limit)
    high = flow.high / divisor
    rounding = Rounding.of((flow.low / divisor).min(), high.max())
    return divisor, rounding, flow.moment / np.outer(divisor, divisor), rounding.top(high)


def quantize_rows(weight: Array) -> tuple[Array, Array, Array]:
    """`(bytes, scale, zero)` with `weight ~ (bytes - zero) * scale`, one scale and zero a row.

    `weight` is `[rows, columns]`; scale and zero come back as `[rows, 1]`.
    """
    low = np.minimum(weight.min(axis=1, keepdims=True), 0)
    high = np.maximum(weight.max(axis=1, keepdims=True), 0)
    scale = np.maximum((high - low) / 255, np.finfo(np.float32).tiny).astype(np.float32)
    zero = np.clip(np.rint(-low / scale), 0, 255)
    levels = np.clip(np.rint(weight / scale) + zero, 0, 255)
    return levels.astype(np.uint8), scale, zero.astype(np.uint8)
