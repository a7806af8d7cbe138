"""Whether a model's texts are encoded here, at no cost but time."""

from __future__ import annotations

from cospace.encode import Encoder
from cospace.encode.base import uncached
from cospace.encode.model import Model

__all__ = ["local_texts"]


def local_texts(model: Encoder) -> bool:
    """True for a model of this machine that reads texts. One behind a service has to be paid.

    >>> import cospace as cs
    >>> local_texts(cs.load("starter"))
    True
    """
    return isinstance(uncached(model), Model) and "text" in model.space.kinds
