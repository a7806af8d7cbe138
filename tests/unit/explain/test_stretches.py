"""Stretches: the seconds that carry the match are those that are told."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadItem
from cospace.explain import stretches
from cospace.item import Content, Parts
from cospace.read.audio import open_audio
from cospace.read.videos import open_video
from cospace.testing.signals import gif_bytes, wav_bytes

RATE = 8_000


class Ear:
    """Two numbers of a sound: how much of it is high, and how much is low; of a film, its red."""

    space = cs.Space.of("ear", 2)

    def encode_query(self, inputs: Sequence[Content]) -> cs.Vectors:
        return self.encode_document(inputs)

    def encode_document(self, inputs: Sequence[Content]) -> cs.Vectors:
        return cs.Vectors(np.array([self._row(one) for one in inputs]), self.space)

    def _row(self, content: Content) -> tuple[float, float]:
        [part] = Parts.of(content).values()
        if part.kind == "video":
            film = open_video(part.value)
            frames = film.frames(range(len(film.times)))
            mean = np.mean(
                [np.asarray(frame).reshape(-1, 3).mean(0) for frame in frames.values()], 0
            )
            return float(mean[0]), float(mean[2]) + 1e-3
        sound = open_audio(part.value)
        power = np.abs(np.fft.rfft(sound.mono(0, sound.frames)))
        half = len(power) // 4
        return float(power[half:].sum()) + 1e-3, float(power[:half].sum()) + 1e-3


def test_the_stretch_that_carries_a_sound():
    seconds = np.arange(8 * RATE) / RATE
    low, high = np.sin(2 * np.pi * 200 * seconds), np.sin(2 * np.pi * 3_000 * seconds)
    samples = np.where((seconds >= 3) & (seconds < 4), high, 0.2 * low) * 0.5
    found = stretches(Ear(), "audio", wav_bytes(samples, RATE), np.float32([1, 0]))
    assert (3.0, 4.0) == found.best
    assert found.silenced
    assert 8 == len(found.found)
    assert {"part", "best", "silenced", "cosine", "stretches"} == set(found.to_json())


def test_the_stretch_that_carries_a_film():
    frames = np.zeros((16, 24, 32, 3), np.uint8)
    frames[..., 2] = 200
    frames[10:12] = (200, 0, 0)
    found = stretches(Ear(), "video", gif_bytes(frames, 500), np.float32([1, 0]), part="video")
    assert (5.0, 6.0) == found.best
    assert not found.silenced


def test_a_film_of_one_frame_and_a_short_sound():
    frame = np.full((1, 24, 32, 3), 90, np.uint8)
    assert 1 == len(stretches(Ear(), "video", gif_bytes(frame, 500), np.float32([1, 0])).found)
    found = stretches(Ear(), "audio", wav_bytes(np.ones(3) / 2, RATE), np.float32([1, 0]))
    assert 3 == len(found.found)


def test_what_has_no_stretches_is_said():
    with pytest.raises(BadItem, match="no stretches"):
        stretches(Ear(), "depth", b"", np.float32([1, 0]))
    with pytest.raises(BadItem):
        stretches(Ear(), "audio", b"<html>", np.float32([1, 0]))
    with pytest.raises(BadItem):
        stretches(Ear(), "video", io.BytesIO(b"x").getvalue(), np.float32([1, 0]))
