"""audit: every check on one collection, each a module, in one report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.arguments import check_instance, check_texts
from cospace.audit.asked import Asked
from cospace.audit.bias.lists import BiasTest
from cospace.audit.finding import VERDICTS, Finding
from cospace.audit.view import View, view_of
from cospace.collection.collection import check_collection
from cospace.errors import BadArgument
from cospace.measures.bootstrap import check_seed
from cospace.progress import Meter, Watch, metered

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["CHECKS", "Audit", "audit", "audited"]

# In the order of the report: a check's name, and the module whose `check(view, asked)` gives its
# Finding, or several.
CHECKS: dict[str, str] = {
    "missing parts": "missing",
    "duplicates": "duplicates",
    "leaks": "leaks",
    "text and photo": "mismatch",
    "wrong labels": "labels",
    "texts cut short": "cut",
    "drift": "drift",
    "hubs": "hubs",
    "modality gap": "gap",
    "shape of the space": "shape",
    "constant columns": "constant",
    "mixed units": "units",
    "languages": "languages.check",
    "flips": "flips.check",
    "bias": "bias.check",
    "questions": "questions.check",
}


@dataclass(frozen=True, slots=True)
class Audit:
    """What all checks say of a collection: `findings` in the order of `CHECKS`."""

    collection: str
    items: int
    space: str
    findings: tuple[Finding, ...]

    def __getitem__(self, check: str) -> Finding:
        """The finding of a check. Raises `BadArgument` for one that was not run."""
        for one in self.findings:
            if one.check == check:
                return one
        known = ", ".join(one.check for one in self.findings)
        raise BadArgument(f"no check {check!r} was run; there are: {known}")

    @property
    def found(self) -> tuple[Finding, ...]:
        """The findings that something is wrong."""
        return tuple(one for one in self.findings if one.verdict == "found")

    def __str__(self) -> str:
        order = {verdict: place for place, verdict in enumerate(VERDICTS)}
        return "\n".join(map(str, sorted(self.findings, key=lambda one: order[one.verdict])))

    def to_json(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "collection": self.collection,
            "items": self.items,
            "space": self.space,
            "findings": [one.to_json() for one in self.findings],
        }


def audit(  # noqa: PLR0913 - what each check may need to be told
    collection: Collection,
    *,
    label: str | None = None,
    split: str | None = None,
    date: str | None = None,
    since: str | None = None,
    against: Collection | None = None,
    bias: Sequence[BiasTest] | None = None,
    questions: Sequence[str] | None = None,
    checks: Sequence[str] | None = None,
    seed: int = 0,
    progress: Watch = None,
) -> Audit:
    """What is wrong with a collection; nothing is changed.

    `label` names a metadata field whose values are classes, `split` one that parts the items in
    two (train and test), `date` one of dates of which those from `since` on are new; `against` is
    another collection of the same space. `bias` are association tests (`cospace.audit.bias`), the
    built-in ones by default; `questions` is what was asked of the collection. A check that needs
    what was not told is skipped and says so. `checks` are names of `CHECKS`; by default all.

    Raises `BadArgument` for an empty collection, for a check or a field that is not there, for no
    check at all, for a seed below 0, and for a collection `against` itself;
    `SpaceMismatch` when the two collections are not of one space.
    """
    check_collection(collection)
    if against is not None:
        check_collection(against, "against")
    check_seed(seed)
    names = checked(None if checks is None else check_texts("checks", checks))
    if against is not None and _same(collection, against):
        raise BadArgument(
            f"against is another collection, and {collection.name} was given twice; two sets in"
            " one collection are told apart by split, the name of a column"
        )
    tests = None if bias is None else _tests(bias)
    told = None if questions is None else tuple(check_texts("questions", questions))
    with metered(progress, len(collection) + (len(against) if against else 0)) as meter:
        meter.stage = "reading"
        view = view_of(collection, meter=meter)
        other = None if against is None else view_of(against, meter=meter)
        asked = Asked(label, split, date, since, other, seed, tests, told)
        return audited(view, asked, names, meter)


def _tests(bias: object) -> tuple[BiasTest, ...]:
    given = "as those of cospace.audit.bias"
    if isinstance(bias, (str, bytes)) or not isinstance(bias, Iterable):
        raise BadArgument(f"bias is a list of BiasTest, {given}, not {bias!r:.60}")
    return tuple(check_instance("each of bias", one, BiasTest, given) for one in bias)


def _same(one: Collection, other: Collection) -> bool:
    """Whether both are one collection, though it were opened twice."""
    folders = [getattr(each.store, "folder", None) for each in (one, other)]
    if one is other or None in folders:
        return one.store is other.store
    return Path(str(folders[0])).resolve() == Path(str(folders[1])).resolve()


def audited(view: View, asked: Asked, names: Sequence[str], meter: Meter | None = None) -> Audit:
    """As `audit`, of what was read already."""
    if not len(view):
        raise BadArgument(f"{view.name} holds no items, so there is nothing to audit")
    if asked.against is not None and view.space and asked.against.space:
        view.space.check(asked.against.space, what=f"{view.name} against {asked.against.name}")
    for field in (asked.label, asked.split, asked.date):
        if field is not None:
            view.column(field)  # raises where it is not there
    if meter is not None:
        view.tick = lambda: meter.add(0)
    found: list[Finding] = []
    for name in names:
        if meter is not None:
            meter.stage = name
        view.tick()
        told = import_module(f"cospace.audit.{CHECKS[name]}").check(view, asked)
        found += [told] if isinstance(told, Finding) else told
    return Audit(view.name, len(view), str(view.space or "no vectors"), tuple(found))


def checked(checks: Sequence[str] | None) -> list[str]:
    """The names of the checks to run. Raises `BadArgument` for one that is not there."""
    if checks is None:
        return list(CHECKS)
    if not checks:
        raise BadArgument(f"checks names no check; there are: {', '.join(CHECKS)}")
    unknown = [name for name in checks if name not in CHECKS]
    if unknown:
        raise BadArgument(f"there is no check {unknown[0]!r}; there are: {', '.join(CHECKS)}")
    return [name for name in CHECKS if name in checks]
