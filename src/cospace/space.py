"""Space: the identity of a vector space. Vectors of two spaces are never compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from cospace.arguments import check_count, check_instance
from cospace.errors import BadArgument, SpaceMismatch
from cospace.limits import limit

__all__ = ["Space", "Tower"]

# Facts that say how a tower is shipped and proved, not what space it maps into.
_NOT_IDENTITY = ("license", "files", "graph", "canaries", "precision", "family")


@dataclass(frozen=True)
class Tower:
    """One encoder of a space: which modality it takes, and everything its vectors depend on.

    `family` names the code that built it and can build it again, where that matters.
    `weights_sha256` is of the source weights, so that the same model served in another
    precision keeps its identity; `files` are the hashes of what is served, checked at load.
    `teacher` is the fingerprint of the tower whose vectors this one learnt to give.
    """

    kind: str
    model: str
    source: str = ""
    revision: str = ""
    license: str = ""
    weights_sha256: str = ""
    head_sha256: str = ""
    family: str = ""
    precision: str = ""
    graph: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    pooling: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)
    canaries: tuple[Mapping[str, str], ...] = ()
    teacher: str = ""

    @cached_property
    def fingerprint(self) -> str:
        """sha256, in hex, of what the vectors depend on."""
        record = {k: v for k, v in self.to_json().items() if k not in _NOT_IDENTITY}
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()

    @property
    def root(self) -> str:
        """The fingerprint of the tower whose vectors these compare with: the teacher's, or its own.

        >>> teacher = Tower("text", "slow")
        >>> Tower("text", "fast", teacher=teacher.root).root == teacher.root
        True
        """
        return self.teacher or self.fingerprint

    def to_json(self) -> dict[str, Any]:
        """A record of plain types. Without a teacher it is as it was before there were any."""
        record = asdict(self)
        if not self.teacher:
            del record["teacher"]
        return record


@dataclass(frozen=True)
class Space:
    """A vector space: a name, a dimension, a metric, and the towers that map into it.

    The first tower is the anchor. Towers bound to it later (images, audio) extend the
    space and leave the vectors that are already stored valid.
    """

    name: str
    dim: int
    metric: str = "cosine"
    towers: tuple[Tower, ...] = ()

    def __post_init__(self) -> None:
        dim = check_count("the dimension of a space", self.dim, most=limit("dim"))
        object.__setattr__(self, "dim", dim)
        if self.metric != "cosine":
            raise BadArgument(f"the metric is 'cosine', not {self.metric!r}")

    @classmethod
    def of(cls, name: str, dim: int) -> Space:
        """The space of ready-made vectors: `name` is all that tells it from another one."""
        return cls(name, dim, towers=(Tower(kind="text", model=name),))

    @cached_property
    def fingerprint(self) -> str:
        """sha256, in hex, of the dimension, the metric and the towers in order of their kind."""
        towers = sorted((t.kind, t.fingerprint) for t in self.towers)
        record = [self.dim, self.metric, self.anchor, towers]
        return hashlib.sha256(json.dumps(record).encode()).hexdigest()

    @property
    def anchor(self) -> str:
        """The fingerprint of the anchor tower, or the name of a space without towers.

        A student's is that of its teacher, with whose vectors its own compare.
        """
        return self.towers[0].root if self.towers else self.name

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The modalities that this space has a tower for."""
        return tuple(t.kind for t in self.towers)

    def conflict(self, other: Space) -> str:
        """Why vectors of the two cannot be compared, or "" when they can.

        Raises `BadArgument` for what is no `Space`.
        """
        check_instance("other", other, Space, "as model.space")
        if self.fingerprint == other.fingerprint:
            return ""
        if self.dim != other.dim:
            same = ", of the same model" if self.anchor == other.anchor else ""
            return f"{self.dim} dimensions against {other.dim}{same}"
        if self.anchor != other.anchor:
            return "the models differ"
        mine = {tower.kind: tower.root for tower in self.towers}
        for tower in other.towers:
            if mine.get(tower.kind, tower.root) != tower.root:
                return f"the towers for {tower.kind} differ"
        return ""

    def apart(self, other: Space) -> str:
        """Why vectors of `other` cannot be stored among those of this space, or "".

        As `conflict`; and where both have a tower for a kind, it is the very same: what a student
        gives can be compared with what its teacher gives, but is something else.
        """
        why = self.conflict(other)
        if why:
            return why
        mine = {tower.kind: tower for tower in self.towers}
        for tower in other.towers:
            known = mine.get(tower.kind, tower)
            if known.fingerprint != tower.fingerprint:
                return f"the towers for {tower.kind} differ: {_kinship(known, tower)}"
        return ""

    def check(self, other: Space, *, what: str = "these vectors", stored: bool = False) -> None:
        """Raises `SpaceMismatch` with both fingerprints when vectors of `other` do not compare.

        With `stored`, also when they are not to be stored among those of this space: see `apart`.
        """
        why = self.apart(other) if stored else self.conflict(other)
        if why:
            raise SpaceMismatch(f"{what}: expected {self}, was given {other} ({why})")

    def merged(self, other: Space) -> Space:
        """This space with the towers of `other` that it does not have yet."""
        self.check(other, stored=True)
        extra = tuple(t for t in other.towers if t.kind not in self.kinds)
        return self if not extra else Space(self.name, self.dim, self.metric, self.towers + extra)

    def truncated(self, dim: int) -> Space:
        """The space of the first `dim` numbers of each vector: the same towers, another space.

        Raises `BadArgument` for a `dim` that is not a whole number from 1 to this space's.

        >>> Space.of("demo", 384).truncated(64).dim
        64
        """
        return replace(self, dim=check_count(f"{self.name}: dim", dim, most=self.dim))

    def to_json(self) -> dict[str, Any]:
        """A record that `from_json` reads back."""
        return {**asdict(self), "towers": tuple(tower.to_json() for tower in self.towers)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Space:
        """The space of a `space.json` or of a collection's record; unknown keys are refused."""
        check_instance("record", record, Mapping, "as space.to_json() gives it")  # type: ignore[type-abstract]
        if missing := {"name", "dim"}.difference(record):
            raise BadArgument(f"space record: {sorted(missing)[0]!r} is missing")
        known = set(Tower.__dataclass_fields__)
        towers = []
        for raw in record.get("towers", ()):
            unknown = set(raw) - known
            if unknown:
                raise BadArgument(f"space record: unknown key {sorted(unknown)[0]!r} in a tower")
            towers.append(Tower(**{**raw, "canaries": tuple(raw.get("canaries", ()))}))
        return cls(
            record["name"], int(record["dim"]), record.get("metric", "cosine"), tuple(towers)
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.dim}, {self.fingerprint[:8]})"

    def __repr__(self) -> str:
        return f"Space({self.name}, {self.dim}, {self.metric}, fingerprint {self.fingerprint[:8]})"


def _kinship(stored: Tower, given: Tower) -> str:
    """What two towers whose vectors compare are to each other."""
    if given.teacher == stored.fingerprint:
        return f"{given.model} is a student of {stored.model}"
    if stored.teacher == given.fingerprint:
        return f"{stored.model} is a student of {given.model}"
    return f"{stored.model} and {given.model} are students of one model"
