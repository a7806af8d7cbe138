"""The decoder: what a file holds comes out of another process as it would come out of ours."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import serving

import cospace as cs
from cospace.errors import BadItem, MissingExtra, TooBusy
from cospace.limits import override
from cospace.read.audio import open_audio
from cospace.serve.decoder import Decoder
from cospace.testing.signals import wav_bytes

from .conftest import data_url, png

TONES = np.sin(np.arange(5 * 16_000)[:, None] * np.array([0.05, 0.11])) / 2


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    one = Decoder()
    yield one
    one.close()


@pytest.fixture(scope="module")
def flac() -> bytes:
    soundfile = pytest.importorskip("soundfile", reason="FLAC needs the extra [audio]")
    file = io.BytesIO()
    soundfile.write(file, TONES, 16_000, format="FLAC")
    return file.getvalue()


def test_a_sound_is_the_same_sound_as_one_channel(decoder: Decoder):
    given = wav_bytes(TONES, 16_000)
    before, after = (open_audio(one) for one in (given, decoder.sound(given).tobytes()))
    assert (before.rate, before.frames) == (after.rate, after.frames)
    assert before.mono(0, 80_000).astype(np.float32).tolist() == after.mono(0, 80_000).tolist()


def test_a_compressed_sound_needs_no_library_of_ours_afterwards(decoder: Decoder, flac: bytes):
    found = decoder.sound(flac)
    assert b"RIFF" == found[:4].tobytes()
    expected = open_audio(flac).mono(0, 80_000)
    np.testing.assert_allclose(open_audio(found.tobytes()).mono(0, 80_000), expected, atol=1e-7)


def test_a_long_sound_is_whole_where_its_pieces_meet(decoder: Decoder):
    noise = np.random.default_rng(0).uniform(-1, 1, 2_500_000)
    given = wav_bytes(noise, 44_100)
    expected = open_audio(given).mono(0, len(noise)).astype("<f4")
    assert expected.tobytes() == decoder.sound(given)[44:].tobytes()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (b"<html></html>", "not audio"),
        (wav_bytes(TONES, 16_000)[:1_000], "cut short"),
        (wav_bytes(TONES[:0], 16_000), "no samples"),
        (b"fLaC" + b"\0" * 100, "cannot be decoded"),
        (b"\xff\xfb\x90\x00" + b"\0" * 100, "audio"),
    ],
)  # fmt: skip
def test_what_is_no_sound_is_refused_and_the_next_is_taken(decoder: Decoder, given, says):
    if given[:4] in (b"fLaC", b"\xff\xfb\x90\x00"):
        pytest.importorskip("soundfile")
    with pytest.raises(BadItem, match=says):
        decoder.sound(given)
    assert 44 + 4 * 80_000 == len(decoder.sound(wav_bytes(TONES, 16_000)))


def test_a_sound_that_would_be_too_large_is_refused_before_it_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COSPACE_LIMIT_AUDIO_BYTES", "330000")  # the file has 320,044 bytes
    decoder = Decoder()
    try:
        assert 320_044 == len(decoder.sound(wav_bytes(TONES[:, 0], 16_000)))
        with pytest.raises(BadItem, match=r"lasts 6 s at 16,000 Hz.*400,000 bytes.*330,000"):
            decoder.sound(wav_bytes(np.zeros(100_000), 16_000))
    finally:
        decoder.close()


def test_a_sound_that_takes_too_long_is_stopped(decoder: Decoder):
    with override(upload_seconds=0), pytest.raises(BadItem, match="took too long"):
        decoder.sound(wav_bytes(TONES, 16_000))
    assert 44 + 4 * 80_000 == len(decoder.sound(wav_bytes(TONES, 16_000)))


def test_what_is_not_installed_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flac: bytes
):
    (tmp_path / "soundfile.py").write_text("raise ModuleNotFoundError(name='soundfile')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(cs.__file__).parents[1]}")
    decoder = Decoder()
    try:
        with pytest.raises(MissingExtra, match=r"\[audio\]"):
            decoder.sound(flac)
        assert (40, 40, 3) == decoder.image(png()).shape
    finally:
        decoder.close()


def test_a_child_that_cannot_begin_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch):
    decoder = Decoder()
    try:
        with monkeypatch.context() as broken:
            broken.setenv("PYTHONHOME", "/nowhere")
            with pytest.raises(TooBusy, match="could be started") as caught:
                decoder.image(png())
            assert 5 == caught.value.retry_after
            with pytest.raises(TooBusy):
                decoder.sound(wav_bytes(TONES, 16_000))
        assert (40, 40, 3) == decoder.image(png()).shape, "the next child begins"
    finally:
        decoder.close()


# The child is there, and may have what it needs; only who asks it may have no more than a little.
_SHORT = """
import resource, sys
from cospace.errors import TooBusy
from cospace.serve.decoder import Decoder

small, large = (open(name, "rb").read() for name in sys.argv[1:])
decoder = Decoder()
decoder.image(small)
status = open("/proc/self/status").read()
now = 1024 * int(status.partition("VmData:")[2].split()[0])
resource.setrlimit(resource.RLIMIT_DATA, (now + 40_000_000, resource.RLIM_INFINITY))
try:
    decoder.image(large)
except TooBusy as error:
    print(error)
resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(decoder.image(large).shape)
decoder.close()
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc")
def test_no_memory_for_what_was_decoded_is_no_fault_of_the_file(tmp_path: Path):
    from PIL import Image

    (tmp_path / "small.png").write_bytes(png())
    Image.new("RGB", (5_000, 5_000)).save(tmp_path / "large.png")  # 75 MB decoded
    names = [str(tmp_path / name) for name in ("small.png", "large.png")]
    done = subprocess.run(
        [sys.executable, "-c", _SHORT, *names], capture_output=True, text=True, check=False
    )
    assert "" == done.stderr
    first, then = done.stdout.splitlines()
    assert ("no memory for it now" in first, "(5000, 5000, 3)") == (True, then)


def test_a_server_whose_decoder_cannot_begin_says_so_and_reads_texts(tmp_path: Path):
    from cospace.testing.tiny import tiny_folder

    folder = tiny_folder(tmp_path / "tiny", kinds=("text", "image"))
    variables = {"COSPACE_LIMIT_UPLOAD_MEMORY": "much"}  # which the child refuses
    with serving("--models", folder, variables=variables) as server:
        [model] = server.told["models"]
        image = [{"image": data_url(png())}]
        reply = server.post("/v1/embeddings", {"model": model, "input": image})
        assert (429, "5") == (reply.status, reply.headers["retry-after"])
        assert "TooBusy" == reply.json["error"]["code"]
        assert 200 == server.post("/v1/embeddings", {"model": model, "input": "a chair"}).status
