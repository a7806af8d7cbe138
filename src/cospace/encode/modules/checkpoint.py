"""A checkpoint of the user's own: found, read and held to the layout that it should have."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cospace.encode.modules.weights import fingerprint, read_safetensors, weight_files
from cospace.errors import BadArgument, ModelDamaged

if TYPE_CHECKING:
    from torch import nn

__all__ = ["check_layout", "read_checkpoint", "take_weights"]

# How many tensors of each fault an error lists.
_SHOWN = 3


def read_checkpoint(folder: Path) -> tuple[Mapping[str, Tensor], str]:
    """The tensors of the one safetensors file in `folder`, by name, and the file's sha256.

    The file is mapped, not read: a tensor takes memory when it is used.

    Raises `BadArgument` for several files, and as `weight_files` and `read_safetensors`.
    """
    found = weight_files(folder)
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:_SHOWN])
        raise BadArgument(f"{folder}: expected one .safetensors file, found {names}")
    return read_safetensors(found[0]), fingerprint(folder)


def check_layout(model: nn.Module, found: Mapping[str, tuple[int, ...]]) -> None:
    """Raises `ModelDamaged` with the first tensors that are missing, unknown or wrongly shaped."""
    expected = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    faults = {
        "missing": [key for key in expected if key not in found],
        "unknown": [key for key in found if key not in expected],
        "of another shape": [
            f"{key} {list(found[key])}, expected {list(shape)}"
            for key, shape in expected.items()
            if key in found and found[key] != shape
        ],
    }
    messages = [
        f"{len(keys)} {fault}: {'; '.join(keys[:_SHOWN])}{'; ...' if len(keys) > _SHOWN else ''}"
        for fault, keys in faults.items()
        if keys
    ]
    if messages:
        raise ModelDamaged(f"the checkpoint's tensors are not as expected. {'. '.join(messages)}")


def take_weights(model: nn.Module, weights: Mapping[str, Tensor], *, may_be_infinite: str) -> None:
    """Puts the tensors into a model that `check_layout` passed, as float32 and without a copy.

    Raises `ModelDamaged` for NaN or infinite weights; the tensor `may_be_infinite`, a mask, is
    excused.
    """
    for key, value in weights.items():
        if not value.is_floating_point():
            raise ModelDamaged(f"{key} holds {value.dtype}; expected floating point")
        if key != may_be_infinite and not torch.isfinite(value).all():
            raise ModelDamaged(f"{key} holds NaN or infinite numbers; get the checkpoint again")
    single = {key: value.float() for key, value in weights.items()}
    model.load_state_dict(single, strict=True, assign=True)
    model.requires_grad_(False)
