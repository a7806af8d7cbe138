"""Features: what a tower knows of its inputs before its head makes vectors of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cospace.encode.engines.choice import engines_of
from cospace.encode.engines.heads import headless
from cospace.encode.engines.openvino import Graph, precisions
from cospace.encode.engines.threads import spread
from cospace.encode.folder import Folder
from cospace.encode.towers.load import FAMILIES, LoadedTower
from cospace.errors import BadItem, UnsupportedModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Features", "Looked"]


@dataclass(frozen=True)
class _Wide(Folder):
    """A folder whose towers give rows of another width."""

    width: int = 0

    @property
    def dim(self) -> int:
        return self.width


class Looked(NamedTuple):
    """Features and own vectors of the values at the positions `good`; (name, reason) of others."""

    good: list[int]
    features: NDArray[np.float32]
    own: NDArray[np.float32] | None
    failed: list[tuple[str, str]]


class Features:
    """A tower of a model folder without its head. Safe to use from many threads.

    With `base`, its own vectors are given beside the features, for a head that adds to them.
    Raises `UnsupportedModel` for a tower that is no OpenVINO graph, or has no head to take off.
    """

    def __init__(self, folder: Folder, kind: str, *, base: bool = False) -> None:
        tower = folder.tower(kind)
        if "openvino" not in engines_of(tower):
            raise UnsupportedModel(
                f"{folder.path}: the {kind} tower is no OpenVINO graph, and its head cannot be"
                " replaced. Add the model again with --engine both"
            )
        widths: list[int] = []

        def changed(model: Any) -> Any:
            cut = headless(model, base=base)
            widths.append(cut.output(0).get_partial_shape()[1].get_length())
            return cut

        graph = Graph(folder, tower, precisions(tower)[0], change=changed)
        self.kind, self.folder = kind, folder
        self.base = folder.dim if base else 0
        self.dim = widths[0] - self.base
        wide = _Wide(folder.path, folder.space, widths[0])
        self._tower: LoadedTower = FAMILIES[kind](wide, tower, graph)

    def prepare(self, value: Any, name: str, data: bytes | None = None) -> Any:
        """What `rows` takes, for the value of one part. Raises `BadItem`."""
        return self._tower.prepare(value, name, data)

    def look(self, values: Sequence[tuple[Any, str]]) -> Looked:
        """What there is to see in each (value, name); a value that cannot be read is told."""

        def prepared(one: tuple[Any, str]) -> Any:
            try:
                return self.prepare(*one)
            except BadItem as error:
                return error

        ready = spread(prepared, list(values))  # files are decoded on all cores
        good = [place for place, one in enumerate(ready) if not isinstance(one, BadItem)]
        failed = [
            (name, one.reason)
            for (_, name), one in zip(values, ready, strict=True)
            if isinstance(one, BadItem)
        ]
        return Looked(good, *self.rows([ready[place] for place in good]), failed)

    def canary(self, given: str) -> Any:
        """What `rows` takes, for the input of a known answer."""
        return self._tower.canary(given)

    def rows(
        self, prepared: Sequence[Any]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """The features float32 [n, dim], and the tower's own vectors [n, d] with `base`."""
        found, _ = self._tower.encode(prepared)
        return found[:, : self.dim], found[:, self.dim :] if self.base else None
