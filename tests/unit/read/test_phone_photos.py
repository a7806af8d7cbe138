"""Photos as phones take them: large JPEGs, HEIC, turned by the EXIF orientation."""

import base64
import io
import sys
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import cospace as cs
from cospace.errors import BadItem, MissingExtra
from cospace.item import Image
from cospace.limits import override
from cospace.read.headers import sniff
from cospace.read.images import decode
from cospace.read.photos import IMAGE_FORMATS
from cospace.read.planes import read_plane

# 64 x 48: the left half red, the right green above blue. The second is to be shown turned.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQABAAAAAAAAAIIAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAA"
    "AAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34"
    "+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5"
    "uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAA"
    "AAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAA"
    "AAAAAAEAAQWBAgMFhAAAAIptZGF0AAAAfigBrwngOSMkv//2E///9qF5D9K0szGFvpx7Zn/39H/81/fmKs/RJftm"
    "WI/qVr9aWl/a6zHF0n3s0ICzhdzAaOD0baJw09Sph46WfQ9qlJuA8pWNqxcq9EaM/dGA9IRv1D2tbI+8IdValzSe"
    "aCnmpFA3PO/X81SeS3bo9BYAoA=="
)
TURNED = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAA"
    "AAAAAAAAAAAAADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAAIIAAgAAAAACbgABAAAAAAAAACQAAAA4aWlu"
    "ZgAAAAAAAgAAABVpbmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAB"
    "B2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMA"
    "AAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkA"
    "AAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAA"
    "AAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEAAQaBAgMFhIYAAAAa"
    "aXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAK5tZGF0AAAAfigBrwngOSMkv//2E///9qF5D9K0szGFvpx7Zn/39H/8"
    "1/fmKs/RJftmWI/qVr9aWl/a6zHF0n3s0ICzhdzAaOD0baJw09Sph46WfQ9qlJuA8pWNqxcq9EaM/dGA9IRv1D2t"
    "bI+8IdValzSeaCnmpFA3PO/X81SeS3bo9BYAoAAAAAZFeGlmAABNTQAqAAAACAABARIAAwAAAAEABgAAAAAAAA=="
)


def photo(wide: int, high: int, kind: str = "JPEG", **options: object) -> bytes:
    """Smooth colours with a red corner at the top left."""
    y, x = np.mgrid[0:high, 0:wide]
    planes = [x * 200 // wide, y * 200 // high, np.full_like(x, 90)]
    pixels = np.stack(planes, axis=2).astype(np.uint8)
    pixels[: high // 4, : wide // 4] = (220, 20, 20)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("wide", "high", "size"),
    [
        (400, 300, (400, 300)),  # as many as are read whole
        (404, 300, (202, 150)),
        (800, 600, (400, 300)),
        (801, 601, (201, 151)),
        (3200, 2400, (400, 300)),
        (100, 1900, (50, 950)),
    ],
)
def test_a_large_jpeg_is_decoded_at_the_first_size_that_is_not_too_large(
    wide: int, high: int, size: tuple[int, int]
) -> None:
    with override(image_pixels=120_000):
        found = decode(Image(photo(wide, high)))
    assert size == found.size
    assert "RGB" == found.mode
    # What is read smaller shows the same: sizes and edges are where they are in the whole.
    whole = decode(Image(photo(wide, high))).resize(found.size, PIL.Image.Resampling.BOX)
    off = np.abs(np.asarray(found, int) - np.asarray(whole, int))
    assert off.mean() < 2


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_jpeg_that_is_read_smaller_is_shown_upright(turn: int) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = turn
    data = photo(800, 400, exif=exif)
    with override(image_pixels=100_000):
        found = decode(Image(data))
    whole = decode(Image(data)).resize(found.size, PIL.Image.Resampling.BOX)
    assert ((200, 400) if turn > 4 else (400, 200)) == found.size
    assert np.abs(np.asarray(found, int) - np.asarray(whole, int)).mean() < 2


def test_a_jpeg_that_is_too_large_at_an_eighth_is_refused_with_its_size() -> None:
    with override(image_pixels=1_000), pytest.raises(BadItem, match="at most 1,000 pixels"):
        decode(Image(photo(800, 600)))


def test_jpegs_have_a_limit_of_their_own_and_others_keep_theirs() -> None:
    limits = {"image_pixels": 100_000, "jpeg_pixels": 400_000}
    with override(**limits):
        assert (400, 240) == decode(Image(photo(800, 480))).size
        with pytest.raises(BadItem, match=r"900 x 480; at most 400,000 .*LIMIT_JPEG_PIXELS"):
            decode(Image(photo(900, 480)))
        for kind in ("PNG", "WEBP", "AVIF"):
            with pytest.raises(BadItem, match=r"800 x 480; at most 100,000 .*IMAGE_PIXELS"):
                decode(Image(photo(800, 480, kind)))


def test_a_progressive_jpeg_is_held_whole_so_it_has_no_larger_limit() -> None:
    data = photo(800, 480, progressive=True)
    assert (800, 480) == decode(Image(data)).size
    with override(image_pixels=100_000), pytest.raises(BadItem, match="progressive"):
        decode(Image(data))


def test_a_depth_map_is_never_read_smaller() -> None:
    part = cs.Part("thermal", photo(800, 480))
    with override(image_pixels=100_000), pytest.raises(BadItem, match="IMAGE_PIXELS"):
        read_plane("thermal", part.value, "")


def test_a_photo_of_48_megapixels_is_as_the_small_one() -> None:
    def flat(*size: int) -> Image:
        file = io.BytesIO()
        PIL.Image.new("RGB", size, (200, 60, 60)).save(file, "JPEG", quality=60)
        return Image(file.getvalue())

    large, small = cs.load("starter").encode_document([flat(8064, 6048), flat(400, 300)]).array
    assert float(large @ small) > 0.9999


@pytest.mark.parametrize("brands", [b"heic", b"heix", b"mif1....mif1heic", b"mif1....miafheix"])
def test_heic_is_known_by_its_brands(brands: bytes) -> None:
    head = (8 + len(brands)).to_bytes(4, "big") + b"ftyp" + brands
    assert "HEIC" == sniff(head + bytes(40))
    assert "AVIF" == sniff(head.replace(b"heic", b"avif").replace(b"heix", b"avif") + bytes(40))
    assert "HEIF" == sniff(b"\0\0\0\x14ftypmif1....mif1heic")  # behind the end of the box
    assert "video" == sniff(b"\0\0\0\x14ftypmp42....heic")


def test_heic_is_read_upright_with_the_extra() -> None:
    pytest.importorskip("pi_heif")
    assert "HEIC" in IMAGE_FORMATS
    plain, turned = decode(Image(HEIC)), decode(Image(TURNED))
    assert [(64, 48), (48, 64)] == [plain.size, turned.size]
    for image, spot in ((plain, (10, 24)), (turned, (24, 10))):
        assert all(abs(a - b) < 8 for a, b in zip((200, 60, 60), image.getpixel(spot), strict=True))
    with override(image_pixels=1_000), pytest.raises(BadItem, match="64 x 48; at most 1,000"):
        decode(Image(HEIC))
    for cut in (20, 100, len(HEIC) - 40):
        with pytest.raises(BadItem):
            decode(Image(HEIC[:cut]))


def test_heic_without_the_extra_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(MissingExtra, match=r"\[heic\]"):
        decode(Image(HEIC))
    (tmp_path / "a.heic").write_bytes(HEIC)
    (tmp_path / "b.jpg").write_bytes(photo(40, 30))
    (tmp_path / "t.csv").write_text("sku,name,photo\nA1,Oak chair,a.heic\nA2,Lamp,b.jpg\n")
    for source in (tmp_path, tmp_path / "t.csv"):
        with cs.open(":memory:", model="starter") as shop:
            report = shop.add(cs.read(source))
            assert (1, 1) == (report.failed + report.partial, len(report.reasons))
            assert "[heic]" in next(iter(report.reasons)).reason
            assert 1 == shop.info().fields["image"]


def test_heic_and_avif_are_found_in_folders_and_tables(tmp_path: Path) -> None:
    (tmp_path / "a.HEIC").write_bytes(HEIC)
    (tmp_path / "b.avif").write_bytes(photo(40, 30, "AVIF"))
    assert ["a.HEIC", "b.avif"] == [item.id for item in cs.read(tmp_path)]
    rows = "sku,name,picture\nA1,Oak chair,a.HEIC\nA2,Lamp,b.avif\n"
    (tmp_path / "t.csv").write_text(rows)
    assert all(item.parts.image for item in cs.read(tmp_path / "t.csv"))
