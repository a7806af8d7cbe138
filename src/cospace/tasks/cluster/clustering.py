"""`cluster`: groups of items that lie together, and how far another run would find them again."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_count
from cospace.errors import BadArgument
from cospace.measures.bootstrap import check_seed
from cospace.need import need
from cospace.progress import Meter, Watch, metered
from cospace.tasks.cluster.describing import described
from cospace.tasks.cluster.methods import by_density, by_means, count_of, reduced
from cospace.tasks.cluster.report import NOISE, Clustered, Stability
from cospace.tasks.material import Given, Material, material_of

if TYPE_CHECKING:
    from cospace.tasks.material import Floats

__all__ = ["METHODS", "cluster"]

METHODS = ("kmeans", "hdbscan")
_RUNS = 5
_KEPT = 0.8  # of the items, in each run of HDBSCAN
_DEFAULT_LEAST = 10  # items of a cluster of HDBSCAN
_MOST = 1_000
_COMPARED = 20_000  # items on which two clusterings are compared

Labels = NDArray[np.int64]


def cluster(
    source: Given,
    k: int | None = None,
    *,
    method: str = "kmeans",
    least: int = _DEFAULT_LEAST,
    silhouettes: bool = False,
    seed: int = 0,
    progress: Watch = None,
) -> Clustered:
    """The clusters of a collection's items, by k-means or HDBSCAN of scikit-learn.

    `k` is the number of clusters of k-means; by default that of the hills of the items' map (see
    `count_of`). HDBSCAN finds the number itself, of clusters of at least `least` items, and leaves
    items out that lie in none. Stability is measured over 5 runs: k-means from other starts,
    HDBSCAN on other draws of 80% of the items; it is None for fewer than two clusters. With
    `silhouettes` these are measured too. `progress` counts runs.

    Raises `BadArgument` for fewer than two items and for options that cannot be; `MissingExtra`
    without scikit-learn.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> texts = ["Oak chair", "Oak table", "Garden rake", "Garden spade"]
    >>> _ = shop.add(ids=["1", "2", "3", "4"], documents=texts)
    >>> [one.size for one in cluster(shop, 2).clusters]
    [2, 2]
    """
    _check(k, method, least)
    check_seed(seed)
    material = material_of(source)
    _check_count(material, k)
    with metered(progress, _RUNS + 2, "runs") as meter:
        meter.stage = "clustering"
        stability: Stability | None
        if method == "kmeans":
            labels, stability, chosen = _means(material.rows, k, seed, meter)
        else:
            labels, stability, chosen = _dense(material.rows, least, seed, meter)
        labels = _ordered(labels)
        own = _silhouettes(material.rows, labels) if silhouettes else None
        clusters, notes = described(material, labels, own)
        if len(clusters) < 2:
            stability = None
            notes.append("fewer than 2 clusters: how stable they are cannot be told")
        meter.add()
    known = own[labels != NOISE] if own is not None else None
    return Clustered(
        name=material.name,
        by=material.by,
        method=method,
        chosen=chosen,
        ids=tuple(material.ids),
        labels=labels,
        clusters=tuple(clusters),
        stability=stability,
        silhouette=float(known.mean()) if known is not None and known.size else None,
        seed=seed,
        notes=(*material.notes, *notes, *_equal(material)),
    )


def _check(k: int | None, method: str, least: int) -> None:
    if not isinstance(method, str) or method not in METHODS:
        raise BadArgument(f"method is {' or '.join(map(repr, METHODS))}, not {method!r}")
    if method == "hdbscan" and k is not None:
        raise BadArgument("HDBSCAN finds the number of clusters itself; leave out k")
    check_count("least", least, 2, 1_000_000)
    need("sklearn.cluster", extra="cluster")


def _check_count(material: Material, k: int | None) -> None:
    count = len(material)
    if count < 2:
        raise BadArgument(f"{material.name}: clusters need at least 2 items; there is {count}")
    if k is not None:
        check_count(f"{material.name} has {count:,} items: k", k, 2, min(_MOST, count))


def _equal(material: Material) -> list[str]:
    """A note where all items are one and the same to the model."""
    same = not np.any(np.abs(material.rows - material.rows[0]) > 1e-5)
    return ["all items have the same vector: there is nothing to tell apart"] if same else []


def _means(rows: Floats, k: int | None, seed: int, meter: Meter) -> tuple[Labels, Stability, str]:
    chosen = "as asked"
    if k is None:
        k = count_of(rows, seed=seed)
        chosen = f"the hills of a map of {min(5_000, len(rows)):,} items: {k}"
    meter.add()
    runs = []
    for run in range(_RUNS):
        runs.append(by_means(rows, k, seed=seed + run))
        meter.add()
    return runs[0], _stability(runs, "starts", seed), chosen


def _dense(rows: Floats, least: int, seed: int, meter: Meter) -> tuple[Labels, Stability, str]:
    flat = reduced(rows)
    labels = by_density(flat, least, seed=seed)
    meter.add()
    runs = []
    for run in range(_RUNS):
        kept = np.random.default_rng([seed, run]).random(len(rows)) < _KEPT
        some = np.full(len(rows), NOISE - 1, np.int64)
        some[kept] = by_density(flat[kept], max(2, round(_KEPT * least)), seed=seed)
        runs.append(some)
        meter.add()
    chosen = f"HDBSCAN's own, of at least {least} items each"
    return labels, _stability(runs, f"draws of {_KEPT:.0%} of the items", seed), chosen


def _stability(runs: list[Labels], by: str, seed: int) -> Stability:
    """The mean agreement of two runs, on items that both have; at most 20,000 of them."""
    metrics = need("sklearn.metrics", extra="cluster")
    draw = np.random.default_rng(seed)
    rand, information = [], []
    for one, other in combinations(runs, 2):
        both = np.flatnonzero((one >= NOISE) & (other >= NOISE))
        if len(both) > _COMPARED:
            both = draw.choice(both, _COMPARED, replace=False)
        rand.append(metrics.adjusted_rand_score(one[both], other[both]))
        information.append(metrics.adjusted_mutual_info_score(one[both], other[both]))
    return Stability(float(np.mean(rand)), float(np.mean(information)), len(runs), by)


def _ordered(labels: Labels) -> Labels:
    """The same clusters, numbered by size."""
    known = labels != NOISE
    numbers, sizes = np.unique(labels[known], return_counts=True)
    order = numbers[np.argsort(-sizes, kind="stable")]
    to = {int(number): at for at, number in enumerate(order)}
    return np.array([to.get(int(label), NOISE) for label in labels], np.int64)


def _silhouettes(rows: Floats, labels: Labels) -> NDArray[np.float64]:
    """The silhouette of each item by cosine, from the means of clusters; 0 for items in none."""
    found = np.zeros(len(rows))
    count = int(labels.max(initial=NOISE)) + 1
    if count < 2:
        return found
    sizes = np.bincount(labels[labels != NOISE], minlength=count)
    sums = np.stack([rows[labels == one].sum(0, dtype=np.float64) for one in range(count)])
    known = np.flatnonzero(labels != NOISE)
    for start in range(0, len(known), 4_096):
        part = known[start : start + 4_096]
        at = np.arange(len(part)), labels[part]
        close = rows[part].astype(np.float64) @ sums.T
        inner = 1 - (close[at] - 1) / np.maximum(sizes[at[1]] - 1, 1)
        outer = 1 - close / sizes
        outer[at] = np.inf
        nearest = outer.min(1)
        value = (nearest - inner) / np.maximum(np.maximum(nearest, inner), 1e-12)
        value[sizes[at[1]] == 1] = 0
        found[part] = value
    return found
