"""Bias: what a model associates, measured by word lists, sentences and photos."""

from cospace.audit.bias.association import Association, associate, associations, effect_size
from cospace.audit.bias.lists import BiasTest, Members, built_in, read_lists
from cospace.audit.bias.measure import Tested, measure_bias

__all__ = [
    "Association",
    "BiasTest",
    "Members",
    "Tested",
    "associate",
    "associations",
    "built_in",
    "effect_size",
    "measure_bias",
    "read_lists",
]
