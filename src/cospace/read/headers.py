"""Headers: what a file holds, recognised by its first bytes, and the sizes that it claims.

These readers touch no pixel and allocate nothing, so they are safe on any bytes.
"""

from __future__ import annotations

import codecs
import struct

__all__ = ["count_frames", "sniff", "webp_size"]

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "a Photoshop document"),
    (b"SIMPLE  =", "FITS"),
    (b"\x00\x00\x00\x0cjP", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"RIFF", "audio or video"),
    (b"OggS", "audio or video"),
    (b"ID3", "audio"),
)


def sniff(data: bytes) -> str:
    """The name of the format that `data` holds, recognised by content alone.

    >>> sniff(b"<!DOCTYPE html><title>404</title>"), sniff(b"BM")
    ('HTML', 'BMP')
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _sniff_brands(data)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    return _sniff_text(data[:2048])


# What the first box of a file can say that it holds: the major brand, or the ones it is like.
_BRANDS = dict.fromkeys([b"heic", b"heix", b"heim", b"heis"], "HEIC") | {b"avif": "AVIF"}


def _sniff_brands(data: bytes) -> str:
    """What a file of boxes holds; "mif1" says no more than that it is a picture."""
    major, size = data[8:12], min(int.from_bytes(data[:4], "big"), 256)
    if major in (b"mif1", b"miaf"):
        like = (data[at : at + 4] for at in range(16, size, 4))
        return next((_BRANDS[one] for one in like if one in _BRANDS), "HEIF")
    return _BRANDS.get(major, "video")


def _sniff_text(head: bytes) -> str:
    head = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head or b"<body" in head:
        return "HTML"
    if b"<svg" in head:
        return "SVG"
    if head.startswith(b"<"):
        return "XML or HTML"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # it may be cut within a character
    except UnicodeDecodeError:
        return "an unknown format"
    return "text" if head and b"\x00" not in head else "an unknown format"


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of the canvas that a WEBP header claims; (0, 0) where there is none."""
    chunk, body = data[12:16], data[20:30]
    if len(body) < 10:
        return 0, 0
    if chunk == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def count_frames(data: bytes, kind: str, most: int) -> int:
    """How many frames the file holds; counting stops at `most`, however many there are."""
    try:
        if kind == "GIF":
            return _gif_frames(data, most)
        if kind == "TIFF":
            return _tiff_frames(data, most)
        if kind == "PNG":
            return _png_frames(data)
        if kind == "WEBP":
            return _webp_frames(data, most)
    except (IndexError, struct.error):
        pass  # cut off: the decoder will say so
    return 1


def _gif_frames(data: bytes, most: int) -> int:
    """Image descriptors in a GIF, by walking over its blocks."""
    frames, at = 0, 13
    if data[10] & 0x80:
        at += 3 << ((data[10] & 7) + 1)
    while at < len(data) and frames < most:
        mark = data[at]
        if mark == 0x21:  # an extension: a label, then sub-blocks
            at += 2
        elif mark == 0x2C:
            frames += 1
            flags = data[at + 9]
            at += 11 + ((3 << ((flags & 7) + 1)) if flags & 0x80 else 0)
        elif mark == 0x3B:
            break
        else:
            at += 1
            continue
        while data[at]:
            at += 1 + data[at]
        at += 1
    return frames


def _tiff_frames(data: bytes, most: int) -> int:
    """Directories in the chain of a TIFF or BigTIFF; a chain that loops counts up to `most`."""
    order = "<" if data[:1] == b"I" else ">"
    big = data[2:4] in (b"+\x00", b"\x00+")
    count_as, entry, offset_as = ("Q", 20, "Q") if big else ("H", 12, "I")
    (at,) = struct.unpack_from(order + offset_as, data, 8 if big else 4)
    frames = 0
    while at and frames < most:
        frames += 1
        (entries,) = struct.unpack_from(order + count_as, data, at)
        end = at + struct.calcsize(order + count_as) + entries * entry
        (at,) = struct.unpack_from(order + offset_as, data, end)
    return frames


def _png_frames(data: bytes) -> int:
    """Frames that an animated PNG announces before its pixels; 1 for a still one."""
    at = 8
    while True:
        (size,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        if kind == b"acTL":
            return int.from_bytes(data[at + 8 : at + 12], "big")
        if kind in (b"IDAT", b""):
            return 1
        at += 12 + size


def _webp_frames(data: bytes, most: int) -> int:
    """ANMF chunks of an animated WEBP; 1 for a still one."""
    frames, at = 0, 12
    while frames < most and at + 8 <= len(data):
        frames += data[at : at + 4] == b"ANMF"
        (size,) = struct.unpack_from("<I", data, at + 4)
        at += 8 + size + (size & 1)
    return max(frames, 1)
