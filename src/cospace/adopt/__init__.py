"""Adopting a model: any torch model becomes a model folder once; afterwards torch is not needed."""

from __future__ import annotations

from cospace.adopt.adopt import Adopted, adopt
from cospace.adopt.family import Choices
from cospace.adopt.write import How

__all__ = ["Adopted", "Choices", "How", "adopt"]
