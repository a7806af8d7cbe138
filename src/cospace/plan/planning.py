"""`plan`: what each store takes for a number of items, and which to take when one machine ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from cospace.arguments import check_count
from cospace.errors import BadArgument
from cospace.plan import postgres
from cospace.plan.engines import FORMS, Form
from cospace.plan.local import Beside, Local
from cospace.plan.machine import Machine, Prices
from cospace.plan.trial import Shape, Trial, words_of

__all__ = ["STORES", "Needs", "Plan", "plan"]

STORES = ("local", "postgresql", *FORMS)

_MEASURED = "measured here"
_PAGES = (
    "https://www.postgresql.org/docs/current/storage-page-layout.html,"
    " https://github.com/pgvector/pgvector"
)
_ONE_MACHINE = {"local", "postgresql"}
_RATE = 10.0  # searches a second, where none are asked for


@dataclass(frozen=True, slots=True)
class Needs:
    """What one store takes in one form. None stands for what nobody has measured or told.

    Bytes of memory, of it what must stay there (`least`), and of the disk; machines; seconds of
    the processor to build the index, and hours of a machine's cores; searches a second of one
    machine; recall@10; cost a month. `ends` is the number of items with which one machine is
    full. `beside` is what stays on cospace's own machine when the vectors are elsewhere.
    `source` says where the figures are from.
    """

    store: str
    form: str
    items: int
    memory: float | None = None
    least: float | None = None
    disk: float | None = None
    machines: int | None = None
    build_processor: float | None = None
    build_hours: float | None = None
    searches: float | None = None
    recall: float | None = None
    cost: float | None = None
    ends: int | None = None
    beside: Beside | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether cospace can keep so many items in it, as far as is known."""
        return self.machines is not None and (self.machines == 1 or self.store not in _ONE_MACHINE)


@dataclass(frozen=True, slots=True)
class Plan:
    """The needs of each store and form, and advice in sentences."""

    items: int
    shape: Shape
    machine: Machine
    needs: tuple[Needs, ...]
    advice: tuple[str, ...]
    measured: tuple[Trial, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What all stores are asked for."""

    items: int
    shape: Shape
    machine: Machine
    prices: Prices
    rate: float
    local: Local | None
    words: int

    def machines(self, memory: float, searches: float | None) -> int:
        """For so many bytes, and for the rate where one machine's is known."""
        number = self.machine.number(memory)
        # Each of them answers a part of every search, so more of all are needed for a higher rate.
        copies = math.ceil(self.rate / searches) if searches and self.rate else 1
        return number * max(1, copies)


def plan(
    items: int,
    shape: Shape,
    *,
    local: Local | None,
    machine: Machine,
    stores: Sequence[str] = STORES,
    prices: Prices | None = None,
    rate: float = 0.0,
) -> Plan:
    """What each store takes for `items` of a shape, at `rate` searches a second.

    `local` is what was measured here; without it nothing is told that rests on a measurement:
    the local store, times, and what stays beside an engine.

    Raises `BadArgument` for no items, and for a store that there is none of.

    >>> found = plan(1_000_000, Shape(384), local=None, machine=Machine(64e9, 16),
    ...              stores=["postgresql"])
    >>> [(one.store, one.machines) for one in found.needs]
    [('postgresql', 1)]
    """
    items = check_count("items", items)
    unknown = [name for name in stores if name not in STORES]
    if unknown or not stores:
        raise BadArgument(f"stores are {', '.join(STORES)}; not {', '.join(unknown) or 'none'}")
    words = words_of(shape)
    asked = _Asked(items, shape, machine, prices or Prices(), rate, local, words)
    needs: list[Needs] = []
    for store in dict.fromkeys(stores):
        if store == "local":
            needs += _local(asked)
        elif store == "postgresql":
            needs.append(_postgres(asked))
        else:
            needs += [_engine(asked, form) for form in FORMS[store]]
    measured = () if local is None else local.trials
    return Plan(items, shape, machine, tuple(needs), tuple(_advice(asked, needs)), measured)


def _local(asked: _Asked) -> list[Needs]:
    """The local store, in each form that was tried."""
    local = asked.local
    if local is None:
        raise BadArgument("the local store is planned from a trial of it; give one")
    found = []
    for form in local.quantizations:
        taken = local.at(asked.items, form)
        searches = asked.machine.cores / taken.search[0]
        machines = None if taken.least is None else asked.machines(taken.least, searches)
        ends = None
        if taken.least is not None:
            ends = _most(partial(_least, local, form), asked.machine.usable)
        found.append(
            Needs(
                "local",
                form,
                asked.items,
                taken.memory,
                taken.least,
                taken.disk,
                machines,
                taken.built[0],
                taken.built[0] / 3600 / asked.machine.cores,
                searches,
                taken.recall,
                asked.prices.month(1, taken.least, taken.disk) if machines == 1 else None,
                ends,
                source=_MEASURED,
            )
        )
    return found


def _least(local: Local, form: str, items: int) -> float:
    return local.at(items, form).least or 0.0


def _postgres(asked: _Asked) -> Needs:
    shape = asked.shape

    def sized(items: int) -> tuple[float, float]:
        held = postgres.tables(
            items, shape.dim, metadata_bytes=shape.metadata_bytes,
            text_bytes=shape.text_bytes, words=asked.words,
        )  # fmt: skip
        near = [table for table in held if table.name in ("near", "words_pkey")]
        return postgres.size_of(near), postgres.size_of(held)

    memory, disk = sized(asked.items)
    machines = asked.machine.number(memory)
    notes = "memory: its indexes on vectors and words; the tables stay on the disk"
    if shape.dim > postgres.MAX_INDEXED:
        notes = f"no index above {postgres.MAX_INDEXED:,} numbers: every search reads all rows"
    return Needs(
        "postgresql",
        "hnsw, halfvec",
        asked.items,
        memory,
        memory,
        disk,
        machines,
        cost=asked.prices.month(1, memory, disk) if machines == 1 else None,
        ends=_most(lambda items: sized(items)[0], asked.machine.usable),
        source=_PAGES,
        notes=(notes,),
    )


def _engine(asked: _Asked, form: Form) -> Needs:
    shape = asked.shape
    notes = list(form.notes)
    if shape.dim > form.max_dim:
        return Needs(
            form.store, form.name, asked.items, source=form.source,
            notes=(f"takes at most {form.max_dim:,} numbers a vector",),
        )  # fmt: skip
    size = form.size(asked.items, shape.dim, shape.metadata_bytes)
    built = searches = recall = None
    if form.same and asked.local and form.same in asked.local.quantizations:
        taken = asked.local.at(asked.items, form.same)
        built, recall = taken.built[0], taken.recall
        searches = asked.machine.cores / taken.search[0]
        notes.append("times and recall as of the local store: the same engine, without the way")
    if form.scans:
        recall = 1.0
        if asked.local and asked.local.scan:
            vectors = asked.items * shape.dim * 4
            searches = asked.machine.cores * asked.local.scan / vectors
            notes.append("searches: at most as fast as this machine reads vectors in memory")
    memory = size.memory
    machines = None if memory is None else asked.machines(memory, searches)
    return Needs(
        form.store,
        form.name,
        asked.items,
        memory,
        memory,
        size.disk,
        machines,
        built,
        None if built is None else built / 3600 / asked.machine.cores / (machines or 1),
        searches,
        recall,
        asked.prices.month(machines, memory, size.disk),
        None if memory is None else int(asked.machine.usable / (memory / asked.items)),
        None if asked.local is None else asked.local.beside(asked.items),
        form.source,
        tuple(notes),
    )


def _most(memory: Callable[[int], float], most: float) -> int:
    """How many items need at most so many bytes."""
    low, high = 0, 1 << 44
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if memory(middle) <= most else (low, middle - 1)
    return low


def _advice(asked: _Asked, needs: Sequence[Needs]) -> list[str]:
    """Where one machine ends, and what to take."""
    lines = []
    size = f"{asked.machine.memory / 1e9:.0f} GB"
    for store in ("local", "postgresql"):
        ends = [one for one in needs if one.store == store and one.ends is not None]
        if ends:
            told = ", ".join(f"{_millions(one.ends or 0)} ({one.form})" for one in ends)
            lines.append(f"one machine of {size} ends, {store}: {told} items")
    good = [one for one in needs if one.fits]
    least = asked.rate or _RATE
    fast = [one for one in good if not (one.searches and one.searches < least)]
    if not fast:
        lines.append("none of these stores holds so many items on such machines; take larger ones")
        return lines
    # The fewest machines; of those the best recall; what stands first in the list of stores.
    best = min(fast, key=lambda one: (one.machines, one.store != "local", -(one.recall or 0)))
    recall = "recall not measured" if best.recall is None else f"recall@10 {best.recall:.3f}"
    many = "one machine" if best.machines == 1 else f"{best.machines} machines"
    lines.append(f"take: {best.store}, {best.form}: {many}, {recall}")
    if best.store not in _ONE_MACHINE and best.beside and best.beside.memory:
        beside = best.beside
        lines.append(
            f"cospace's own machine keeps words, metadata and the truth beside it:"
            f" {(beside.memory or 0) / 1e9:,.1f} GB of memory, {beside.disk / 1e9:,.1f} GB of disk"
        )
        if (beside.memory or 0) > asked.machine.usable:
            lines.append(f"that is more than {size} of memory: it needs a larger machine")
    return lines


def _millions(items: int) -> str:
    return f"{items / 1e6:,.1f} million" if items >= 1_000_000 else f"{items:,}"
