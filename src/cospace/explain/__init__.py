"""Why: which words, which region of a photo and which concepts speak for a match.

What is here is given a model and contents, not a collection; `Collection.explain` brings them.
"""

__all__ = []
