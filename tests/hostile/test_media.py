"""Images that are broken, or made to break something: faults 1 to 4 and 24."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadItem, CospaceError
from cospace.item import Image
from cospace.limits import override
from cospace.read import read
from cospace.read.images import decode, load_bytes

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
SMOOTH = np.indices((40, 60)).sum(0).astype(np.uint8)


def saved(array: np.ndarray, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


def pixels(data: object) -> np.ndarray:
    return np.asarray(decode(Image(data)))


def refused(source: object) -> str:
    with pytest.raises(BadItem) as caught:
        decode(Image(source), "a.jpg")
    assert "a.jpg" == caught.value.name
    return caught.value.reason


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(1 + width // 8)) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF"])
def test_a_truncated_image_is_refused(kind: str, share: float) -> None:
    data = saved(NOISE, kind)
    assert refused(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!DOCTYPE html><html><title>404</title>", "HTML"),
        (b"\xef\xbb\xbf\n <HTML><body>login", "HTML"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"SIMPLE  =                    T", "FITS"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"PK\x03\x04", "ZIP"),
        (b"not found", "text"),
        (b"\x80\x81\x82", "unknown"),
    ],
)
def test_what_is_no_image_is_named_for_what_it_holds(
    data: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    assert f"holds {said}" in refused(path).replace("an unknown", "unknown").replace("a ZIP", "ZIP")


@pytest.mark.parametrize("size", [(13_000, 13_000), (65_000, 65_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_from_its_header(size: tuple[int, int]) -> None:
    data = png_header(*size) if size[0] == 13_000 else png_header(64, 64)
    data = data[:16] + struct.pack(">II", *size) + data[24:]
    data = data[:29] + struct.pack(">I", zlib.crc32(data[12:29])) + data[33:]
    assert len(data) < 100_000
    assert "pixels" in refused(data)


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(13_000, 13_000))
    (tmp_path / "good.png").write_bytes(saved(NOISE, "PNG"))
    # In a process of its own, since the peak of this one may have been high before.
    code = """
import resource, sys
from cospace import Image, errors
from cospace.read.images import decode
decode(Image(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    decode(Image(sys.argv[2]))
except errors.BadItem:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "good.png"), str(path)]
    grown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert int(grown) < 10_000  # KiB; its pixels would take 500,000


def test_a_webp_bomb_is_refused_before_its_decoder_opens() -> None:
    data = bytearray(saved(np.dstack([NOISE, NOISE[..., 0]]), "WEBP"))
    assert b"VP8X" == data[12:16]
    data[24:30] = b"\xfe\x3f\x00\xfe\x3f\x00"  # 16,383 x 16,383
    assert "16,383 x 16,383" in refused(bytes(data))


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1)])
def test_a_side_of_one_pixel_is_refused(size: tuple[int, int]) -> None:
    assert "each side has at least 2" in refused(saved(np.zeros((*size, 3), np.uint8), "PNG"))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"")
    assert "0 bytes" in refused(tmp_path / "a.jpg")
    assert "0 bytes" in refused(b"")


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = saved(SMOOTH.astype(np.uint16) * 257, "PNG")
    assert "I;16" == PIL.Image.open(io.BytesIO(deep)).mode
    assert (pixels(deep) == pixels(saved(SMOOTH, "PNG"))).all()
    assert (pixels(saved(SMOOTH.astype(np.uint16) * 257, "TIFF")) == pixels(SMOOTH)).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
def test_what_is_see_through_shows_white(kind: str) -> None:
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    alpha = np.full(NOISE.shape[:2], 255, np.uint8)
    alpha[:20] = 0
    found = pixels(saved(np.dstack([NOISE, alpha]), kind, **options))
    assert (found[:20] == 255).all()
    assert (found[20:] == NOISE[20:]).all()


def test_every_mode_gives_the_pixels_of_the_plain_image() -> None:
    grey = PIL.Image.fromarray(SMOOTH)
    plain = np.asarray(grey.convert("RGB"))
    palette = grey.convert("P")
    for image, options in [
        (grey, {}),
        (grey.convert("LA"), {}),
        (grey.convert("RGBA"), {}),
        (palette, {}),
        (palette, {"transparency": 255}),
        (palette, {"transparency": bytes([255] * 256)}),
    ]:
        file = io.BytesIO()
        image.save(file, "PNG", **options)
        assert (pixels(file.getvalue()) == plain).all(), (image.mode, options)


def test_a_palette_with_alpha_shows_white() -> None:
    file = io.BytesIO()
    PIL.Image.fromarray(SMOOTH).convert("P").save(file, "PNG", transparency=7)
    found = pixels(file.getvalue())
    assert (found[SMOOTH == 7] == 255).all()
    assert (found[SMOOTH == 8] == 8).all()


def test_cmyk_is_near_the_plain_image() -> None:
    image = PIL.Image.fromarray(np.dstack([SMOOTH] * 3))
    file = io.BytesIO()
    image.convert("CMYK").save(file, "JPEG", quality=98)
    plain = pixels(np.asarray(image)).astype(int)
    assert np.abs(pixels(file.getvalue()).astype(int) - plain).mean() < 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_a_turned_photo_gives_the_pixels_of_the_plain_one(kind: str, orientation: int) -> None:
    from PIL.Image import Transpose

    # What a camera stores for each orientation, so that turning it back gives the plain one.
    stored_as = [
        None, Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM,
        Transpose.TRANSPOSE, Transpose.ROTATE_90, Transpose.TRANSVERSE, Transpose.ROTATE_270,
    ]  # fmt: skip
    plain = PIL.Image.fromarray(np.dstack([SMOOTH] * 3))
    turn = stored_as[orientation - 1]
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 98}}.get(kind, {})
    (plain if turn is None else plain.transpose(turn)).save(file, kind, exif=exif, **options)
    found = pixels(file.getvalue())
    assert plain.size == (found.shape[1], found.shape[0])
    assert np.abs(found.astype(int) - np.asarray(plain).astype(int)).max() <= 6


def test_a_broken_exif_block_does_not_spoil_the_pixels() -> None:
    data = saved(NOISE, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")
    with pytest.warns(UserWarning, match="EXIF"):
        assert NOISE.shape == pixels(data).shape


def test_a_gif_of_very_many_frames_is_refused_quickly() -> None:
    head = b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 4, 4, 0) + b"\x02\x02\x44\x01\x00"
    assert "more than 64 frames" in refused(head + frame * 100_000 + b";")


def test_a_tiff_whose_directories_loop_ends() -> None:
    data = struct.pack("<2sHIHI", b"II", 42, 8, 0, 8)
    assert refused(data)


def test_a_tiff_with_a_huge_tile_is_refused() -> None:
    tags = [(256, 64), (257, 64), (258, 8), (259, 1), (262, 1), (277, 1),
            (322, 2**20), (323, 2**20), (324, 300), (325, 64)]  # fmt: skip
    body = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + body + bytes(4)
    assert "tile" in refused(data.ljust(400, b"\x00"))


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    fifo = tmp_path / "a.jpg"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/zero"), Path("/dev/stdin"), tmp_path):
        with pytest.raises(BadItem, match="not a regular file"):
            load_bytes(Image(path))
    with pytest.raises(BadItem, match="no such file"):
        load_bytes(Image(tmp_path / "gone.jpg"))
    with pytest.raises(BadItem):
        load_bytes(Image(Path("a\x00b")))
    with pytest.raises(BadItem):
        load_bytes(Image(tmp_path / ("x" * 5_000)))


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.truncate(10**12)
    assert "1,000,000,000,000 bytes" in refused(path)


def test_a_folder_reads_what_is_inside_and_lists_the_rest(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.jpg").write_bytes(saved(NOISE, "JPEG"))
    (home / "good.jpg").write_bytes(saved(NOISE, "JPEG"))
    (home / "inside.jpg").symlink_to("good.jpg")
    (home / "out.jpg").symlink_to("../secret.jpg")
    (home / "broken.jpg").symlink_to("nowhere.jpg")
    (home / "loop").symlink_to(".")
    os.mkfifo(home / "pipe.jpg")
    os.mkfifo(home / "pipe.txt")
    (home / "zero.png").symlink_to("/dev/zero")
    reading = read(home)
    assert ["good.jpg", "inside.jpg"] == [item.id for item in reading]
    bad = ["broken.jpg", "out.jpg", "pipe.jpg", "zero.png"]
    assert bad == [name for name, _ in reading.failed]


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n",
       b"GIF89a", b"BM", b"II*\x00", b"MM\x00+", b"RIFF\x40\x00\x00\x00WEBPVP8X"]))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_image_or_a_bad_item(data: bytes, magic: bytes) -> None:
    try:
        assert "RGB" == decode(Image(magic + data)).mode
    except BadItem as error:
        assert error.reason


@given(st.data(), st.sampled_from(["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"]))
@settings(max_examples=200, deadline=None)
def test_an_image_with_changed_bytes_is_an_image_or_a_bad_item(
    data: st.DataObject, kind: str
) -> None:
    raw = bytearray(saved(NOISE[:8, :8], kind))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        with override(image_pixels=100_000):
            decode(Image(bytes(raw)))
    except CospaceError as error:
        assert isinstance(error, BadItem)
