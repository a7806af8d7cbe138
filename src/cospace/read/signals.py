"""Signals in sources: audio, video, depth, thermal images and motion, by suffix and by column."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from cospace.errors import BadArgument
from cospace.item import Audio, Depth, Image, Part, Video
from cospace.read.names import matching
from cospace.read.photos import IMAGE_SUFFIXES, is_url

__all__ = [
    "NOUNS",
    "SIGNALS",
    "SUFFIXES",
    "Signals",
    "checked_scale",
    "columns_for",
    "kinds_of",
    "made",
    "media_kinds",
    "taken",
]  # fmt: skip

_PLANES = frozenset({".png", ".tif", ".tiff"})
# By kind, the suffixes of its files.
SUFFIXES: Mapping[str, frozenset[str]] = {
    "image": IMAGE_SUFFIXES,
    "audio": frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"}),
    "video": frozenset({".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi"}),
    "depth": _PLANES,
    "thermal": _PLANES | {".jpg", ".jpeg"},
    "imu": frozenset({".csv"}),
}
SIGNALS = tuple(kind for kind in SUFFIXES if kind != "image")
# What a part of each kind is called in a sentence.
NOUNS: Mapping[str, str] = {
    "image": "image", "audio": "recording", "video": "video", "depth": "depth map",
    "thermal": "thermal image", "imu": "motion",
}  # fmt: skip
# What columns of each kind are called; any name of a file will do where the suffix is clear.
_FILES = ("file", "path", "filename", "file name", "datei", "fichier", "archivo", "bestand")
_HEADERS: Mapping[str, Sequence[str]] = {
    "audio": (
        "audio", "audio path", "audio file", "audio filepath", "sound", "recording", "wav",
        "voice", "speech", "clip", "ton", "aufnahme", "son", "sonido", "suono", "geluid", *_FILES,
    ),
    "video": ("video", "video path", "video file", "movie", "film", "clip", *_FILES),
    "depth": ("depth", "depth map", "depth image", "depth path", "depth file"),
    "thermal": ("thermal", "thermal image", "thermal path", "thermal file", "infrared", "heat"),
    "imu": ("imu", "motion", "imu path", "imu file", "accelerometer", "sensor"),
}  # fmt: skip
_SCALES = ("metres", "focal", "disparity")


# The kinds that a suffix alone says.
_CLEAR = {suffix: kind for kind in ("image", "audio", "video") for suffix in SUFFIXES[kind]}


class Signals(TypedDict, total=False):
    """What `cospace.read` takes of other kinds of file than texts and images.

    `audio`, `video`, `depth`, `thermal` and `imu` are columns of paths, or of the bytes of files.
    `depth_scale` is what one unit of the depth maps stands for, ``{"metres": 0.001, "focal":
    518.9}`` or ``{"disparity": 1.0}``; it is never guessed. `files` is, of a folder or of one
    file, what its files are where their suffix does not say it: ``"thermal"`` and ``"depth"`` for
    images of one channel, ``"imu"`` for .csv files.
    """

    audio: str | None
    video: str | None
    depth: str | None
    thermal: str | None
    imu: str | None
    depth_scale: Mapping[str, float] | None
    files: str | None


def taken(
    signals: Mapping[str, Any],
) -> tuple[dict[str, str], dict[str, float] | None, str | None]:
    """The columns by kind, the scale of depth, and the kind of a folder's files.

    Raises `BadArgument` for a scale that cannot be, and `TypeError` for an unknown name.
    """
    unknown = set(signals) - set(Signals.__annotations__)
    if unknown:
        raise TypeError(f"read() got an unexpected keyword argument {sorted(unknown)[0]!r}")
    named = {kind: signals[kind] for kind in SIGNALS if signals.get(kind) is not None}
    return named, checked_scale(signals.get("depth_scale")), signals.get("files")


def media_kinds(files: str | None) -> dict[str, str]:
    """By suffix, the kind of a folder's files, all of which are `files` where that is given.

    Raises `BadArgument` for a kind that there is not.
    """
    if files is None:
        return dict(_CLEAR)
    if files not in SUFFIXES:
        raise BadArgument(f"files= is one of {', '.join(SUFFIXES)}, not {files!r}")
    moving = frozenset({".gif", ".webp", ".png"}) if files == "video" else frozenset()
    return dict.fromkeys(SUFFIXES[files] | moving, files)


def columns_for(
    kind: str, names: Sequence[str], kinds: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """The columns that are named like a kind, and of which half the cells name such files.

    `kinds` counts, by column, the cells that could name a file of each kind, and all ("").
    """
    return [
        name
        for name in matching(_HEADERS[kind], names)
        if 0 < kinds[name].get("", 0) <= 2 * kinds[name].get(kind, 0)
    ]


def kinds_of(value: Any) -> list[str]:
    """The kinds that what stands in a cell could be a file of.

    >>> kinds_of("rooms/1.png"), kinds_of("https://example.org/a.wav"), kinds_of("oak")
    (['image', 'depth', 'thermal'], [], [])
    """
    if isinstance(value, str):
        suffix = os.path.splitext(value.rstrip())[1].lower()  # noqa: PTH122 - for each cell
        if not suffix or is_url(value):
            return []
        return [kind for kind, known in SUFFIXES.items() if suffix in known]
    kind = getattr(value, "kind", None)
    return [kind] if isinstance(kind, str) else []


def checked_scale(scale: Mapping[str, float] | None) -> dict[str, float] | None:
    """What one unit of all depth maps stands for, as `Depth` takes it.

    Raises `BadArgument` for what `Depth` would not take.
    """
    if scale is None:
        return None
    good = isinstance(scale, Mapping) and set(scale) in ({"metres", "focal"}, {"disparity"})
    if not good or not all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and 0 < v < 1e9
        for v in scale.values()
    ):
        raise BadArgument(
            'depth_scale= is {"metres": 0.001, "focal": 518.9}, the length that one unit stands'
            f' for and the focal length in pixels, or {{"disparity": 1.0}}, not {scale!r:.80}'
        )
    return {name: float(scale[name]) for name in _SCALES if name in scale}


def made(kind: str, source: Any, scale: Mapping[str, float] | None = None) -> Part:
    """The part of a kind that stands in `source`: a path, or the bytes of a file.

    Raises `BadItem` for a depth map without its `scale`.
    """
    if kind == "depth":
        return Depth(source, **(scale or {}))
    known = {"image": Image, "audio": Audio, "video": Video}.get(kind)
    return Part(kind, source) if known is None else known(source)
