"""An .onnx encoder becomes a model: as it is, with what its files say, and nothing half made."""

import json
from pathlib import Path

import numpy as np
import onnx_graphs
import pytest

import cospace as cs
from cospace.adopt.onnx import adopt_onnx
from cospace.cli.main import main
from cospace.encode.names import model_home
from cospace.errors import BadArgument, ModelDamaged, UnsupportedModel
from cospace.testing import check_encoder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_what_was_adopted_is_an_encoder(tmp_path: Path) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder())
    added = adopt_onnx(file, name="mine", pooling="mean", prompts={"query": "red "})
    model = cs.load("mine")
    check_encoder(model)
    assert onnx_graphs.WIDTH == model.space.dim
    assert {"text": "f32 on onnx"} == dict(model.precision)
    asked, plain = model.encode_query(["chair"]), model.encode_document(["red chair"])
    assert np.array_equal(asked.array, plain.array), "the prompt stands before each query"
    assert any("known answers are its own" in note for note in added.notes)


def test_a_graph_that_pools_needs_no_pooling(tmp_path: Path) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder(pooled=True))
    assert "none" == adopt_onnx(file, name="mine").model.space.towers[0].pooling


@pytest.mark.parametrize("mode", ["cls", "mean"])
def test_the_pooling_and_the_length_come_from_the_files_beside_it(
    tmp_path: Path, mode: str
) -> None:
    file = onnx_graphs.exported(tmp_path / "mine/onnx", onnx_graphs.encoder())
    (tmp_path / "mine/1_Pooling").mkdir()
    key = {"cls": "cls_token", "mean": "mean_tokens"}[mode]
    pooling = {"pooling_mode_cls_token": False, f"pooling_mode_{key}": True}
    (tmp_path / "mine/1_Pooling/config.json").write_text(json.dumps(pooling))
    (tmp_path / "mine/tokenizer_config.json").write_text(json.dumps({"model_max_length": 77}))
    tower = adopt_onnx(file, name="mine").model.space.towers[0]
    assert mode == tower.pooling
    assert 77 == tower.preprocess["max_tokens"]


def test_a_pooling_that_nobody_states_is_asked_for(tmp_path: Path) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder())
    with pytest.raises(BadArgument, match="--pooling mean"):
        adopt_onnx(file, name="mine")
    assert [] == [f.name for f in model_home().iterdir()], "nothing is left behind"


@pytest.mark.parametrize("pooling", ["max", "MEAN", "lasttoken"])
def test_other_poolings_are_refused(tmp_path: Path, pooling: str) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder())
    with pytest.raises(BadArgument, match="mean or cls"):
        adopt_onnx(file, name="mine", pooling=pooling)


def test_a_graph_that_takes_no_tokens_is_refused(tmp_path: Path) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder(inputs=("pixels",)))
    with pytest.raises(UnsupportedModel, match="it takes pixels; expected input_ids"):
        adopt_onnx(file, name="mine", pooling="mean")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder()[:500])
    with pytest.raises(ModelDamaged):
        adopt_onnx(file, name="mine", pooling="mean")
    assert [] == [f.name for f in model_home().iterdir()]


def test_a_file_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    file = tmp_path / "a" / "b" / "model.onnx"
    file.write_bytes(onnx_graphs.encoder())
    with pytest.raises(BadArgument, match=r"tokenizer\.json"):
        adopt_onnx(file, name="mine", pooling="mean")


def test_a_taken_name_is_refused_unless_it_is_replaced(tmp_path: Path) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder())
    adopt_onnx(file, name="mine", pooling="mean")
    with pytest.raises(BadArgument, match="there already"):
        adopt_onnx(file, name="mine", pooling="mean")
    adopt_onnx(file, name="mine", pooling="cls", replace=True)
    assert "cls" == cs.load("mine").space.towers[0].pooling


def test_the_command_line_adds_and_shows_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder())
    assert 0 == main(["models", "add", str(file), "--name", "mine", "--pooling", "mean"])
    assert "mine is ready; ONNX Runtime runs it" in capsys.readouterr().out
    assert 0 == main(["models", "show", "mine"])
    assert "onnx" in capsys.readouterr().out
    assert 0 == main(["models", "verify", "mine"])
    capsys.readouterr()
    again = ["models", "add", str(file), "--name", "two", "--pooling", "mean", "--json"]
    assert 0 == main(again)
    assert onnx_graphs.WIDTH == json.loads(capsys.readouterr().out)["space"]["dim"]


@pytest.mark.parametrize("more", [["--weights", "int8"], ["--layer", "fc7"], ["--engine", "both"]])
def test_options_of_other_models_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    file = onnx_graphs.exported(tmp_path / "mine", onnx_graphs.encoder())
    assert 0 != main(["models", "add", str(file), "--pooling", "mean", *more])
    assert "taken as it is" in capsys.readouterr().err
