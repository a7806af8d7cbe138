"""ImageBind: one space for images, video, texts, audio, depth, thermal images and motion.

Written from the paper (Girdhar et al. 2023, "ImageBind: One Embedding Space To Bind Them All",
arXiv 2305.05665) and from the names and shapes of the tensors in the published checkpoint. The
checkpoint is the user's own: its licence is CC BY-NC-SA 4.0, which rules out commercial use.

`imagebind_layout` holds the tensors; here is what is done to each modality.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from cospace.encode.modules.bpe import CONTEXT, find_tokenizer
from cospace.encode.modules.built import Built, Input
from cospace.encode.modules.checkpoint import read_checkpoint, take_weights
from cospace.encode.modules.imagebind_layout import (
    AUDIO_STRIDE,
    BANDS,
    CHANNELS,
    FRAMES,
    KERNEL,
    READINGS,
    SIDE,
    STEPS,
    ImageBind,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FAMILY", "LICENSE", "build"]

FAMILY = "imagebind"
LICENSE = "CC-BY-NC-SA-4.0"

# What inputs are normalised with: images as CLIP's; audio as the authors' code; disparity
# as Omnivore's published recipe (Girdhar et al. 2022), which the authors point to.
_PIXEL_MEAN = (0.48145466, 0.4578275, 0.40821073)
_PIXEL_STD = (0.26862954, 0.26130258, 0.27577711)
_AUDIO_MEAN, _AUDIO_STD = -4.268, 9.138
_DEPTH_MEAN, _DEPTH_STD = 0.0418, 0.0295

_PREPROCESS: Mapping[str, Mapping[str, object]] = {
    "image": {"size": SIDE, "resize": SIDE, "crop": "center", "interpolation": "bicubic"},
    "video": {
        "size": SIDE,
        "crop": "center",  # the authors' code averages three crops: left, centre, right
        "interpolation": "bilinear",
        "clips": 5,
        "clip_seconds": 2,
        "clip_frames": FRAMES,
    },
    "audio": {
        "rate": 16_000,
        "channels": "mean",
        "bands": BANDS,
        "steps": STEPS,
        "clips": 3,
        "clip_seconds": 2,
        "filterbank": "kaldi-hann-25ms-10ms",
        "resampler": "sinc-hann-6-0.99",
    },
    "depth": {
        "size": SIDE,
        "crop": "center",
        "interpolation": "bilinear",
        "baseline_metres": 0.075,
        "nearest_metres": 0.01,
        "farthest_metres": 50,
        "most_disparity": 75,
    },
    "thermal": {
        "size": SIDE,
        "crop": "center",
        "interpolation": "bicubic",
        "low_percentile": 0.5,
        "high_percentile": 99.5,
    },
    "imu": {"readings": READINGS, "seconds": 5, "resampler": "sinc-hann-6-0.99"},
    "text": {"tokenizer": "tokenizer.json", "max_tokens": CONTEXT},
}
_PATTERNS = ("pattern:1", "pattern:2")
_TEXTS = ("a red chair", "two dogs bark at the rain on a tin roof, far away")


def build(folder: Path) -> list[Built]:
    """The seven towers of the checkpoint in `folder`, the text's first.

    The folder holds one `.safetensors` file, and `tokenizer.json` or CLIP's merges file
    (`bpe_simple_vocab_16e6.txt.gz`). Images and videos share one module: its input is one
    frame, or two frames one above the other.

    Raises `ModelNotFound` for a file that is missing, `UnsafeFile` for a checkpoint that can run
    code (with the lines that convert it), and `ModelDamaged` for other tensors than expected.
    """
    weights, digest = read_checkpoint(folder)
    model = ImageBind.like(weights)
    take_weights(model, weights, may_be_infinite="modality_preprocessors.text.mask")
    tokenizer = find_tokenizer(folder)
    dim = weights["modality_heads.vision.2.weight"].shape[0]
    pixels = Input("uint8", (None, None, SIDE, 3))
    image = ImageTower(model)
    plane = Input("float32", (None, SIDE, SIDE))
    ids = Input("int64", (None, None))
    towers: list[tuple[str, nn.Module, dict[str, Input]]] = [
        ("text", TextTower(model), {"input_ids": ids, "attention_mask": ids}),
        ("image", image, {"pixels": pixels}),
        ("video", image, {"pixels": pixels}),
        ("audio", AudioTower(model), {"mel": Input("float32", (None, BANDS, STEPS))}),
        ("depth", DepthTower(model), {"disparity": plane}),
        ("thermal", ThermalTower(model), {"heat": plane}),
        ("imu", MotionTower(model), {"motion": Input("float32", (None, CHANNELS, READINGS))}),
    ]
    return [
        Built(
            kind=kind,
            family=FAMILY,
            module=module.eval(),
            inputs=inputs,
            dim=dim,
            known=_TEXTS if kind == "text" else _PATTERNS,
            weights_sha256=digest,
            preprocess=_PREPROCESS[kind],
            files={"tokenizer.json": tokenizer} if kind == "text" else {},
            pooling="last" if kind == "text" else "cls",
            prompts={"query": "", "document": ""} if kind == "text" else {},
            license=LICENSE,
        )
        for kind, module, inputs in towers
    ]


class Tower(nn.Module):
    """What one modality goes through, and the projection at its end."""

    stem: Any
    trunk: Any
    head: Any

    def __init__(self, model: ImageBind, name: str) -> None:
        super().__init__()
        self.stem = model.modality_preprocessors[name]
        self.trunk = model.modality_trunks[name]
        self.head = model.modality_heads[name]

    def whole(self, tokens: Tensor) -> Tensor:
        """The rows float [n, dim] at length one, of placed tokens."""
        return _project(self.head.values(), self.trunk(tokens)[:, 0])


class ImageTower(Tower):
    """uint8 [n, 224 or 448, 224, 3]: an image, or two frames one above the other."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "vision")
        self.register_buffer("mean", torch.tensor(_PIXEL_MEAN) * 255, persistent=False)
        self.register_buffer("deviation", torch.tensor(_PIXEL_STD) * 255, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        kernel = self.stem.rgbt_stem["proj"]["1"].weight
        # An image is both of its frames: the slices then hold the same rows.
        first, last = pixels[:, :SIDE], pixels[:, -SIDE:]
        tokens = sum(
            F.conv2d(self._normal(frame), kernel[:, :, i], stride=kernel.shape[-2:])
            for i, frame in enumerate((first, last))
        )
        assert isinstance(tokens, Tensor)
        return self.whole(self.stem.place(_rows(tokens)))

    def _normal(self, frame: Tensor) -> Tensor:
        square = frame.reshape(-1, SIDE, SIDE, 3).float()
        return ((square - self.mean) / self.deviation).permute(0, 3, 1, 2)


class PlaneTower(Tower):
    """float32 [n, height, width] of one channel."""

    stem_name, mean, deviation, stride = "rgbt_stem", 0.0, 1.0, 0

    def forward(self, plane: Tensor) -> Tensor:
        patches = getattr(self.stem, self.stem_name)
        kernel = patches["proj"].weight
        stride = self.stride or kernel.shape[-1]
        normal = (plane[:, None] - self.mean) / self.deviation
        tokens = _rows(F.conv2d(normal, kernel, stride=stride))
        return self.whole(self.stem.place(patches["norm_layer"](tokens)))


class AudioTower(PlaneTower):
    """float32 [n, 128, 204]: log-mel energies of clips of two seconds, zeros at their end."""

    mean, deviation, stride = _AUDIO_MEAN, _AUDIO_STD, AUDIO_STRIDE

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "audio")


class DepthTower(PlaneTower):
    """float32 [n, 224, 224]: disparity as a share of 75 pixels."""

    stem_name, mean, deviation = "depth_stem", _DEPTH_MEAN, _DEPTH_STD

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "depth")


class ThermalTower(PlaneTower):
    """float32 [n, 224, 224] from 0 (cold) to 1 (warm)."""

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "thermal")


class MotionTower(Tower):
    """float32 [n, 6, 2000]: accelerometer and gyroscope over five seconds."""

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "imu")

    def forward(self, motion: Tensor) -> Tensor:
        pieces = motion.reshape(-1, CHANNELS, READINGS // KERNEL, KERNEL).permute(0, 2, 1, 3)
        flat = pieces.reshape(-1, READINGS // KERNEL, CHANNELS * KERNEL)
        parts = self.stem.imu_stem
        return self.whole(self.stem.place(parts["norm_layer"](parts["proj"](flat))))


class TextTower(Tower):
    """int64 [n, tokens] twice: numbers of tokens, and 1 where there is one, 0 after the last.

    No token sees those after it, so what follows the last one has no part in a text's row.
    """

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "text")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        known = self.stem.pos_embed[0][places.clamp(max=CONTEXT - 1)]
        tokens = self.trunk(self.stem.token_embedding(input_ids) + known, True)
        last = (attention_mask.sum(dim=1) - 1).reshape(-1, 1, 1).expand(-1, 1, tokens.shape[-1])
        return _project(self.head["proj"].values(), tokens.gather(1, last)[:, 0])


def _rows(maps: Tensor) -> Tensor:
    """Tokens float [n, height * width, channels] of maps float [n, channels, height, width]."""
    return maps.flatten(2).transpose(1, 2)


def _project(layers: Iterable[nn.Module], token: Tensor) -> Tensor:
    for layer in layers:
        token = layer(token)
    return F.normalize(token, dim=-1)
