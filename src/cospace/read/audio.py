"""Audio: headers checked, and only the stretches that are asked for decoded.

WAV is read here, without another library; FLAC, OGG and MP3 through soundfile (extra [audio]).
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadItem, MissingExtra
from cospace.need import need
from cospace.read.finite import check_finite
from cospace.read.headers import sniff
from cospace.read.resample import resample

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Recording", "open_audio"]

# Samples per second and channels outside of these are a damaged header.
_RATES = range(1_000, 768_001)
_CHANNELS = range(1, 65)

# The codings of a WAV file that are read here: (tag, bits) -> dtype. 24 bits are put together.
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_DTYPES = {
    (_PCM, 8): "u1",
    (_PCM, 16): "<i2",
    (_PCM, 24): "u1",
    (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4",
    (_FLOAT, 64): "<f8",
}
# A frame of MP3 needs bytes of those before it: after a seek the first ones decode to silence
# (measured: up to 8 frames of 1,152 samples). So many samples are decoded and thrown away.
_RUN_UP = 32 * 1_152

# What a program writes for a length that it did not know yet.
_UNKNOWN = (0, 0xFFFFFFFF)


@dataclass(frozen=True)
class Recording:
    """A recording whose header has been checked: `frames` samples of each channel, `rate` a second.

    `decode(a, b)` gives the samples a to b as float64 [b - a, channels], within -1 and 1.
    """

    rate: int
    frames: int
    decode: Callable[[int, int], NDArray[np.float64]]
    name: str = ""

    def mono(self, start: int, stop: int) -> NDArray[np.float64]:
        """The mean of the channels from `start` to `stop`: float64, zero outside of the recording.

        Raises `BadItem` for samples that cannot be decoded or are not finite.
        """
        mixed = np.zeros(stop - start, np.float64)
        first, last = max(0, start), min(stop, self.frames)
        if first < last:
            try:
                samples = self.decode(first, last)
            except Exception as error:  # a decoder can raise anything at all
                raise BadItem(self.name, f"the audio cannot be decoded: {error}") from error
            if len(samples) != last - first:
                raise BadItem(self.name, "the audio ends before its header says")
            check_finite(samples, self.name, ("sample", "channel"), start=first)
            mixed[first - start : last - start] = samples.mean(axis=1)
        return mixed

    def at(self, rate: int, start: int, stop: int) -> NDArray[np.float64]:
        """The samples `start` to `stop` of the recording brought to `rate`: float64, mono."""
        return resample(self.mono, start, stop, rate=self.rate, to=rate)

    def frames_at(self, rate: int) -> int:
        """How many samples the recording has at `rate`."""
        return math.ceil(self.frames * rate / self.rate)


def open_audio(data: bytes, name: str = "") -> Recording:
    """The audio in a file's bytes; its format is recognised by content, never by the name.

    Raises `BadItem` for another format and for a header that cannot be true, `MissingExtra`
    where soundfile is needed and not installed.
    """
    if data[:4] in (b"RIFF", b"RF64") and data[8:12] == b"WAVE":
        recording = _wav(data, name)
    elif data[:4] in (b"fLaC", b"OggS") or data[:3] == b"ID3" or _is_mp3(data):
        recording = _coded(data, name)
    else:
        raise BadItem(name, f"holds {sniff(data)}, not audio in WAV, FLAC, OGG or MP3")
    if not recording.frames:
        raise BadItem(name, "the audio has no samples")
    return recording


def _is_mp3(data: bytes) -> bool:
    """True for the first header of an MPEG layer III frame."""
    return len(data) > 2 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2 and data[2] >> 4 != 0xF


def _wav(data: bytes, name: str) -> Recording:
    """The audio of a RIFF file: its chunks "fmt " and "data"."""
    coding: tuple[int, ...] = ()
    at = 12
    while at + 8 <= len(data):
        chunk, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if chunk == b"fmt " and size >= 16 and at + size <= len(data):
            coding = struct.unpack_from("<HHIIHH", data, at)
            if coding[0] == _EXTENSIBLE and size >= 26:
                coding = (*struct.unpack_from("<H", data, at + 24), *coding[1:])
        if chunk == b"data" and coding:
            return _stretch(data, at, size, coding, name)
        at += size + (size & 1)
    raise BadItem(name, "the WAV file has no samples: it is cut short, or not a WAV file")


def _stretch(data: bytes, at: int, size: int, coding: tuple[int, ...], name: str) -> Recording:
    tag, channels, rate, _, block, bits = coding
    there = len(data) - at
    if size > there and size not in _UNKNOWN:
        raise BadItem(name, f"the WAV file is cut short: {there:,} of {size:,} bytes are there")
    if (tag, bits) not in _DTYPES:
        return _coded(data, name)  # one of the rarer codings of WAV
    if rate not in _RATES or channels not in _CHANNELS or block != channels * bits // 8:
        raise BadItem(
            name, f"the WAV header says {channels} channels at {rate:,} Hz in blocks of {block}"
        )
    size = there if size in _UNKNOWN else size
    decode = partial(_samples, memoryview(data)[at:], channels, tag, bits)
    return Recording(rate, size // block, decode, name)


def _samples(
    data: memoryview, channels: int, tag: int, bits: int, start: int, stop: int
) -> NDArray[np.float64]:
    block = channels * bits // 8
    raw = np.frombuffer(data[start * block : stop * block], _DTYPES[tag, bits])
    if tag == _FLOAT:
        values = raw.astype(np.float64)
    elif bits == 8:  # the only one without a sign
        values = (raw.astype(np.float64) - 128) / 128
    elif bits == 24:
        wide = np.zeros((len(raw) // 3, 4), np.uint8)
        wide[:, 1:] = raw.reshape(-1, 3)
        values = wide.view("<i4")[:, 0] / 2.0**31
    else:
        values = raw / 2.0 ** (bits - 1)
    return values.reshape(-1, channels)


def _coded(data: bytes, name: str) -> Recording:
    """The audio of a compressed file, through soundfile."""
    try:
        library: Any = need("soundfile", extra="audio")
    except OSError as error:  # its C library is missing
        raise MissingExtra(f"soundfile cannot be used: {error}") from error
    try:
        file = library.SoundFile(io.BytesIO(data))
        rate, channels, frames = file.samplerate, file.channels, file.frames
    except Exception as error:  # of the library's own kinds
        raise BadItem(name, f"the audio cannot be decoded: {error}") from error
    if rate not in _RATES or channels not in _CHANNELS or frames < 0:
        raise BadItem(name, f"the header says {channels} channels at {rate:,} Hz")

    def decode(start: int, stop: int) -> NDArray[np.float64]:
        first = max(0, start - _RUN_UP)
        file.seek(first)
        samples: NDArray[np.float64] = file.read(stop - first, dtype="float64", always_2d=True)
        return samples[start - first :]

    return Recording(rate, frames, decode, name)
