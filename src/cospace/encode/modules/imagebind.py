"""ImageBind: one space for pictures, video, texts, sounds, depth, thermal pictures and motion.

Written from the paper (Girdhar et al. 2023, "ImageBind: One Embedding Space To Bind Them All",
arXiv 2305.05665) and from the names and shapes of the tensors in the published checkpoint. The
checkpoint is the user's own: its licence is CC BY-NC-SA 4.0, which rules out commercial use.

Six trunks of the same kind: a stem cuts the input into patches, a token for the whole is put in
front, transformer blocks follow, and a head projects that token into the space (the last token,
for texts). The widths follow from the tensors; what does not is stated in `_HEADS` and below.
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
from cospace.encode.modules.checkpoint import check_layout, read_checkpoint, take_weights
from cospace.errors import ModelDamaged

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["FAMILY", "LICENSE", "ImageBind", "build"]

FAMILY = "imagebind"
LICENSE = "CC-BY-NC-SA-4.0"

# Attention heads of each trunk, which no tensor's shape tells.
_HEADS = {"vision": 16, "text": 16, "audio": 12, "depth": 8, "thermal": 12, "imu": 8}
# Trunks with a learned key and value beside the tokens', and the one with a norm before them.
_EXTRA_KEY = {"audio", "depth", "thermal", "imu"}
_NORM_BEFORE = {"vision"}

_SIDE = 224  # pixels
_FRAMES = 2
_BANDS, _STEPS = 128, 204  # of a sound's clip
_AUDIO_STRIDE = 10
_CHANNELS, _READINGS, _KERNEL = 6, 2_000, 8  # of a motion's clip

# What inputs are normalised with: pictures as CLIP's; sounds as the authors' code; disparity
# as Omnivore's published recipe (Girdhar et al. 2022), which the authors point to.
_PIXEL_MEAN = (0.48145466, 0.4578275, 0.40821073)
_PIXEL_STD = (0.26862954, 0.26130258, 0.27577711)
_AUDIO_MEAN, _AUDIO_STD = -4.268, 9.138
_DEPTH_MEAN, _DEPTH_STD = 0.0418, 0.0295

_PREPROCESS: Mapping[str, Mapping[str, object]] = {
    "image": {"size": _SIDE, "resize": _SIDE, "crop": "center", "interpolation": "bicubic"},
    "video": {
        "size": _SIDE,
        "crop": "center",  # the authors' code averages three crops: left, centre, right
        "interpolation": "bilinear",
        "clips": 5,
        "clip_seconds": 2,
        "clip_frames": _FRAMES,
    },
    "audio": {
        "rate": 16_000,
        "channels": "mean",
        "bands": _BANDS,
        "steps": _STEPS,
        "clips": 3,
        "clip_seconds": 2,
        "filterbank": "kaldi-hann-25ms-10ms",
        "resampler": "sinc-hann-6-0.99",
    },
    "depth": {
        "size": _SIDE,
        "crop": "center",
        "interpolation": "bilinear",
        "baseline_metres": 0.075,
        "nearest_metres": 0.01,
        "farthest_metres": 50,
        "most_disparity": 75,
    },
    "thermal": {
        "size": _SIDE,
        "crop": "center",
        "interpolation": "bicubic",
        "low_percentile": 0.5,
        "high_percentile": 99.5,
    },
    "imu": {"readings": _READINGS, "seconds": 5, "resampler": "sinc-hann-6-0.99"},
    "text": {"tokenizer": "tokenizer.json", "max_tokens": CONTEXT},
}
_PATTERNS = ("pattern:1", "pattern:2")
_TEXTS = ("a red chair", "two dogs bark at the rain on a tin roof, far away")


def build(folder: Path) -> list[Built]:
    """The seven towers of the checkpoint in `folder`, the text's first.

    The folder holds one `.safetensors` file, and `tokenizer.json` or CLIP's merges file
    (`bpe_simple_vocab_16e6.txt.gz`). Pictures and videos share one module: its input is one
    frame, or two frames one above the other.

    Raises `ModelNotFound` for a file that is missing, `UnsafeFile` for a checkpoint that can run
    code (with the lines that convert it), and `ModelDamaged` for other tensors than expected.
    """
    weights, digest = read_checkpoint(folder)
    model = ImageBind.like(weights)
    take_weights(model, weights, may_be_infinite="modality_preprocessors.text.mask")
    tokenizer = find_tokenizer(folder)
    dim = weights["modality_heads.vision.2.weight"].shape[0]
    pixels = Input("uint8", (None, None, _SIDE, 3))
    picture = PictureTower(model)
    plane = Input("float32", (None, _SIDE, _SIDE))
    ids = Input("int64", (None, None))
    towers: list[tuple[str, nn.Module, dict[str, Input]]] = [
        ("text", TextTower(model), {"input_ids": ids, "attention_mask": ids}),
        ("image", picture, {"pixels": pixels}),
        ("video", picture, {"pixels": pixels}),
        ("audio", AudioTower(model), {"mel": Input("float32", (None, _BANDS, _STEPS))}),
        ("depth", DepthTower(model), {"disparity": plane}),
        ("thermal", ThermalTower(model), {"heat": plane}),
        ("imu", MotionTower(model), {"motion": Input("float32", (None, _CHANNELS, _READINGS))}),
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
        )
        for kind, module, inputs in towers
    ]


class ImageBind(nn.Module):
    """All trunks, their tensors named as in the published checkpoint."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        stems = {name: _stem(name, shapes) for name in _HEADS}
        self.modality_preprocessors = nn.ModuleDict(stems)
        self.modality_trunks = nn.ModuleDict({name: Trunk(name, shapes) for name in _HEADS})
        self.modality_heads = nn.ModuleDict({name: _head(name, shapes) for name in _HEADS})
        # Each scales its trunk's outputs by a number, which drops out at length one.
        scales = {name: nn.ModuleDict({"1": Scale()}) for name in _HEADS if name != "vision"}
        self.modality_postprocessors = nn.ModuleDict(scales)

    @classmethod
    def like(cls, weights: Mapping[str, Tensor]) -> ImageBind:
        """The model, without memory yet, that a checkpoint's tensors belong to.

        Raises `ModelDamaged` that lists the first missing, unknown and wrongly shaped tensors.
        """
        shapes = {key: tuple(tensor.shape) for key, tensor in weights.items()}
        try:
            with torch.device("meta"):
                model = cls(shapes)
        except KeyError as error:
            raise ModelDamaged(f"not an ImageBind checkpoint: it has no {error}") from error
        except (ValueError, IndexError) as error:
            raise ModelDamaged(f"not an ImageBind checkpoint: {error}") from error
        check_layout(model, shapes)
        return model


class Stem(nn.Module):
    """Patches of a signal as tokens, one for the whole before them, each with its place."""

    def __init__(self, patches: dict[str, nn.Module], tokens: int, width: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        for name, module in patches.items():
            self.add_module(name, module)
        self.pos_embedding_helper = nn.ParameterDict(
            {"pos_embed": torch.empty(1, 1 + tokens, width)}
        )

    def place(self, tokens: Tensor) -> Tensor:
        """float [n, 1 + tokens, width] of float [n, tokens, width]."""
        return _place(tokens, self.cls_token, self.pos_embedding_helper["pos_embed"])


class MotionStem(nn.Module):
    """Stretches of eight readings as tokens."""

    def __init__(self, width: int, inputs: int) -> None:
        super().__init__()
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + _READINGS // _KERNEL, width))
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        parts = {"proj": nn.Linear(inputs, width, bias=False), "norm_layer": nn.LayerNorm(width)}
        self.imu_stem = nn.ModuleDict(parts)

    def place(self, tokens: Tensor) -> Tensor:
        """float [n, 251, width] of float [n, 250, width]."""
        return _place(tokens, self.cls_token, self.pos_embed)


class TextStem(nn.Module):
    """Tokens of a text, each with its place."""

    def __init__(self, vocabulary: int, width: int) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.pos_embed = nn.Parameter(torch.empty(1, CONTEXT, width))
        # In the checkpoint, and known without it: nothing sees what comes after it.
        self.register_buffer("mask", torch.empty(CONTEXT, CONTEXT))


class Trunk(nn.Module):
    """Transformer blocks. float [n, tokens, width] to the same."""

    def __init__(self, name: str, shapes: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        first = f"modality_trunks.{name}.blocks"
        hidden, width = shapes[f"{first}.0.mlp.fc1.weight"]
        if width % _HEADS[name]:
            raise ValueError(f"the {name} trunk's width {width} is not for {_HEADS[name]} heads")
        before = {"0": nn.LayerNorm(width, eps=1e-6)} if name in _NORM_BEFORE else {}
        self.pre_transformer_layer = nn.ModuleDict(before)
        depth = len({key.split(".")[3] for key in shapes if key.startswith(f"{first}.")})
        extra = name in _EXTRA_KEY
        self.blocks = nn.ModuleList(
            Block(width, hidden, heads=_HEADS[name], extra_key=extra) for _ in range(depth)
        )

    def forward(self, tokens: Tensor, causal: bool = False) -> Tensor:
        for norm in self.pre_transformer_layer.values():
            tokens = norm(tokens)
        for block in self.blocks:
            tokens = block(tokens, causal)
        return tokens


class Block(nn.Module):
    """Attention and a two-layer network, each on normed tokens and added to them."""

    def __init__(self, width: int, hidden: int, *, heads: int, extra_key: bool) -> None:
        super().__init__()
        self.attn = Attention(width, heads, extra_key=extra_key)
        self.norm_1 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, hidden), "fc2": nn.Linear(hidden, width)})
        self.norm_2 = nn.LayerNorm(width, eps=1e-6)

    def forward(self, tokens: Tensor, causal: bool) -> Tensor:
        tokens = tokens + self.attn(self.norm_1(tokens), causal)
        inner: Tensor = self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm_2(tokens))))
        return tokens + inner


class Attention(nn.Module):
    """Attention of every token to all, or to those before it; and to one learned key."""

    def __init__(self, width: int, heads: int, *, extra_key: bool) -> None:
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)
        self.bias_k = nn.Parameter(torch.empty(1, 1, width)) if extra_key else None
        self.bias_v = nn.Parameter(torch.empty(1, 1, width)) if extra_key else None

    def forward(self, tokens: Tensor, causal: bool) -> Tensor:
        n, count, width = tokens.shape
        joint = F.linear(tokens, self.in_proj_weight, self.in_proj_bias)
        split = joint.reshape(n, count, 3, self.heads, self.size).permute(2, 0, 3, 1, 4)
        query, key, value = split[0], split[1], split[2]
        if self.bias_k is not None and self.bias_v is not None:
            each = (1, self.heads, 1, self.size)
            key = torch.cat([key, self.bias_k.reshape(each).expand(n, -1, -1, -1)], dim=2)
            value = torch.cat([value, self.bias_v.reshape(each).expand(n, -1, -1, -1)], dim=2)
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=causal)
        out: Tensor = self.out_proj(seen.transpose(1, 2).reshape(n, count, width))
        return out


class Scale(nn.Module):
    """The scale of a trunk's outputs, which is loaded and not used."""

    def __init__(self) -> None:
        super().__init__()
        self.log_logit_scale = nn.Parameter(torch.empty(()))


class Tower(nn.Module):
    """What one kind of input goes through, and the projection at its end."""

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


class PictureTower(Tower):
    """uint8 [n, 224 or 448, 224, 3]: a picture, or two frames one above the other."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, model: ImageBind) -> None:
        super().__init__(model, "vision")
        self.register_buffer("mean", torch.tensor(_PIXEL_MEAN) * 255, persistent=False)
        self.register_buffer("deviation", torch.tensor(_PIXEL_STD) * 255, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        kernel = self.stem.rgbt_stem["proj"]["1"].weight
        # A picture is both of its frames: the slices then hold the same rows.
        first, last = pixels[:, :_SIDE], pixels[:, -_SIDE:]
        tokens = sum(
            F.conv2d(self._normal(frame), kernel[:, :, i], stride=kernel.shape[-2:])
            for i, frame in enumerate((first, last))
        )
        assert isinstance(tokens, Tensor)
        return self.whole(self.stem.place(_rows(tokens)))

    def _normal(self, frame: Tensor) -> Tensor:
        square = frame.reshape(-1, _SIDE, _SIDE, 3).float()
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

    mean, deviation, stride = _AUDIO_MEAN, _AUDIO_STD, _AUDIO_STRIDE

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
        pieces = motion.reshape(-1, _CHANNELS, _READINGS // _KERNEL, _KERNEL).permute(0, 2, 1, 3)
        flat = pieces.reshape(-1, _READINGS // _KERNEL, _CHANNELS * _KERNEL)
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


def _stem(name: str, shapes: Mapping[str, tuple[int, ...]]) -> nn.Module:
    """The stem of a trunk, as wide as the tensors say."""
    at = f"modality_preprocessors.{name}"
    if name == "text":
        return TextStem(*shapes[f"{at}.token_embedding.weight"])
    if name == "imu":
        return MotionStem(*shapes[f"{at}.imu_stem.proj.weight"])
    if name == "vision":
        width, _, _, *kernel = shapes[f"{at}.rgbt_stem.proj.1.weight"]
        convolution = nn.Conv3d(3, width, (_FRAMES, kernel[0], kernel[1]), bias=False)
        patches = nn.ModuleDict({"proj": nn.ModuleDict({"1": convolution})})
        return Stem({"rgbt_stem": patches}, _count((_SIDE, _SIDE), kernel, kernel[0]), width)
    part = "depth_stem" if name == "depth" else "rgbt_stem"
    width, _, *kernel = shapes[f"{at}.{part}.proj.weight"]
    convolution2 = nn.Conv2d(1, width, (kernel[0], kernel[1]), bias=False)
    patches = nn.ModuleDict({"proj": convolution2, "norm_layer": nn.LayerNorm(width)})
    audio = name == "audio"
    whole = (_BANDS, _STEPS) if audio else (_SIDE, _SIDE)
    return Stem(
        {part: patches}, _count(whole, kernel, _AUDIO_STRIDE if audio else kernel[0]), width
    )


def _count(whole: tuple[int, int], kernel: list[int], stride: int) -> int:
    """How many patches fit."""
    rows, columns = ((side - size) // stride + 1 for side, size in zip(whole, kernel, strict=True))
    return rows * columns


def _head(name: str, shapes: Mapping[str, tuple[int, ...]]) -> nn.Module:
    """The norm and the projection at a trunk's end, under their numbers in the checkpoint."""
    norm, last = ("0", "1") if name == "text" else ("0", "3" if name == "imu" else "2")
    at = f"modality_heads.{name}" + (".proj" if name == "text" else "")
    dim, width = shapes[f"{at}.{last}.weight"]
    layers = {norm: nn.LayerNorm(width, eps=1e-6), last: nn.Linear(width, dim, bias=False)}
    head = nn.ModuleDict(layers)
    return nn.ModuleDict({"proj": head}) if name == "text" else head


def _rows(maps: Tensor) -> Tensor:
    """Tokens float [n, height * width, channels] of maps float [n, channels, height, width]."""
    return maps.flatten(2).transpose(1, 2)


def _place(tokens: Tensor, whole: Tensor, places: Tensor) -> Tensor:
    """The tokens after the one for the whole, each with its place added."""
    return torch.cat([whole.expand(tokens.shape[0], -1, -1), tokens], dim=1) + places


def _project(layers: Iterable[nn.Module], token: Tensor) -> Tensor:
    for layer in layers:
        token = layer(token)
    return F.normalize(token, dim=-1)
