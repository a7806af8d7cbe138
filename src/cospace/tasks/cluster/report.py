"""What a clustering came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["NOISE", "Cluster", "Clustered", "Stability"]

NOISE = -1  # the label of an item in no cluster


class Cluster(NamedTuple):
    """A cluster: its number, a name of its own words, everyday concepts near it, typical items.

    `silhouette` is the mean over its items, None where it was not asked for.
    """

    number: int
    name: str
    size: int
    concepts: tuple[str, ...]
    typical: tuple[str, ...]
    silhouette: float | None


class Stability(NamedTuple):
    """How alike the clusterings of `runs` runs are: means over all pairs, 0 by chance, 1 for equal.

    `rand` is the adjusted Rand index, `information` adjusted mutual information. `by` says what
    differs from run to run.
    """

    rand: float
    information: float
    runs: int
    by: str


@dataclass(frozen=True, slots=True)
class Clustered:
    """The cluster of each item of `ids`: `labels` int64 [n], -1 for none; the largest is 0.

    `chosen` says how the number of clusters came about. `stability` is None for fewer than two
    clusters. `silhouette` is the mean over items, None
    where it was not asked for.
    """

    name: str
    by: str
    method: str
    chosen: str
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    clusters: tuple[Cluster, ...]
    stability: Stability | None
    silhouette: float | None
    seed: int
    notes: tuple[str, ...] = field(default=())

    @property
    def noise(self) -> int:
        """How many items are in no cluster."""
        return int((self.labels == NOISE).sum())

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        stable = self.stability
        return {
            "name": self.name,
            "by": self.by,
            "method": self.method,
            "items": len(self.ids),
            "clusters": [
                {**one._asdict(), "concepts": list(one.concepts), "typical": list(one.typical)}
                for one in self.clusters
            ],
            "chosen": self.chosen,
            "in_no_cluster": self.noise,
            "stability": None if stable is None else stable._asdict(),
            "silhouette": self.silhouette,
            "seed": self.seed,
            "labels": dict(zip(self.ids, self.labels.tolist(), strict=True)),
            "notes": list(self.notes),
        }
