"""ImageBind's layout: its tensors under the names of the published checkpoint, and its blocks.

Six trunks of the same kind: a stem cuts the input into patches, a token for the whole is put in
front, transformer blocks follow, and a head projects that token into the space (the last token,
for texts). The widths follow from the tensors' shapes; what does not is stated here.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from cospace.encode.modules.bpe import CONTEXT
from cospace.encode.modules.checkpoint import check_layout
from cospace.errors import ModelDamaged

__all__ = ["Block", "ImageBind"]

# Attention heads of each trunk, which no tensor's shape tells.
_HEADS = {"vision": 16, "text": 16, "audio": 12, "depth": 8, "thermal": 12, "imu": 8}
# Trunks with a learned key and value beside the tokens', and the one with a norm before them.
_EXTRA_KEY = {"audio", "depth", "thermal", "imu"}
_NORM_BEFORE = {"vision"}

SIDE = 224  # pixels
FRAMES = 2
BANDS, STEPS = 128, 204  # of a clip of audio
AUDIO_STRIDE = 10
CHANNELS, READINGS, KERNEL = 6, 2_000, 8  # of a motion's clip


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
        self.pos_embed = nn.Parameter(torch.empty(1, 1 + READINGS // KERNEL, width))
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
        """The tokens of the next block: float [n, tokens, width] to the same."""
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


def _stem(name: str, shapes: Mapping[str, tuple[int, ...]]) -> nn.Module:
    """The stem of a trunk, as wide as the tensors say."""
    at = f"modality_preprocessors.{name}"
    if name == "text":
        return TextStem(*shapes[f"{at}.token_embedding.weight"])
    if name == "imu":
        return MotionStem(*shapes[f"{at}.imu_stem.proj.weight"])
    if name == "vision":
        width, _, _, *kernel = shapes[f"{at}.rgbt_stem.proj.1.weight"]
        convolution = nn.Conv3d(3, width, (FRAMES, kernel[0], kernel[1]), bias=False)
        patches = nn.ModuleDict({"proj": nn.ModuleDict({"1": convolution})})
        return Stem({"rgbt_stem": patches}, _count((SIDE, SIDE), kernel, kernel[0]), width)
    part = "depth_stem" if name == "depth" else "rgbt_stem"
    width, _, *kernel = shapes[f"{at}.{part}.proj.weight"]
    convolution2 = nn.Conv2d(1, width, (kernel[0], kernel[1]), bias=False)
    patches = nn.ModuleDict({"proj": convolution2, "norm_layer": nn.LayerNorm(width)})
    audio = name == "audio"
    whole = (BANDS, STEPS) if audio else (SIDE, SIDE)
    return Stem({part: patches}, _count(whole, kernel, AUDIO_STRIDE if audio else kernel[0]), width)


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


def _place(tokens: Tensor, whole: Tensor, places: Tensor) -> Tensor:
    """The tokens after the one for the whole, each with its place added."""
    return torch.cat([whole.expand(tokens.shape[0], -1, -1), tokens], dim=1) + places
