"""Flips: negation, number, size, colour and name turned round in a collection's own texts."""

from cospace.audit.flips.edits import KINDS, Flip, Flips
from cospace.audit.flips.measure import Flipped, measure_flips
from cospace.audit.flips.names import brand_column, names_of_column, names_of_texts

__all__ = [
    "KINDS",
    "Flip",
    "Flipped",
    "Flips",
    "brand_column",
    "measure_flips",
    "names_of_column",
    "names_of_texts",
]
