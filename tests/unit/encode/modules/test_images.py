"""VGG16 and ResNet50 of our own: torchvision's names, numbers and vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch modules")

from cospace.encode.modules.images import VGG16, ResNet50, build  # noqa: E402
from cospace.encode.modules.libraries import library  # noqa: E402
from cospace.errors import UnsupportedModel  # noqa: E402


def shapes(module: object) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in module.state_dict().items()}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("ours", "name", "parameters"),
    [(VGG16, "vgg16", 138_357_544), (ResNet50, "resnet50", 25_557_032)],
)
def test_names_and_parameters_are_torchvisions(ours: type, name: str, parameters: int) -> None:
    library("timm")  # which mends torchvision's import
    torchvision = pytest.importorskip("torchvision", reason="the reference")
    with torch.device("meta"):
        mine, theirs = ours(), getattr(torchvision.models, name)()
    assert shapes(theirs) == shapes(mine)
    assert parameters == sum(p.numel() for p in mine.parameters())


@pytest.mark.parametrize(("ours", "name"), [(VGG16, "vgg16"), (ResNet50, "resnet50")])
def test_rows_are_torchvisions_before_its_last_layer(ours: type, name: str) -> None:
    library("timm")
    torchvision = pytest.importorskip("torchvision", reason="the reference")
    torch.manual_seed(0)
    theirs = getattr(torchvision.models, name)().eval()
    with torch.device("meta"):
        mine = ours().eval()
    mine.to_empty(device="cpu")
    mine.load_state_dict(theirs.state_dict())
    last = theirs.classifier if name == "vgg16" else theirs
    planes = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        if name == "vgg16":
            last[6] = torch.nn.Identity()
            expected = theirs(planes)
            pooled = theirs.features(planes).mean((2, 3))
            mine.layer = "pooled"
            assert np.allclose(pooled, mine(planes), atol=1e-5)
            mine.layer = "fc7"
        else:
            last.fc = torch.nn.Identity()
            expected = theirs(planes)
        assert np.allclose(expected, mine(planes), atol=1e-4)


def test_timms_copy_of_vgg16_has_the_same_numbers_under_other_names(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    torch.manual_seed(0)
    theirs = library("timm").create_model("vgg16", pretrained=False).eval()
    save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    [tower] = build(tmp_path, architecture="vgg16")
    theirs.reset_classifier(0)
    pixels = torch.randint(0, 256, (1, 224, 224, 3), dtype=torch.uint8)
    planes = pixels.permute(0, 3, 1, 2) / 255
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    with torch.no_grad():
        expected = theirs((planes - mean[:, None, None]) / std[:, None, None])
        found = tower.module(pixels)
    assert (4_096, 4_096) == (tower.dim, found.shape[1])
    assert float(torch.nn.functional.cosine_similarity(expected, found).min()) > 0.99999
    [pooled] = build(tmp_path, architecture="vgg16", layer="pooled")
    assert 512 == pooled.dim


def test_torchvisions_own_file_is_recognised_by_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import save_file

    import cospace as cs
    from cospace.adopt import adopt

    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    torch.manual_seed(0)
    (tmp_path / "mine").mkdir()
    save_file(ResNet50().state_dict(), tmp_path / "mine/resnet50.safetensors")
    added = adopt(str(tmp_path / "mine"), name="resnet50")
    assert added.cosines["image"] >= 0.9999
    tower = cs.load("resnet50").space.towers[0]
    assert ("torchvision-resnet50", "pooled", 256) == (
        tower.family, tower.pooling, tower.preprocess["resize"]
    )  # fmt: skip


def test_an_unknown_layer_and_other_weights_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"fc.weight": torch.zeros(2, 2)}, tmp_path / "model.safetensors")
    with pytest.raises(UnsupportedModel, match="fc7 and pooled"):
        build(tmp_path, architecture="vgg16", layer="fc6")
    with pytest.raises(UnsupportedModel, match="not those of this model"):
        build(tmp_path, architecture="resnet50")
