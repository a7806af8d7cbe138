"""Draw: results as pictures. matplotlib is asked for when something is drawn, not before."""

from __future__ import annotations

from cospace.draw.comparison import Point, draw_comparison

__all__ = ["Point", "draw_comparison"]
