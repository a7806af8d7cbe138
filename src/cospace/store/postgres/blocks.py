"""Rows of PostgreSQL's binary COPY, made from arrays: a hundred times as fast as one by one."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["int_array", "items", "signed", "vectors", "words"]

_ROWS = 2000  # in one block


def signed(word: int) -> int:
    """The number of a word (unsigned, 32 bits) as PostgreSQL's int.

    >>> signed(0), signed(2**32 - 1)
    (-2147483648, 2147483647)
    """
    return word - 2**31


def vectors(
    field: str, places: Sequence[tuple[int, int]], given: Sequence[NDArray[np.float32]]
) -> Iterator[bytes]:
    """Blocks for the columns (n, i, field, vector): `places` are (n, i) of each vector."""
    name = field.encode()
    for start in range(0, len(places), _ROWS):
        part = np.stack(given[start : start + _ROWS])
        rows = np.zeros(
            len(part),
            [("columns", ">i2"), ("n_", ">i4"), ("n", ">i8"), ("i_", ">i4"), ("i", ">i2"),
             ("f_", ">i4"), ("f", f"S{len(name)}"), ("v_", ">i4"), ("dim", ">i2"), ("zero", ">i2"),
             ("v", ">f4", (part.shape[1],))],
        )  # fmt: skip
        rows["columns"], rows["n_"], rows["i_"], rows["f_"] = 4, 8, 2, len(name)
        rows["n"] = [n for n, _ in places[start : start + _ROWS]]
        rows["i"] = [i for _, i in places[start : start + _ROWS]]
        rows["f"], rows["v_"], rows["dim"] = name, 4 + 4 * part.shape[1], part.shape[1]
        rows["v"] = part
        yield rows.tobytes()


def words(held: Iterable[tuple[int, Mapping[int, float]]]) -> Iterator[bytes]:
    """Blocks for the columns (n, word, weight), in the order of their index."""
    keys: list[int] = []
    terms: list[int] = []
    weights: list[float] = []
    for n, document in held:
        keys += [n] * len(document)
        terms += document.keys()
        weights += document.values()
    rows = np.zeros(
        len(keys),
        [("columns", ">i2"), ("n_", ">i4"), ("n", ">i8"), ("w_", ">i4"), ("word", ">i4"),
         ("x_", ">i4"), ("weight", ">f4")],
    )  # fmt: skip
    rows["columns"], rows["n_"], rows["w_"], rows["x_"] = 3, 8, 4, 4
    rows["n"], rows["weight"] = keys, weights
    rows["word"] = np.array(terms, np.int64) - 2**31
    rows = rows[np.lexsort((rows["n"], rows["word"]))]
    size = 100 * _ROWS
    for start in range(0, len(rows), size):
        yield rows[start : start + size].tobytes()


def items(rows: Iterable[Sequence[int | bytes | None]]) -> Iterator[bytes]:
    """Blocks of rows of whole numbers (as bigint), of bytes as they are, and of null."""
    block: list[bytes] = []
    for row in rows:
        block.append(struct.pack(">h", len(row)))
        for value in row:
            if value is None:
                block.append(b"\xff\xff\xff\xff")
            elif isinstance(value, int):
                block.append(struct.pack(">iq", 8, value))
            else:
                block.append(struct.pack(">i", len(value)) + value)
        if len(block) > 10 * _ROWS:
            yield b"".join(block)
            block = []
    if block:
        yield b"".join(block)


def int_array(values: Sequence[int]) -> bytes:
    """int[] in the binary format, of signed words."""
    if not values:
        return struct.pack(">iii", 0, 0, 23)
    rows = np.zeros(len(values), [("size", ">i4"), ("value", ">i4")])
    rows["size"], rows["value"] = 4, np.array(values, np.int64) - 2**31
    return struct.pack(">iiiii", 1, 0, 23, len(values), 1) + rows.tobytes()
