"""The report of `words`: figures of one model, of several, and over the seeds of one way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from cospace.errors import BadArgument
from cospace.measures.bootstrap import Difference, Interval
from cospace.read import Failures

__all__ = ["Agreement", "Analogies", "Section", "Seeds", "WordsReport", "WordsResult", "over_seeds"]


@dataclass(frozen=True, slots=True)
class Section:
    """The analogies of one section, or of several: `right` of `asked` are solved, of `total`.

    A question is not asked where one of its words is not among the commonest. `accuracy` is
    right / asked. `difference` is to the first model, on the `common` questions that both were
    asked; None for the first.
    """

    name: str
    right: int
    asked: int
    total: int
    accuracy: Interval
    common: int | None = None
    difference: Difference | None = None

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "name": self.name,
            "right": self.right,
            "asked": self.asked,
            "total": self.total,
            "accuracy": self.accuracy.to_json(),
            "common_with_first": self.common,
            "difference_to_first": self.difference and self.difference.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Analogies:
    """A model on a file of analogies: by section, and in all ("semantic", "syntactic", "all")."""

    file: str
    sections: tuple[Section, ...]
    totals: tuple[Section, ...]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "file": self.file,
            "sections": [one.to_json() for one in self.sections],
            "totals": [one.to_json() for one in self.totals],
        }


@dataclass(frozen=True, slots=True)
class Agreement:
    """A model on a file of rated pairs. Of `total` pairs `found` have both words in the model.

    `difference` is that of the Spearmans to the first model, on the `common` pairs that both
    have; None for the first.
    """

    file: str
    found: int
    total: int
    spearman: Interval
    pearson: Interval
    common: int | None = None
    difference: Difference | None = None

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "file": self.file,
            "found": self.found,
            "total": self.total,
            "spearman": self.spearman.to_json(),
            "pearson": self.pearson.to_json(),
            "common_with_first": self.common,
            "difference_to_first": self.difference and self.difference.to_json(),
        }


@dataclass(frozen=True, slots=True)
class WordsResult:
    """One model. `words` is the size of its vocabulary, None for one that is no word model."""

    model: str
    dim: int
    words: int | None
    analogies: tuple[Analogies, ...]
    pairs: tuple[Agreement, ...]

    @property
    def figures(self) -> dict[str, float]:
        """The figures by name: "questions-words all" (a share), "men" (a Spearman)."""
        found = {
            f"{_stem(one.file)} {total.name}": total.accuracy.value
            for one in self.analogies
            for total in one.totals
        }
        return found | {_stem(one.file): one.spearman.value for one in self.pairs}

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "model": self.model,
            "dim": self.dim,
            "words": self.words,
            "analogies": [one.to_json() for one in self.analogies],
            "pairs": [one.to_json() for one in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class Seeds:
    """Models trained alike but for their seeds: the median of each figure, and its range."""

    name: str
    models: tuple[str, ...]
    figures: dict[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """A record for JSON: `value` is the median, `low` and `high` the range."""
        figures = {name: one.to_json() for name, one in self.figures.items()}
        return {"name": self.name, "models": list(self.models), "figures": figures}


@dataclass(frozen=True, slots=True)
class WordsReport:
    """All models on the same files; `groups` where models were named as seeds of one way.

    `failed` are the lines that were left out, `notes` the files.
    """

    files: tuple[str, ...]
    most: int
    resamples: int
    seed: int
    notes: tuple[str, ...]
    failed: Failures
    results: tuple[WordsResult, ...]
    groups: tuple[Seeds, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "files": list(self.files),
            "most": self.most,
            "resamples": self.resamples,
            "seed": self.seed,
            "notes": list(self.notes),
            "left_out": len(self.failed),
            "failed": [{"name": one.name, "reason": one.reason} for one in self.failed],
            "results": [result.to_json() for result in self.results],
            "groups": [group.to_json() for group in self.groups],
        }


def over_seeds(name: str, results: Sequence[WordsResult]) -> Seeds:
    """The median of each figure over `results`, with its lowest and highest value.

    Those are the range that seeds gave, and no interval of 95%. A figure is left out where a
    model has none. Raises `BadArgument` for no results.

    >>> figures = [Interval(value, 0, 1) for value in (0.4, 0.1, 0.2)]
    >>> pairs = [Agreement("men.csv", 9, 9, spearman=one, pearson=one) for one in figures]
    >>> models = [WordsResult(f"seed-{i}", 2, 9, (), (one,)) for i, one in enumerate(pairs)]
    >>> over_seeds("mine", models).figures["men"]
    Interval(value=0.2, low=0.1, high=0.4)
    """
    if not results:
        raise BadArgument(f"{name}: name at least one model of this group")
    return Seeds(name, tuple(one.model for one in results), dict(_medians(results)))


def _medians(results: Sequence[WordsResult]) -> Iterator[tuple[str, Interval]]:
    figures = [one.figures for one in results]
    for name in figures[0]:
        values = [mine[name] for mine in figures if name in mine and mine[name] == mine[name]]
        if len(values) == len(figures):
            yield name, Interval(median(values), min(values), max(values))


def _stem(file: str) -> str:
    return Path(file).stem
