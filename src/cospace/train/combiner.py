"""fit_combiner: what a reference and a text mean together, learnt on triples with their targets.

It starts as the weighted sum of the two vectors, with the weights that are best on the triples,
and learns what to add to it. It is given out only where it is better than that sum on triples that
had no part in the training.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.encode import Encoder
from cospace.encode.combiner import Combiner, Passed, forward
from cospace.errors import BadArgument
from cospace.item import Content, Parts
from cospace.measures.bootstrap import Difference, Interval, mean_difference, mean_interval
from cospace.progress import Meter, Watch, metered
from cospace.space import Space
from cospace.train.adamw import AdamW
from cospace.train.card import Card, Figure, Point, write_card
from cospace.train.heldout import grouped, split_groups
from cospace.train.losses import clip_loss, equal_rows, unit
from cospace.vectors import Vectors

__all__ = ["CombinerFit", "Triples", "fit_combiner", "gradients"]

# Fewer triples cannot tell a combiner from the sum.
LEAST_TRIPLES = 40
_HIDDEN, _BATCH, _EPOCHS, _PATIENCE = 256, 128, 60, 12
_SHARES = tuple(round(0.05 * i, 2) for i in range(1, 20))  # of the text in the sum

Array: TypeAlias = NDArray[np.floating]


class Triples(NamedTuple):
    """References, texts and targets as `Vectors` of one space, row by row, [n, dim] each."""

    reference: Vectors
    text: Vectors
    target: Vectors


class _Rows(NamedTuple):
    """The unit rows of triples, float32 [n, d] each."""

    a: NDArray[np.float32]
    b: NDArray[np.float32]
    y: NDArray[np.float32]

    def at(self, places: NDArray[np.intp]) -> _Rows:
        return _Rows(self.a[places], self.b[places], self.y[places])


@dataclass(frozen=True)
class CombinerFit:
    """What `fit_combiner` found. `combiner` is None where the tuned sum is as good.

    `sum` and `held` are recall@1 on held-out triples, by the sum with `weights` and by the
    combiner; the gallery is their targets and references, each triple's own reference left out.
    `chance` is that of a random order, `shuffled` what the same training gives on targets that
    were mixed up.
    """

    combiner: Combiner | None
    weights: dict[str, float]
    sum: Interval
    held: Interval
    difference: Difference
    chance: float
    card: Card

    @property
    def better(self) -> bool:
        """Whether held-out triples show a gain over the sum that is more than luck."""
        return self.difference.verdict == "better"

    @property
    def advice(self) -> str:
        """Which of the two to use, and why."""
        low, high = (100 * one for one in (self.difference.low, self.difference.high))
        gain = f"{100 * self.difference.value:+.1f} points of recall@1 on held-out triples"
        gain += f" ({low:+.1f} to {high:+.1f})"
        if self.better:
            return f"use the combiner: {gain}"
        return f"keep the sum, with weights {self.weights}: {gain} is no clear gain"

    def save(self, folder: str | os.PathLike[str], *, replace: bool = False) -> Path:
        """The folder with the combiner and its card. Raises `BadArgument` where there is none."""
        if self.combiner is None:
            raise BadArgument(f"there is no combiner to save: {self.advice}")
        path = self.combiner.save(folder, replace=replace)
        write_card(path, self.card)
        return path


def fit_combiner(
    triples: Triples | Iterable[tuple[Content, str, Content]],
    *,
    model: Encoder | None = None,
    groups: Sequence[Hashable] | None = None,
    kind: str = "",
    seed: int = 0,
    progress: Watch = None,
) -> CombinerFit:
    """A combiner (reference, text) -> target, and what it gives beside the tuned sum.

    `triples` are (reference, text, target) for `model` to encode, or `Triples` of vectors, with
    the `kind` of the references. Triples of one group are never split between training and
    held-out: `groups` names the group of each; by default those that share a reference or a
    target are one. A fifth of the triples is held out; of the rest a fifth decides when to stop,
    by recall@1. Softmax loss with the other targets of a batch as negatives, equal ones left out;
    a batch holds the triples of a group together, which are each other's hardest negatives.
    `progress` counts epochs. Ctrl-C keeps the best so far.

    Raises `BadArgument` for fewer than 40 triples, for a single group, and for triples without a
    model; `BadVector`, `SpaceMismatch` and `BadItem` for what cannot be encoded or compared.
    """
    rows, space, kind = _read(triples, model, kind)
    if len(rows.a) < LEAST_TRIPLES:
        raise BadArgument(
            f"a combiner takes at least {LEAST_TRIPLES} triples, not {len(rows.a)}. With fewer,"
            " use Parts(weights=...)"
        )
    if groups is not None and len(groups) != len(rows.a):
        raise BadArgument(f"groups name the group of each of {len(rows.a)}, not {len(groups)}")
    keys = [[row.tobytes() for row in one] for one in (rows.a, rows.y)]
    group = grouped(*keys) if groups is None else grouped(list(groups))
    seen, held = split_groups(group, share=0.2, seed=seed)
    kept, watched = (seen[part] for part in split_groups(group[seen], share=0.2, seed=seed))
    share = _best_share(rows.at(seen))
    start = np.array([1 - share, share], np.float32)
    with metered(progress, 2 * _EPOCHS, "epochs") as meter:
        found = _train(rows, group, (kept, watched), start, seed, meter)
        meter.stage = "control: targets mixed up"
        mixed = rows._replace(y=rows.y[np.random.default_rng(seed).permutation(len(rows.y))])
        control = _train(mixed, group, (kept, watched), start, seed, meter)
    test = rows.at(held)
    right = _right(forward(found.tensors, test.a, test.b).unit, test)
    summed = _right(_sum(test, share), test)
    chance = 1 / max(1, len(_gallery(test)[0]) - 1)
    lost = mixed.at(held)
    figure = Figure(
        "recall@1", mean_interval(right, seed=seed), chance, mean_interval(summed, seed=seed),
        float(_right(forward(found.tensors, *rows.at(kept)[:2]).unit, rows.at(kept)).mean()),
        float(_right(forward(control.tensors, lost.a, lost.b).unit, lost).mean()),
    )  # fmt: skip
    apart = mean_difference(right, summed, seed=seed)
    counts = {"trained on": len(kept), "to stop by": len(watched), "held out": len(held)}
    card = _card(rows, counts, figure, found, share, seed)
    good = Combiner(space, kind, found.tensors) if apart.verdict == "better" else None
    assert figure.before is not None
    weights = {kind: round(1 - share, 2), "text": share}
    return CombinerFit(good, weights, figure.before, figure.held, apart, chance, card)


def gradients(
    tensors: dict[str, Any], a: Array, b: Array, passed: Passed, back: Array
) -> dict[str, Array]:
    """The gradient of a loss by each tensor, given its gradient `back` [n, d] by the unit rows."""
    u = (back - (back * passed.unit).sum(axis=1, keepdims=True) * passed.unit) / passed.length
    hidden = u @ tensors["w2"].T
    gate = 1 / (1 + np.exp(np.clip(-1.702 * passed.inner, -60, 60)))
    inner = hidden * gate * (1 + 1.702 * passed.inner * (1 - gate))
    return {
        "sum": np.array([(u * a).sum(), (u * b).sum()], u.dtype),
        "linear": passed.z.T @ u,
        "w1": passed.z.T @ inner,
        "c1": inner.sum(axis=0),
        "w2": passed.hidden.T @ u,
        "c2": u.sum(axis=0),
    }


@dataclass
class _Found:
    """The tensors that were best on the triples to stop by, and how it went."""

    tensors: dict[str, NDArray[np.float32]]
    best: float
    points: list[Point]


def _train(
    rows: _Rows,
    group: NDArray[np.intp],
    parts: tuple[NDArray[np.intp], NDArray[np.intp]],
    start: NDArray[np.float32],
    seed: int,
    meter: Meter,
) -> _Found:
    kept, watched = parts
    random = np.random.default_rng(seed)
    tensors = _first(rows.a.shape[1], start, random)
    scale = np.array(np.log(20.0), np.float32)
    steps = _EPOCHS * -(-len(kept) // _BATCH)
    optimiser = AdamW({**tensors, "scale": scale}, steps=steps, faster={"scale": 10.0})
    look = rows.at(watched)
    best = float(_right(forward(tensors, look.a, look.b).unit, look).mean())
    found = _Found({name: one.copy() for name, one in tensors.items()}, best, [])
    since = 0
    try:
        for epoch in range(1, _EPOCHS + 1):
            losses = []
            for batch in _batches(kept, group, random):
                one = rows.at(batch)
                passed = forward(tensors, one.a, one.b)
                loss = clip_loss(passed.unit, one.y, float(np.exp(scale)), equal_rows(one.y))
                slopes = gradients(tensors, one.a, one.b, passed, loss.x)
                optimiser.step({**slopes, "scale": np.array(loss.log_scale, np.float32)})
                np.minimum(scale, np.float32(np.log(100)), out=scale)
                losses.append(loss.value)
            now = float(_right(forward(tensors, look.a, look.b).unit, look).mean())
            found.points.append(Point(epoch, float(np.mean(losses)), now))
            since = 0 if now > found.best else since + 1
            if now > found.best:
                found.best = now
                found.tensors = {name: one.copy() for name, one in tensors.items()}
            meter.add(1)
            if since >= _PATIENCE:
                break
    except KeyboardInterrupt:
        pass  # the best so far is kept
    return found


def _first(
    dim: int, start: NDArray[np.float32], random: np.random.Generator
) -> dict[str, NDArray[np.float32]]:
    """The tensors of the sum itself: whatever is added to it is 0 yet."""
    w1 = random.normal(size=(3 * dim, _HIDDEN)) * np.sqrt(1 / 3)
    return {
        "sum": start.copy(),
        "linear": np.zeros((3 * dim, dim), np.float32),
        "w1": w1.astype(np.float32),
        "c1": np.zeros(_HIDDEN, np.float32),
        "w2": np.zeros((_HIDDEN, dim), np.float32),
        "c2": np.zeros(dim, np.float32),
    }


def _batches(
    kept: NDArray[np.intp], group: NDArray[np.intp], random: np.random.Generator
) -> list[NDArray[np.intp]]:
    """The triples in a random order in which those of a group stand together."""
    order = np.lexsort((random.random(len(kept)), random.permutation(group.max() + 1)[group[kept]]))
    return [kept[order[at : at + _BATCH]] for at in range(0, len(kept), _BATCH)]


def _sum(rows: _Rows, share: float) -> NDArray[np.float32]:
    return unit(np.float32(1 - share) * rows.a + np.float32(share) * rows.b)


def _best_share(rows: _Rows) -> float:
    """The share of the text that is best in the sum, by recall@1; of equals the middle one."""
    means = [float(_right(_sum(rows, share), rows).mean()) for share in _SHARES]
    best = [share for share, mean in zip(_SHARES, means, strict=True) if mean == max(means)]
    return best[len(best) // 2]


def _gallery(rows: _Rows) -> tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.intp]]:
    """The distinct targets and references, and where those of each triple stand."""
    both = np.concatenate([rows.y, rows.a])
    gallery, where = np.unique(both, axis=0, return_inverse=True)
    where = where.reshape(-1)
    return gallery, where[: len(rows.y)], where[len(rows.y) :]


def _right(asked: Array, rows: _Rows) -> NDArray[np.float64]:
    """1 where a triple's target comes first of the gallery, its reference left out; ties lose."""
    gallery, target, reference = _gallery(rows)
    scores = asked @ gallery.T
    own = np.arange(len(asked))
    mine = scores[own, target].copy()
    scores[own, target] = -np.inf
    scores[own, reference] = -np.inf
    right: NDArray[np.float64] = (mine > scores.max(axis=1)).astype(np.float64)
    return right


def _read(triples: Any, model: Encoder | None, kind: str) -> tuple[_Rows, Space, str]:
    """The unit rows of the triples, their space, and the kind of the references."""
    if isinstance(triples, Triples):
        if not kind:
            raise BadArgument('name the kind of the references: kind="image"')
        space = triples.reference.space
        for one in triples:
            space.check(one.space, what="the triples")
        if len({len(one) for one in triples}) > 1:
            counts = ", ".join(str(len(one)) for one in triples)
            raise BadArgument(f"triples are as many references as texts as targets, not {counts}")
        return _Rows(*(one.normalized for one in triples)), space, kind
    if model is None:
        raise BadArgument("triples of items need model=, the model of the collection")
    listed = list(triples)
    for number, one in enumerate(listed):
        if not isinstance(one, tuple) or len(one) != 3 or not isinstance(one[1], str):
            raise BadArgument(f"triples[{number}] is (reference, text, target), the text a str")
    kinds = {name for reference, _, _ in listed for name in Parts.of(reference)}
    if len(kinds) > 1 or (kind and kinds != {kind}):
        raise BadArgument(f"references are all of one kind; here are {', '.join(sorted(kinds))}")
    if not listed:
        raise BadArgument("there are no triples")
    references, texts, targets = zip(*listed, strict=True)
    rows = _Rows(
        model.encode_query(list(references)).normalized,
        model.encode_query(list(texts)).normalized,
        model.encode_document(list(targets)).normalized,
    )
    return rows, model.space, kinds.pop()


def _card(
    rows: _Rows, counts: dict[str, int], figure: Figure, found: _Found, share: float, seed: int
) -> Card:
    data = hashlib.sha256(b"".join(one.tobytes() for one in rows)).hexdigest()
    return Card(
        title="Combiner",
        how="A reference and a text to the vector of what both mean; before is the tuned sum.",
        data_sha256=data,
        counts=counts,
        settings={"share of the text": share, "hidden": _HIDDEN, "batch": _BATCH, "seed": seed},
        figures=[figure],
        points=found.points,
    )
