"""A checkpoint of the user's own: found, read and held to the layout that it should have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cospace.errors import BadArgument, ModelDamaged, ModelNotFound, UnsafeFile
from cospace.need import need

if TYPE_CHECKING:
    from torch import nn

__all__ = ["check_layout", "read_checkpoint", "take_weights"]

_PICKLED = (".pth", ".pt", ".ckpt", ".bin", ".pkl")

# How many tensors of each fault an error lists.
_SHOWN = 3

_CONVERT = """\
{path}: this kind of file can run code when it is loaded, so it was not opened. If you trust where \
it comes from, convert it once, with torch and safetensors installed:

import torch
from safetensors.torch import save_file
weights = torch.load({name!r}, map_location="cpu", weights_only=True)
save_file({{key: value.clone().contiguous() for key, value in weights.items()}}, {new!r})
"""


def read_checkpoint(folder: Path) -> tuple[dict[str, Tensor], str]:
    """The tensors of the one safetensors file in `folder`, by name, and the file's sha256.

    The file is mapped, not read: a tensor takes memory when it is used.

    Raises `ModelNotFound` where there is none, `UnsafeFile` for a pickled one (with the lines
    that convert it), `BadArgument` for several, and `ModelDamaged` for a file that is not whole.
    """
    found = sorted(path for path in folder.glob("*.safetensors") if path.is_file())
    if not found:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix.lower() in _PICKLED:
                new = path.with_suffix(".safetensors").name
                raise UnsafeFile(_CONVERT.format(path=path, name=path.name, new=new))
        raise ModelNotFound(f"{folder}: no .safetensors file in it; the checkpoint is your own")
    if len(found) > 1:
        names = ", ".join(path.name for path in found[:_SHOWN])
        raise BadArgument(f"{folder}: expected one .safetensors file, found {names}")
    [path] = found
    try:
        weights: dict[str, Tensor] = need("safetensors.torch", extra="torch").load_file(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelDamaged(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # of the library's own kind
        raise ModelDamaged(f"{path}: not a whole safetensors file ({error})") from error
    return weights, digest


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
    told = [
        f"{len(keys)} {fault}: {'; '.join(keys[:_SHOWN])}{'; ...' if len(keys) > _SHOWN else ''}"
        for fault, keys in faults.items()
        if keys
    ]
    if told:
        raise ModelDamaged(f"the checkpoint's tensors are not as expected. {'. '.join(told)}")


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
