"""A tower from nothing: tones that were bound to pictures alone, motions bound to words."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.features import Features
from cospace.errors import BadArgument, BadItem, EmptyItem
from cospace.progress import Progress
from cospace.testing.signals import wav_bytes
from cospace.train import bind

from .tones import WORDS, colour, motion, pairs, tone

pytest.importorskip("torch")


def test_tones_bound_to_pictures_find_words(hears: Path) -> None:
    model = cs.load(hears)
    heard = model.encode_document([tone(n % 4, 900 + n) for n in range(20)])
    found = cs.similarity(heard, model.encode_query(list(WORDS))).argmax(1)
    assert (found == np.arange(20) % 4).mean() > 0.7  # 25% by chance


def test_what_was_there_stays_as_it_was(hears: Path, named: Path) -> None:
    model, before = cs.load(hears), cs.load(named)
    assert model.space.kinds == (*before.space.kinds, "audio")
    given = ["red", colour(2)]
    assert (model.encode_document(given).array == before.encode_document(given).array).all()
    assert not model.space.conflict(before.space)


def test_its_card_says_what_mixed_up_pairs_give(hears: Path) -> None:
    card = json.loads((hears / "card.json").read_text())
    figure = card["figures"][0]
    assert figure["held"]["value"] > 0.9
    assert figure["shuffled"] < 0.75
    assert figure["chance"] < 0.5
    assert any("mixed up lasted" in note for note in card["notes"])
    assert card["counts"]["pairs"] == 80


def test_it_runs_without_torch(hears: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import cospace as cs, numpy as np\n"
        "from cospace.testing.signals import wav_bytes\n"
        "tone = np.sin(np.arange(9000) / 5)\n"
        f"model = cs.load({str(hears)!r}, cache=False)\n"
        "print(model.encode_document([cs.Audio(wav_bytes(tone, 16000))]).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("(1, "), done.stderr


def test_another_head_can_be_sewn_on(hears: Path) -> None:
    assert Features(cs.load(hears).folder, "audio").dim == 64  # mean and maximum of 32 channels


def test_silence_is_refused_and_the_rest_goes_on(hears: Path, named: Path, tmp_path: Path) -> None:
    silent = cs.Audio(wav_bytes(np.zeros(16_000), 16_000))
    with pytest.raises(BadItem, match="the audio is silent: all of its samples are 0"):
        cs.load(hears).encode_document([silent])
    given = [(silent, colour(0)), *pairs(24)]
    made = bind(given, tmp_path / "x", anchor=named, kind="audio", to="image", epochs=1, hidden=8)
    assert made.failed == [("pair 0", "the audio is silent: all of its samples are 0")]
    assert made.card.counts["could not be used"] == 1


def test_how_loud_it_was_recorded_does_not_matter(hears: Path) -> None:
    time = np.arange(9_000) / 16_000
    loud, soft = (level * np.sin(2 * np.pi * 700 * time) for level in (0.9, 0.09))
    model = cs.load(hears)
    one, two = model.encode_document([cs.Audio(wav_bytes(x, 16_000)) for x in (loud, soft)]).array
    assert one @ two > 0.98


def test_motions_are_bound_to_words(named: Path, tmp_path: Path) -> None:
    given = [(cs.Part("imu", motion(n % 4, n)), WORDS[n % 4]) for n in range(60)]
    made = bind(given, tmp_path / "m", anchor=named, kind="imu", epochs=20, hidden=16)
    asked = [cs.Part("imu", motion(n % 4, 900 + n)) for n in range(20)]
    words = made.model.encode_query(list(WORDS))
    found = cs.similarity(made.model.encode_document(asked), words).argmax(1)
    assert (found == np.arange(20) % 4).mean() > 0.8


def test_gaps_in_a_motion_are_named(named: Path, tmp_path: Path) -> None:
    gap = motion(0, 0)
    gap[7, 2] = np.nan
    lines = ["1,2,3,4,5,6"] * 20
    lines[11] = "1,2,,4,5,6"
    given = [
        (cs.Part("imu", gap), "red"),
        (cs.Part("imu", "\n".join(lines).encode()), "red"),
        *((cs.Part("imu", motion(n % 4, n)), WORDS[n % 4]) for n in range(24)),
    ]
    made = bind(given, tmp_path / "m", anchor=named, kind="imu", epochs=1, hidden=8)
    (first, why), (second, because) = made.failed
    assert (first, second) == ("pair 0", "pair 1")
    assert "row 7" in why
    assert "line 12 holds '1,2,,4,5,6'" in because


def test_no_speaker_is_on_both_sides(named: Path, tmp_path: Path) -> None:
    given = [
        cs.Item(f"{n}", cs.Parts(audio=tone(n % 4, n), image=colour(n % 4)), {"who": f"s{n % 5}"})
        for n in range(40)
    ]
    wanted = {"anchor": named, "kind": "audio", "to": "image", "epochs": 1, "hidden": 8}
    by_key = bind(given, tmp_path / "a", group="who", **wanted)  # type: ignore[arg-type]
    assert by_key.card.counts["groups"] == 5
    assert by_key.card.counts["held out"] == 8  # one of five speakers
    tuples = [(one.parts["audio"], one.parts["image"]) for one in given]
    who = [one.metadata["who"] for one in given]
    by_value = bind(tuples, tmp_path / "b", group=who, **wanted)  # type: ignore[arg-type]
    assert by_value.card.counts == by_key.card.counts
    with pytest.raises(BadItem, match="0: its metadata has no 'voice', by which the pairs are gro"):
        bind(given, tmp_path / "c", group="voice", **wanted)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="group= has 2 values for 40 pairs"):
        bind(given, tmp_path / "c", group=["a", "b"], **wanted)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="40 pairs in 2 given groups: too few"):
        bind(given, tmp_path / "c", group=["a", "b"] * 20, **wanted)  # type: ignore[arg-type]
    assert not (tmp_path / "c").exists()


def test_what_it_cannot_be_trained_for_is_refused(named: Path, tmp_path: Path) -> None:
    def refused(match: str, given: object = (), **wanted: object) -> None:
        what = {"anchor": named, "kind": "audio", "to": "image", **wanted}
        with pytest.raises(BadArgument, match=match):
            bind(given, tmp_path / "x", **what)  # type: ignore[arg-type]

    refused(r"no tower for smell: .* Give encoder=, a model that has one; only for audio and imu",
            kind="smell")  # fmt: skip
    refused("no tower for audio", encoder=named)
    refused("group= is for a tower that is trained from nothing", kind="image", to="text",
            group="who")  # fmt: skip
    refused("takes the loss 'softmax' alone", loss="sigmoid")
    refused("no pair can be used: none was given")
    refused("a rate between 0 and 1", rate=3.0)
    refused("1 pairs in 1 groups of near duplicates: too few", pairs(1))
    refused("30 pairs in 1 groups", [(tone(0, 0), colour(0))] * 30)
    same = [(tone(n % 4, n), colour(0)) for n in range(30)]
    refused("of one target: all say the same", same)
    assert not (tmp_path / "x").exists()


def test_a_rate_of_zero_is_a_damaged_header(named: Path, tmp_path: Path) -> None:
    data = bytearray(wav_bytes(np.ones(900), 16_000))
    data[24:28] = bytes(4)
    given = [(cs.Audio(bytes(data)), colour(0)), *pairs(24)]
    made = bind(given, tmp_path / "x", anchor=named, kind="audio", to="image", epochs=1, hidden=8)
    [(name, reason)] = made.failed
    assert name == "pair 0"
    assert "at 0 Hz" in reason


def test_ctrl_c_keeps_the_best_so_far(named: Path, tmp_path: Path) -> None:
    def stop(now: Progress) -> None:
        if now.epoch == 3:
            raise KeyboardInterrupt

    made = bind(
        pairs(40), tmp_path / "x", anchor=named, kind="audio", to="image", hidden=8, progress=stop
    )
    assert any("stopped by hand" in note for note in made.card.notes)
    assert made.card.settings["epoch kept"] in (1, 2, 3)
    assert made.card.figures[0].shuffled is None
    assert made.model.encode_document([tone(0, 0)]).shape[0] == 1


def test_without_torch_the_error_names_the_extra(named: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from cospace.errors import MissingExtra\n"
        "from cospace.train import bind\n"
        "try:\n"
        f"    bind([], {str(tmp_path / 'x')!r}, anchor={str(named)!r}, kind='audio', to='image')\n"
        "except MissingExtra as error:\n"
        "    print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "pip install '.[torch]'" in done.stdout, done.stderr


def test_nothing_that_is_empty_is_a_recording(hears: Path) -> None:
    with pytest.raises((BadItem, EmptyItem), match=r"the audio lasts 0\.001 s"):
        cs.load(hears).encode_document([cs.Audio(wav_bytes(np.ones(16), 16_000))])
