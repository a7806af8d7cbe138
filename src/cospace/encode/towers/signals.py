"""Signals to vectors: audio, videos, depth, thermal images and motion, one tower per modality.

Each tower cuts its input into one or more clips as its `preprocess` record says. The clips' unit
vectors are averaged, and the mean is brought to length one.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cospace.encode.towers.clips import SignalTower
from cospace.encode.towers.image import pattern
from cospace.errors import BadItem, ModelDamaged
from cospace.item import DepthMap
from cospace.read.audio import open_audio
from cospace.read.clips import clip_frames, clip_starts
from cospace.read.filterbank import RATE, SHIFT, WINDOW, log_mel
from cospace.read.media import media_bytes
from cospace.read.motion import read_motion
from cospace.read.planes import read_plane
from cospace.read.resample import resample
from cospace.read.videos import open_video

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image as PILImage

    from cospace.encode.engines.protocol import Runner
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["AudioTower", "DepthTower", "MotionTower", "ThermalTower", "VideoTower", "WaveTower"]


class AudioTower(SignalTower):
    """Audio: log-mel energies float32 [bands, steps] of a few clips, the ends filled with zeros.

    A clip of two seconds has 198 windows, and the graph takes 204; that is as the model was
    trained. A recording that is shorter than a clip is one clip. Where the record says "silence":
    "refused", clips of digital silence are left out, and a recording of nothing else is refused.
    """

    kind = "audio"
    entry = "mel"
    axes = ("band", "step")
    needs = ("rate", "bands", "steps", "clips", "clip_seconds")
    settled: ClassVar[Mapping[str, str]] = {
        "channels": "mean",
        "filterbank": "kaldi-hann-25ms-10ms",
        "resampler": "sinc-hann-6-0.99",
    }

    def __init__(self, folder: Folder, tower: Tower, graph: Runner) -> None:
        super().__init__(folder, tower, graph)
        if self.number["rate"] != RATE:
            raise ModelDamaged(f"{folder.path}: the audio tower wants {self.number['rate']} Hz")

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """Energies float32 [bands, steps] of each clip."""
        recording = open_audio(media_bytes("audio", value, name) if data is None else data, name)
        total = recording.frames_at(RATE)
        if total < WINDOW:
            raise BadItem(
                name,
                f"the audio lasts {recording.frames / recording.rate:.3f} s; at least"
                f" {WINDOW / RATE} s are needed",
            )
        length = self.number["clip_seconds"]
        starts = clip_starts(Fraction(total, RATE), length, self.whole("clips"))
        edges = [(int(start * RATE), int((start + length) * RATE)) for start in starts]
        heard = (recording.at(RATE, a, min(b, total)) for a, b in edges)
        if self.record.get("silence") == "refused":  # a network of our own has nothing to go by
            heard = (samples for samples in heard if samples.any())
        found = [self._energies(samples) for samples in heard]
        if not found:
            raise BadItem(name, "the audio is silent: all of its samples are 0")
        return found

    def _energies(self, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        bands, steps = self.whole("bands"), self.whole("steps")
        found = log_mel(samples[: WINDOW + SHIFT * (steps - 1)], bands)
        filled = np.zeros((bands, steps), np.float32)
        filled[:, : len(found)] = found.T
        return filled

    def example(self, number: int) -> NDArray[np.float32]:
        """Energies between -15 and 5."""
        return _grid(number, self.whole("bands"), self.whole("steps")) * np.float32(20) - 15


class WaveTower(SignalTower):
    """Audio: the samples float32 [samples] of a few clips, the ends filled with zeros.

    For encoders that make their own features. A recording that is shorter than a clip is one clip.
    """

    kind = "audio"
    entry = "samples"
    axes = ("sample",)
    needs = ("rate", "clips", "clip_seconds")
    settled: ClassVar[Mapping[str, str]] = {
        "takes": "samples",
        "channels": "mean",
        "resampler": "sinc-hann-6-0.99",
    }

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """The samples of each clip."""
        recording = open_audio(media_bytes("audio", value, name) if data is None else data, name)
        rate, size = self.whole("rate"), self._size
        total = recording.frames_at(rate)
        starts = clip_starts(
            Fraction(total, rate), self.number["clip_seconds"], self.whole("clips")
        )
        found = []
        for start in (int(start * rate) for start in starts):
            samples = recording.at(rate, start, min(start + size, total))
            found.append(np.pad(samples, (0, size - len(samples))).astype(np.float32))
        return found

    def example(self, number: int) -> NDArray[np.float32]:
        """Samples between -1/2 and 1/2."""
        y, x = divmod(np.arange(self._size), 256)
        steps = y * (number + 1) * 3 + x * (number + 2) * 5 + ((x * y) >> number)
        return ((steps % 256) / 256 - 0.5).astype(np.float32)

    @property
    def _size(self) -> int:
        return int(self.number["rate"] * self.number["clip_seconds"])


class VideoTower(SignalTower):
    """Videos: uint8 [frames * size, size, 3], the frames of a clip one above the other.

    Of each clip its first and its last frame are taken, each with its middle square.
    """

    kind = "video"
    entry = "pixels"
    axes = ("row", "column", "channel")
    needs = ("size", "clips", "clip_seconds", "clip_frames")
    settled: ClassVar[Mapping[str, str]] = {"crop": "center", "interpolation": "bilinear"}

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """The frames of each clip."""
        film = open_video(media_bytes("video", value, name) if data is None else data, name)
        length = self.number["clip_seconds"]
        starts = clip_starts(Fraction(film.duration), length, self.whole("clips"))
        chosen = clip_frames(film.times, starts, length)
        images = film.frames([position for pair in chosen for position in pair])
        squares = {
            position: np.asarray(_square(image, self.whole("size"), "BILINEAR"), np.uint8)
            for position, image in images.items()
        }
        return [np.concatenate([squares[position] for position in pair]) for pair in chosen]

    def example(self, number: int) -> NDArray[np.uint8]:
        """Two frames of a pattern."""
        size = self.whole("size")
        return np.concatenate([pattern(number, size), pattern(number + 5, size)])


class DepthTower(SignalTower):
    """Depth: disparity float32 [size, size] as a share of the most that is looked at.

    Disparity in pixels is focal length (pixels) * baseline (metres) / depth (metres), with the
    depth held to the nearest and the farthest. Depth that was not measured, 0, counts as
    nearest. That is the recipe published for Omnivore (Girdhar et al. 2022).
    """

    kind = "depth"
    entry = "disparity"
    axes = ("row", "column")
    needs = ("size", "baseline_metres", "nearest_metres", "farthest_metres", "most_disparity")
    settled: ClassVar[Mapping[str, str]] = {"crop": "center", "interpolation": "bilinear"}

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """The one plane of a depth map."""
        if not isinstance(value, DepthMap):
            raise BadItem(
                name,
                "a depth says what one unit is: Depth(source, metres=..., focal=...) or"
                " Depth(source, disparity=...)",
            )
        samples = read_plane("depth", value.source, name, data=data).astype(np.float32)
        if not (samples > 0).any():
            raise BadItem(name, "the depth map holds nothing above 0: nothing was measured")
        most = float(self.number["most_disparity"])
        if value.disparity is not None:
            disparity = samples * value.disparity
        else:
            near, far = (float(self.number[f"{n}_metres"]) for n in ("nearest", "farthest"))
            assert value.metres is not None
            assert value.focal is not None
            metres = np.clip(samples * value.metres, near, far)
            disparity = value.focal * float(self.number["baseline_metres"]) / metres
        shares = np.clip(disparity / most, 0, 1).astype(np.float32)
        return [_plane(shares, self.whole("size"), "BILINEAR")]

    def example(self, number: int) -> NDArray[np.float32]:
        """Shares between 0 and 1/4."""
        return _grid(number, self.whole("size"), self.whole("size")) / np.float32(4)


class ThermalTower(SignalTower):
    """Thermal images: float32 [size, size] from 0 (cold) to 1 (warm).

    8-bit samples are divided by 255. 16-bit and float samples are raw readings that fill a small
    part of their range; they are stretched between two percentiles of the image, as cameras
    do, and so a dead pixel has no part in the scale.
    """

    kind = "thermal"
    entry = "heat"
    axes = ("row", "column")
    needs = ("size", "low_percentile", "high_percentile")
    settled: ClassVar[Mapping[str, str]] = {"crop": "center", "interpolation": "bicubic"}

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """The one plane of a thermal image."""
        samples = read_plane("thermal", value, name, data=data)
        if samples.dtype == np.uint8:
            low, high = 0.0, 255.0
        else:
            ends = [min(100.0, float(self.number[f"{end}_percentile"])) for end in ("low", "high")]
            low, high = (float(found) for found in np.percentile(samples, ends))
        spread = high - low if high > low else 1.0
        shares = np.clip((samples - low) / spread, 0, 1).astype(np.float32)
        return [np.clip(_plane(shares, self.whole("size"), "BICUBIC"), 0, 1)]

    def example(self, number: int) -> NDArray[np.float32]:
        """Shares between 0 and 1."""
        return _grid(number, self.whole("size"), self.whole("size"))


class MotionTower(SignalTower):
    """Motion: float32 [6, readings] over a fixed time, which the rows are taken to fill."""

    kind = "imu"
    entry = "motion"
    axes = ("channel", "reading")
    needs = ("readings", "seconds")
    settled: ClassVar[Mapping[str, str]] = {"resampler": "sinc-hann-6-0.99"}

    def clips(self, value: Any, name: str, data: bytes | None) -> list[NDArray[Any]]:
        """The one clip of a recording; each channel's mean is kept out of the resampling."""
        rows = read_motion(value, name, data=data)
        count = self.whole("readings")
        means = rows.mean(axis=0)
        channels = [_resampled(rows[:, i] - means[i], count) + means[i] for i in range(len(means))]
        return [np.stack(channels).astype(np.float32)]

    def example(self, number: int) -> NDArray[np.float32]:
        """Readings between -10 and 10."""
        return _grid(number, 6, self.whole("readings")) * 20 - 10


def _resampled(signal: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """As many readings as asked for, of a signal that is zero outside."""

    def read(start: int, stop: int) -> NDArray[np.float64]:
        inside = signal[max(0, start) : max(0, stop)]
        before = max(0, min(-start, stop - start))
        return np.pad(inside, (before, stop - start - before - len(inside)))

    return resample(read, 0, count, rate=len(signal), to=count)


def _plane(samples: NDArray[np.float32], size: int, filter: str) -> NDArray[np.float32]:
    from PIL import Image as Pillow

    return np.asarray(_square(Pillow.fromarray(samples), size, filter), np.float32)


def _square(image: PILImage, size: int, filter: str) -> PILImage:
    """The middle of an image, its shorter side brought to `size`."""
    from PIL.Image import Resampling

    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return image.resize((size, size), Resampling[filter], (left, top, left + side, top + side))


def _grid(number: int, height: int, width: int) -> NDArray[np.float32]:
    """Numbers from 0 to 1 that every machine computes alike: float32 [height, width]."""
    y, x = np.ogrid[:height, :width]
    steps = y * (number + 1) * 3 + x * (number + 2) * 5 + ((x * y) >> number)
    shares: NDArray[np.float32] = ((steps % 256) / 256).astype(np.float32)
    return shares
