"""Videos: when each frame is seen, and the pixels of a few of them.

Animated GIF, WebP and PNG are read through PIL; MP4, WebM, MOV and AVI through PyAV (extra
[video]). Every header is checked first, and the pixels that may be decoded are counted.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cospace.errors import BadItem
from cospace.limits import limit
from cospace.need import need
from cospace.read.headers import sniff
from cospace.read.images import check_shape, opened

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["Film", "open_video"]

_ANIMATED = ("GIF", "WEBP", "PNG")
_EBML = b"\x1a\x45\xdf\xa3"  # WebM and Matroska

# What a frame of an animation lasts that gives no time, as browsers do it: seconds.
_UNTIMED = 0.1


@dataclass(frozen=True)
class Film:
    """Frames by the time they are first seen: `times` in seconds, ascending, from 0.

    `frames(positions)` gives the RGB images of some of them, by position.
    """

    times: Sequence[float]
    duration: float
    frames: Callable[[Sequence[int]], dict[int, PILImage]]


def open_video(data: bytes, name: str = "") -> Film:
    """The video in a file's bytes; its format is recognised by content, never by the name.

    Raises `BadItem` for another format, a damaged file, and for more frames or pixels than the
    limits allow; `MissingExtra` where PyAV is needed and not installed.
    """
    kind = sniff(data)
    film: Callable[[bytes, str], Film]
    if kind in _ANIMATED:
        film = _animation
    elif kind == "video" or data[:4] == _EBML or (data[:4] == b"RIFF" and data[8:12] == b"AVI "):
        need("av", extra="video")
        film = _stream
    else:
        raise BadItem(
            name,
            f"holds {kind}, not a video in MP4, WebM, MOV or AVI, or an animated GIF, WebP or PNG",
        )
    try:
        return film(data, name)
    except BadItem:
        raise
    except Exception as error:  # a decoder can raise anything at all
        raise _damaged(name, error) from error


def _animation(data: bytes, name: str) -> Film:
    times, clock = [], 0.0
    with opened(data, name, frames="video_frames") as image:
        count = getattr(image, "n_frames", 1)
        _check_work(count * image.width * image.height, name)
        for position in range(count):
            image.seek(position)
            image.load()  # a WebP tells the time of a frame only then
            times.append(clock)
            clock += image.info.get("duration", 0) / 1_000 or _UNTIMED
    return Film(times, clock, partial(_animated, data, name))


def _animated(data: bytes, name: str, positions: Sequence[int]) -> dict[int, PILImage]:
    found = {}
    try:
        with opened(data, name, frames="video_frames") as image:
            for position in sorted(set(positions)):
                image.seek(position)
                found[position] = _on_white(image)
    except BadItem:
        raise
    except Exception as error:
        raise _damaged(name, error) from error
    return found


def _on_white(image: PILImage) -> PILImage:
    from PIL import Image as Pillow

    layer = image.convert("RGBA")
    flat = Pillow.new("RGBA", layer.size, "white")
    flat.alpha_composite(layer)
    return flat.convert("RGB")


def _stream(data: bytes, name: str) -> Film:
    """A film of the first video stream; its packets are listed, and nothing is decoded."""
    av: Any = need("av", extra="video")
    with av.open(io.BytesIO(data)) as container:
        if not container.streams.video:
            raise BadItem(name, "the file holds no video stream")
        stream = container.streams.video[0]
        check_shape(stream.codec_context.width, stream.codec_context.height, name)
        marks: list[int] = []
        for packet in container.demux(stream):
            if packet.pts is not None:
                marks.append(packet.pts)
            if len(marks) > limit("video_frames"):
                raise BadItem(name, f"the video has more than {limit('video_frames'):,} frames")
        marks.sort()
        unit = float(stream.time_base)
    if not marks:
        raise BadItem(name, "the video has no frames")
    times = [(mark - marks[0]) * unit for mark in marks]
    steps = sorted(b - a for a, b in pairwise(times))
    last = steps[len(steps) // 2] if steps else _UNTIMED  # as long as most
    return Film(times, times[-1] + last, partial(_streamed, data, name, marks))


def _streamed(
    data: bytes, name: str, marks: Sequence[int], positions: Sequence[int]
) -> dict[int, PILImage]:
    av: Any = need("av", extra="video")
    found: dict[int, PILImage] = {}
    work = 0
    try:
        with av.open(io.BytesIO(data)) as container:
            stream = container.streams.video[0]
            for position in sorted(set(positions)):
                container.seek(marks[position], stream=stream, backward=True)
                for frame in container.decode(stream):
                    check_shape(frame.width, frame.height, name)
                    work += frame.width * frame.height
                    _check_work(work, name)
                    if frame.pts is not None and frame.pts >= marks[position]:
                        # The camera may have been held sideways; the file says so.
                        turn = getattr(frame, "rotation", 0)
                        found[position] = frame.to_image().convert("RGB").rotate(turn, expand=True)
                        break
                else:
                    raise BadItem(name, "the video ends before its index says")
    except BadItem:
        raise
    except Exception as error:
        raise _damaged(name, error) from error
    return found


def _check_work(pixels: int, name: str) -> None:
    most = limit("video_pixels")
    if pixels > most:
        raise BadItem(
            name,
            f"{pixels:,} pixels or more would have to be decoded; at most {most:,} are. Cut the"
            " video shorter or make it smaller, or raise COSPACE_LIMIT_VIDEO_PIXELS",
        )


def _damaged(name: str, error: Exception) -> BadItem:
    why = str(error).strip() or type(error).__name__
    return BadItem(name, f"the video cannot be decoded: {why[:300]}")
