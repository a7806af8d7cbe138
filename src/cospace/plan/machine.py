"""A machine of which there can be several, and what they cost; prices are the reader's own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cospace.cores import cores, installed_memory
from cospace.errors import BadArgument

__all__ = ["Machine", "Prices", "here"]

HOURS = 730  # of a month
# Of a machine's memory; the rest is the system's. Qdrant's page on capacity planning says so too:
# "keeping each node under roughly 80% of its physical memory".
USABLE = 0.8


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes of memory, and cores. Raises `BadArgument` for fewer than one of either."""

    memory: float
    cores: int

    def __post_init__(self) -> None:
        if not (self.memory >= 1 and self.cores >= 1):
            raise BadArgument(f"a machine has memory and cores, not {self.memory} and {self.cores}")

    @property
    def usable(self) -> float:
        """Bytes of its memory that a store may take."""
        return USABLE * self.memory

    def number(self, memory: float) -> int:
        """How many of them hold so many bytes.

        >>> Machine(64e9, 16).number(100e9)
        2
        """
        return max(1, math.ceil(memory / self.usable))


@dataclass(frozen=True, slots=True)
class Prices:
    """What a machine costs an hour, and a GB of memory or of the disk; None: not known."""

    machine_hour: float | None = None
    memory_gb_hour: float | None = None
    disk_gb_month: float | None = None

    def __post_init__(self) -> None:
        for price in (self.machine_hour, self.memory_gb_hour, self.disk_gb_month):
            if price is not None and not 0 <= price < math.inf:
                raise BadArgument(f"a price is a number, 0 or more, not {price}")

    def month(self, machines: int | None, memory: float | None, disk: float | None) -> float | None:
        """What that costs a month, or None where a price for it is not known.

        >>> Prices(machine_hour=0.5).month(2, 100e9, 1e12)
        730.0
        """
        if machines is not None and self.machine_hour is not None:
            rent = machines * self.machine_hour * HOURS
        elif memory is not None and self.memory_gb_hour is not None:
            rent = memory / 1e9 * self.memory_gb_hour * HOURS
        elif machines is None and memory is None and self.disk_gb_month is not None:
            rent = 0.0
        else:
            return None
        return rent + (disk or 0) / 1e9 * (self.disk_gb_month or 0)


def here() -> Machine:
    """This machine. Raises `BadArgument` where the system does not tell its memory."""
    memory = installed_memory()
    if memory is None:
        raise BadArgument("this system does not tell its memory; say it: --machine-memory 64GB")
    return Machine(memory, cores())
