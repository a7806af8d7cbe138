import io
import threading
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from cospace.errors import BadItem
from cospace.item import Image
from cospace.limits import override
from cospace.read.headers import count_frames, sniff, webp_size
from cospace.read.images import IMAGE_FORMATS, decode, load_bytes

PLAIN = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


def saved(array: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def pixels(source: object) -> np.ndarray:
    image = decode(Image(source))
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("kind", [kind for kind in IMAGE_FORMATS if kind != "HEIC"])
def test_every_allowed_format_is_recognised_by_content_and_decoded(
    kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "wrong.suffix"
    path.write_bytes(saved(PLAIN, kind, **({"lossless": True} if kind == "WEBP" else {})))
    assert kind == sniff(path.read_bytes())
    found = pixels(path)
    assert PLAIN.shape == found.shape
    if kind in ("PNG", "WEBP", "BMP", "TIFF"):
        assert (found == PLAIN).all()


def test_all_four_sources_of_one_image_give_the_same_pixels(tmp_path: Path) -> None:
    data = saved(PLAIN, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(data)
    sources = [path, data, bytearray(data), PLAIN, PIL.Image.fromarray(PLAIN)]
    assert all((pixels(source) == PLAIN).all() for source in sources)
    assert (np.asarray(decode(Image("gone.png"), data=data)) == PLAIN).all()


def test_load_bytes_gives_the_file_or_the_same_bytes_for_the_same_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"anything")
    assert b"anything" == load_bytes(Image(path)) == load_bytes(Image(b"anything"))
    array = load_bytes(Image(PLAIN))
    assert array == load_bytes(Image(PIL.Image.fromarray(PLAIN)))
    assert array == load_bytes(Image(PLAIN.copy(order="F")))
    assert array != load_bytes(Image(PLAIN.reshape(8, 6, 3)))


@pytest.mark.parametrize(
    "array",
    [
        PLAIN.astype(np.float32), PLAIN[..., :2], PLAIN[None], PLAIN.astype(np.int64),
        np.zeros((4, 4, 4), np.uint8), np.zeros(3, np.uint8), np.zeros((0, 4, 3), np.uint8),
    ],
)  # fmt: skip
def test_other_arrays_are_refused(array: np.ndarray) -> None:
    for take in (decode, load_bytes):
        with pytest.raises(BadItem):
            take(Image(array))


@pytest.mark.parametrize("source", [None, 3, object(), {}, [PLAIN], io.BytesIO(b"x")])
def test_other_sources_are_refused_with_what_was_expected(source: object) -> None:
    image = Image(source)
    with pytest.raises(BadItem, match=r"an image is a path, the bytes|holds text"):
        decode(image)
    if not isinstance(image.value, bytes):
        with pytest.raises(BadItem, match="an image is a path, the bytes"):
            load_bytes(image)


@pytest.mark.parametrize("lossless", [True, False])
def test_the_size_of_a_webp_is_read_from_its_header(lossless: bool) -> None:
    assert (8, 6) == webp_size(saved(PLAIN, "WEBP", lossless=lossless))
    with_alpha = np.dstack([PLAIN, PLAIN[..., 0]])
    assert (8, 6) == webp_size(saved(with_alpha, "WEBP", lossless=lossless))
    assert (0, 0) == webp_size(b"RIFF")


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_frames_are_counted_without_decoding_them(kind: str) -> None:
    rng = np.random.default_rng(1)
    frames = [PIL.Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)) for _ in range(5)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    assert 5 == count_frames(file.getvalue(), kind, 100)
    assert 1 == count_frames(saved(PLAIN, kind), kind, 100)
    assert 5 == count_frames(file.getvalue(), kind, 5)
    with override(image_frames=5):
        assert (6, 8, 3) == pixels(file.getvalue()).shape
    with override(image_frames=4), pytest.raises(BadItem, match="more than 4 frames"):
        decode(Image(file.getvalue()))


def test_limits_are_held_for_every_source(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(PLAIN, "PNG"))
    for source in (path, path.read_bytes(), PLAIN, PIL.Image.fromarray(PLAIN)):
        with override(image_pixels=47), pytest.raises(BadItem, match="at most 47 pixels"):
            decode(Image(source))
        with override(image_min_side=7), pytest.raises(BadItem, match="each side"):
            decode(Image(source))
    for source in (path, path.read_bytes()):
        with override(image_bytes=20), pytest.raises(BadItem, match="at most 20 are read"):
            load_bytes(Image(source))


def test_threads_decode_the_same_pixels() -> None:
    data, found = saved(PLAIN, "PNG"), []

    def work() -> None:
        found.extend((pixels(data) == PLAIN).all() for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [True] * 160 == found


def test_the_state_of_pil_is_left_alone() -> None:
    from PIL import ImageFile

    before = (PIL.Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    decode(Image(saved(PLAIN, "PNG")))
    assert before == (PIL.Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
