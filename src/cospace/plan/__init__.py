"""What a number of items takes, store by store: memory, disk, machines, times, money.

    made-up items in a local store -- measure ------> Trials -- Local --> any number of items
    an engine's own formula, with its page --------------------- FORMS -> any number of items
    rows in pages of 8 kB ------------------------------------ postgres -> any number of items

`plan` puts them side by side, and says where one machine ends.
"""

from __future__ import annotations

from cospace.plan.local import Local
from cospace.plan.machine import Machine, Prices
from cospace.plan.planning import STORES, Needs, Plan, plan
from cospace.plan.trial import Shape, Trial, measure

__all__ = [
    "STORES",
    "Local",
    "Machine",
    "Needs",
    "Plan",
    "Prices",
    "Shape",
    "Trial",
    "measure",
    "plan",
]
