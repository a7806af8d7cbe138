"""learn: a network that is held to recordings it has not heard, beside chance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cospace.errors import BadArgument
from cospace.measures import Interval
from cospace.progress import Meter
from cospace.train.binding.check import (
    HELD,
    LEAST,
    LEVEL,
    VALIDATION,
    figures_of,
    interval,
    share_held,
    told,
)
from cospace.train.binding.fit import Settings
from cospace.train.binding.measure import chance
from cospace.train.card import Figure
from cospace.train.heldout import split_groups
from cospace.train.signals.fit import Heard, Recordings, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LearntNet", "learn"]

_GROUPS = 3  # to learn from, to stop by, and to check on
_CONTROL = 10  # epochs of the training on pairs that are mixed up, at most


@dataclass(frozen=True, slots=True)
class LearntNet:
    """As `binding.check.Learnt`, of a network: `heard` learnt from all, `checked` not."""

    heard: Heard
    checked: Heard
    figures: list[Figure]
    gain: Interval
    held: NDArray[np.intp]
    train: int
    control: int

    @property
    def better(self) -> bool:
        """Whether recall at 10 is above chance beyond doubt."""
        return self.gain.low > 0


def learn(
    recordings: Recordings, settings: Settings, *, grouped: bool, meter: Meter | None = None
) -> LearntNet:
    """A network for the recordings, checked on a fifth of them: whole groups that it never hears.

    The steps are those of `binding.check.learn`. The training on pairs that are mixed up is
    shorter: 10 epochs at most. `grouped` says that the groups are the user's, such as speakers; 3
    of them do.

    Raises `BadArgument` for fewer than 20 pairs, too few groups, or fewer than two meanings.
    """
    groups, least = len(np.unique(recordings.group)), _GROUPS if grouped else LEAST
    if len(recordings) < LEAST or groups < least:
        what = "given groups" if grouped else "groups of near duplicates"
        raise BadArgument(
            f"{len(recordings)} pairs in {groups} {what}: too few to learn from and to check on."
            f" The least are {LEAST} pairs and {least} groups; some hundred pairs is where it"
            " begins to pay"
        )
    share = share_held(groups) if groups >= LEAST else HELD
    kept, held = split_groups(recordings.group, share=share, seed=settings.seed)
    inner, stopping = split_groups(recordings.group[kept], share=VALIDATION, seed=settings.seed + 1)
    train, tested = recordings.part(kept[inner]), recordings.part(held)
    tell = told(meter, settings, 3)
    first = fit(train, settings, validation=recordings.part(kept[stopping]), tell=tell(0))
    after = first.ranks(tested)
    seen = first.ranks(train.part(np.arange(min(len(train), 2 * len(held)))))
    epochs, control = max(1, first.epoch), min(_CONTROL, max(1, first.epoch))
    if first.stopped:
        final, mixed, control = first, None, 0
    else:
        short = replace(settings, epochs=control, patience=control)
        mixed = fit(train.shuffled(settings.seed), short, tell=tell(1)).ranks(tested)
        final = fit(recordings, settings, stop_after=epochs, tell=tell(2))
    figures = figures_of(tested.meaning, tested.group, None, after, seen, mixed)
    by_luck = chance(tested.meaning, 10)
    gain = interval(after.hits(10) - by_luck, tested.group, level=LEVEL)
    return LearntNet(final, first, figures, gain, held, len(train), control)
