"""Tensors in a safetensors file: written in a stream, and read without a copy.

The format (safetensors, version 1): the length of the header as uint64, the header as JSON, the
tensors' bytes; all little-endian. The library of that name copies what it reads and writes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["parse_tensors", "write_tensors"]

_KINDS = {"F32": "<f4", "I64": "<i8"}


def write_tensors(stream: BinaryIO, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Writes float32 and int64 tensors, by name, as one safetensors file."""
    names = {np.dtype(numbers): kind for kind, numbers in _KINDS.items()}
    header: dict[str, Any] = {}
    at = 0
    for name, tensor in tensors.items():
        end = at + tensor.nbytes
        shape = list(tensor.shape)
        header[name] = {"dtype": names[tensor.dtype], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    stream.write(len(text).to_bytes(8, "little") + text)
    for tensor in tensors.values():
        if tensor.size:  # of no numbers there is no view
            stream.write(np.ascontiguousarray(tensor).data.cast("B"))


def parse_tensors(data: bytes) -> dict[str, NDArray[Any]]:
    """The tensors of a file's bytes, by name, as views of them.

    Raises ValueError, TypeError or KeyError for what is no such file.

    >>> import io
    >>> file = io.BytesIO()
    >>> write_tensors(file, {"row": np.array([[1.0, 2.0]], np.float32)})
    >>> parse_tensors(file.getvalue())["row"]
    array([[1., 2.]], dtype=float32)
    """
    start = 8 + int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8:start])
    except RecursionError:
        raise ValueError("the header is nested too deeply") from None
    if start > len(data) or not isinstance(header, dict):
        raise ValueError("the header is no JSON object that fits the file")
    return {
        name: _tensor(data, start, name, record)
        for name, record in header.items()
        if name != "__metadata__"
    }


def _tensor(data: bytes, start: int, name: str, record: Any) -> NDArray[Any]:
    kind = np.dtype(_KINDS[record["dtype"]])
    first, end = record["data_offsets"]
    shape = tuple(record["shape"])
    if not all(type(number) is int and number >= 0 for number in (first, end, *shape)):
        raise ValueError(f"the tensor {name!r} has a place or a shape that is no whole number")
    count = math.prod(shape)
    if end - first != count * kind.itemsize or start + end > len(data):
        raise ValueError(f"the tensor {name!r} does not fit the file")
    tensor: NDArray[Any] = np.frombuffer(data, kind, count, start + first).reshape(shape)
    return tensor
