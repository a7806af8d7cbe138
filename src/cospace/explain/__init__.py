"""Why: which words, which region of a photo and which concepts speak for a match.

What is here is given a model and contents, not a collection; `Collection.explain` brings them.
"""

from cospace.explain.concepts import Concept, Concepts, concepts_of
from cospace.explain.drawing import drawn
from cospace.explain.pictures import Region, region
from cospace.explain.shares import Share, Shares
from cospace.explain.stretches import Stretches, stretches
from cospace.explain.texts import shares
from cospace.explain.told import ordinal, sentence

__all__ = [
    "Concept",
    "Concepts",
    "Region",
    "Share",
    "Shares",
    "Stretches",
    "concepts_of",
    "drawn",
    "ordinal",
    "region",
    "sentence",
    "shares",
    "stretches",
]
