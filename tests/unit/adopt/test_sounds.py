"""An audio encoder that comes as .onnx: samples in, a vector out, bound like any other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import cospace as cs
from cospace.cli.main import main
from cospace.errors import BadArgument, BadItem, ModelDamaged, NotFound, UnsupportedModel
from cospace.testing.signals import wav_bytes
from cospace.train import bind

pytest.importorskip("onnx", reason="the graphs are made with onnx")

from onnx_graphs import listener

from cospace.adopt.sounds import adopt_sounds

RATE = 8_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def written(place: Path, graph: bytes, name: str = "ear.onnx") -> Path:
    (place / name).write_bytes(graph)
    return place / name


def tone(pitch: float, seconds: float = 1.0, seed: int = 0) -> bytes:
    """A tone with some noise, as WAV."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal(len(time)) / 50
    return wav_bytes(np.sin(2 * np.pi * pitch * time) / 2 + noise, RATE)


def heard(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the graph should give for one clip, worked out by hand."""
    bands = np.random.default_rng(1).standard_normal((160, 16)).astype(np.float32) / 8
    row = np.abs(samples.reshape(-1, 160) @ bands).mean(0)
    return row / np.linalg.norm(row)


@pytest.mark.parametrize("frames", [True, False])
def test_its_vectors_are_those_of_the_graph(tmp_path: Path, frames: bool) -> None:
    file = written(tmp_path, listener(frames=frames))
    model = adopt_sounds(file, rate=RATE, seconds="0.2").model
    assert (("audio",), 16, "ear") == (model.space.kinds, model.space.dim, model.name)
    samples = (np.random.default_rng(2).integers(-9_000, 9_000, 1_600) / 32_768).astype(np.float32)
    found = model.encode([cs.Audio(wav_bytes(samples.astype(np.float64), RATE))]).array[0]
    assert found @ heard(samples) > 0.9999


def test_a_long_recording_is_the_mean_of_its_clips_and_a_short_one_is_filled(
    tmp_path: Path,
) -> None:
    file = written(tmp_path, listener())
    model = adopt_sounds(file, rate=RATE, seconds=0.2, clips=2).model
    sound = (np.random.default_rng(3).integers(-9_000, 9_000, 5_000) / 32_768).astype(np.float32)
    found = model.encode([cs.Audio(wav_bytes(sound.astype(np.float64), RATE))]).array[0]
    mean = heard(sound[:1_600]) + heard(sound[-1_600:])
    assert found @ (mean / np.linalg.norm(mean)) > 0.9999
    short = model.encode([cs.Audio(wav_bytes(sound[:400].astype(np.float64), RATE))]).array[0]
    assert short @ heard(np.pad(sound[:400], (0, 1_200))) > 0.9999


def test_another_rate_is_brought_to_its_own(tmp_path: Path) -> None:
    model = adopt_sounds(written(tmp_path, listener()), rate=RATE, seconds=0.2).model
    time = np.arange(48_000) / 48_000
    high = wav_bytes(np.sin(2 * np.pi * 300 * time) / 2, 48_000)
    low = wav_bytes(np.sin(2 * np.pi * 300 * time[::6]) / 2, RATE)
    one, other = model.encode([cs.Audio(high), cs.Audio(low)]).array
    assert one @ other > 0.999


def test_it_is_held_to_its_known_answers(tmp_path: Path) -> None:
    added = adopt_sounds(written(tmp_path, listener()), rate=RATE, seconds=0.2)
    record = json.loads((added.folder / "space.json").read_text())
    assert 3 == len(record["towers"][0]["canaries"])
    assert ["its known answers are its own: nothing else was there to compare it with"] == [
        *added.notes
    ]
    record["towers"][0]["preprocess"]["takes"] = "something"
    (added.folder / "space.json").write_text(json.dumps(record))
    with pytest.raises(ModelDamaged, match="preprocess of the audio tower"):
        cs.load(added.folder).encode(cs.Audio(tone(200)))


def test_it_is_bound_to_texts_of_another_model(tmp_path: Path) -> None:
    """Tones of six pitches, each with a name: new ones find their names."""
    model = adopt_sounds(written(tmp_path, listener(width=64)), rate=RATE, seconds=0.2).model
    names = ["violin", "tractor", "kettle", "anchor", "pillow", "drum"]
    pitches = [150, 300, 600, 1_000, 1_700, 2_900]
    pairs = [
        (cs.Audio(tone(pitches[n % 6] * (1 + n / 2_000), seed=n)), names[n % 6]) for n in range(120)
    ]
    made = bind(pairs, tmp_path / "out", anchor="starter", kind="audio", encoder=model)
    assert made.better
    fresh = made.model.encode([cs.Audio(tone(1.03 * pitch, seed=999)) for pitch in pitches])
    found = cs.similarity(made.model.encode_query(names), fresh).argmax(0)
    assert (found == np.arange(6)).mean() > 0.6  # 17% by chance


def test_what_is_no_such_encoder_is_refused(tmp_path: Path, home: Path) -> None:
    def refused(kind: type[Exception], match: str, graph: bytes, **given: object) -> None:
        wanted = {"rate": RATE, "seconds": 0.2, **given}
        with pytest.raises(kind, match=match):
            adopt_sounds(written(tmp_path, graph), **wanted)  # type: ignore[arg-type]

    refused(UnsupportedModel, "cannot be read as ONNX", b"no graph")
    refused(UnsupportedModel, r"expected samples of sound, float32", listener(ends="mel"))
    refused(UnsupportedModel, "depends on the clips that are seen beside it",
            listener(ends="whole"))  # fmt: skip
    refused(UnsupportedModel, "no clips of 1601 samples", listener(), seconds="0.200125")
    refused(BadArgument, "a clip has a rate", listener(), seconds=0)
    refused(BadArgument, "a clip has a rate", listener(), rate=10)
    refused(BadArgument, "there is one at least", listener(), clips=0)
    refused(BadArgument, "seconds is a number", listener(), seconds="two")
    with pytest.raises(NotFound, match="cannot be read"):
        adopt_sounds(tmp_path / "none.onnx", rate=RATE, seconds=1)
    assert [] == [place for place in home.rglob("*") if place.is_file()]


def test_bad_sounds_are_named(tmp_path: Path) -> None:
    model = adopt_sounds(written(tmp_path, listener()), rate=RATE, seconds=0.2).model
    with pytest.raises(BadItem, match="not audio"):
        model.encode(cs.Audio(b"GIF89a not a sound"))


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, listener())
    words = ["models", "add", str(file), "--kind", "audio", "--rate", str(RATE), "--seconds", ".2"]
    assert 0 == main([*words, "--name", "ear"])
    assert "3 clips of .2 s at most, 8,000 samples a second" in capsys.readouterr().out
    assert 0 == main(["models", "verify", "ear"])
    assert 0 == main([*words, "--name", "ear", "--replace", "--json"])
    assert 2 == main([*words, "--name", "x", "--pooling", "mean"])
    assert 2 == main(words[:5])
    assert "--rate 16000 --seconds 2" in capsys.readouterr().err
    assert 2 == main(["models", "add", "hf:org/name", "--kind", "audio"])
    assert 2 == main(["models", "add", str(file), "--rate", "8000"])
    assert "go with: cospace models add FILE.onnx --kind audio" in capsys.readouterr().err
