"""Binding: a tower whose vectors come to lie in the space of another, which stays as it is."""

from __future__ import annotations

from cospace.train.binding.adapt import Adaptation, adapt, adapt_back
from cospace.train.binding.bind import Binding, bind
from cospace.train.binding.widen import widen

__all__ = ["Adaptation", "Binding", "adapt", "adapt_back", "bind", "widen"]
