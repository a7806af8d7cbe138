"""Images: what the crop keeps, and that a panorama is no trouble."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage

import cospace as cs
from cospace.encode.towers.image import ImageTower, pattern
from cospace.errors import BadItem
from cospace.testing.tiny import tiny_model


@pytest.fixture(scope="module")
def tower() -> ImageTower:
    loaded = tiny_model()._tower("image")
    assert isinstance(loaded, ImageTower)
    return loaded


def test_the_middle_square_is_kept(tower: ImageTower) -> None:
    wide = np.zeros((50, 150, 3), np.uint8)
    wide[:, 50:100] = 255
    square = tower.prepare(wide, "a")
    assert (224, 224, 3) == square.shape
    assert np.uint8 == square.dtype
    assert 255 == square[:, 4:-4].min()


@pytest.mark.parametrize("shape", [(2, 5_000), (5_000, 2), (2, 2), (224, 224)])
def test_every_shape_becomes_the_size(tower: ImageTower, shape: tuple[int, int]) -> None:
    assert (224, 224, 3) == tower.prepare(np.zeros((*shape, 3), np.uint8), "a").shape


def test_an_image_of_the_right_size_is_not_touched(tower: ImageTower) -> None:
    assert np.array_equal(pattern(3), tower.prepare(pattern(3), "a"))


@pytest.mark.parametrize("crop", ["floor", "round"])
@given(
    width=st.integers(2, 90), height=st.integers(2, 90), size=st.integers(1, 40),
    more=st.integers(0, 20), seed=st.integers(0, 9),
)  # fmt: skip
def test_a_crop_has_the_pixels_of_the_whole_images_resize(
    crop: str, width: int, height: int, size: int, more: int, seed: int
) -> None:
    """As transformers and torchvision do it, and no panorama is resized whole."""
    random = np.random.default_rng(seed)
    image = PILImage.fromarray(random.integers(0, 256, (height, width, 3), np.uint8))
    tower = ImageTower.__new__(ImageTower)
    tower.size, tower._resize, tower._filter, tower._crop = size, size + more, "BICUBIC", crop
    found = tower._square(image)
    short = min(width, height)
    wide, high = (int((size + more) * side / short) for side in (width, height))
    left, top = (
        round((side - size) / 2) if crop == "round" else (side - size) // 2 for side in (wide, high)
    )
    whole = image.resize((wide, high), PILImage.Resampling.BICUBIC)
    expected = np.asarray(whole.crop((left, top, left + size, top + size)))
    if max(width, height) <= 4 * min(width, height):
        assert np.array_equal(expected, found)
    else:  # of a panorama only a part is resized, and noise is off by a few levels
        assert np.abs(expected.astype(int) - found).mean() < 2


def test_a_broken_image_names_its_position() -> None:
    good = cs.Image(pattern(1))
    with pytest.raises(BadItem, match="input 2"):
        tiny_model().encode_document([good, good, cs.Image(b"\xff\xd8\xff"), good])
