"""Judge a migration before the switch: the gate, and on request the bridges, in one report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cospace.evaluate.migration.bridges import Bridge, map_bridge, rescoring_bridge
from cospace.evaluate.migration.gate import Verdict, compare_models
from cospace.progress import Watch

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.tune import Judged

__all__ = ["JudgedMigration", "judge_migration"]


@dataclass(frozen=True, slots=True)
class JudgedMigration:
    """The gate's verdict, and the bridges that were measured."""

    verdict: Verdict
    bridges: tuple[Bridge, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the gate lets the new model through."""
        return self.verdict.passed

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return {**self.verdict.to_json(), "bridges": [one.to_json() for one in self.bridges]}


def judge_migration(  # noqa: PLR0913 - as compare_models
    old: Collection,
    new: Collection,
    *,
    judgments: Judged | str | os.PathLike[str] | None = None,
    questions: Sequence[str] | None = None,
    k: int = 10,
    wanted: float = 0.02,
    seed: int = 0,
    bridges: bool = False,
    progress: Watch = None,
) -> JudgedMigration:
    """`compare_models`, and with `bridges` what rescoring and the two maps of questions give.

    Raises as `compare_models` does, and as the bridges do. Nothing is changed or chosen.
    """
    verdict = compare_models(
        old, new, judgments=judgments, questions=questions, k=k, wanted=wanted, seed=seed,
        progress=progress,
    )  # fmt: skip
    if not bridges:
        return JudgedMigration(verdict)
    more: dict[str, Any] = {"judgments": judgments, "k": k, "seed": seed}
    measured = (
        rescoring_bridge(old, new, **more),
        map_bridge(old, new, into="old", **more),
        map_bridge(old, new, into="new", **more),
    )
    return JudgedMigration(verdict, measured)
