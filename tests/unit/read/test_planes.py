import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from cospace.errors import BadItem
from cospace.item import Audio, Depth, Image, Part, Video
from cospace.limits import override
from cospace.read.media import media_bytes, part_bytes
from cospace.read.motion import read_motion
from cospace.read.planes import read_plane

DEEP = (np.arange(48).reshape(6, 8) * 1_300).astype(np.uint16)


def saved(array: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray(array).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bits_come_back_as_they_are(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(saved(DEEP, kind))
    for source in (path, path.read_bytes(), DEEP):
        plane = read_plane("thermal", source)
        assert np.uint16 == plane.dtype
        assert np.array_equal(DEEP, plane)


def test_8_bits_floats_and_grey_in_colour() -> None:
    grey = (DEEP % 256).astype(np.uint8)
    metres = DEEP.astype(np.float32) / 1_000
    assert np.array_equal(grey, read_plane("thermal", saved(grey, "PNG")))
    assert np.array_equal(grey, read_plane("thermal", saved(np.dstack([grey] * 3), "PNG")))
    assert np.array_equal(metres, read_plane("depth", saved(metres, "TIFF")))


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((4, 4), np.int64), np.zeros(4)],
)
def test_other_arrays_are_refused(array: np.ndarray) -> None:
    with pytest.raises(BadItem, match="is \\[height, width\\]"):
        read_plane("depth", array)


def test_other_images_are_refused() -> None:
    colour = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    with pytest.raises(BadItem, match="mode RGB; expected one channel"):
        read_plane("thermal", saved(colour, "PNG"))
    with pytest.raises(
        BadItem, match="2 numbers are NaN or infinite: row 0, column 0 is nan; write 0"
    ):
        read_plane("depth", np.array([[np.nan, 1], [np.inf, 1]], np.float32))
    with pytest.raises(BadItem, match="not an image"):
        read_plane("depth", b"<html></html>")
    with pytest.raises(BadItem, match="not str"):
        read_plane("depth", "room.png")
    data = saved(DEEP, "PNG")
    for source in (data, DEEP):
        with override(image_pixels=47), pytest.raises(BadItem, match="at most 47 pixels"):
            read_plane("depth", source)
    with pytest.raises(BadItem):
        read_plane("depth", data[:60])


# --- motion ---

ROW = "0.1,-2,9.81,1e-3,0,5\n"


def test_a_csv_is_read_with_or_without_a_header(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    for head in ("", "\ufeffax, ay, az, gx, gy, gz\n"):
        path.write_text(head + ROW * 12 + "\n", encoding="utf-8")
        rows = read_motion(path)
        assert (12, 6) == rows.shape
        assert [0.1, -2, 9.81, 0.001, 0, 5] == rows[3].tolist()


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (ROW * 9, "holds 9 readings; at least 10"),
        ("", "empty"),
        (ROW * 12 + "1,2,3,4,5\n", "line 13 holds '1,2,3,4,5'"),
        (ROW * 12 + "1,2,3,4,5,nan\n", "line 13"),
        (ROW * 12 + "a,b,c,d,e,f\n", "line 13"),
        ("0.0," + ROW, "without a column of times"),
        ("t,ax,ay,az,gx,gy,gz\n" + "0.0," + ROW, "line 2"),
    ],
)
def test_other_tables_are_refused(text: str, match: str) -> None:
    with pytest.raises(BadItem, match=match):
        read_motion(text.encode())


def test_a_reading_that_is_not_finite_is_named() -> None:
    rows = np.zeros((20, 6))
    rows[7, 4], rows[9, 1] = -np.inf, np.nan
    with pytest.raises(BadItem, match="2 numbers are NaN or infinite: row 7, column 4 is -inf"):
        read_motion(rows)


@pytest.mark.parametrize("array", [np.zeros((20, 5)), np.zeros(6), np.zeros((20, 6), object)])
def test_other_motions_are_refused(array: np.ndarray) -> None:
    with pytest.raises(BadItem, match=r"\[rows, 6\] of finite numbers"):
        read_motion(array)
    with pytest.raises(BadItem, match="not UTF-8"):
        read_motion(b"\xff\xfe1,2")


# --- the bytes of a part ---


def test_files_are_read_and_values_are_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    parts = [Audio(str(path)), Video(path), Part("imu", path), Part("thermal", b"abc"), Image(path)]
    parts.append(Depth(path, disparity=1))
    assert [b"abc"] * 6 == [part_bytes(part) for part in parts]
    assert [None] * 3 == [
        part_bytes(part)
        for part in (Part("imu", np.zeros((9, 6))), Part("text", "a"), Part("x", 1))
    ]


def test_sizes_are_held_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    for kind, name in (("audio", "audio"), ("video", "video"), ("imu", "imu"), ("depth", "image")):
        with override(**{f"{name}_bytes": 2}):
            for source in (path, b"abc"):
                with pytest.raises(BadItem, match=f"COSPACE_LIMIT_{name.upper()}_BYTES"):
                    media_bytes(kind, source)
    with pytest.raises(BadItem, match="empty"):
        media_bytes("audio", b"")
    with pytest.raises(BadItem, match="not str"):
        media_bytes("audio", "bark.wav")
    with pytest.raises(BadItem, match="not a regular file"):
        media_bytes("audio", tmp_path)
