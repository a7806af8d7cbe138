"""Combiner: a reference and a text to the vector of what is meant by both.

The query "this picture, but in green" is more than a sum of two vectors: the combiner has learnt,
on triples (reference, text, target), what to add to the sum. `cospace.train.fit_combiner` makes it.

    u = w_a a + w_b b + L z + W2 gelu(W1 z + c1) + c2,  z = [a, b, a * b],  q = u / |u|

Source: Baldrati et al., Effective conditioned and composed image retrieval combining CLIP-based
features (CVPR 2022); here the sum, with weights that were tuned, is the start.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.encode.folder import read_record, read_weights
from cospace.encode.saving import new_folder
from cospace.encode.words.tensors import parse_tensors, write_tensors
from cospace.errors import BadArgument, FormatTooNew, ModelDamaged
from cospace.files import write_bytes
from cospace.need import UPGRADE
from cospace.space import Space

__all__ = ["SHAPES", "Combiner", "Passed", "forward", "gelu", "inputs"]

_FORMAT = 1
_RECORD, _WEIGHTS = "combiner.json", "combiner.safetensors"
Array = NDArray[np.floating]
# The tensors, by the names of dimensions: d of the space, h hidden.
SHAPES: Mapping[str, str] = {
    "sum": "2", "linear": "3d,d", "w1": "3d,h", "c1": "h", "w2": "h,d", "c2": "d",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Combiner:
    """A combiner of one space: `kind` is that of the reference. It goes in `Parts(combiner=...)`.

    Raises `BadArgument` for tensors of other shapes, or with numbers that are not finite.
    """

    space: Space
    kind: str
    tensors: Mapping[str, NDArray[np.float32]]

    def __post_init__(self) -> None:
        fault = _fault(self.tensors, self.space.dim)
        if fault:
            raise BadArgument(f"a combiner of {self.space}: {fault}")

    def combine(
        self, reference: NDArray[np.float32], text: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The unit rows [n, dim] of n references and n texts, unit rows [n, dim] each."""
        shape = (len(reference), self.space.dim)
        if reference.shape != shape or text.shape != shape:
            raise BadArgument(
                f"a combiner takes rows of {self.space.dim} numbers, as many references as texts;"
                f" these are {reference.shape} and {text.shape}"
            )
        return forward(self.tensors, reference, text).unit.astype(np.float32)

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """The path of a folder with the combiner, written whole or not at all.

        Raises `BadArgument` where something stands already, unless `replace`; `DiskFull`.
        """
        path = Path(folder)
        stream = io.BytesIO()
        write_tensors(stream, dict(self.tensors))
        data = stream.getvalue()
        record = {
            "format": _FORMAT,
            "kind": self.kind,
            "fingerprint": self.space.fingerprint,
            "space": self.space.to_json(),
            "sha256": hashlib.sha256(data).hexdigest(),
        }
        with new_folder(path, len(data), replace=replace) as made:
            write_bytes(made / _WEIGHTS, data)
            write_bytes(made / _RECORD, json.dumps(record, indent=1).encode())
        return path

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Combiner:
        """The combiner that `save` wrote.

        Raises `ModelNotFound`, `ModelDamaged`, `FormatTooNew`.
        """
        path = Path(folder)
        record = read_record(path, _RECORD)
        try:
            if record["format"] > _FORMAT:
                raise FormatTooNew(f"{path}: format {record['format']}. Upgrade; {UPGRADE}")
            space, kind, sha = Space.from_json(record["space"]), record["kind"], record["sha256"]
            if space.fingerprint != record["fingerprint"] or not isinstance(kind, str):
                raise ValueError("its space has another fingerprint")
            tensors = parse_tensors(read_weights(path, _WEIGHTS, sha))
            return cls(space, kind, tensors)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelDamaged(f"{path}: not a combiner ({error})") from error

    def __repr__(self) -> str:
        return f"Combiner({self.kind} + text, {self.space})"


@dataclass(frozen=True, slots=True)
class Passed:
    """What one pass computed: the unit rows [n, d], and what a gradient needs again."""

    unit: Array
    length: Array
    z: Array
    inner: Array
    hidden: Array


def forward(tensors: Mapping[str, Array], a: Array, b: Array) -> Passed:
    """The rows that a combiner makes of references and texts, unit rows [n, d] each."""
    z = inputs(a, b)
    inner = z @ tensors["w1"] + tensors["c1"]
    hidden = gelu(inner)
    u = tensors["sum"][0] * a + tensors["sum"][1] * b
    u = u + z @ tensors["linear"] + hidden @ tensors["w2"] + tensors["c2"]
    length = np.maximum(np.linalg.norm(u, axis=1, keepdims=True), 1e-12)
    return Passed(u / length, length, z, inner, hidden)


def inputs(a: Array, b: Array) -> Array:
    """[a, b, a * b * sqrt(d)]: float [n, 3d], each third of about the same size."""
    both: Array = np.concatenate([a, b, a * b * np.sqrt(a.dtype.type(a.shape[1]))], axis=1)
    return both


def gelu(x: Array) -> Array:
    """x / (1 + exp(-1.702 x)): the Gaussian error linear unit, as CLIP computes it."""
    found: Array = x / (1 + np.exp(np.clip(-1.702 * x, -60, 60)))
    return found


def _fault(tensors: Mapping[str, Any], dim: int) -> str:
    """What is wrong with the tensors; "" where nothing is."""
    if set(tensors) != set(SHAPES):
        return f"its tensors are {', '.join(sorted(tensors))}, not {', '.join(sorted(SHAPES))}"
    sizes = {"2": 2, "d": dim, "3d": 3 * dim, "h": tensors["c1"].size}
    for name, shape in SHAPES.items():
        expected = tuple(sizes[part] for part in shape.split(","))
        if tensors[name].shape != expected:
            return f"{name} has shape {tensors[name].shape}, not {expected}"
        if not np.isfinite(tensors[name]).all():
            return f"{name} holds a number that is not finite"
    return ""
