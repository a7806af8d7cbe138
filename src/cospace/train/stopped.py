"""TrainingStopped: what is left of a training that somebody stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cospace.encode.words import WordModel
    from cospace.train.students.student import Student

__all__ = ["TrainingStopped"]


class TrainingStopped(KeyboardInterrupt):
    """Ctrl-C during a training. `model` is what there is after `share` of it."""

    def __init__(self, model: WordModel | Student, share: float) -> None:
        super().__init__(f"training was stopped after {share:.0%}")
        self.model = model
        self.share = share
