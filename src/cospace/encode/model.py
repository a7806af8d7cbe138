"""Model: a model folder as an `Encoder`. Texts, images, and both at once."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cospace.arguments import check_path, check_texts
from cospace.encode.base import BaseEncoder
from cospace.encode.engines.choice import check_engine
from cospace.encode.engines.process import check_process
from cospace.encode.engines.threads import spread
from cospace.encode.inputs import (
    check_usable,
    lacks,
    listed,
    listing,
    parts_of,
    renamed,
    shown,
)
from cospace.encode.protocol import Role
from cospace.encode.saving import copy_model
from cospace.encode.towers.image import ImageTower
from cospace.encode.towers.load import FAMILIES, LoadedTower, shared_tower
from cospace.encode.towers.text import TextTower
from cospace.errors import BadArgument, BadItem, BadVector, FormatTooNew, ModelDamaged
from cospace.item import Content, Part, Parts
from cospace.need import UPGRADE
from cospace.space import Space
from cospace.vectors import Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.encode.folder import Folder

__all__ = ["Model", "first_numbers"]

# Inputs that are prepared together: bounds the memory that decoded images take. Texts go to
# their tower whole, which sorts and bounds windows of its own.
_WINDOW = 1_024


class Model(BaseEncoder):
    """A loaded model. Its towers are compiled when they are first used; threads may share it.

    An input is a `str`, an `Image`, a `Part` or `Parts`, and one list may mix them. `Parts`
    with several kinds that the model takes become the mean of their vectors, at length one.

    >>> import cospace as cs
    >>> model = cs.load("starter")
    >>> vectors = model.encode_document(["retro velvet armchair", cs.Parts(text="a bicycle")])
    >>> vectors.array.shape
    (2, 384)
    """

    def __init__(
        self,
        folder: Folder,
        *,
        kinds: Sequence[str] = (),
        dim: int | None = None,
        engine: str = "",
    ) -> None:
        unknown = [kind for kind in folder.space.kinds if kind not in FAMILIES]
        if unknown:
            raise FormatTooNew(
                f"{folder.path}: this cospace has no encoder for {unknown[0]!r}. Install a newer"
                f" one; {UPGRADE}"
            )
        space = _restricted(folder.space, kinds)
        self.space = space if dim is None else space.truncated(dim)
        self._folder = folder
        self.engine = check_engine(engine, space)
        self._towers: dict[str, LoadedTower] = {}
        self._damaged: dict[str, ModelDamaged] = {}
        self._loading = threading.Lock()
        self._process = os.getpid()

    @property
    def name(self) -> str:
        """The name of the model's space."""
        return self.space.name

    @property
    def path(self) -> Path:
        """The model's folder."""
        return self._folder.path

    @property
    def folder(self) -> Folder:
        """The model's folder with its record, for those who make another model of it."""
        return self._folder

    @property
    def precision(self) -> Mapping[str, str]:
        """How each tower that was used so far computes, by kind.

        "int8", "int8-as-f32" (the same values, for processors that multiply bytes badly),
        "bf16", "f32", or "f32 on cuda" and the like with the engine torch.
        """
        return {kind: tower.graph.precision for kind, tower in self._towers.items()}

    def restricted(self, *kinds: str) -> Self:
        """The same model with the towers for `kinds` only. Raises `BadArgument` for others."""
        twin = copy.copy(self)
        twin.space = _restricted(self.space, kinds)
        twin._towers = {kind: one for kind, one in self._towers.items() if kind in kinds}
        return twin

    @property
    def note(self) -> str:
        """What a reader should know of a `dim=` that the model may not be trained for, or ""."""
        full, dim = self._folder.dim, self.space.dim
        known = [tower.preprocess.get("matryoshka") for tower in self.space.towers]
        if dim == full or all(trained and dim in trained for trained in known):
            return ""
        trained = next((one for one in known if one and dim not in one), None)
        why = f"it was trained for {_numbers(trained)}" if trained else "its training is unknown"
        return (
            f"the first {dim} of {full} numbers: {why}. What that loses:"
            " cospace models show NAME --loss"
        )

    def warm(self, *kinds: str) -> Self:
        """The model itself, its towers for `kinds` (all of them by default) ready to use."""
        for kind in kinds or self.space.kinds:
            if kind not in self.space.kinds:
                takes = " and ".join(self.space.kinds)
                raise BadArgument(f"{self.space.name} takes {takes}, not {kind!r:.60}")
            self._tower(kind)
        return self

    def _prepare(self, kind: str, part: Part, data: bytes | None) -> Any:
        if kind not in self.space.kinds:
            raise BadItem("", self.lacks(kind))
        return self._tower(kind).prepare(part.value, "", data)

    def _encode_prepared(self, kind: str, prepared: Sequence[Any]) -> Vectors:
        rows, cut = self._rows(kind, prepared, "document")
        report = self._report(cut, len(prepared), {})
        return Vectors(rows, self.space, report=report, truncated=cut)

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """Writes the model's folder, whole or not at all, and gives its path.

        `cospace.load` of it gives the same space, with the same fingerprint, and the same vectors:
        of a `dim=` or of some kinds alone too.

        Raises `BadArgument` where something stands already that is no empty folder, unless
        `replace`; `ModelNotFound` and `ModelDamaged` when the model's own folder has gone or
        changed since it was loaded; `DiskFull`.

        >>> import tempfile
        >>> import cospace as cs
        >>> with tempfile.TemporaryDirectory() as place:
        ...     folder = cs.load("minilm", dim=128).save(f"{place}/small")
        ...     cs.load(folder).encode("a chair").shape
        (128,)
        """
        return copy_model(self._folder, self.space, check_path("folder", folder), replace=replace)

    def text_tower(self) -> TextTower:
        """The text tower, for those who look at its tokens.

        Raises `BadArgument` when the model reads no texts, or has no tokenizer that shows them.
        """
        tower = self._tower("text") if "text" in self.space.kinds else None
        if not isinstance(tower, TextTower):
            what = self.lacks("text") if tower is None else f"{self.name} shows no tokens"
            raise BadArgument(f"{what}; tokens are shown for models that read texts here")
        return tower

    def seen(self, size: tuple[int, int]) -> tuple[float, float, float, float]:
        """What the model sees of a photo of (width, height): left, top, right, bottom, 0 to 1.

        >>> import cospace as cs
        >>> cs.load("starter").seen((400, 200))
        (0.25, 0.0, 0.75, 1.0)
        """
        tower = self._tower("image")
        if not isinstance(tower, ImageTower):
            return 0.0, 0.0, 1.0, 1.0
        (left, top, right, bottom), (width, height) = tower.seen(*size), size
        return left / width, top / height, right / width, bottom / height

    def count_tokens(self, texts: Sequence[str], role: Role = "document") -> list[int]:
        """How many tokens of each text are read, with the prompt and special tokens.

        >>> import cospace as cs
        >>> cs.load("starter").count_tokens(["a chair", "a retro velvet armchair"])
        [4, 6]
        """
        return self.text_tower().counts(check_texts("texts", texts), role)

    def lacks(self, kind: str) -> str:
        """Why a part of `kind` cannot be encoded."""
        return lacks(self.space, kind)

    def _encode(self, inputs: Sequence[Content], role: Role) -> Vectors:
        found: dict[str, list[tuple[int, Any]]] = {}
        others: dict[str, list[int]] = {}
        for position, parts in self._usable(inputs):
            for kind in parts:
                if kind in self.space.kinds:
                    found.setdefault(kind, []).append((position, parts[kind].value))
                else:
                    others.setdefault(kind, []).append(position)
        total = len(inputs)
        rows = np.zeros((total, self.space.dim), np.float32)
        cut: list[int] = []
        for kind, owned in found.items():
            window = len(owned) if kind == "text" else _WINDOW
            for start in range(0, len(owned), window):
                cut += self._add(kind, owned[start : start + window], role, rows)
        if len(found) > 1:
            _unit(rows)
        cut.sort()
        return Vectors(rows, self.space, report=self._report(cut, total, others), truncated=cut)

    def _add(
        self, kind: str, owned: list[tuple[int, Any]], role: Role, rows: NDArray[np.float32]
    ) -> list[int]:
        """Adds each part's vector to its input's row; the positions of inputs cut short."""
        tower = self._tower(kind)

        def prepare(one: tuple[int, Any]) -> Any:
            return tower.prepare(one[1], f"input {one[0]}")

        # Files are decoded on all cores; for texts, threads would cost more than they save.
        prepared = [prepare(one) for one in owned] if kind == "text" else spread(prepare, owned)
        with renamed([position for position, _ in owned]):
            vectors, short = self._rows(kind, prepared, role)
        rows[[position for position, _ in owned]] += vectors
        return [owned[i][0] for i in short]

    def _usable(self, inputs: Sequence[Content]) -> Iterator[tuple[int, Parts]]:
        """Each input's position and parts, one of which at least has a tower here."""
        for position, content in enumerate(listing(inputs)):
            parts = parts_of(content, position)
            check_usable(parts, position, self.space)
            yield position, parts

    def _rows(
        self, kind: str, prepared: Sequence[Any], role: Role
    ) -> tuple[NDArray[np.float32], list[int]]:
        """What the tower gives, brought to the model's own `dim`; the positions cut short."""
        rows, cut = self._tower(kind).encode(prepared, role)
        return first_numbers(rows, self.space.dim), cut

    def _cut_line(self, positions: Sequence[int], total: int) -> str:
        were = "was" if len(positions) == 1 else "were"
        most = self._folder.tower("text").preprocess["max_tokens"]
        return f"{len(positions)} of {total} texts {were} cut at {most} tokens: {shown(positions)}"

    def _tower(self, kind: str) -> LoadedTower:
        check_process(self.name, self._process)
        tower = self._towers.get(kind)
        if tower is None:
            with self._loading:
                if kind in self._damaged:  # loading it again for each input would not mend it
                    raise self._damaged[kind]
                if kind not in self._towers:
                    try:
                        self._towers[kind] = shared_tower(self._folder, kind, self.engine)
                    except ModelDamaged as error:
                        self._damaged[kind] = error
                        raise
                tower = self._towers[kind]
        return tower

    def __repr__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        return f"Model({self.space}, takes {listed(self.space.kinds)}{note})"


def first_numbers(rows: NDArray[np.float32], dim: int) -> NDArray[np.float32]:
    """The first `dim` numbers of unit rows, brought back to length one: float32 [n, dim].

    Matryoshka truncation: Kusupati et al., Matryoshka Representation Learning (2022).
    """
    if dim == rows.shape[1]:
        return rows
    rows = np.array(rows[:, :dim], order="C")  # a copy: one row alone would be the given one
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    lost = np.flatnonzero(norms[:, 0] < 1e-9)
    if lost.size:
        raise BadVector(f"row {lost[0]}: its first {dim} numbers are all zero", row=int(lost[0]))
    rows /= norms
    return rows


def _restricted(space: Space, kinds: Sequence[str]) -> Space:
    """The space with the towers for `kinds` only; all of them where none are named."""
    if not kinds:
        return space
    towers = tuple(tower for tower in space.towers if tower.kind in kinds)
    if len(towers) != len(set(kinds)):
        raise BadArgument(f"{space.name} takes {listed(space.kinds)}, not all of {tuple(kinds)}")
    # The rest of a starter is one model, and goes by that model's name.
    return Space(towers[0].model, space.dim, space.metric, towers)


def _numbers(dims: Sequence[int]) -> str:
    return ", ".join(map(str, dims))


def _unit(rows: NDArray[np.float32]) -> None:
    """Brings every row to length one, in place; sums of two unit rows are what comes in."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    opposite = np.flatnonzero(norms[:, 0] < 1e-6)
    if opposite.size:
        raise BadItem(f"input {opposite[0]}", "the vectors of its parts cancel each other out")
    norms[np.abs(norms - 1) < 1e-6] = 1  # rows of a single part keep their exact bits
    rows /= norms
