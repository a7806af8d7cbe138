"""Dates: as ISO 8601 texts, as moments that can be compared, and as people write them."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal, TypeAlias

__all__ = ["Order", "day_of", "iso", "moment", "order_of", "orders"]

# How a cell can be read: as ISO 8601; with dots, where the day is first; with the day first, the
# month, or either of them.
Order: TypeAlias = Literal["iso", "dots", "dmy", "mdy", "either"]

_TIME = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_ISO = re.compile(
    rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:[T ]{_TIME} ?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?"
)
_WRITTEN = re.compile(
    r"(?:(?P<y>[12][0-9]{3})(?P<s>[/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"
    r"|(?P<a>[0-9]{1,2})(?P<t>[/.-])(?P<b>[0-9]{1,2})(?P=t)(?P<z>[12][0-9]{3}))"
    r"(?:,? (?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2}))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_LONGEST = 40  # characters


def iso(value: date) -> str:
    """A date or a moment as ISO 8601; a moment with a time zone in UTC.

    One that UTC puts before the year 1 or after 9999 keeps its own time zone, in whole minutes.

    >>> iso(date(2026, 1, 31)), iso(datetime(2026, 1, 31, 9, 30))
    ('2026-01-31', '2026-01-31T09:30:00')
    """
    if isinstance(value, datetime) and (ahead := value.utcoffset()) is not None:
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            minutes = math.copysign(math.ceil(abs(ahead) / _MINUTE), ahead.total_seconds())
            own = timedelta(minutes=minutes)
            value = (value.replace(tzinfo=None) + (own - ahead)).replace(tzinfo=timezone(own))
    return value.isoformat()


def moment(text: str) -> int | None:
    """The microseconds from 1970 to a date or a moment in ISO 8601; None for every other text.

    A date is its first moment; what has no time zone is taken for UTC.

    >>> moment("1970-01-02"), moment("1970-01-01T01:00:00+01:00"), moment("oak")
    (86400000000, 0, None)
    """
    found = _read(text)
    return None if found is None else _microseconds(found)


def _microseconds(found: date) -> int:
    if not isinstance(found, datetime):
        found = datetime.combine(found, time())
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return (found - _EPOCH) // timedelta(microseconds=1)


def _read(text: str) -> date | None:
    # Nearly every text is none, and is told by its fifth character.
    if text[4:5] != "-" or len(text) > _LONGEST or not _ISO.fullmatch(text):
        return None
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        return datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", ""))
    except ValueError:
        return None


def order_of(cell: str) -> Order | None:
    """How one cell can be read as a date; None where it is none.

    >>> order_of("2026-01-31"), order_of("31.01.2026"), order_of("01/31/2026"), order_of("1/2/2026")
    ('iso', 'dots', 'mdy', 'either')
    """
    cell = cell.strip()
    if _read(cell) is not None:
        return "iso"
    found = _WRITTEN.fullmatch(cell) if len(cell) <= _LONGEST else None
    if found is None:
        return None
    if found["y"]:
        return "iso" if _made(found, "mdy") else None
    both = [order for order in ("dmy", "mdy") if _made(found, order)]
    if found["t"] == ".":  # nobody writes the month first with these
        return "dots" if "dmy" in both else None
    return "either" if len(both) == 2 else both[0] if both else None  # type: ignore[return-value]


def orders(counts: Counter[Order]) -> Order | None:
    """How the cells of a column are to be read; "either" where they do not tell, None if mixed.

    >>> orders(Counter({"either": 8, "dmy": 2})), orders(Counter({"dmy": 1, "mdy": 1}))
    ('dmy', None)
    """
    if counts["dmy"] and counts["mdy"]:
        return None
    known: tuple[Order, ...] = ("dmy", "mdy", "either", "dots")
    return next((order for order in known if counts[order]), "iso")


def day_of(cell: str, order: Order) -> str:
    """A cell as ISO 8601, where `order` says what stands first.

    Raises `ValueError` with the reason for a cell that is no such date.

    >>> day_of("31.01.2026 9:05", "dmy"), day_of("01/31/2026", "mdy")
    ('2026-01-31T09:05:00', '2026-01-31')
    """
    cell = cell.strip()
    found = _read(cell)
    if found is None and (match := _WRITTEN.fullmatch(cell[: _LONGEST + 1])):
        found = _made(match, "dmy" if match["t"] == "." else order)
    if found is None:
        raise ValueError(f"{cell[:40]!r} is not a date, as the rest of its column is")
    return iso(found)


def _made(found: re.Match[str], order: str) -> date | None:
    """The date of a match, or None where there is no such day."""
    first, second = (found["a"], found["b"]) if order == "dmy" else (found["b"], found["a"])
    numbers = (found["y"], found["m"], found["d"]) if found["y"] else (found["z"], second, first)
    try:
        day = date(*map(int, numbers))
        if found["H"] is None:
            return day
        hour = int(found["H"])
        if found["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if found["half"] in "Pp" else 0)
        return datetime.combine(day, time(hour, int(found["M"]), int(found["S"] or 0)))
    except ValueError:
        return None
