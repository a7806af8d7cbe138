"""Progress: what a training says of itself while it runs, and when it is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cospace.encode.words import WordModel

__all__ = ["Progress", "TrainingStopped"]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a training is. `share` is of the whole, 0 to 1; `loss` of late, or None.

    `per_second` counts the corpus's words (for GloVe: co-occurrences) by the clock.
    """

    epoch: int
    epochs: int
    share: float
    per_second: float
    seconds_left: float
    loss: float | None


class TrainingStopped(KeyboardInterrupt):
    """Ctrl-C during a training. `model` holds the vectors as they were, after `share` of it."""

    def __init__(self, model: WordModel, share: float) -> None:
        super().__init__(f"training was stopped after {share:.0%}")
        self.model = model
        self.share = share
