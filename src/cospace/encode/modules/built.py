"""Built: a tower as a torch module, with all that its model folder will say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Built", "Input"]


@dataclass(frozen=True)
class Input:
    """One input of a module: its dtype, and its shape with None for what varies."""

    dtype: str  # as numpy names it: "int64", "uint8", "float32"
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Built:
    """A tower as its builder gives it.

    `module` is a `torch.nn.Module` in eval mode: the arrays of `inputs`, in that order, to rows
    float32 [n, dim], of any length. Normalisation of pixels or samples is part of it.
    `known` are the inputs of its known answers, as the tower's `canary` reads them. `files` are
    what prepares its input, by their name in the tower's folder ("tokenizer.json"), and
    `preprocess` names them so. `license` is that of the family, where its models state none.
    `notes` are for who adds it.
    """

    kind: str
    family: str
    module: Any
    inputs: Mapping[str, Input]
    dim: int
    known: tuple[str, ...]
    weights_sha256: str
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    pooling: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)
    license: str = ""
    notes: tuple[str, ...] = ()
