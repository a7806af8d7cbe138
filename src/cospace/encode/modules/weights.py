"""safetensors files: read, hashed, and held to be finite. No other format of weights is opened."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cospace.encode.folder import sha256_of
from cospace.encode.modules.libraries import torch
from cospace.errors import ModelDamaged, UnsafeFile, UnsupportedModel
from cospace.need import need

__all__ = [
    "check_finite",
    "fingerprint",
    "keys_of",
    "load_strictly",
    "read_safetensors",
    "weight_files",
]

_PICKLED = (".bin", ".ckpt", ".pkl", ".pt", ".pth")

_CONVERT = """\
{path}: this kind of file can run code when it is loaded, so it was not opened. If you trust where \
it comes from, convert it once, with torch and safetensors installed:

import torch
from safetensors.torch import save_file
weights = torch.load({name!r}, map_location="cpu", weights_only=True)
save_file({{key: value.clone().contiguous() for key, value in weights.items()}}, {new!r})
"""


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files in `folder` and below it, in order of their names.

    Raises `UnsafeFile` when there are weights only in formats that can run code.
    """
    files = sorted(folder.rglob("*.safetensors"))
    if not files:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.suffix.lower() in _PICKLED:
                new = path.with_suffix(".safetensors").name
                raise UnsafeFile(_CONVERT.format(path=path, name=path.name, new=new))
        raise UnsupportedModel(f"{folder.name} has no weights: no .safetensors file in it")
    return files


def fingerprint(folder: Path) -> str:
    """sha256, in hex, of the weights in `folder`: of the file, or of the hashes of several."""
    digests = [sha256_of(file) for file in weight_files(folder)]
    return (
        digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    )


def read_safetensors(file: Path) -> Mapping[str, Any]:
    """The tensors of a file by name. Raises `ModelDamaged` for one that is no safetensors file."""
    need("safetensors", extra="torch")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(file))
    except (OSError, SafetensorError) as error:
        raise ModelDamaged(f"{file.name}: not a valid safetensors file ({error})") from error


def load_strictly(module: Any, weights: Mapping[str, Any]) -> None:
    """Loads exactly `weights` into the module. Raises `UnsupportedModel` where they do not fit."""
    try:
        module.load_state_dict(dict(weights), strict=True)
    except RuntimeError as error:
        raise UnsupportedModel(
            f"the weights are not those of this model: {' '.join(str(error).split())[:400]}"
        ) from error


def keys_of(file: Path) -> list[str]:
    """The names of a file's tensors. Raises `ModelDamaged` for one that is no safetensors file."""
    need("safetensors", extra="torch")
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as tensors:
            return list(tensors.keys())
    except (OSError, SafetensorError) as error:
        raise ModelDamaged(f"{file.name}: not a valid safetensors file ({error})") from error


def check_finite(folder: Path) -> int:
    """The number of weights in `folder`'s files, all of them finite; masks may hold -inf.

    Raises `ModelDamaged` that names the first tensor with NaN or Inf.
    """
    need("safetensors", extra="torch")
    from safetensors import SafetensorError, safe_open

    count = 0
    for file in weight_files(folder):
        try:
            with safe_open(file, framework="pt") as tensors:
                for name in tensors.keys():  # noqa: SIM118 - it is no dict
                    tensor = tensors.get_tensor(name)
                    count += tensor.numel()
                    if not tensor.is_floating_point():
                        continue
                    if name.endswith("mask"):
                        tensor = tensor.clamp(min=0)
                    if not torch().isfinite(tensor).all():
                        raise ModelDamaged(f"{file.name}: the tensor {name} holds NaN or Inf")
        except (OSError, SafetensorError) as error:
            raise ModelDamaged(f"{file.name}: not a valid safetensors file ({error})") from error
    return count
