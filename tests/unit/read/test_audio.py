import struct
from pathlib import Path

import numpy as np
import pytest

from cospace.errors import BadItem, MissingExtra
from cospace.read.audio import open_audio
from cospace.read.filterbank import log_mel
from cospace.read.resample import resample
from cospace.testing.signals import wav_bytes

RANDOM = np.random.default_rng(0)


def riff(coding: int, bits: int, data: bytes, *, channels: int = 1, extra: bytes = b"") -> bytes:
    block = channels * bits // 8
    fmt = struct.pack("<HHIIHH", coding, channels, 8_000, 8_000 * block, block, bits) + extra
    odd = b"LIST\x03\x00\x00\x00abc\x00"  # a chunk that nobody needs, of an odd length
    body = b"WAVE" + odd + b"fmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


WAVE = np.array([0.0, 0.5, -0.5, -1.0])
CODED = {
    (1, 8): bytes([128, 192, 64, 0]),
    (1, 16): (WAVE * 2**15).astype("<i2").tobytes(),
    (1, 24): b"".join(int(v * 2**23).to_bytes(3, "little", signed=True) for v in WAVE),
    (1, 32): (WAVE * 2**31).astype("<i4").tobytes(),
    (3, 32): WAVE.astype("<f4").tobytes(),
    (3, 64): WAVE.astype("<f8").tobytes(),
}


@pytest.mark.parametrize(("coding", "bits"), CODED)
def test_every_plain_coding_of_wav_gives_the_same_samples(coding: int, bits: int) -> None:
    recording = open_audio(riff(coding, bits, CODED[coding, bits]))
    assert (8_000, 4) == (recording.rate, recording.frames)
    assert WAVE.tolist() == recording.mono(0, 4).tolist()
    assert [0, 0, 0, 0.5] == recording.mono(-2, 2).tolist(), "there is silence outside"
    subformat = struct.pack("<HHIH", 22, bits, 4, coding) + bytes(14)
    extensible = riff(0xFFFE, bits, CODED[coding, bits], extra=subformat)
    assert WAVE.tolist() == open_audio(extensible).mono(0, 4).tolist()


def test_channels_are_averaged_and_an_unknown_length_is_to_the_end() -> None:
    data = riff(3, 32, np.array([1, 0, -1, 0], "<f4").tobytes(), channels=2)
    assert [0.5, -0.5] == open_audio(data).mono(0, 2).tolist()
    at = data.index(b"data") + 4
    streamed = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
    assert 2 == open_audio(streamed).frames


def test_damaged_audio_is_refused() -> None:
    good = wav_bytes(RANDOM.normal(0, 0.1, 100), 16_000)
    for length in range(1, len(good)):
        with pytest.raises(BadItem):
            open_audio(good[:length])
    with pytest.raises(BadItem, match="cut short"):
        open_audio(good[:-2])
    with pytest.raises(BadItem, match="no samples"):
        open_audio(wav_bytes(np.zeros(0), 16_000))
    with pytest.raises(BadItem, match="0 Hz"):
        open_audio(wav_bytes(np.zeros(9), 0))
    with pytest.raises(BadItem, match="NaN"):
        open_audio(riff(3, 32, np.array([np.nan], "<f4").tobytes())).mono(0, 1)
    with pytest.raises(BadItem, match="holds HTML, not audio"):
        open_audio(b"<html></html>")


@pytest.mark.parametrize("format", ["FLAC", "OGG", "MP3", "WAV"])
def test_other_formats_through_soundfile(format: str, tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="the extra [audio] is not installed")
    tone = np.sin(np.arange(320_000) * 2 * np.pi * 440 / 16_000) / 2
    coding = {"WAV": "ULAW"}.get(format)
    soundfile.write(tmp_path / "a", tone, 16_000, format=format, subtype=coding)
    recording = open_audio((tmp_path / "a").read_bytes())
    assert 16_000 == recording.rate
    close = {"FLAC": 1e-4, "WAV": 0.03}.get(format, 0.1)
    assert np.abs(recording.mono(8_000, 8_100) - tone[8_000:8_100]).max() < close
    whole = soundfile.read(tmp_path / "a")[0]
    for start in (1, 1_000, 9_999, 200_000):
        stretch = recording.mono(start, start + 2_000)
        assert np.allclose(whole[start : start + 2_000], stretch, rtol=0, atol=1e-6)
    if format != "MP3":  # which may end anywhere
        with pytest.raises(BadItem, match=r"cannot be decoded|cut short"):
            open_audio((tmp_path / "a").read_bytes()[:60]).mono(0, 32_000)


def test_without_soundfile_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "soundfile", None)
    with pytest.raises(MissingExtra, match=r"\.\[audio\]"):
        open_audio(b"fLaC" + bytes(50))


# --- resampling ---


def padded(signal: np.ndarray, start: int, stop: int) -> np.ndarray:
    index = np.arange(start, stop)
    inside = (index >= 0) & (index < len(signal))
    return np.where(inside, signal[np.clip(index, 0, len(signal) - 1)], 0.0)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 44_056])
def test_a_tone_stays_the_same_tone(rate: int) -> None:
    tone = np.sin(np.arange(rate) * 2 * np.pi * 1_000 / rate)
    found = resample(lambda a, b: padded(tone, a, b), 0, 16_000, rate=rate, to=16_000)
    expected = np.sin(np.arange(16_000) * 2 * np.pi * 1_000 / 16_000)
    assert np.abs(found - expected)[200:-200].max() < 5e-3
    part = resample(lambda a, b: padded(tone, a, b), 5_000, 5_100, rate=rate, to=16_000)
    assert np.array_equal(found[5_000:5_100], part), "a stretch alone and within the whole"


def test_what_the_new_rate_cannot_hold_is_silent() -> None:
    tone = np.sin(np.arange(44_100) * 2 * np.pi * 11_000 / 44_100)
    found = resample(lambda a, b: padded(tone, a, b), 200, 15_800, rate=44_100, to=16_000)
    assert np.abs(found).max() < 0.01


def test_it_is_torchaudios_formula() -> None:
    """The sum written out sample by sample, from the formula in torchaudio's documentation."""
    signal, up, down = RANDOM.normal(0, 1, 60), 160, 441
    base = min(up, down) * 0.99
    expected = []
    for j in range(20):
        total = 0.0
        for n in range(60):
            t = np.clip((n * up - j * down) / (up * down) * base, -6, 6)
            kernel = 1.0 if t == 0 else np.sin(np.pi * t) / (np.pi * t)
            total += signal[n] * kernel * np.cos(np.pi * t / 12) ** 2 * base / down
        expected.append(total)
    found = resample(lambda a, b: padded(signal, a, b), 0, 20, rate=44_100, to=16_000)
    assert np.allclose(expected, found, atol=1e-12)


# --- filterbank ---


def slow_log_mel(samples: np.ndarray, bands: int) -> np.ndarray:
    """Kaldi's filterbank, one number at a time."""
    rows = []
    lines = 1127 * np.log(1 + np.arange(256) * 31.25 / 700)
    low, high = (1127 * np.log(1 + f / 700) for f in (20, 8_000))
    step = (high - low) / (bands + 1)
    for start in range(0, len(samples) - 399, 160):
        frame = samples[start : start + 400] - samples[start : start + 400].mean()
        shaped = [(frame[max(i, 0)] - 0.97 * frame[max(i - 1, 0)]) for i in range(400)]
        window = [0.5 - 0.5 * np.cos(2 * np.pi * i / 399) for i in range(400)]
        spectrum = np.fft.fft(np.array(shaped) * window, 512)
        row = []
        for band in range(bands):
            energy = 0.0
            for line in range(256):
                place = (lines[line] - low) / step - band
                weight = place if place <= 1 else 2 - place
                energy += max(0.0, weight) * abs(spectrum[line]) ** 2
            row.append(np.log(max(energy, 2.0**-23)))
        rows.append(row)
    return np.array(rows)


def test_the_filterbank_is_the_slow_one() -> None:
    samples = RANDOM.normal(0, 0.2, 400 + 160 * 2)
    assert np.allclose(slow_log_mel(samples, 128), log_mel(samples, 128), atol=1e-4)


def test_the_filterbank_is_kaldis() -> None:
    knf = pytest.importorskip("kaldi_native_fbank", reason="Kaldi's own arithmetic")
    options = knf.FbankOptions()
    options.frame_opts.dither = 0
    options.frame_opts.window_type = "hanning"
    options.mel_opts.num_bins = 80  # it refuses 128, of which the lowest are between two lines
    options.htk_compat = True
    options.use_energy = False
    seconds = np.arange(32_000) / 16_000
    samples = np.sin(2 * np.pi * (200 + 900 * seconds) * seconds) * 0.4 + 0.1
    samples += RANDOM.normal(0, 0.01, 32_000)
    online = knf.OnlineFbank(options)
    online.accept_waveform(16_000, samples.tolist())
    expected = np.stack([online.get_frame(i) for i in range(online.num_frames_ready)])
    found = log_mel(samples, 80)
    assert (198, 80) == found.shape == expected.shape
    assert np.abs(expected - found).max() < 0.02  # its sums are in float32
    assert np.abs(expected - found).mean() < 1e-4


def test_silence_and_a_constant_have_no_energy() -> None:
    for level in (0.0, 0.7):
        assert np.allclose(log_mel(np.full(800, level), 40), np.log(2.0**-23))
    assert (0, 40) == log_mel(np.zeros(399), 40).shape
