"""A user lets a model see videos and heat."""

import json
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main


def test_a_model_sees_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sees"
    assert 0 == main(["widen", "starter", "-o", str(out), "--kind", "thermal"])
    assert "it takes text, image, thermal" in capsys.readouterr().out
    heat = cs.Part("thermal", np.eye(32, dtype=np.float32))
    assert (384,) == cs.load(out).encode(heat).shape
    assert 2 == main(["widen", "starter", "-o", str(out)])
    assert "it exists already" in capsys.readouterr().err
    assert 0 == main(["models", "verify", str(out)])


def test_its_record_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["widen", "starter", "-o", str(tmp_path / "a"), "--kind", "video", "--json"]
    assert 0 == main(words)
    record = json.loads(capsys.readouterr().out)
    assert str(tmp_path / "a") == record["folder"]
    assert "video" in json.dumps(record["space"])
    words[1] = "minilm"
    words[3] = str(tmp_path / "b")
    assert 2 == main(words)
    assert not (tmp_path / "b").exists()


def test_a_kind_that_nobody_can_see(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["widen", "starter", "-o", str(tmp_path / "a"), "--kind", "audio"])
    assert "audio" in capsys.readouterr().err
