"""Asked: what a user wants to have checked, and what it needs to be told."""

from __future__ import annotations

from dataclasses import dataclass

from cospace.audit.bias.lists import BiasTest
from cospace.audit.view import View

__all__ = ["Asked"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What `audit` was told besides the collection.

    `label` is the metadata field whose values are classes, `split` one that parts the items in
    two, `date` one of dates, `since` the first date that is new (ISO 8601), `against` another
    collection. `seed` is that of all draws. `bias` are association tests, None for the built-in
    ones; `questions` is what was asked of the collection.
    """

    label: str | None = None
    split: str | None = None
    date: str | None = None
    since: str | None = None
    against: View | None = None
    seed: int = 0
    bias: tuple[BiasTest, ...] | None = None
    questions: tuple[str, ...] | None = None
