"""learn: a head that is held to pairs it has not seen, with what it was before and with chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.measures import Interval
from cospace.measures.bootstrap import LEAST as FEWEST
from cospace.measures.bootstrap import RESAMPLES
from cospace.measures.student import tail
from cospace.progress import Meter
from cospace.train.binding.fit import Fitted, Pairs, Settings, fit
from cospace.train.binding.head import Head
from cospace.train.binding.measure import Ranks, chance, ranks
from cospace.train.card import Figure
from cospace.train.heldout import few_groups, split_groups

__all__ = [
    "HELD", "LEAST", "LEVEL", "VALIDATION", "Learnt", "figures_of", "interval",
    "learn", "share_held", "told",
]  # fmt: skip

LEAST = 20  # pairs, and groups of them
_DEPTHS = (1, 5, 10)
# Of 100 catalogues from which nothing can be learnt one in 200 passes: the range has to leave 0
# out at 99%, on one side of it.
LEVEL = 0.99
HELD, VALIDATION = 0.2, 0.15


@dataclass(frozen=True, slots=True)
class Learnt:
    """The head that is to be used, and what it is worth.

    `head` learnt from all pairs, as long as was best for `checked`, which never saw the pairs at
    `held`; the figures are of that one. `gain` is how much higher its recall at 10 is than before
    (than chance, where there was nothing before), with its 99% interval over groups.
    """

    head: Head
    checked: Head
    figures: list[Figure]
    fitted: Fitted
    gain: Interval
    held: NDArray[np.intp]
    train: int
    before: Ranks | None
    after: Ranks

    @property
    def better(self) -> bool:
        """Whether it is better beyond doubt."""
        return self.gain.low > 0


def learn(
    pairs: Pairs,
    settings: Settings,
    *,
    before: NDArray[np.float32] | None = None,
    meter: Meter | None = None,
) -> Learnt:
    """A head for the pairs, checked on a fifth of them that it does not see, six groups at least.

    Of the rest some serve to stop in time. Then the same is done with pairs that are mixed up,
    which must fall to chance; and then with all pairs, for the head that is used. `before` are
    the vectors [n, d] that it is compared with; the tower's own by default. Ctrl-C during the
    first training keeps the best of it.

    Raises `BadArgument` for fewer than `LEAST` pairs or groups of near duplicates, or fewer than
    two meanings.
    """
    groups = len(np.unique(pairs.group))
    if len(pairs) < LEAST or groups < LEAST:
        raise BadArgument(
            f"{len(pairs)} pairs in {groups} groups of near duplicates: too few to learn from and"
            f" to check on. The least is {LEAST} of both; a few hundred is where it begins to pay"
        )
    kept, held = split_groups(pairs.group, share=share_held(groups), seed=settings.seed)
    inner, stopping = split_groups(pairs.group[kept], share=VALIDATION, seed=settings.seed + 1)
    train, validation = pairs.part(kept[inner]), pairs.part(kept[stopping])
    tested = pairs.part(held)
    tell = told(meter, settings, 3)
    first = fit(train, settings, validation=validation, tell=tell(0))
    after = _ranks(first.head, tested)
    was = pairs.own if before is None else before
    old = None if was is None else ranks(was[held], tested.targets, tested.meaning)
    seen = _ranks(first.head, train.part(np.arange(min(len(train), 2 * len(held)))))
    epochs = max(1, first.epoch)
    if first.stopped:
        final, mixed = first, None
    else:
        short = replace(settings, epochs=settings.epochs)
        control = fit(train.shuffled(settings.seed), short, stop_after=epochs, tell=tell(1))
        mixed = _ranks(control.head, tested)
        final = fit(pairs, short, stop_after=epochs, tell=tell(2))
    figures = figures_of(tested.meaning, tested.group, old, after, seen, mixed)
    hits = old.hits(10) if old else np.full(len(held), figures[-1].chance)
    gain = interval(after.hits(10) - hits, tested.group, level=LEVEL)
    return Learnt(final.head, first.head, figures, first, gain, held, len(train), old, after)


def _ranks(head: Head, pairs: Pairs) -> Ranks:
    return ranks(head.apply(pairs.features, pairs.own), pairs.targets, pairs.meaning)


def figures_of(
    meaning: NDArray[np.intp],
    group: NDArray[np.intp],
    before: Ranks | None,
    after: Ranks,
    seen: Ranks,
    mixed: Ranks | None,
) -> list[Figure]:
    """Recall at 1, 5 and 10 of held-out pairs of these meanings and groups."""
    return [
        Figure(
            f"recall@{k}, both ways",
            interval(after.hits(k), group),
            chance(meaning, k),
            before=None if before is None else interval(before.hits(k), group),
            train=float(seen.hits(k).mean()),
            shuffled=None if mixed is None else float(mixed.hits(k).mean()),
        )
        for k in _DEPTHS
    ]


def interval(
    values: NDArray[np.float64], groups: NDArray[np.intp], *, level: float = 0.95
) -> Interval:
    """The mean of `values`, and its percentile interval when whole groups are drawn again.

    Of fewer than six groups the pairs are drawn: the range then says nothing of other groups. It
    is NaN for fewer than six pairs.
    """
    if len(values) < FEWEST:
        return Interval(float(values.mean()), float("nan"), float("nan"))
    _, own = np.unique(groups, return_inverse=True)
    own = np.arange(len(values)) if few_groups(groups) else own.reshape(-1)
    sums, sizes = np.bincount(own, values), np.bincount(own)
    random = np.random.default_rng(0)
    drawn = random.integers(len(sums), size=(RESAMPLES, len(sums)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    edge = 100 * tail(1 - level, len(sums))
    low, high = np.percentile(means, [edge, 100 - edge])
    return Interval(float(values.mean()), float(low), float(high))


def share_held(groups: int) -> float:
    """The share that is held out of so many groups: a fifth, or six of them."""
    return max(HELD, FEWEST / groups)


def told(
    meter: Meter | None, settings: Settings, parts: int
) -> Callable[[int], Callable[[int, float, float | None], None]]:
    """For each of the trainings, what tells how far the whole is."""

    def of(part: int) -> Callable[[int, float, float | None], None]:
        def tell(epoch: int, loss: float, measure: float | None) -> None:
            del measure
            if meter is not None:
                done = part * settings.epochs + epoch
                meter.at(done, epoch=epoch, epochs=settings.epochs, loss=loss)

        return tell

    if meter is not None:
        meter.total = parts * settings.epochs
    return of
