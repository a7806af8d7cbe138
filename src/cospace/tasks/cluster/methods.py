"""k-means and HDBSCAN of scikit-learn on unit vectors, in bounded memory."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from cospace.map.clusters import hills
from cospace.map.layout import layout
from cospace.measures.axes import principal
from cospace.need import need
from cospace.tasks.material import Floats
from cospace.topk import blocks

__all__ = ["by_density", "by_means", "count_of", "reduced"]

_ROUNDS = 100
_AXES = 15  # that HDBSCAN looks along: in hundreds of dimensions everything is far from everything
_DENSE = 10_000  # rows that HDBSCAN is given; its time grows with their square
_MAPPED = 5_000  # rows that are laid out to see how many clusters there are
_BLOCK = 4_096
_SEEDS = 2**32  # that scikit-learn takes

Labels = NDArray[np.int64]


def by_means(rows: Floats, count: int, *, seed: int) -> Labels:
    """The number of the nearest of `count` middles for each row: int64 [n].

    Source: Lloyd, Least squares quantization in PCM, 1982; starts by k-means++.
    """
    kmeans = need("sklearn.cluster", extra="cluster").KMeans
    with warnings.catch_warnings():
        # Fewer distinct rows than clusters: what comes out is right, with fewer clusters.
        warnings.simplefilter("ignore")
        found = kmeans(count, n_init=1, max_iter=_ROUNDS, random_state=seed % _SEEDS).fit(rows)
    labels: Labels = found.labels_.astype(np.int64)
    return labels


def by_density(rows: Floats, least: int, *, seed: int) -> Labels:
    """The cluster of each row, -1 for those in none: int64 [n]. Clusters have `least` rows or more.

    `rows` are what `reduced` gave. Of more than 10,000 rows HDBSCAN is given so many, drawn with
    `seed`; each other row is where the nearest of those is.

    Source: Campello, Moulavi and Sander, Density-based clustering based on hierarchical density
    estimates, 2013.
    """
    hdbscan = need("sklearn.cluster", extra="cluster").HDBSCAN
    if len(rows) < max(least, 2):
        return np.full(len(rows), -1, np.int64)
    draw = np.random.default_rng(seed)
    asked = np.arange(len(rows))
    if len(rows) > _DENSE:
        asked = np.sort(draw.choice(len(rows), _DENSE, replace=False))
    dense = rows[asked]
    size = max(2, round(least * len(asked) / len(rows)))
    few = min(size, len(asked))
    found = hdbscan(min_cluster_size=size, min_samples=few, copy=True).fit(dense).labels_
    if len(asked) == len(rows):
        return np.asarray(found, np.int64)
    labels = np.empty(len(rows), np.int64)
    square = np.square(dense).sum(1)
    for part in blocks(len(rows), _BLOCK):
        labels[part] = found[(square - 2 * rows[part] @ dense.T).argmin(1)]
    return labels


def reduced(rows: Floats) -> Floats:
    """The rows along the 15 axes on which they differ most: float32 [n, 15]."""
    middle, axes = principal(rows, _AXES)
    found: Floats = np.matmul(rows - middle, axes, dtype=np.float32)
    return found


def count_of(rows: Floats, *, seed: int) -> int:
    """How many clusters there are: the hills of a map of at most 5,000 rows, 2 at least.

    The map lays rows out on a plane; a hill is where they are denser than chance would have it
    (`cospace.map.clusters`). Of 3,409 photos of 10 kinds of clothing and of 420 listings of 17
    categories it finds 14 and 9, where k-means is nearest to the labels at 12; the number with
    the best silhouette is 5 and 2 there.
    """
    draw = np.random.default_rng(seed)
    asked = np.sort(draw.choice(len(rows), min(_MAPPED, len(rows)), replace=False))
    if len(asked) < 8:
        return min(2, len(asked))
    labels = hills(layout(rows[asked], seed=seed, done=lambda *_: None)[0])
    return max(2, len(np.unique(labels[labels != np.iinfo(labels.dtype).max])))
