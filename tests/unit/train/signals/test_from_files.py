"""Sounds, pictures and motions that stand in files, bound and indexed by the command line alone."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main

from .tones import WORDS, colour, motion, tone

pytest.importorskip("torch")


def _write(path: Path, part: cs.Part) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(part.value)
    return path.name


def _swing(path: Path, kind: int, seed: int) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, motion(kind, seed), delimiter=",", header="ax,ay,az,gx,gy,gz", comments="")
    return path.name


def _table(path: Path, rows: list[dict[str, str]]) -> Path:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def indexed(hears: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of texts, pictures, sounds and motions: a table that names files, indexed."""
    place = tmp_path_factory.mktemp("files")
    moves = [
        {"motion": _swing(place / f"walk-{n}.csv", n % 4, n), "text": WORDS[n % 4]}
        for n in range(60)
    ]
    feels = place / "feels"
    words = ["--anchor", str(hears), "--kind", "imu", "--epochs", "20", "--hidden", "16"]
    table = _table(place / "moves.csv", moves)
    assert 0 == main(["bind", str(table), "-o", str(feels), *words])
    things: list[dict[str, str]] = []
    for n, word in enumerate(WORDS):
        things += [
            {"id": f"text-{word}", "text": word},
            {"id": f"image-{word}", "image": _write(place / f"{word}.png", colour(n))},
            {"id": f"audio-{word}", "audio": _write(place / f"{word}.wav", tone(n, 500 + n))},
            {"id": f"imu-{word}", "imu": _swing(place / f"{word}.csv", n, 500 + n)},
        ]
    table = _table(place / "things.csv", things)
    into = place / "things.cospace"
    assert 0 == main(["index", str(table), "--into", str(into), "--model", str(feels)])
    return into


def _model(indexed: Path) -> str:
    return str(indexed.parent / "feels")


@pytest.mark.parametrize("way", ["text to image", "image to audio", "imu to text"])
def test_any_kind_finds_any_other(indexed: Path, way: str) -> None:
    asked, _, wanted = way.partition(" to ")
    queries: dict[str, list[cs.item.Content]] = {
        "text": list(WORDS),
        "image": [colour(n) for n in range(4)],
        "imu": [cs.Part("imu", motion(n, 700 + n)) for n in range(4)],
    }
    right = 0
    with cs.open(indexed, model=_model(indexed), read_only=True) as things:
        for word, query in zip(WORDS, queries[asked], strict=True):
            [hit] = things.search(query, 1, by=wanted)
            right += hit.id == f"{wanted}-{word}"
    assert right >= 3  # 1 by chance


def test_the_command_line_asks_by_a_file(
    indexed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(tmp_path / "a.wav", tone(0, 800))
    _swing(tmp_path / "a.csv", 1, 800)
    for kind, file, word in (("audio", "a.wav", "red"), ("imu", "a.csv", "green")):
        path = str(tmp_path / file)
        words = [
            "search",
            str(indexed),
            "--model",
            _model(indexed),
            f"--{kind}",
            path,
            "--by",
            "text",
            "--json",
        ]
        assert 0 == main(words)
        record = json.loads(capsys.readouterr().out)
        assert path == record[kind]
        assert f"text-{word}" == record["hits"][0]["id"]
    assert 0 == main(
        [
            "search",
            str(indexed),
            "--model",
            _model(indexed),
            "--audio",
            str(tmp_path / "a.wav"),
            "--by",
            "audio",
        ]
    )
    assert "(red.wav)" in capsys.readouterr().out  # a hit without words is called by its file


def test_a_file_that_is_not_there(indexed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 4 == main(["search", str(indexed), "--model", _model(indexed), "--audio", "gone.wav"])
    assert "no such recording: gone.wav" in capsys.readouterr().err


def test_indexing_again_encodes_nothing(indexed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = indexed.parent / "things.csv"
    assert 0 == main(
        ["index", str(table), "--into", str(indexed), "--model", _model(indexed), "--json"]
    )
    report = json.loads(capsys.readouterr().out)["report"]
    assert (16, 0) == (report["unchanged"], report["updated"])


def test_a_recording_that_has_gone_keeps_its_vector(
    indexed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = indexed.parent / "red.wav"
    data = file.read_bytes()
    file.unlink()
    try:
        words = [
            "index",
            str(indexed.parent / "things.csv"),
            "--into",
            str(indexed),
            "--model",
            _model(indexed),
            "--json",
        ]
        assert 10 == main(words)
        assert 1 == json.loads(capsys.readouterr().out)["report"]["kept"]
    finally:
        file.write_bytes(data)
    with cs.open(indexed, model=_model(indexed), read_only=True) as things:
        [item] = things.get(["audio-red"], vectors=True)
        assert item is not None
        assert ["audio"] == list(item.vectors)


def test_embed_writes_the_vectors_of_a_folder(indexed: Path, tmp_path: Path) -> None:
    place = tmp_path / "walks"
    for n in range(3):
        _swing(place / f"{n}.csv", n, n)
    out = tmp_path / "walks.npy"
    assert 0 == main(
        ["embed", str(place), "--files", "imu", "--model", _model(indexed), "-o", str(out)]
    )
    assert (3, np.load(out).shape[1]) == np.load(out).shape
    assert ["0.csv", "1.csv", "2.csv"] == json.loads(out.with_suffix(".ids.json").read_text())[
        "ids"
    ]
