"""fit_combiner: what a reference and a text mean together, learnt on triples with their targets.

It starts as the weighted sum of the two vectors, with the weights that are best on the triples,
and learns what to add to it. It is given out only where combiners that learnt in the same way are
better than that sum on triples that had no part in their training.
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

from cospace.arguments import check_count, check_instance, check_name
from cospace.encode import Encoder
from cospace.encode.combiner import Combiner, forward
from cospace.errors import BadArgument
from cospace.item import Content, Parts
from cospace.measures.bootstrap import Difference, Interval, mean_difference, mean_interval
from cospace.progress import Meter, Watch, metered
from cospace.space import Space
from cospace.train.card import Card, Figure, Point, write_card
from cospace.train.combining import (
    PENALTIES,
    STEPS,
    Rows,
    best_share,
    chance,
    learn,
    right,
    summed,
)
from cospace.train.heldout import are_keys, grouped, split_groups
from cospace.vectors import Vectors

__all__ = ["CombinerFit", "Triples", "fit_combiner"]

# Fewer triples cannot tell a combiner from the sum.
LEAST_TRIPLES = 40
_FOLDS = 5

Array: TypeAlias = NDArray[np.floating]


class Triples(NamedTuple):
    """References, texts and targets as `Vectors` of one space, row by row, [n, dim] each."""

    reference: Vectors
    text: Vectors
    target: Vectors


@dataclass(frozen=True)
class CombinerFit:
    """What `fit_combiner` found. `combiner` is None where the tuned sum is as good.

    `sum` and `held` are recall@1 on triples that were held out, each once, by the sum and by
    combiners that learnt without them; the gallery is the targets and references of their fifth,
    each triple's own reference left out. `difference` is drawn over whole groups. `chance` is that
    of a random order.
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
    target are one.

    The combiner adds to the sum, in the directions (128 at most) in which targets differ most
    from their references. A penalty holds it near the sum; it is loosened step by step, and what
    was best for groups that were set aside, by the mean of 1 / rank, is kept. All of this is done
    five times, each time without a fifth of the groups, to learn what it is worth; then with all
    triples, for the combiner that is given out. `progress` counts penalties. Ctrl-C keeps the
    combiner of the last fifth that was measured, if there is one.

    Raises `BadArgument` for fewer than 40 triples or three groups, and for triples without a
    model; `BadVector`, `SpaceMismatch` and `BadItem` for what cannot be encoded or compared.
    """
    check_name("kind", kind)
    check_count("seed", seed, 0)
    rows, space, kind = _read(triples, model, kind)
    group = _groups(rows, groups)
    folds = _folds(group, seed)
    total = (2 * len(folds) + 4) * len(PENALTIES)
    stopped, mixed, results = False, None, list[_Fold]()
    with metered(progress, total, "penalties") as meter:
        try:
            for held in folds:
                results.append(_measured(rows, group, held, seed, meter))
            meter.stage = "control: targets mixed up"
            order = np.random.default_rng(seed).permutation(len(rows.y))
            lost = rows._replace(y=rows.y[order])
            mixed = _measured(lost, group, folds[0], seed, meter)
            meter.stage = "all triples"
            final = _fitted(rows, group, seed, meter)
        except KeyboardInterrupt:
            if not results:
                raise
            stopped, final = True, results[-1].fitted
    held = np.concatenate([one.held for one in results])
    hits = [np.concatenate(part) for part in zip(*((f.right, f.sum) for f in results), strict=True)]
    own = group[held]
    after, before = (mean_interval(one, groups=own, seed=seed) for one in hits)
    apart = mean_difference(*hits, groups=own, seed=seed)
    luck = float(np.mean([one.chance for one in results]))
    train = float(np.mean([one.train for one in results]))
    shuffled = None if mixed is None else float(mixed.right.mean())
    figure = Figure("recall@1", after, luck, before, train, shuffled)
    card = _card(rows, group, figure, final, seed, stopped=stopped)
    good = Combiner(space, kind, final.tensors) if apart.verdict == "better" else None
    weights = {kind: round(1 - final.share, 2), "text": final.share}
    return CombinerFit(good, weights, before, after, apart, luck, card)


class _Fitted(NamedTuple):
    """A combiner with the share of the text in its sum, how free it is, and how it went."""

    tensors: dict[str, NDArray[np.float32]]
    share: float
    loosened: int
    points: list[Point]


class _Fold(NamedTuple):
    """A combiner that did not see `held`, and which of those it got right, as the sum did."""

    fitted: _Fitted
    held: NDArray[np.intp]
    right: NDArray[np.float64]
    sum: NDArray[np.float64]
    train: float
    chance: float


def _fitted(rows: Rows, group: NDArray[np.intp], seed: int, meter: Meter) -> _Fitted:
    """The combiner of all these triples, as free as was best for a fifth of them."""
    share = best_share(rows)
    kept, watched = split_groups(group, share=0.2, seed=seed)
    look = rows.at(watched)
    path = learn(rows.at(kept), group[kept], share, watched=look, seed=seed, meter=meter)
    free = path.best
    final = learn(rows, group, share, penalties=free, seed=seed, meter=meter)
    meter.add(len(PENALTIES) - free)
    return _Fitted(final.tensors[-1], share, free, path.points)


def _measured(
    rows: Rows, group: NDArray[np.intp], held: NDArray[np.intp], seed: int, meter: Meter
) -> _Fold:
    seen = np.setdiff1d(np.arange(len(group)), held)
    known, test = rows.at(seen), rows.at(held)
    found = _fitted(known, group[seen], seed, meter)
    return _Fold(
        found, held,
        right(forward(found.tensors, test.a, test.b), test),
        right(summed(test, found.share), test),
        float(right(forward(found.tensors, known.a, known.b), known).mean()),
        chance(test),
    )  # fmt: skip


def _groups(rows: Rows, groups: Sequence[Hashable] | None) -> NDArray[np.intp]:
    """The group of each triple; refuses what is too little to learn from and to check on."""
    if len(rows.a) < LEAST_TRIPLES:
        raise BadArgument(
            f"a combiner takes at least {LEAST_TRIPLES} triples, not {len(rows.a)}. With fewer,"
            " use Parts(weights=...)"
        )
    if groups is not None and not are_keys(groups):
        raise BadArgument(f"groups is a list with a name for each triple, not {groups!r:.60}")
    if groups is not None and len(groups) != len(rows.a):
        raise BadArgument(f"groups name the group of each of {len(rows.a)}, not {len(groups)}")
    keys = [[row.tobytes() for row in one] for one in (rows.a, rows.y)]
    group = grouped(*keys) if groups is None else grouped(list(groups))
    if (count := int(group.max()) + 1) < 3:
        raise BadArgument(
            f"these triples are of {count} group(s): one is learnt from, one decides when to stop,"
            " one checks. Three is the least, dozens are better"
        )
    return group


def _folds(group: NDArray[np.intp], seed: int) -> list[NDArray[np.intp]]:
    """The positions of each fifth: whole groups, the largest dealt out first."""
    sizes = np.bincount(group)
    order = np.random.default_rng(seed).permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]
    fold = np.empty(len(sizes), np.intp)
    filled = np.zeros(min(_FOLDS, len(sizes)))
    for one in order:
        fold[one] = filled.argmin()
        filled[fold[one]] += sizes[one]
    return [np.flatnonzero(fold[group] == part) for part in range(len(filled))]


def _read(triples: Any, model: Encoder | None, kind: str) -> tuple[Rows, Space, str]:
    """The unit rows of the triples, their space, and the kind of the references."""
    if isinstance(triples, Triples):
        if not kind:
            raise BadArgument('name the kind of the references: kind="image"')
        for name, one in triples._asdict().items():
            check_instance(name, one, Vectors, "as cospace.encode gives them")
        space = triples.reference.space
        for one in triples:
            space.check(one.space, what="the triples")
        if len({len(one) for one in triples}) > 1:
            counts = ", ".join(str(len(one)) for one in triples)
            raise BadArgument(f"triples are as many references as texts as targets, not {counts}")
        return Rows(*(one.normalized for one in triples)), space, kind
    if model is None:
        raise BadArgument("triples of items need model=, the model of the collection")
    listed = _listed(triples)
    kinds = {name for reference, _, _ in listed for name in Parts.of(reference)}
    if len(kinds) > 1 or (kind and kinds != {kind}):
        raise BadArgument(f"references are all of one kind; here are {', '.join(sorted(kinds))}")
    if not listed:
        raise BadArgument("there are no triples")
    references, texts, targets = zip(*listed, strict=True)
    rows = Rows(
        model.encode_query(list(references)).normalized,
        model.encode_query(list(texts)).normalized,
        model.encode_document(list(targets)).normalized,
    )
    return rows, model.space, kinds.pop()


def _listed(triples: Any) -> list[Any]:
    """The triples of items, each of the right form."""
    if not isinstance(triples, Iterable):
        raise BadArgument(f"triples is a list of (reference, text, target), not {triples!r:.60}")
    listed = list(triples)
    for number, one in enumerate(listed):
        if not isinstance(one, tuple) or len(one) != 3 or not isinstance(one[1], str):
            raise BadArgument(f"triples[{number}] is (reference, text, target), the text a str")
    return listed


def _card(
    rows: Rows,
    group: NDArray[np.intp],
    figure: Figure,
    final: _Fitted,
    seed: int,
    *,
    stopped: bool,
) -> Card:
    data = hashlib.sha256(b"".join(one.tobytes() for one in rows)).hexdigest()
    notes = ["a point of the curve is a penalty, from the sum on; each is weaker than the last"]
    if stopped:
        notes.append("stopped by hand: it learnt without the last fifth that was measured")
    return Card(
        title="Combiner",
        how="A reference and a text to the vector of what both mean; before is the tuned sum. The"
        " figures are of combiners that never saw the triples they were asked.",
        data_sha256=data,
        counts={"triples": len(rows.a), "groups": int(group.max()) + 1},
        settings={
            "share of the text": final.share, "penalties": PENALTIES[: final.loosened],
            "steps each": STEPS, "seed": seed,
        },
        figures=[figure],
        points=final.points,
        notes=notes,
    )  # fmt: skip
