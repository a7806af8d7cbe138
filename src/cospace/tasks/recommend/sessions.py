"""Sessions: which items were looked at, or bought, together and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from cospace.errors import BadArgument, EmptyItem
from cospace.evaluate.labelled import label_of
from cospace.read.frames import is_frame
from cospace.read.sources import find_source

__all__ = ["Sessions"]


@dataclass(frozen=True, slots=True)
class Sessions:
    """Ids of items, session by session, in their order; an id counts once in a session.

    `notes` tells what was left out.
    """

    name: str
    lists: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, lists: Iterable[Sequence[str]], *, name: str = "sessions") -> Sessions:
        """Sessions of lists of ids. Raises `BadArgument` where no session has two items.

        >>> Sessions.of([["a", "b", "a"], ["c"]]).lists
        (('a', 'b'),)
        """
        if is_frame(lists):
            raise BadArgument(
                f"{name}: expected lists of ids, not a table; save it, and use Sessions.read"
            )
        if isinstance(lists, (str, os.PathLike)):
            raise BadArgument(f"{name}: expected lists of ids; Sessions.read takes a file")
        every = [_ids(one, name) for one in lists]
        kept = tuple(one for one in every if len(one) > 1)
        if not kept:
            raise BadArgument(f"{name}: no session has two items, so nothing goes together")
        alone = len(every) - len(kept)
        notes = (f"sessions of a single item, left out: {alone:,}",) if alone else ()
        return cls(name, kept, notes)

    @classmethod
    def read(cls, file: str | os.PathLike[str]) -> Sessions:
        """Sessions of a table with the columns session, item and, if there is one, time.

        Without a column time the order of the rows counts. Raises `BadArgument` for other columns,
        `EmptyItem` for no rows, and as `cospace.read` does.
        """
        source = find_source(file)
        columns = source.sample.names
        for name in ("session", "item"):
            if name not in columns:
                has = ", ".join(columns[:12]) or "none"
                raise BadArgument(
                    f"{source.name}: sessions need the columns session and item, and may have"
                    f" time; it has {has}"
                )
        timed = "time" in columns
        found: dict[str, list[tuple[object, int, str]]] = {}
        bad = rows = 0
        for row in source.rows():
            rows += 1
            values = row.values
            if isinstance(values, str):
                bad += 1
                continue
            session, item = label_of(values.get("session")), label_of(values.get("item"))
            if not session or not item:
                bad += 1
                continue
            when = _order(values.get("time")) if timed else ""
            found.setdefault(session, []).append((when, row.number, item))
        if not found:
            raise EmptyItem(source.name, "it holds no session")
        made = cls.of(
            [[item for _, _, item in sorted(one)] for one in found.values()], name=source.name
        )
        notes = (f"rows without a session or an item, left out: {bad:,}",) if bad else ()
        return cls(made.name, made.lists, (*made.notes, *notes))


def _ids(session: object, name: str) -> tuple[str, ...]:
    """The ids of a session, each once. Raises `BadArgument` for what is no list of them."""
    listed = isinstance(session, Iterable) and not isinstance(session, (str, bytes, Mapping))
    ids: tuple[Any, ...] = tuple(dict.fromkeys(cast("Iterable[Any]", session))) if listed else ()
    if not listed or not all(isinstance(one, str) for one in ids):
        raise BadArgument(f"{name}: a session is a list of ids, which are str, not {session!r:.80}")
    return ids


def _order(time: object) -> tuple[int, float, str]:
    """Where a time comes: numbers by their size, others as texts, as ISO 8601 is made for."""
    said = label_of(time)
    try:
        return 0, float(said), ""
    except ValueError:
        return 1, 0.0, said
