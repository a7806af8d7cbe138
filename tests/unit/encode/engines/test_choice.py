"""Which engine runs a tower: what was asked for, or the fastest on this processor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import cospace as cs
from cospace.encode.engines import choice
from cospace.encode.engines.choice import check_engine, engines_of, graphs, onnx_pays
from cospace.encode.folder import open_folder
from cospace.errors import BadArgument, MissingExtra
from cospace.space import Space, Tower
from cospace.testing.tiny import tiny_folder

STARTER = open_folder(cs.load("starter").path)
TEXT = STARTER.tower("text")


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A processor without VNNI, as the choice sees it."""
    monkeypatch.setattr(choice, "multiplies_bytes", lambda: False)
    monkeypatch.setattr("cospace.encode.engines.openvino.multiplies_bytes", lambda: False)
    yield monkeypatch


def tried(engine: str, tower: Tower = TEXT) -> list[str]:
    return [name for name, _ in graphs(STARTER, tower, engine)]


def test_without_vnni_onnx_runtime_comes_first_and_bytes_are_not_tried_in_openvino(
    processor: pytest.MonkeyPatch,
) -> None:
    assert ["onnx", "int8-as-f32"] == tried("")


def test_without_vnni_and_onnx_runtime_the_weights_are_multiplied_in_float32(
    processor: pytest.MonkeyPatch,
) -> None:
    processor.setattr(choice, "has_onnx", lambda: False)
    assert ["int8-as-f32"] == tried("")
    assert onnx_pays(TEXT), "cospace doctor recommends it"


def test_with_vnni_openvino_runs_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "multiplies_bytes", lambda: True)
    monkeypatch.setattr("cospace.encode.engines.openvino.multiplies_bytes", lambda: True)
    assert ["int8", "int8-as-f32"] == tried("")
    assert not onnx_pays(TEXT)


@pytest.mark.parametrize(
    ("engine", "found"),
    [("onnx", ["onnx"]), ("openvino:int8-as-f32", ["int8-as-f32"]), ("openvino:f32", ["f32"])],
)
def test_what_is_asked_for_is_taken(engine: str, found: list[str]) -> None:
    assert found == tried(engine)


def test_a_tower_without_files_for_the_engine_runs_as_by_default() -> None:
    model = cs.load("starter", engine="onnx")
    model.warm()
    assert "int8 on onnx" == model.precision["text"]
    assert model.precision["image"]


def test_the_engines_of_a_tower_follow_from_its_files() -> None:
    assert ("openvino", "onnx") == engines_of(TEXT)
    assert ("onnx",) == engines_of(Tower(kind="text", model="m", graph="text/model.onnx"))
    assert ("torch",) == engines_of(Tower(kind="text", model="m", files={"torch/a.json": ""}))
    assert () == engines_of(Tower(kind="text", model="m"))


@pytest.mark.parametrize("engine", ["tpu", "onnx:f32", ":f32", "ONNX"])
def test_an_unknown_engine_is_refused_with_those_there_are(engine: str) -> None:
    with pytest.raises(BadArgument, match="'openvino', 'openvino:f32', 'onnx'"):
        check_engine(engine, STARTER.space)


def test_an_engine_that_the_model_has_no_files_for_is_refused(tmp_path: Path) -> None:
    space: Space = open_folder(tiny_folder(tmp_path)).space
    with pytest.raises(BadArgument, match="the engine onnx; it has files for openvino"):
        check_engine("onnx", space)
    with pytest.raises(BadArgument, match="--engine both"):
        check_engine("torch", space)


def test_without_onnx_runtime_the_engine_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match="onnx"):
        tried("onnx")
