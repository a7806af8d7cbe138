"""Draw: results as plots. matplotlib is asked for when something is drawn, not before."""

from __future__ import annotations

from cospace.draw.comparison import Point, draw_comparison
from cospace.draw.map import draw_map
from cospace.draw.methods import Method, draw_methods

__all__ = ["Method", "Point", "draw_comparison", "draw_map", "draw_methods"]
