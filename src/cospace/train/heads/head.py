"""Head: vectors of one space to vectors of another, and back where it can."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.arguments import check_instance, check_path
from cospace.encode.folder import open_folder, sha256_of
from cospace.encode.record import write_record
from cospace.encode.saving import new_folder
from cospace.encode.words.tensors import parse_tensors, write_tensors
from cospace.errors import BadArgument, BadInput, ModelDamaged
from cospace.files import write_bytes
from cospace.space import Space, Tower
from cospace.train.card import Card, write_card
from cospace.train.heads.layers import SHAPES, Tensors, decoded, encoded
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from cospace.encode.folder import Folder

__all__ = ["Head"]

_TENSORS, _RECORD = "head.safetensors", "head.json"
FAMILY = "head"


class Head:
    """A small trained function on vectors of the space `source`; what it gives is in `space`.

    `space` is another space, whose identity is the tensors and the source's fingerprint: its
    vectors compare with one another, and never with those of the source by accident. `method`
    says how it was made. `card` is what `save` writes beside it.

    >>> import numpy as np, cospace as cs
    >>> from cospace.train import autoencoder
    >>> rows = np.random.default_rng(0).standard_normal((300, 3)) @ np.ones((3, 8)).cumsum(1)
    >>> rows = Vectors(rows + np.random.default_rng(1).standard_normal((300, 8)), Space.of("s", 8))
    >>> head = autoencoder(rows, [2], epochs=2).sizes[0].head
    >>> codes = head.encode(rows)
    >>> codes.shape, head.decode(codes).space == rows.space
    ((300, 2), True)
    """

    def __init__(
        self, source: Space, tensors: Tensors, *, method: str, name: str = "",
        card: Card | None = None,
    ) -> None:  # fmt: skip
        self.source, self.tensors, self.method, self.card = source, dict(tensors), method, card
        dim = _checked(self.tensors, source.dim)
        self.space = _space(source, dim, method, name, _digest(self.tensors))

    def encode(self, vectors: Vectors) -> Vectors:
        """Their vectors [n, dim] in this head's space; their lengths count for `decode`.

        Raises `SpaceMismatch` for vectors of another space than `source`, and `BadVector` where
        one becomes zero.
        """
        check_instance("vectors", vectors, Vectors, "as an encoder gives them")
        self.source.check(vectors.space, what=f"the head {self.space.name}")
        return Vectors(encoded(self.tensors, vectors.normalized), self.space)

    def decode(self, codes: Vectors) -> Vectors:
        """The vectors [n, dim] of the source that `encode` made these of, as near as it can tell.

        Raises `SpaceMismatch` for vectors of another space, `BadArgument` for a head without a
        way back.
        """
        if "D" not in self.tensors:
            raise BadArgument(f"{self.space.name}: made by {self.method}, which has no way back")
        check_instance("codes", codes, Vectors, "as encode gives them")
        self.space.check(codes.space, what=f"the head {self.space.name}")
        return Vectors(decoded(self.tensors, codes.array), self.source)

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Writes the folder, whole or not at all, and gives its path.

        Raises `BadArgument` where something stands already, unless `replace`; `DiskFull`.
        """
        path = check_path("folder", folder)
        size = sum(tensor.nbytes for tensor in self.tensors.values())
        with new_folder(path, size, replace=replace) as made:
            self.write(made)
        return path

    def write(self, made: Path) -> None:
        """Writes the files into the folder `made`, which is there."""
        write_bytes(made / _TENSORS, _bytes(self.tensors))
        record = {"method": self.method, "source": self.source.to_json()}
        write_bytes(made / _RECORD, json.dumps(record, indent=1).encode())
        files = {name: sha256_of(made / name) for name in (_TENSORS, _RECORD)}
        towers = tuple(replace(t, files=files) for t in self.space.towers)
        write_record(made, replace(self.space, towers=towers))
        if self.card is not None:
            write_card(made, self.card)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Head:
        """The head in a folder that `save` wrote.

        Raises `ModelNotFound`, `BadArgument` for the folder of another kind of model, and
        `ModelDamaged` for files that fail their hashes or do not belong together.
        """
        opened = open_folder(check_path("folder", folder))
        tower = opened.space.towers[0]
        if tower.family != FAMILY:
            raise BadArgument(f"{folder}: a model, and no head: cospace.load opens it")
        try:
            record = json.loads(opened.read(tower, _RECORD))
            tensors = parse_tensors(opened.read(tower, _TENSORS))
            source = Space.from_json(record["source"])
            head = cls(source, tensors, method=str(record["method"]), name=opened.space.name)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise ModelDamaged(f"{folder}: the head cannot be used ({error})") from error
        head._compare(opened)
        return head

    def _compare(self, opened: Folder) -> None:
        if self.space.fingerprint != opened.space.fingerprint:
            raise ModelDamaged(
                f"{opened.path}: space.json says {opened.space}, its tensors are {self.space}."
                " Train it again"
            )

    def __repr__(self) -> str:
        return f"Head({self.method}, {self.source} to {self.space})"


def _space(source: Space, dim: int, method: str, name: str, digest: str) -> Space:
    """The space of the codes: towers of the source's kinds, known by source and tensors."""
    name = name or f"{source.name}-{method}-{dim}"
    kinds = source.kinds or ("text",)
    towers = tuple(
        Tower(
            kind=kind, model=name, source="cospace.train", head_sha256=digest, family=FAMILY,
            graph=_TENSORS, preprocess={"head": method, "source": source.fingerprint},
        )
        for kind in kinds
    )  # fmt: skip
    return Space(name, dim, towers=towers)


def _bytes(tensors: Tensors) -> bytes:
    stream = io.BytesIO()
    write_tensors(stream, tensors)
    return stream.getvalue()


def _digest(tensors: Tensors) -> str:
    return hashlib.sha256(_bytes(tensors)).hexdigest()


def _checked(tensors: Mapping[str, Any], dim: int) -> int:
    """How many numbers come out. Raises `BadInput` for tensors that do not fit one another."""
    sizes = {"d": dim}
    for name, tensor in tensors.items():
        if name not in SHAPES or tensor.dtype != np.float32 or tensor.ndim != len(SHAPES[name]):
            raise BadInput(f"a head has no tensor {name!r} of {tensor.dtype} {list(tensor.shape)}")
        for axis, size in zip(SHAPES[name], tensor.shape, strict=True):
            if sizes.setdefault(axis, size) != size:
                raise BadInput(f"{name} has the shape {list(tensor.shape)}; expected {sizes}")
        if not np.isfinite(tensor).all():
            raise BadInput(f"the tensor {name!r} holds NaN or Inf")
    for group in _TOGETHER:
        missing = [name for name in group if name not in tensors]
        if missing and (len(missing) < len(group) or "W" in group):
            raise BadInput(f"it lacks the tensor {missing[0]!r}")
    if "q" in sizes and sizes["p"] != sizes["q"] * (sizes["q"] + 3) // 2:
        raise BadInput(f"Q has {sizes['p']} rows, which are no products of {sizes['q']} numbers")
    return sizes["k"]


# Tensors that come together, or not at all; the first two always.
_TOGETHER: tuple[tuple[str, ...], ...] = (
    ("centre", "W"), ("A", "a", "B"), ("code_centre", "D", "offset"), ("C", "c", "E"),
    ("spread", "Q"),
)  # fmt: skip
