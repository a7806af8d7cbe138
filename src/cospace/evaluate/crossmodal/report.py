"""The report of `crossmodal`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cospace.measures.bootstrap import Difference, Interval
from cospace.read import Failures

__all__ = ["CrossmodalReport", "CrossmodalResult", "Question"]


@dataclass(frozen=True, slots=True)
class Question:
    """One way to ask: how many queries and candidates there are, and what chance would give.

    `single` counts the queries whose pair holds nothing that another pair holds, and
    `single_chance` is theirs.
    """

    name: str
    queries: int
    candidates: int
    chance: Mapping[str, float]
    single: int
    single_chance: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "queries": self.queries,
            "candidates": self.candidates,
            "chance": dict(self.chance),
            "single_queries": self.single,
            "single_chance": dict(self.single_chance),
        }


@dataclass(frozen=True, slots=True)
class CrossmodalResult:
    """One model: figures by the name of the question, and accuracies by way.

    `figures` are recall@1, @5, @10 (0 to 1) and the median rank (from 1); `single` the same on the
    queries without repeats, where there are others. `accuracy` is by "zero-shot", "knn" and
    "probe". `differences` and `accuracy_differences` are to the first model.
    """

    model: str
    dim: int
    figures: dict[str, dict[str, Interval]] = field(default_factory=dict)
    single: dict[str, dict[str, Interval]] = field(default_factory=dict)
    differences: dict[str, dict[str, Difference]] = field(default_factory=dict)
    accuracy: dict[str, Interval] = field(default_factory=dict)
    accuracy_differences: dict[str, Difference] = field(default_factory=dict)
    truncated: int = 0
    failed: int = 0

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""

        def record(one: Mapping[str, Interval]) -> dict[str, Any]:
            return {name: figure.to_json() for name, figure in one.items()}

        return {
            "model": self.model,
            "dim": self.dim,
            "figures": {name: record(one) for name, one in self.figures.items()},
            "single": {name: record(one) for name, one in self.single.items()},
            "differences_to_first": {name: record(one) for name, one in self.differences.items()},
            "accuracy": record(self.accuracy),
            "accuracy_differences_to_first": record(self.accuracy_differences),
            "truncated": self.truncated,
            "failed": self.failed,
        }


@dataclass(frozen=True, slots=True)
class CrossmodalReport:
    """All models on the same pairs and classes.

    `counts` names what was not one thing of each kind: items without a part, repeated and equal
    captions; `such` has some of each. `questions` is empty where there are no pairs, `classes`
    where there are none; `names` is what these are called in the `prompts`.
    `chance` is by way: one over the classes for zero-shot, always the commonest for the others.
    """

    name: str
    kinds: tuple[str, str]
    pairs: int
    counts: Mapping[str, int]
    such: Mapping[str, Sequence[str]]
    questions: tuple[Question, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    split: str
    chance: Mapping[str, float]
    resamples: int
    seed: int
    notes: tuple[str, ...]
    failed: Failures
    prompts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    results: tuple[CrossmodalResult, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        names = ("name", "pairs", "train", "test", "split", "resamples", "seed")
        return {
            **{name: getattr(self, name) for name in names},
            "kinds": list(self.kinds),
            "counts": dict(self.counts),
            "such": {name: list(some) for name, some in self.such.items()},
            "questions": {one.name: one.to_json() for one in self.questions},
            "classes": list(self.classes),
            "prompts": list(self.prompts),
            "names": list(self.names),
            "chance": dict(self.chance),
            "notes": list(self.notes),
            "left_out": len(self.failed),
            "failed": [{"name": one.name, "reason": one.reason} for one in self.failed],
            "results": [result.to_json() for result in self.results],
        }
