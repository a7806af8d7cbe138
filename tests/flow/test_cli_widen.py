"""A user lets a model see videos and heat."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

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


def test_heat_and_depth_from_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert 0 == main(["widen", "starter", "-o", "sees", "--kind", "thermal", "--kind", "depth"])
    Path("maps").mkdir()
    random = np.random.default_rng(0)
    for name in "abc":
        plane = random.integers(1, 60_000, (30, 40), dtype=np.uint16)
        Pillow.fromarray(plane).save(f"maps/{name}.png")
    Pillow.fromarray(np.zeros((30, 40), np.uint16)).save("maps/zero.png")
    heat = ["index", "maps", "--files", "thermal", "--model", "./sees", "--into", "heat.cospace"]
    assert 0 == main(heat)
    asked = ["search", "heat.cospace", "--model", "./sees", "-k", "1", "--json", "--thermal"]
    capsys.readouterr()
    assert 0 == main([*asked, "maps/b.png"])
    assert "b.png" == json.loads(capsys.readouterr().out)["hits"][0]["id"]
    depth = ["index", "maps", "--files", "depth", "--model", "./sees", "--into", "deep.cospace"]
    assert 2 == main(depth)
    said = capsys.readouterr().err
    assert "--depth-scale metres=0.001,focal=518.9, or --depth-scale disparity=1.0" in said
    assert 0 == main([*depth, "--depth-scale", "metres=0.001,focal=500", "--json"])
    report = json.loads(capsys.readouterr().out)["report"]
    assert 3 == report["added"]
    assert "nothing above 0: nothing was measured" in json.dumps(report)
    by_depth = ["search", "deep.cospace", "--model", "./sees", "--depth", "maps/c.png"]
    assert 2 == main(by_depth)
    assert "--depth goes with --depth-scale" in capsys.readouterr().err
    assert 0 == main([*by_depth, "--depth-scale", "metres=0.001,focal=500", "-k", "1"])
    assert "(c.png)" in capsys.readouterr().out
    assert 2 == main([*by_depth, "--depth-scale", "far"])
    assert "expected metres=0.001,focal=518.9" in capsys.readouterr().err


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
