"""Finding: what one check says of a collection, with its effect, its certainty and its items."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from cospace.audit.chart import Chart
from cospace.errors import BadArgument

__all__ = ["VERDICTS", "Finding", "Group", "Verdict"]

Verdict: TypeAlias = Literal["found", "clean", "inconclusive", "skipped"]
VERDICTS: tuple[Verdict, ...] = ("found", "clean", "inconclusive", "skipped")


@dataclass(frozen=True, slots=True)
class Group:
    """Items that belong together in a finding, by id: a group of duplicates, or one item alone.

    `said` is what is the matter with them, in a few words, such as "labelled Garden, like Toys".
    """

    ids: tuple[str, ...]
    said: str = ""

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {"ids": list(self.ids), "said": self.said}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says: how bad, how sure, which items, and what mends it.

    `verdict` is "found"; "clean"; "inconclusive" where there is too little to tell; or "skipped"
    where the check has nothing to work on. `said` is one sentence with the figures, or the reason.

    `severity` is the effect in `unit` ("share of items", "AUC", "skewness", ...), None where none
    was measured. `p` is how often chance alone would show as much, None where no test applies;
    `why_no_p` says why. `mend` is the command that mends it, or "".

    Raises `BadArgument` for another verdict, or a p that is no probability.

    >>> one = Finding("constant columns", "found", "1 of 3 columns holds one value",
    ...               severity=1 / 3, unit="share of columns", why_no_p="it is counted")
    >>> print(one)
    found         constant columns: 1 of 3 columns holds one value
    """

    check: str
    verdict: Verdict
    said: str
    severity: float | None = None
    unit: str = ""
    p: float | None = None
    why_no_p: str = ""
    groups: tuple[Group, ...] = ()
    mend: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    charts: tuple[Chart, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise BadArgument(f"a verdict is one of {', '.join(VERDICTS)}, not {self.verdict!r}")
        if self.p is not None and not 0 <= self.p <= 1:
            raise BadArgument(f"p is a probability, 0 to 1, not {self.p!r}")

    @property
    def ids(self) -> tuple[str, ...]:
        """The items of all groups, each once, in their order."""
        return tuple(dict.fromkeys(id for group in self.groups for id in group.ids))

    def __str__(self) -> str:
        return f"{self.verdict:<13} {self.check}: {self.said}"

    def to_json(self) -> dict[str, Any]:
        """A record of plain types; a figure that is not defined is None."""
        return {
            "check": self.check,
            "verdict": self.verdict,
            "said": self.said,
            "severity": _number(self.severity),
            "unit": self.unit,
            "p": _number(self.p),
            "why_no_p": self.why_no_p,
            "groups": [group.to_json() for group in self.groups],
            "mend": self.mend,
            "figures": {name: _number(value) for name, value in self.figures.items()},
            "charts": [chart.to_json() for chart in self.charts],
        }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
