"""The network's parts: what it sees, how it is changed, its graph, and its training."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import cospace as cs
from cospace.encode.engines.openvino import openvino
from cospace.errors import BadArgument, TrainingDiverged
from cospace.testing.signals import wav_bytes
from cospace.train.binding.fit import Settings

torch = pytest.importorskip("torch")

from cospace.train.signals.augment import moved, voiced  # noqa: E402 - torch is optional
from cospace.train.signals.bind import settings_for  # noqa: E402
from cospace.train.signals.check import learn  # noqa: E402
from cospace.train.signals.clips import Clips, cut, reader, record_of  # noqa: E402
from cospace.train.signals.export import digest, graph  # noqa: E402
from cospace.train.signals.fit import Recordings, fit  # noqa: E402
from cospace.train.signals.net import FLOOR, Net  # noqa: E402

from .tones import motion, tone  # noqa: E402

QUICK = Settings(hidden=8, base=0.0, epochs=3, batch=16, rate=2e-3, drop=0.0, patience=3)


def recordings(count: int = 40, *, clips: int = 2) -> Recordings:
    """Clips of motions of four kinds, each bound to one of four rows."""
    array = np.stack([motion(n // clips % 4, n).T for n in range(count * clips)])
    kind = np.arange(count) % 4
    targets = np.eye(8, dtype=np.float32)[kind]
    owner = np.repeat(np.arange(count), clips)
    each = np.arange(count)
    return Recordings(Clips(array.astype(np.float32), owner), targets, kind, each, False)


@pytest.mark.parametrize("entry", ["mel", "motion"])
def test_the_graph_gives_what_torch_gives(entry: str) -> None:
    random = np.random.default_rng(0)
    clips = random.normal(-5, 4, (6, 12, 30)).astype(np.float32)
    clips[:3, :, 20:] = 0  # filled up
    torch.manual_seed(0)
    net = Net(clips, 10, audio=entry == "mel", width=16, drop=0.3)
    net.train()
    for _ in range(5):  # so that the batch norms have something to fold
        net(torch.from_numpy(clips))
    rows = net.rows(clips)
    compiled = openvino().Core().compile_model(graph(net.weights(), entry, 30), "CPU")
    found = compiled(clips)[0]
    assert found.shape == (6, 10)
    assert (found * rows).sum(1).min() > 0.9999
    assert np.abs(np.linalg.norm(found, axis=1) - 1).max() < 1e-5


def test_weights_are_a_copy_and_can_be_taken_back() -> None:
    clips = recordings().clips.array
    net = Net(clips, 8, audio=False, width=8, drop=0.0)
    before, rows = net.weights(), net.rows(clips)
    with torch.no_grad():
        net.last.weight.zero_()
    assert digest(before) != digest(net.weights())
    net.take(before)
    assert digest(before) == digest(net.weights())
    assert (net.rows(clips) == rows).all()


def test_a_part_of_clips_keeps_its_recordings_whole() -> None:
    array = np.arange(6, dtype=np.float32).reshape(6, 1, 1)
    clips = Clips(array, np.array([0, 0, 0, 1, 2, 2]))
    part = clips.part(np.array([2, 0]))
    assert part.array.ravel().tolist() == [4, 5, 0, 1, 2]
    assert part.owner.tolist() == [0, 0, 1, 1, 1]
    assert (len(clips), len(part)) == (3, 2)
    mean = clips.mean(np.eye(6, dtype=np.float32))
    assert np.allclose(np.linalg.norm(mean, axis=1), 1)
    assert np.allclose(mean[0, :3], 3**-0.5)
    assert len(set(Clips(np.zeros((2, 1, 1), np.float32), np.array([0, 1])).hashes())) == 1


def test_the_record_is_by_the_lengths_of_recordings() -> None:
    def lasting(seconds: float) -> bytes:
        return wav_bytes(np.ones(int(8_000 * seconds)), 8_000)

    short = record_of("audio", [lasting(0.5)] * 9 + [lasting(9)])
    assert (short["clip_seconds"], short["clips"], short["steps"]) == (1, 1, 98)
    long = record_of("audio", [lasting(3), lasting(3)])
    assert (long["clip_seconds"], long["clips"], long["steps"]) == (2, 3, 198)
    assert record_of("imu", [np.zeros((n, 6)) for n in (40, 60, 80)])["readings"] == 60
    assert record_of("imu", [np.zeros((9_000, 6))])["readings"] == 512
    assert record_of("audio", [b"no audio"])["clips"] == 1  # told where it is read


def test_of_ten_hours_only_the_clips_are_decoded() -> None:
    samples = np.tile((100 * np.sin(np.arange(1_000) / 3)).astype(np.int8).view(np.uint8) + 128, 1)
    head = bytearray(wav_bytes(np.zeros(0), 1_000))
    body = samples.astype(np.uint8).tobytes() * 36_000
    head[28:36] = b"\xe8\x03\x00\x00\x01\x00\x08\x00"  # 1,000 bytes a second, 8 bits
    head[-4:] = len(body).to_bytes(4, "little")
    data = bytes(head) + body
    tracemalloc.start()
    record = record_of("audio", [data])
    good, [clips], failed = cut(reader("audio", record, 8), [(data, "long")])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (good, failed) == ([0], [])
    assert clips.shape == (3, 64, 198)
    assert peak < 12_000_000  # of 36,000,000 samples


def test_clips_of_silence_are_left_out() -> None:
    samples = np.zeros(16_000 * 9)
    samples[-16_000:] = np.sin(np.arange(16_000) / 5)
    data = wav_bytes(samples, 16_000)
    _, [clips], _ = cut(reader("audio", record_of("audio", [data]), 8), [(data, "x")])
    assert len(clips) == 1  # of three, the last


def test_changed_clips_have_the_same_form_and_are_finite() -> None:
    record = record_of("audio", [tone(0, 0).value])
    tower = reader("audio", record, 8)
    clips = np.concatenate([tower.prepare(tone(n, n).value, "") for n in range(4)])
    torch.manual_seed(0)
    changed = voiced(torch.from_numpy(clips))
    assert changed.shape == clips.shape
    assert torch.isfinite(changed).all()
    empty = (changed == 0) | (changed == FLOOR)
    assert (empty.all(1).sum(1) > 10).all()  # what was filled up stays so
    other = moved(torch.from_numpy(recordings().clips.array))
    assert torch.isfinite(other).all()
    assert other.shape == recordings().clips.array.shape


def test_the_same_seed_gives_the_same_network_and_leaves_torch_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one, two = (fit(recordings(), QUICK).net.weights() for _ in range(2))
    assert digest(one) == digest(two)
    assert (torch.rand(3) == expected).all()


def test_the_network_that_is_checked_never_heard_the_held_out_groups() -> None:
    given = recordings()
    found = learn(given, QUICK, grouped=False)
    targets = given.targets.copy()
    targets[found.held] = np.roll(targets[found.held], 1, axis=1)
    changed = Recordings(given.clips, targets, given.meaning, given.group, False)
    again = learn(changed, QUICK, grouped=False)
    assert digest(found.checked.net.weights()) == digest(again.checked.net.weights())
    assert digest(found.heard.net.weights()) != digest(again.heard.net.weights())


def test_it_stops_by_the_measure_and_keeps_the_best() -> None:
    given = recordings()
    long = Settings(**{**QUICK.to_json(), "epochs": 12, "patience": 2})
    found = fit(given, long, validation=given)
    best = max(point.held for point in found.points)
    assert found.points[found.epoch - 1].held == best
    assert found.ranks(given).reciprocal == pytest.approx(best)


def test_a_training_that_runs_away_is_named() -> None:
    given = recordings()
    bad = Clips(np.full_like(given.clips.array, np.inf), given.clips.owner)
    broken = Recordings(bad, given.targets, given.meaning, given.group, False)
    with np.errstate(all="ignore"), pytest.raises(TrainingDiverged, match=r"epoch 1: .* a tenth"):
        fit(broken, QUICK)


def test_settings_are_by_the_number_of_pairs() -> None:
    assert settings_for(80, {}).epochs == 120
    assert settings_for(3_000, {}).epochs == 17
    assert settings_for(100_000, {}).epochs == 8
    assert settings_for(80, {"hidden": 0}).hidden == 128
    with pytest.raises(BadArgument):
        settings_for(80, {"epochs": 0})


def test_an_audio_part_is_what_is_cut() -> None:
    part = cs.Audio(b"no audio")
    tower = reader("audio", record_of("audio", []), 8)
    good, clips, failed = cut(tower, [(part.value, "a")])
    assert (good, clips) == ([], [])
    assert failed[0][0] == "a"
