"""Models that are broken, or want more than they should, are refused by name, and leave nothing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="models are adopted from torch")

from safetensors.torch import load_file, save_file  # noqa: E402
from torch_models import clip_model, text_model  # noqa: E402

import cospace as cs  # noqa: E402
from cospace.adopt import Choices, How, adopt  # noqa: E402
from cospace.errors import (  # noqa: E402
    BadArgument,
    MissingExtra,
    ModelDamaged,
    ModelNotFound,
    UnsafeFile,
    UnsupportedModel,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("sound")
    text_model(place, dense=8)
    return place / "saved"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path / "home" / "models"


@pytest.fixture
def model(tmp_path: Path, sound: Path, home: Path) -> Path:
    return shutil.copytree(sound, tmp_path / "mine")


def change(file: Path, update: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = dict(load_file(file))
    update(weights)
    save_file(weights, file)


def spoil(value: float) -> Callable[[dict[str, torch.Tensor]], None]:
    def update(weights: dict[str, torch.Tensor]) -> None:
        name = next(key for key in weights if key.endswith("query.weight"))
        weights[name][1, 2] = value

    return update


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite(model: Path, value: float) -> None:
    change(model / "model.safetensors", spoil(value))
    with pytest.raises(ModelDamaged, match=r"query\.weight holds NaN or Inf"):
        adopt(str(model))


@pytest.mark.parametrize("keep", [0, 7, 100, -1])
def test_a_file_that_is_cut_off(model: Path, keep: int) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ModelDamaged, match="safetensors"):
        adopt(str(model))


def test_a_tensor_that_is_missing_is_not_made_up(model: Path) -> None:
    change(model / "model.safetensors", lambda w: w.pop("encoder.layer.1.output.dense.weight"))  # type: ignore[arg-type]
    with pytest.raises(UnsupportedModel, match=r"1 tensors are missing.*output\.dense\.weight"):
        adopt(str(model))


def test_pickles_are_not_opened(model: Path) -> None:
    for file in model.rglob("*.safetensors"):
        file.unlink()
    (model / "pytorch_model.bin").write_bytes(b"\x80\x04cos\nsystem\n.")
    with pytest.raises(UnsafeFile, match=r"pytorch_model\.bin.*convert it once"):
        adopt(str(model))


@pytest.mark.parametrize(
    "name", ["os.system", "torch.load", "mine.code.Layer", "sentence_transformers.os.system"]
)
def test_a_layer_with_code_of_its_own_is_not_imported(model: Path, name: str) -> None:
    file = model / "modules.json"
    rows = json.loads(file.read_text())
    rows[1]["type"] = name
    file.write_text(json.dumps(rows))
    with pytest.raises(UnsupportedModel, match="never run"):
        adopt(str(model))


def test_an_activation_from_elsewhere_is_not_imported(model: Path) -> None:
    file = next(model.glob("*_Dense/config.json"))
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "activation_function": "os.system"}))
    with pytest.raises(UnsupportedModel, match=r"os\.system"):
        adopt(str(model))


def test_code_that_comes_with_a_model_is_never_run(model: Path, tmp_path: Path) -> None:
    witness = tmp_path / "it-ran"
    (model / "own.py").write_text(f"open({str(witness)!r}, 'w')")
    config = json.loads((model / "config.json").read_text())
    own = {"auto_map": {"AutoModel": "own.Model", "AutoConfig": "own.Config"}}
    (model / "config.json").write_text(json.dumps({**config, **own, "model_type": "of_its_own"}))
    with pytest.raises(UnsupportedModel, match="code of its own"):
        adopt(str(model))
    assert not witness.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_configuration_that_is_none(model: Path, text: str) -> None:
    (model / "config.json").write_text(text)
    with pytest.raises(UnsupportedModel, match=r"config\.json"):
        adopt(str(model))


def test_a_folder_that_holds_no_model(tmp_path: Path, home: Path) -> None:
    with pytest.raises(UnsupportedModel, match="no weights"):
        adopt(str(tmp_path))
    save_file({"x": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(UnsupportedModel, match=r"no config\.json"):
        adopt(str(tmp_path))


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        ("no/such/folder", ModelNotFound, "no such folder"),
        ("org/name", ModelNotFound, "such as hf:org/name"),
        ("hg:org/name", BadArgument, "did you mean hf:org/name"),
        ("hf:name", BadArgument, "hf:org/name"),
        ("hf:../../etc/passwd", BadArgument, "not a repository"),
        ("hf:org/name@a b", BadArgument, "not a revision"),
        ("torchvision:vgg61", ModelNotFound, "did you mean torchvision:vgg16"),
        ("", BadArgument, "which model"),
    ],
)
def test_what_is_no_source_is_refused(
    home: Path, source: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        adopt(source)


@pytest.mark.parametrize("name", ["a/b", "../up", ".hidden", "x" * 65, "starter", "minilm"])
def test_names_that_cannot_be_taken(model: Path, name: str) -> None:
    with pytest.raises(BadArgument, match="--name"):
        adopt(str(model), name=name)


def test_what_is_asked_for_and_not_there(model: Path) -> None:
    with pytest.raises(BadArgument, match="f32, f16, int8"):
        adopt(str(model), how=How(weights="int4"))
    (model / "modules.json").unlink()
    with pytest.raises(UnsupportedModel, match="known: cls"):
        adopt(str(model), choices=Choices(pooling="median"))


def test_a_name_that_is_taken_stays_whole_until_it_is_replaced(model: Path, home: Path) -> None:
    adopt(str(model), name="mine")
    before = cs.load("mine").space.fingerprint
    with pytest.raises(BadArgument, match="--replace"):
        adopt(str(model), name="mine")
    change(model / "model.safetensors", spoil(float("nan")))
    with pytest.raises(ModelDamaged):
        adopt(str(model), name="mine", replace=True)
    assert before == cs.load("mine").space.fingerprint
    change(model / "model.safetensors", spoil(0.5))
    adopt(str(model), name="mine", replace=True)
    assert before != cs.load("mine").space.fingerprint
    assert ["mine"] == [place.name for place in home.iterdir()]


def test_an_addition_that_is_stopped_leaves_nothing(model: Path, home: Path) -> None:
    def stop(line: str) -> None:
        if line.startswith("comparing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        adopt(str(model), name="mine", tell=stop)
    assert [] == list(home.iterdir())
    with pytest.raises(ModelNotFound):
        cs.load("mine")


def test_joint_models_whose_images_nobody_can_prepare(tmp_path: Path, home: Path) -> None:
    clip_model(tmp_path / "clip")
    (tmp_path / "clip/preprocessor_config.json").unlink()
    with pytest.raises(UnsupportedModel, match="how its images"):
        adopt(str(tmp_path / "clip"))


def test_without_torch_the_error_gives_the_pip_line(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [
        n for n in sys.modules if n.startswith(("cospace.adopt", "cospace.encode.modules"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[torch\]'"):
        from cospace.adopt import adopt as again

        again(str(model))
