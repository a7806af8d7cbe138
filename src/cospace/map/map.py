"""`Map`: the places of a collection's items, the clusters they form, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NONE", "Cluster", "Map"]

NONE = 65_535  # the label of a point that is in no cluster


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of points that stand close: its name, where its middle is, how many it holds."""

    id: int
    name: str
    x: float
    y: float
    size: int


@dataclass(frozen=True)
class Map:
    """The items of a collection on a plane; `collection.map()` gives it.

    `xy` float32 [n, 2] are the places of the items `ids`, in a box about 0 whose longer side is
    2; `labels` uint16 [n] is the id of each one's cluster, 65535 where it is in none. `space` is
    the fingerprint of the vectors that it was laid out by, `made` when (ISO 8601, UTC), `method`
    how. `trustworthiness` and `continuity`, at 12 neighbours, say how much of the neighbourhoods
    it keeps (cospace.measures.neighbours), and are None for a map of fewer than 4 items.

    Of the collection as it is now: `missing` items are not on the map, `changed` ones stand where
    they were before a change, and a `stale` map is of another space than the vectors are.
    """

    ids: list[str]
    xy: NDArray[np.float32]
    labels: NDArray[np.uint16]
    clusters: list[Cluster]
    space: str
    made: str
    method: Mapping[str, Any]
    trustworthiness: float | None
    continuity: float | None
    # What --update needs: the length that the layout took for 1, the first bytes of each item's
    # hash, who came after the layout, and the mean vector of each kind where there are several.
    unit: float = 1.0
    hashes: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 8), np.uint8))
    late: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    centres: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    missing: int = 0
    changed: int = 0
    stale: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The box of all points: left, bottom, right, top."""
        if not self.ids:
            return 0.0, 0.0, 0.0, 0.0
        (x0, y0), (x1, y1) = self.xy.min(0).tolist(), self.xy.max(0).tolist()
        return x0, y0, x1, y1

    @cached_property
    def version(self) -> str:
        """A short name that another map, or the same with other items, does not have."""
        seen = sha256("\n".join([self.made, self.space, *self.ids]).encode())
        for array in (self.xy, self.labels):
            seen.update(np.ascontiguousarray(array).tobytes())
        return seen.hexdigest()[:16]

    def of(self, there: NDArray[np.bool_]) -> Map:
        """The map without the points where `there` is false; clusters count what is left."""
        if there.all():
            return self
        labels = self.labels[there]
        return replace(
            self,
            ids=[id for id, kept in zip(self.ids, there.tolist(), strict=True) if kept],
            xy=self.xy[there],
            labels=labels,
            hashes=self.hashes[there],
            late=self.late[there],
            clusters=counted(self.clusters, labels),
        )

    def to_json(self) -> dict[str, Any]:
        """What is known of it, without the points."""
        return {
            "points": len(self),
            "missing": self.missing,
            "changed": self.changed,
            "stale": self.stale,
            "made": self.made,
            "method": dict(self.method),
            "trustworthiness": self.trustworthiness,
            "continuity": self.continuity,
            "bounds": list(self.bounds),
            "clusters": [
                {"id": c.id, "name": c.name, "x": c.x, "y": c.y, "size": c.size}
                for c in self.clusters
            ],
            "version": self.version,
        }


def counted(clusters: list[Cluster], labels: NDArray[np.uint16]) -> list[Cluster]:
    """The clusters with the sizes that the labels give; those that nobody is in are left out."""
    sizes = np.bincount(labels, minlength=NONE + 1)
    return [replace(c, size=int(sizes[c.id])) for c in clusters if sizes[c.id]]
