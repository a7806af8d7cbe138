"""What a network of our own sees of recordings: clips of one size, as its tower will make them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.threads import spread
from cospace.encode.folder import Folder
from cospace.encode.towers.load import FAMILIES
from cospace.errors import BadItem
from cospace.read.audio import open_audio
from cospace.read.filterbank import RATE
from cospace.read.media import media_bytes
from cospace.read.motion import read_motion
from cospace.space import Space, Tower

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.towers.clips import SignalTower

__all__ = ["Clips", "cut", "reader", "record_of"]

_BANDS = 64
_SHARE = 0.9  # of the recordings fit whole into one clip of one second, or clips are longer
_READINGS = (16, 512)  # of a motion, at least and at most
_SECONDS = 5  # what the rows of a motion are taken to fill


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips float32 [clips, channels, steps] of recordings, and of which each is: int [clips].

    The clips of one recording follow one another, and there is at least one of each.
    """

    array: NDArray[np.float32]
    owner: NDArray[np.intp]

    def __len__(self) -> int:
        return int(self.owner[-1]) + 1

    def part(self, keep: NDArray[np.intp]) -> Clips:
        """The clips of the recordings at these positions, in their order."""
        starts = np.searchsorted(self.owner, keep)
        counts = np.searchsorted(self.owner, keep, side="right") - starts
        rows = np.concatenate([np.arange(a, a + n) for a, n in zip(starts, counts, strict=True)])
        return Clips(self.array[rows], np.repeat(np.arange(len(keep)), counts))

    def hashes(self) -> list[bytes]:
        """What tells equal recordings: a hash of the clips of each."""
        found = [hashlib.sha256() for _ in range(len(self))]
        for clip, owner in zip(self.array, self.owner, strict=True):
            found[owner].update(clip.tobytes())
        return [one.digest() for one in found]

    def mean(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The unit mean float32 [n, d] of the unit rows [clips, d] of each recording."""
        total = np.zeros((len(self), rows.shape[1]), np.float32)
        np.add.at(total, self.owner, rows)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        means: NDArray[np.float32] = total / np.maximum(length, np.float32(1e-12))
        return means


def record_of(kind: str, values: Sequence[Any]) -> dict[str, Any]:
    """The `preprocess` record of a tower for recordings like these.

    Audio: clips of one second where nine in ten recordings are no longer, else three of two
    seconds, spread over each. Motion: as many readings as half of the recordings have.
    Values that cannot be read are passed over.
    """
    lengths = [one for one in spread(_length_of(kind), list(values)) if one]
    if kind == "imu":
        usual = int(np.median(lengths)) if lengths else _READINGS[0]
        readings = min(max(usual, _READINGS[0]), _READINGS[1])
        return {"readings": readings, "seconds": _SECONDS, "resampler": "sinc-hann-6-0.99"}
    short = not lengths or float(np.quantile(lengths, _SHARE, method="lower")) <= 1.0
    seconds = 1 if short else 2
    return {
        "rate": RATE,
        "bands": _BANDS,
        "steps": 100 * seconds - 2,  # windows of 25 ms, every 10 ms
        "clips": 1 if short else 3,
        "clip_seconds": seconds,
        "channels": "mean",
        "filterbank": "kaldi-hann-25ms-10ms",
        "resampler": "sinc-hann-6-0.99",
        "silence": "refused",
    }


def _length_of(kind: str) -> Any:
    def length(value: Any) -> float:
        """Seconds of audio, rows of a motion; 0 where it cannot be read, which is told later."""
        try:
            if kind == "imu":
                return float(len(read_motion(value)))
            recording = open_audio(media_bytes("audio", value, ""))
            return recording.frames / recording.rate
        except BadItem:
            return 0.0

    return length


def reader(kind: str, record: dict[str, Any], dim: int) -> SignalTower:
    """What makes clips of a part, as the tower with this record does; it has no graph yet."""
    tower = Tower(kind, "new", preprocess=record)
    folder = Folder(Path("new"), Space("new", dim, towers=(tower,)))
    graph: Any = None
    made: Any = FAMILIES[kind](folder, tower, graph)
    loaded: SignalTower = made
    return loaded


def cut(
    tower: SignalTower, values: Sequence[tuple[Any, str]]
) -> tuple[list[int], list[NDArray[np.float32]], list[tuple[str, str]]]:
    """The positions of the values that can be read, their clips, and (name, reason) of others."""

    def prepared(one: tuple[Any, str]) -> Any:
        try:
            return tower.prepare(*one)
        except BadItem as error:
            return error

    ready = spread(prepared, list(values))
    good = [place for place, one in enumerate(ready) if not isinstance(one, BadItem)]
    failed = [(one.name, one.reason) for one in ready if isinstance(one, BadItem)]
    return good, [ready[place] for place in good], failed
