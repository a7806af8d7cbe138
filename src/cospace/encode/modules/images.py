"""Image models as torch modules: VGG16 and ResNet50 of our own, and whatever timm knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cospace.encode.modules.built import Built, Input
from cospace.encode.modules.libraries import library
from cospace.encode.modules.weights import (
    fingerprint,
    load_strictly,
    read_safetensors,
    weight_files,
)
from cospace.errors import UnsupportedModel

__all__ = ["KNOWN_IMAGES", "VGG16", "Pixels", "ResNet50", "build", "build_timm", "built_image"]

KNOWN_IMAGES = ("pattern:1", "pattern:2", "pattern:3")

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision has them

# Channels of VGG16's convolutions, "M" for a max-pool: Simonyan and Zisserman 2014
# (arXiv 1409.1556), table 1, column D.
_VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")


class Pixels(nn.Module):
    """uint8 [n, side, side, 3] to what a model takes, (x / 255 - mean) / std, and through it."""

    def __init__(self, model: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.model = model
        shape = (1, 3, 1, 1)
        self.register_buffer("mean", torch.tensor(list(mean)).reshape(shape), persistent=False)
        self.register_buffer("std", torch.tensor(list(std)).reshape(shape), persistent=False)

    def forward(self, pixels: Any) -> Any:
        """The unit rows float32 [n, dim]."""
        planes = pixels.permute(0, 3, 1, 2).float() / 255
        rows = self.model((planes - self.mean) / self.std)
        return nn.functional.normalize(rows.float(), dim=-1)


class VGG16(nn.Module):
    """VGG16 with torchvision's key names, 138.4 M parameters with its classifier.

    `layer` is "fc7", the 4,096 numbers after the second hidden layer and its ReLU, or "pooled",
    the mean of the last 512 feature maps.
    """

    def __init__(self, layer: str = "fc7") -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in _VGG16:
            if width == "M":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, int(width), 3, padding=1), nn.ReLU()]
                channels = int(width)
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4_096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4_096, 4_096), nn.ReLU(), nn.Dropout(),
            nn.Linear(4_096, 1_000),
        )  # fmt: skip
        self.layer = layer

    def forward(self, planes: Any) -> Any:
        """Rows [n, 4096] or [n, 512] of images [n, 3, 224, 224]."""
        maps = self.features(planes)
        return maps.mean((2, 3)) if self.layer == "pooled" else self.classifier[:6](maps.flatten(1))


class _Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 convolutions around a shortcut; the stride is in the 3x3, as torchvision's."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        out = width * 4
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, out, 1, bias=False), nn.BatchNorm2d(out)
        self.downsample: nn.Module | None = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out)
            )

    def forward(self, maps: Any) -> Any:
        inner = torch.relu(self.bn1(self.conv1(maps)))
        inner = torch.relu(self.bn2(self.conv2(inner)))
        inner = self.bn3(self.conv3(inner))
        return torch.relu(inner + (maps if self.downsample is None else self.downsample(maps)))


class ResNet50(nn.Module):
    """ResNet50 with torchvision's key names, 25.6 M parameters with its classifier.

    He et al. 2015 (arXiv 1512.03385), table 1; rows are the mean of the last 2,048 feature maps.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for number, (blocks, width) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512)), 1):
            stage = []
            for block in range(blocks):
                stride = 2 if number > 1 and block == 0 else 1
                stage.append(_Bottleneck(channels, width, stride))
                channels = width * 4
            setattr(self, f"layer{number}", nn.Sequential(*stage))
        self.fc = nn.Linear(channels, 1_000)

    def forward(self, planes: Any) -> Any:
        """Rows [n, 2048] of images [n, 3, side, side]."""
        maps = torch.relu(self.bn1(self.conv1(planes)))
        maps = nn.functional.max_pool2d(maps, 3, 2, padding=1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps = stage(maps)
        return maps.mean((2, 3))


def build(folder: Path, *, architecture: str, layer: str = "") -> list[Built]:
    """The tower of "vgg16" or "resnet50" from torchvision's published weights in safetensors.

    Keys may be torchvision's, or those of timm's copies of the same weights. The recipe is
    torchvision's for IMAGENET1K_V1: bilinear to 256, the middle 224.

    Raises `UnsupportedModel` for weights of another shape or an unknown layer.
    """
    layers = {"vgg16": ("fc7", "pooled"), "resnet50": ("pooled",)}[architecture]
    layer = layer or layers[0]
    if layer not in layers:
        raise UnsupportedModel(
            f"{architecture} has {' and '.join(layers)}; not the layer {layer!r}"
        )
    with torch.device("meta"):  # no random numbers where those of the file come
        model = VGG16(layer) if architecture == "vgg16" else ResNet50()
    model.to_empty(device="cpu")
    weights = dict(read_safetensors(weight_files(folder)[0]))
    load_strictly(model, _torchvision_names(weights) if architecture == "vgg16" else weights)
    recipe = {"size": 224, "resize": 256, "crop": "round", "interpolation": "bilinear"}
    family = f"torchvision-{architecture}"
    return [built_image(Pixels(model, _MEAN, _STD), folder, family, recipe, pooling=layer)]


def _torchvision_names(weights: Mapping[str, Any]) -> dict[str, Any]:
    """timm keeps VGG's hidden layers as convolutions of the same numbers, under other names."""
    names = {
        "pre_logits.fc1": "classifier.0",
        "pre_logits.fc2": "classifier.3",
        "head.fc": "classifier.6",
    }
    found = {}
    for key, tensor in weights.items():
        place, _, what = key.rpartition(".")
        found[f"{names.get(place, place)}.{what}"] = (
            tensor.flatten(1) if (place in names and what == "weight") else tensor
        )
    return found


def build_timm(folder: Path) -> list[Built]:
    """The tower of a model that timm saved: config.json with `architecture`, and safetensors.

    Raises `UnsupportedModel` for an unknown architecture or a recipe that cannot be followed.
    """
    timm = library("timm")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    recipe = {**config, **config.get("pretrained_cfg", {})}
    arguments = {
        "num_classes": config.get("num_classes", 1_000),
        **(config.get("model_args") or {}),
    }
    try:
        model = timm.create_model(config["architecture"], pretrained=False, **arguments)
    except (RuntimeError, TypeError, ValueError) as error:
        raise UnsupportedModel(f"timm cannot make it: {str(error)[:300]}") from error
    load_strictly(model, read_safetensors(weight_files(folder)[0]))
    model.reset_classifier(0)
    pixels = Pixels(model, recipe.get("mean", _MEAN), recipe.get("std", _STD))
    return [built_image(pixels, folder, "timm", _timm_recipe(recipe), pooling="pre_logits")]


def _timm_recipe(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """timm's evaluation transform: floor(size / crop_pct), then the middle."""
    size = (recipe.get("test_input_size") or recipe.get("input_size") or (3, 224, 224))[-1]
    part = float(recipe.get("test_crop_pct") or recipe.get("crop_pct") or 0.875)
    mode = recipe.get("crop_mode") or "center"
    if mode not in ("center", "squash") or part > 1:
        raise UnsupportedModel(
            f"its recipe crops by {mode!r} with {part}; center and squash are known"
        )
    record = {"size": size, "interpolation": recipe.get("interpolation", "bicubic")}
    if mode == "squash":
        return {**record, "resize": size, "crop": "none"}
    return {**record, "resize": int(size / part), "crop": "round"}


def built_image(
    module: nn.Module, folder: Path, family: str, recipe: Mapping[str, Any], *, pooling: str = ""
) -> Built:
    """The tower of a module that takes uint8 pixels [n, size, size, 3]."""
    side = int(recipe["size"])
    module.eval()
    with torch.no_grad():
        dim = int(module(torch.zeros(1, side, side, 3, dtype=torch.uint8)).shape[1])
    return Built(
        kind="image",
        family=family,
        module=module,
        inputs={"pixels": Input("uint8", (None, side, side, 3))},
        dim=dim,
        known=KNOWN_IMAGES,
        weights_sha256=fingerprint(folder),
        preprocess=dict(recipe),
        pooling=pooling,
    )
