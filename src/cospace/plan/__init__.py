"""How much memory, disk, time and money a collection of a size takes: `plan`."""

from __future__ import annotations

__all__: list[str] = []
