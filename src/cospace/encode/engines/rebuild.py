"""A tower's torch module, built again from the files that its model folder keeps under torch/."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.encode.engines.torch import TorchGraph, pick_device
from cospace.encode.modules.built import Built
from cospace.errors import FormatTooNew

if TYPE_CHECKING:
    from cospace.encode.folder import Folder
    from cospace.space import Tower

__all__ = ["KEPT", "torch_graph"]

KEPT = "torch"  # the folder, inside a model folder, of the files that a model came in


def torch_graph(folder: Folder, tower: Tower, device: str) -> TorchGraph:
    """The tower's module on `device`, "" for the best that torch sees.

    That the folder keeps torch files was checked when the model was loaded. Raises `BadArgument`
    for a device that torch does not see, `MissingExtra` without torch.
    """
    where = pick_device(device)
    towers = _built(folder.path / KEPT, tower.family, tower.pooling)
    built = {one.kind: one for one in towers}[tower.kind]
    return TorchGraph(built.module, built.inputs, where)


@lru_cache(maxsize=1)  # the towers of one folder are asked for one after the other
def _built(folder: Path, family: str, pooling: str) -> tuple[Built, ...]:
    from cospace.encode.modules import imagebind, images, joint, texts

    if family == "transformers-text":
        return tuple(texts.build(folder, pooling=pooling))
    if family.startswith("torchvision-"):
        architecture = family.removeprefix("torchvision-")
        return tuple(images.build(folder, architecture=architecture, layer=pooling))
    if family == "timm":
        return tuple(images.build_timm(folder))
    if family in ("transformers-clip", "transformers-siglip"):
        return tuple(joint.build(folder))
    if family == "open-clip":
        return tuple(joint.build_open_clip(folder))
    if family == "imagebind":
        return tuple(imagebind.build(folder))
    raise FormatTooNew(f"{folder}: this cospace has no builder for the family {family!r}")
