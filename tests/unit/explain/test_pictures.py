"""Regions and their pictures: the square that matters is the warm one, and lies where it lies."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

import cospace as cs
from cospace.encode.cache import VectorCache
from cospace.explain import Region, drawn, pictures, region, shares
from cospace.explain.drawing import FORMATS
from cospace.item import Content
from cospace.testing.tiny import tiny_model


def ball(row: int, column: int, size: tuple[int, int] = (280, 280)) -> Pillow.Image:
    """A red disc on grey, in one of seven by seven places."""
    height, width = size
    image = np.full((height, width, 3), 200, np.uint8)
    y, x = np.mgrid[:height, :width]
    middle = (row + 0.5) * height / 7, (column + 0.5) * width / 7
    image[(y - middle[0]) ** 2 + (x - middle[1]) ** 2 < 40**2] = (220, 30, 30)
    return Pillow.fromarray(image)


@pytest.mark.parametrize(("row", "column"), [(1, 5), (5, 1)])
def test_the_warm_squares_are_where_the_thing_is(row: int, column: int):
    model = cs.load("starter")
    photo = ball(row, column)
    plain = Pillow.new("RGB", (280, 280), (200, 200, 200))
    vector = model.encode(cs.Image(photo)) - model.encode(cs.Image(plain))
    found = region(model, photo, vector / np.linalg.norm(vector), others=[ball(3, 3)])
    heat = np.array(found.heat)
    assert (7, 7) == heat.shape
    assert 1.0 == heat.max()
    assert 0 <= heat.min()
    at = np.argwhere(heat >= 0.5)
    assert np.abs(at - (row, column)).max() <= 2
    assert found.loss > 0


def test_the_box_is_what_the_model_sees():
    model = cs.load("starter")
    wide = region(model, ball(3, 3, (200, 400)), model.encode("a ball"))
    assert (0.25, 0.0, 0.75, 1.0) == wide.box
    record = wide.to_json()
    assert (7, 7, [0.25, 0.0, 0.75, 1.0]) == (record["rows"], record["cols"], record["box"])


def test_a_plain_photo_has_no_warm_square():
    model = cs.load("starter")
    plain = Pillow.new("RGB", (64, 64), (128, 128, 128))
    found = region(model, plain, model.encode("grey paint"))
    assert 0.0 == np.array(found.heat).max()


@pytest.mark.parametrize("much", [0.0, 0.7, 2.0])
def test_what_costs_much_in_the_mean_colour_is_filled_in_all_three_ways(
    monkeypatch: pytest.MonkeyPatch, much: float
):
    monkeypatch.setattr(pictures, "_MUCH", much)
    draw = np.random.default_rng(0)
    whole, other = draw.integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    vector = draw.normal(size=48).astype(np.float32)
    tried: list[int] = []

    def encode(images: Sequence[np.ndarray]) -> np.ndarray:
        tried.append(len(images))
        return np.stack([one[::16, ::16].ravel() / np.float32(255) for one in images])

    seen = pictures._Seen(whole, [other], encode, vector)
    cosine, lost = seen.losses(4, range(16), 0.0)
    covered = [
        seen._filled(fill, pictures._place(cell, 4, whole.shape, 0.0))
        for cell in range(16)
        for fill in (pictures._mean(whole), pictures._blurred(whole), other)
    ]
    each = (cosine - encode(covered) @ vector).reshape(16, 3)
    more = (each[:, 0] > 0) & (each[:, 0] >= much * each[:, 0].max())
    assert [17, *([2 * int(more.sum())] if more.any() else [])] == tried[:-1]
    np.testing.assert_allclose(lost[more], np.median(each[more], axis=1), atol=1e-6)
    np.testing.assert_allclose(lost[~more], each[~more, 0], atol=1e-6)


def test_where_nothing_costs_anything_one_fill_is_enough():
    plain = np.full((64, 64, 3), 128, np.uint8)
    tried: list[int] = []

    def encode(images: Sequence[np.ndarray]) -> np.ndarray:
        tried.append(len(images))
        return np.array([[-1.0 - one.std()] for one in images], np.float32)  # covers gain

    draw = np.random.default_rng(0)
    plain[::2] = draw.integers(0, 256, (32, 64, 3))
    pictures._Seen(plain, [plain], encode, np.ones(1, np.float32)).losses(4, range(16), 0.0)
    assert [17] == tried


class Elsewhere:
    """An encoder that is not ours: it takes whole photos, of any size."""

    def __init__(self) -> None:
        self._model = tiny_model()
        self.space = self._model.space

    def encode_query(self, inputs: Sequence[Content]) -> cs.Vectors:
        return self._model.encode_query(inputs)

    def encode_document(self, inputs: Sequence[Content]) -> cs.Vectors:
        return self._model.encode_document(inputs)


def test_a_model_of_others_is_given_photos():
    model = Elsewhere()
    photo = ball(1, 1)
    [vector] = model.encode_document([cs.Image(photo)]).normalized
    found = region(model, photo, vector, others=[ball(5, 5, (100, 300))])
    assert (0.0, 0.0, 1.0, 1.0) == found.box
    assert np.array(found.heat)[:4, :4].sum() > np.array(found.heat)[4:, 4:].sum()


def test_explaining_leaves_nothing_in_a_cache(tmp_path: Path):
    cache = VectorCache(tmp_path)
    model = tiny_model().cached(cache)
    vector = tiny_model().encode("red")
    region(model, ball(1, 1), vector)
    shares(model, "a red ball", vector)
    assert 0 == cache.info().vectors
    cache.close()


def test_the_drawing_is_warm_in_the_box_alone():
    photo = Pillow.new("RGB", (400, 200), (90, 90, 90))
    heat = tuple(tuple(float(r == c == 3) for c in range(7)) for r in range(7))
    made = Pillow.open(io.BytesIO(drawn(photo, Region("image", heat, (0.25, 0.0, 0.75, 1.0)))))
    assert (400, 200) == made.size
    pixels = np.asarray(made.convert("RGB"), int)
    middle, outside = pixels[100, 200], pixels[100, 20]
    assert middle[0] > middle[2] + 60
    assert np.ptp(outside) <= 2


@pytest.mark.parametrize("format", sorted(set(FORMATS.values())))
def test_the_formats_and_large_photos(format: str):
    photo = Pillow.new("RGB", (3_000, 20), (200, 10, 10))
    made = Pillow.open(io.BytesIO(drawn(photo, Region("image", ((1.0, 0.0), (0.0, 0.0))), format)))
    assert (format, 1_024) == (made.format, made.width)
