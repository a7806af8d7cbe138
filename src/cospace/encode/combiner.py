"""Combiner: a reference and a text to the vector of what is meant by both.

The query "this picture, but in green" is more than a sum of two vectors: the combiner has learnt,
on triples (reference, text, target), what to add to the sum. `cospace.train.fit_combiner` makes it.

    u = w_a a + w_b b + D M' [D'a, D'b, 0.3],  q = u / |u|

D are the few directions in which targets differ most from their references; elsewhere it stays the
sum. M weighs in them, again, what is shown and what is asked for.
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

from cospace.arguments import check_path
from cospace.encode.folder import read_record, read_weights
from cospace.encode.saving import new_folder
from cospace.encode.words.tensors import parse_tensors, write_tensors
from cospace.errors import BadArgument, FormatTooNew, ModelDamaged
from cospace.files import write_bytes
from cospace.need import UPGRADE
from cospace.space import Space

__all__ = ["SHAPES", "Combiner", "forward", "inputs"]

_FORMAT = 1
_RECORD, _WEIGHTS = "combiner.json", "combiner.safetensors"
Array = NDArray[np.floating]
# The tensors, by the names of dimensions: d of the space, r directions.
SHAPES: Mapping[str, str] = {"sum": "2", "directions": "d,r", "mix": "2r+1,r"}
_CONSTANT = 0.3  # about as large as the inputs beside it


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
        return forward(self.tensors, reference, text).astype(np.float32)

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """The path of a folder with the combiner, written whole or not at all.

        Raises `BadArgument` where something stands already, unless `replace`; `DiskFull`.
        """
        path = check_path("folder", folder)
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
        path = check_path("folder", folder)
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


def forward(tensors: Mapping[str, Array], a: Array, b: Array) -> Array:
    """The unit rows [n, d] that a combiner makes of references and texts, unit rows [n, d] each."""
    directions = tensors["directions"]
    u = tensors["sum"][0] * a + tensors["sum"][1] * b
    u = u + inputs(directions, a, b) @ tensors["mix"] @ directions.T
    made: Array = u / np.maximum(np.linalg.norm(u, axis=1, keepdims=True), 1e-12)
    return made


def inputs(directions: Array, a: Array, b: Array) -> Array:
    """Both along the directions [d, r], and a constant: float [n, 2r + 1]."""
    constant = np.full((len(a), 1), _CONSTANT, a.dtype)
    both: Array = np.concatenate([a @ directions, b @ directions, constant], axis=1)
    return both


def _fault(tensors: Mapping[str, Any], dim: int) -> str:
    """What is wrong with the tensors; "" where nothing is."""
    if set(tensors) != set(SHAPES):
        return f"its tensors are {', '.join(sorted(tensors))}, not {', '.join(sorted(SHAPES))}"
    count = tensors["directions"].shape[-1]
    sizes = {"2": 2, "d": dim, "r": count, "2r+1": 2 * count + 1}
    for name, shape in SHAPES.items():
        expected = tuple(sizes[part] for part in shape.split(","))
        if tensors[name].shape != expected:
            return f"{name} has shape {tensors[name].shape}, not {expected}"
        if not np.isfinite(tensors[name]).all():
            return f"{name} holds a number that is not finite"
    return ""
