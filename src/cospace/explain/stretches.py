"""Which stretch of a recording or a video carries its likeness to a vector.

Of a sound, one stretch after another is silenced, and what the cosine loses is measured. Of a
video, the frames of each stretch are encoded as a video of their own: its cosine is told.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.encode.base import uncached
from cospace.encode.protocol import Encoder
from cospace.errors import BadItem
from cospace.item import Audio, Part, Video

__all__ = ["Stretches", "stretches"]

_COUNT = 8
_SECONDS = 600  # of a recording that are looked at
_FRAMES, _SIDE = 4, 224  # of a stretch of a video
_STILL = 250  # milliseconds that such a frame is seen


@dataclass(frozen=True, slots=True)
class Stretches:
    """What each stretch counts: (start, end, counts), in seconds and in units of the cosine.

    `silenced` tells what it is: the loss when it alone is silent, or its own cosine.
    """

    part: str
    found: tuple[tuple[float, float, float], ...]
    silenced: bool
    cosine: float

    @property
    def best(self) -> tuple[float, float]:
        """The seconds of the stretch that carried the match."""
        start, end, _ = max(self.found, key=lambda one: one[2])
        return start, end

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "part": self.part,
            "best": list(self.best),
            "silenced": self.silenced,
            "cosine": self.cosine,
            "stretches": [list(one) for one in self.found],
        }


def stretches(
    model: Encoder, kind: str, data: bytes, vector: NDArray[np.float32], *, part: str = ""
) -> Stretches:
    """The stretches of a file of kind "audio" or "video", and what each counts.

    Raises `BadItem` for a file that cannot be read, or another kind; `MissingExtra`.
    """
    part = part or kind
    if kind == "audio":
        return _of_sound(model, data, vector, part)
    if kind == "video":
        return _of_film(model, data, vector, part)
    raise BadItem(part, f"a {kind} has no stretches; audio and video have")


def _of_sound(model: Encoder, data: bytes, vector: NDArray[np.float32], part: str) -> Stretches:
    from cospace.read.audio import open_audio

    sound = open_audio(data, part)
    size = min(sound.frames, _SECONDS * sound.rate)
    samples = sound.mono(0, size)
    ends = [round(size * i / _COUNT) for i in range(_COUNT + 1)]
    spans = [(a, b) for a, b in pairwise(ends) if b > a]
    made = [Audio(_wav(samples, sound.rate))]
    for start, end in spans:
        silent = samples.copy()
        silent[start:end] = 0
        made.append(Audio(_wav(silent, sound.rate)))
    cosines = _rows(model, made) @ vector
    losses = (cosines[0] - cosines[1:]).tolist()
    found = tuple(
        (a / sound.rate, b / sound.rate, loss) for (a, b), loss in zip(spans, losses, strict=True)
    )
    return Stretches(part, found, True, float(cosines[0]))


def _of_film(model: Encoder, data: bytes, vector: NDArray[np.float32], part: str) -> Stretches:
    from cospace.read.videos import open_video

    film = open_video(data, part)
    count = len(film.times)
    ends = [round(count * i / _COUNT) for i in range(_COUNT + 1)]
    spans = [(a, b) for a, b in pairwise(ends) if b > a]
    chosen = [sorted({a + (b - a) * i // _FRAMES for i in range(_FRAMES)}) for a, b in spans]
    frames = film.frames([place for some in chosen for place in some])
    made: list[Part] = [Video(data)]
    for some in chosen:
        images = [frames[place] for place in some]
        for image in images:
            image.thumbnail((_SIDE, _SIDE))
        file = io.BytesIO()
        more = [*images[1:], images[-1]]  # one frame alone would be no video
        images[0].save(file, "PNG", save_all=True, append_images=more, duration=_STILL)
        made.append(Video(file.getvalue()))
    cosines = (_rows(model, made) @ vector).tolist()
    times = [*film.times, film.duration]
    found = tuple(
        (float(times[a]), float(times[b]), cosine)
        for (a, b), cosine in zip(spans, cosines[1:], strict=True)
    )
    return Stretches(part, found, False, cosines[0])


def _rows(model: Encoder, parts: list[Any]) -> NDArray[np.float32]:
    return uncached(model).encode_document(parts).normalized


def _wav(samples: NDArray[np.float64], rate: int) -> bytes:
    """A WAV file of 32-bit floats."""
    data = samples.astype("<f4").tobytes()
    fmt = struct.pack("<HHIIHH", 3, 1, rate, rate * 4, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body
