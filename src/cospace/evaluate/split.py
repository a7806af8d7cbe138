"""Split: which items are held out, with every class on both sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_share

__all__ = ["stratified"]


def stratified(classes: NDArray[np.intp], *, share: float, seed: int) -> NDArray[np.bool_]:
    """True for the items that are held out: about `share` of each class, drawn with `seed`.

    At least one item of a class is held out and at least one is kept; a class of one item is
    kept whole.

    Raises `BadArgument` for a share that is not between 0 and 1.

    >>> stratified(np.array([0, 0, 0, 0, 1, 1, 2]), share=0.25, seed=0).sum().item()
    2
    """
    check_share("share", share)
    random = np.random.default_rng(seed)
    held = np.zeros(len(classes), bool)
    for one in np.unique(classes):
        members = random.permutation(np.flatnonzero(classes == one))
        count = max(1, round(share * len(members)))
        held[members[: min(count, len(members) - 1)]] = True
    return held
