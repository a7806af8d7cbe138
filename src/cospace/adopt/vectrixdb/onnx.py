"""What stands in an .onnx file: its tensors and the names of its nodes. Nothing in it is run.

The file is a message of protobuf. A field is a number and a kind in one varint, then its value:
a varint, 8 or 4 bytes, or a length and so many bytes. Only the fields that are needed are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Onnx", "read_onnx"]

# Of ModelProto, GraphProto, NodeProto and TensorProto in onnx.proto.
_GRAPH = 7
_NODE, _INITIALIZER = 1, 5
_INPUT, _NAME, _OPERATION = 1, 3, 4
_DIMS, _TYPE, _FLOATS, _INTEGERS, _TENSOR, _RAW = 1, 2, 4, 5, 8, 9
_KINDS: dict[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    7: np.dtype("<i8"),
}


@dataclass(frozen=True)
class Onnx:
    """The tensors by name; and of each node, by its name, its operation and what it takes."""

    tensors: dict[str, NDArray[Any]]
    nodes: dict[str, tuple[str, list[str]]]


def read_onnx(data: bytes) -> Onnx:
    """What the bytes of an .onnx file hold; tensors of other kinds than numbers are left out.

    Raises `ModelDamaged` for what is no such file, or is cut short.
    """
    try:
        tensors, nodes = {}, {}
        for field, graph in _fields(memoryview(data)):
            if field != _GRAPH or isinstance(graph, int):
                continue
            for part, value in _fields(graph):
                if part == _INITIALIZER:
                    name, tensor = _tensor(_bytes(value))
                    if tensor is not None:
                        tensors[name] = tensor
                elif part == _NODE:
                    node = list(_fields(_bytes(value)))
                    texts = {
                        n: str(_bytes(v), "utf-8") for n, v in node if n in (_NAME, _OPERATION)
                    }
                    takes = [str(_bytes(v), "utf-8") for n, v in node if n == _INPUT]
                    nodes[texts.get(_NAME, "")] = texts.get(_OPERATION, ""), takes
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelDamaged(f"the .onnx file cannot be read ({error})") from error
    if not nodes:
        raise ModelDamaged("the .onnx file holds no graph")
    return Onnx(tensors, nodes)


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """(number, value) of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == 2:
            size, at = _varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a field of the kind {kind}")
        if size > len(data) - at:
            raise ValueError("it is cut short")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the least first; and where it ends."""
    number = 0
    for place in range(10):
        byte = data[at + place]
        number |= (byte & 127) << 7 * place
        if byte < 128:
            return number, at + place + 1
    raise ValueError("a number of more than ten bytes")


def _bytes(value: memoryview | int) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where bytes are expected")
    return value


def _tensor(message: memoryview) -> tuple[str, NDArray[Any] | None]:
    """A tensor's name and numbers; None for one of a kind that is not read here."""
    name, kind, shape = "", 0, []
    stored: dict[int, list[memoryview | int]] = {_FLOATS: [], _INTEGERS: [], _RAW: []}
    for field, value in _fields(message):
        if field == _TENSOR:
            name = str(_bytes(value), "utf-8")
        elif field == _TYPE:
            kind = value if isinstance(value, int) else 0
        elif field == _DIMS:
            shape += [value] if isinstance(value, int) else _packed(value)
        elif field in stored:
            stored[field].append(value)
    if kind not in _KINDS:
        return name, None
    if stored[_RAW]:
        flat = np.frombuffer(b"".join(map(bytes, map(_bytes, stored[_RAW]))), _KINDS[kind])
    elif stored[_FLOATS]:
        flat = np.frombuffer(b"".join(map(bytes, map(_bytes, stored[_FLOATS]))), _KINDS[kind])
    else:
        numbers: list[int] = []
        for value in stored[_INTEGERS]:
            numbers += [value] if isinstance(value, int) else _packed(value)
        # A negative int32 is written as the 64 bits of its two's complement.
        flat = np.array([n - (1 << 64) if n >> 63 else n for n in numbers]).astype(_KINDS[kind])
    return name, flat.reshape(shape)


def _packed(data: memoryview) -> list[int]:
    numbers, at = [], 0
    while at < len(data):
        number, at = _varint(data, at)
        numbers.append(number)
    return numbers
