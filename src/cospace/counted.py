"""A number with what it counts, for messages."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str = "") -> str:
    """The number with what it counts, in the plural where it must be.

    >>> counted(1, "item"), counted(1_200, "item"), counted(2, "item has", "items have")
    ('1 item', '1,200 items', '2 items have')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
