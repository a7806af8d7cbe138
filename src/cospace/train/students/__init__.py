"""Students: small models that give their teacher's vectors, and so search what it encoded."""

from __future__ import annotations

from cospace.train.students.distilling import Distilling, distill
from cospace.train.students.student import Student

__all__ = ["Distilling", "Student", "distill"]
