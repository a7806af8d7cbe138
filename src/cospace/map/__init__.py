"""The map of a collection: its items as points on a plane, near what they are near to."""

from __future__ import annotations

from cospace.map.kept import FILE, read, write
from cospace.map.making import STEPS, current, made, updated
from cospace.map.map import Cluster, Map

__all__ = ["FILE", "STEPS", "Cluster", "Map", "current", "made", "read", "updated", "write"]
