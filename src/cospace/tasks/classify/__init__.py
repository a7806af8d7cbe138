"""Classes of items: by their neighbours, by a linear probe, or by the classes' names."""

from __future__ import annotations

from cospace.tasks.classify.classifying import METHODS, classify
from cospace.tasks.classify.filling import fill
from cospace.tasks.classify.report import Answer, Classified, Held, NoneFigures

__all__ = ["METHODS", "Answer", "Classified", "Held", "NoneFigures", "classify", "fill"]
