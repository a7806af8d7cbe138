"""safetensors: the same files as the library of that name makes, and hostile headers refused."""

import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cospace.encode.words.tensors import parse_tensors, write_tensors

NUMBERS = st.one_of(
    arrays(
        np.float32,
        array_shapes(max_dims=3, min_side=0, max_side=4),
        elements=st.floats(-9, 9, width=32),
    ),
    arrays(np.int64, array_shapes(max_dims=2, min_side=0, max_side=4)),
)
NAMES = st.text("abcdefgh_.", min_size=1, max_size=8)


def written(tensors: dict) -> bytes:  # type: ignore[type-arg]
    stream = io.BytesIO()
    write_tensors(stream, tensors)
    return stream.getvalue()


def file(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


@given(st.dictionaries(NAMES, NUMBERS, max_size=4))
def test_what_is_written_is_read(tensors: dict) -> None:  # type: ignore[type-arg]
    found = parse_tensors(written(tensors))
    assert tensors.keys() == found.keys()
    for name, tensor in tensors.items():
        assert (tensor.dtype, tensor.shape) == (found[name].dtype, found[name].shape)
        assert tensor.tobytes() == found[name].tobytes()


@given(st.dictionaries(NAMES, NUMBERS, min_size=1, max_size=4))
def test_the_library_reads_and_writes_the_same(tensors: dict) -> None:  # type: ignore[type-arg]
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    for found in (library.load(written(tensors)), parse_tensors(library.save(tensors))):
        assert tensors.keys() == found.keys()
        for name, tensor in tensors.items():
            assert np.array_equal(tensor, found[name])
            assert (tensor.dtype, tensor.shape) == (found[name].dtype, found[name].shape)


def test_rows_that_do_not_lie_in_order_are_written_in_order() -> None:
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert written({"a": rows.T.copy()}) == written({"a": rows.T})


def test_a_tensor_is_a_view_that_cannot_be_written_to() -> None:
    found = parse_tensors(written({"a": np.ones(3, np.float32)}))["a"]
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 2


def tensor(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> dict:  # type: ignore[type-arg]
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        b"\xff" * 8,
        file(b"not json", b"\0" * 8),
        file(b"\xff\xfe", b"\0" * 8),
        file([], b"\0" * 8),
        file({"a": 1}, b"\0" * 8),
        file({"a": {"dtype": "F32"}}, b"\0" * 8),
        file(tensor("F64"), b"\0" * 8),
        file(tensor("BF16"), b"\0" * 8),
        file(tensor(["F32"]), b"\0" * 8),
        file(tensor(offsets=[0, 9]), b"\0" * 16),
        file(tensor(offsets=[-8, 0]), b"\0" * 8),
        file(tensor(offsets=[8, 16]), b"\0" * 8),
        file(tensor(offsets=[8, 0]), b"\0" * 8),
        file(tensor(offsets=[0]), b"\0" * 8),
        file(tensor(shape=[2, -1]), b"\0" * 8),
        file(tensor(shape=[-1, -2]), b"\0" * 8),
        file(tensor(shape=[2**62, 2**62], offsets=[0, 2**126]), b"\0" * 8),
        file(tensor(shape=[2**62, 4], offsets=[0, 0]), b"\0" * 8),
        file(tensor(shape="22"), b"\0" * 8),
        file(tensor(shape=[True, 2]), b"\0" * 8),
        file(tensor(shape=[2.5]), b"\0" * 8),
        file(tensor(), b"\0" * 7),
        file(tensor(), b"\0" * 8, length=2**63),
        file(tensor(), b"\0" * 8, length=5),
        file(b"[" * 100_000, b"\0" * 8),
    ],
)  # fmt: skip
def test_a_header_that_lies_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_tensors(data)


@given(st.binary(max_size=64), st.integers(0, 200), st.binary(min_size=1, max_size=4))
def test_no_bytes_are_read_past_the_file(tail: bytes, at: int, patch: bytes) -> None:
    good = bytearray(written({"a": np.ones((2, 3), np.float32)}) + tail)
    at %= len(good)
    good[at : at + len(patch)] = patch
    try:
        found = parse_tensors(bytes(good))
    except (ValueError, KeyError, TypeError):
        return
    assert all(one.nbytes <= len(good) for one in found.values())
