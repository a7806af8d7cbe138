"""Pictures: what the crop keeps, and that a panorama is no trouble."""

import numpy as np
import pytest

import cospace as cs
from cospace.encode.picture import PictureTower, pattern
from cospace.errors import BadItem
from cospace.testing.tiny import tiny_model


@pytest.fixture(scope="module")
def tower() -> PictureTower:
    loaded = tiny_model()._tower("image")
    assert isinstance(loaded, PictureTower)
    return loaded


def test_the_middle_square_is_kept(tower: PictureTower) -> None:
    wide = np.zeros((50, 150, 3), np.uint8)
    wide[:, 50:100] = 255
    square = tower.prepare(wide, "a")
    assert (224, 224, 3) == square.shape
    assert np.uint8 == square.dtype
    assert 255 == square[:, 4:-4].min()


@pytest.mark.parametrize("shape", [(2, 5_000), (5_000, 2), (2, 2), (224, 224)])
def test_every_shape_becomes_the_size(tower: PictureTower, shape: tuple[int, int]) -> None:
    assert (224, 224, 3) == tower.prepare(np.zeros((*shape, 3), np.uint8), "a").shape


def test_a_picture_of_the_right_size_is_not_touched(tower: PictureTower) -> None:
    assert np.array_equal(pattern(3), tower.prepare(pattern(3), "a"))


def test_a_broken_picture_names_its_position() -> None:
    good = cs.Image(pattern(1))
    with pytest.raises(BadItem, match="input 2"):
        tiny_model().encode_document([good, good, cs.Image(b"\xff\xd8\xff"), good])
