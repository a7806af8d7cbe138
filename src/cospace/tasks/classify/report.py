"""What a classification came to: figures on held-out items, and answers for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cospace.measures.bootstrap import Interval

__all__ = ["Answer", "Classified", "Held", "NoneFigures"]


class Answer(NamedTuple):
    """The class of an item, "" where the classifier abstains, and how sure it is, 0 to 1.

    `guess` is the class also where it abstains. `confidence` is None where nothing could
    calibrate it.
    """

    id: str
    label: str
    guess: str
    confidence: float | None


class NoneFigures(NamedTuple):
    """How well "none of these" is told: each class is left out of the names in turn.

    `accepted` is the share of held-out items whose class is among the names that are not refused;
    `refused` that of the same items, when their class is not among them; `auc` is how often an
    item of the first kind has the higher score, 0.5 by chance.
    """

    accepted: Interval
    refused: Interval
    auc: float

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "accepted": self.accepted.to_json(),
            "refused": self.refused.to_json(),
            "auc": round(self.auc, 4),
        }


@dataclass(frozen=True, slots=True)
class Held:
    """Figures on `test` items that had no part in the training nor in the calibration.

    `chance` is the accuracy of always saying `commonest`, the commonest class of the training
    items. `calibration` is the expected calibration error, and `luck` what it would be of
    confidences that are exactly true, with so few items. `answered` is the share that is answered
    at `least_sure`, and `sure_accuracy` the accuracy among those.
    """

    train: int
    test: int
    split: str
    accuracy: Interval
    chance: float
    commonest: str
    calibration: float
    luck: float
    answered: float
    sure_accuracy: Interval | None
    none: NoneFigures | None = None

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        sure, none = self.sure_accuracy, self.none
        return {
            "train": self.train,
            "test": self.test,
            "split": self.split,
            "accuracy": self.accuracy.to_json(),
            "chance": round(self.chance, 4),
            "commonest": self.commonest,
            "calibration_error": round(self.calibration, 4),
            "calibration_error_by_luck": round(self.luck, 4),
            "answered": round(self.answered, 4),
            "accuracy_of_answered": None if sure is None else sure.to_json(),
            "none_of_these": None if none is None else none.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Classified:
    """What `classify` found: `answers` for the items whose cell is empty.

    `label` is the column, `method` "knn", "probe" or "names". `held` is None where nothing is
    labelled: then nothing is known of how good the answers are.
    """

    name: str
    label: str | None
    method: str
    by: str
    classes: tuple[str, ...]
    least_sure: float
    held: Held | None
    answers: tuple[Answer, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def told(self) -> list[Answer]:
        """The answers in which it does not abstain."""
        return [one for one in self.answers if one.label]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "name": self.name,
            "label": self.label,
            "method": self.method,
            "by": self.by,
            "classes": list(self.classes),
            "least_sure": self.least_sure,
            "held_out": None if self.held is None else self.held.to_json(),
            "answers": [one._asdict() for one in self.answers],
            "notes": list(self.notes),
        }
