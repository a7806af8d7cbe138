"""Sounds in /v1/embeddings: the library's own vectors, decoded in a process apart."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Running, serving

import cospace as cs
from cospace.testing.signals import wav_bytes

pytest.importorskip("torch", reason="the tiny ImageBind is converted from torch")

PATH = "/v1/embeddings"
TONES = np.sin(np.arange(3 * 16_000)[:, None] * np.array([0.05, 0.11])) / 2
WAV = wav_bytes(TONES, 16_000)


@pytest.fixture(scope="module")
def hearing(imagebind_folder: Path) -> Iterator[Running]:
    with serving("--models", imagebind_folder) as server:
        yield server


@pytest.fixture(scope="module")
def expected(imagebind_folder: Path) -> np.ndarray:
    return cs.load(imagebind_folder).encode_document([cs.Audio(WAV)]).array


def asked(server: Running, **given: object):
    return server.post(PATH, {"model": server.told["models"][0], **given})


def url(data: bytes, kind: str = "audio/wav") -> str:
    return f"data:{kind};base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "given",
    [
        {"input": [{"audio": url(WAV)}]},
        {"input": [url(WAV)], "modality": "audio"},
        {"input": [{"content": [{"type": "audio_url", "audio_url": {"url": url(WAV)}}]}]},
    ],
    ids=["jina", "infinity", "vllm"],
)
def test_a_sound_in_each_form_is_the_sound(hearing: Running, expected: np.ndarray, given):
    reply = asked(hearing, **given)
    assert 200 == reply.status, reply.body
    found = np.array([one["embedding"] for one in reply.json["data"]], np.float32)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_a_compressed_sound_is_the_sound(hearing: Running, expected: np.ndarray):
    soundfile = pytest.importorskip("soundfile")
    file = io.BytesIO()
    soundfile.write(file, TONES, 16_000, format="FLAC", subtype="PCM_16")
    reply = asked(hearing, input=[{"audio": url(file.getvalue(), "audio/flac")}])
    found = np.array(reply.json["data"][0]["embedding"], np.float32)
    np.testing.assert_allclose(found, expected[0], atol=2e-3)


def test_the_library_that_decodes_never_comes_into_the_server(hearing: Running):
    maps = Path(f"/proc/{hearing.process.pid}/maps")
    if not maps.exists():
        pytest.skip("asks /proc")
    pytest.importorskip("soundfile")
    asked(hearing, input=[{"audio": url(b"fLaC" + bytes(100))}])
    assert "sndfile" not in maps.read_text()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no sound", "not audio"),
        (WAV[:500], "cut short"),
        (wav_bytes(TONES[:10], 16_000), "lasts 0.001 s"),
    ],
)
def test_a_bad_sound_is_refused_with_its_reason(hearing: Running, data: bytes, says: str):
    reply = asked(hearing, input=["a dog", {"audio": url(data)}])
    assert 400 == reply.status
    assert says in reply.error


def test_few_bytes_of_many_sounds_do_not_fill_the_memory(imagebind_folder: Path):
    soundfile = pytest.importorskip("soundfile")
    file = io.BytesIO()
    soundfile.write(file, np.zeros(2_000_000), 16_000, format="FLAC")
    assert len(file.getvalue()) < 20_000, "8 MB decoded"
    one = {"audio": url(file.getvalue())}
    with serving(
        "--models", imagebind_folder, variables={"COSPACE_LIMIT_UPLOAD_HELD": "20000000"}
    ) as server:
        reply = asked(server, input=[one] * 20)
        assert (429, True) == (reply.status, "retry-after" in reply.headers)
        assert 200 == asked(server, input=[one] * 2).status, "the others were let go"


def test_what_a_model_does_not_take_is_not_decoded(shop: Running):
    reply = shop.post(PATH, {"model": "starter", "input": [{"audio": url(b"no sound")}]})
    assert (400, True) == (reply.status, "takes text and image" in reply.error)
