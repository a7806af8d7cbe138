"""Hard negatives: texts that the model takes for a positive, and that are none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.topk import blocks

__all__ = ["Mined", "mine"]

_ROWS = 512


class Mined(NamedTuple):
    """Positions of negatives [n, count], -1 where there is none; how many were refused.

    `short` counts the anchors that got fewer than were asked for.
    """

    negatives: NDArray[np.intp]
    refused: int
    short: int


def mine(
    anchors: NDArray[np.float32],
    positives: NDArray[np.float32],
    texts: NDArray[np.float32],
    forbidden: NDArray[np.bool_],
    *,
    count: int,
    margin: float,
) -> Mined:
    """For each anchor the `count` texts that lie nearest, and still farther than its positive.

    Unit rows: `anchors` and `positives` [n, d], `texts` [m, d]. `forbidden` [n, m] says which
    texts are no negatives of an anchor, such as its own positive. A text whose cosine with the
    anchor is above that of the positive less `margin` is refused: it may well be a positive that
    nobody wrote down.

    Source: Moreira et al., NV-Retriever: Improving text embedding models with effective
    hard-negative mining, 2024 (the margin below the positive).

    >>> one = np.float32([[1, 0]])
    >>> texts = np.float32([[1, 0], [0.8, 0.6], [0, 1]])
    >>> mine(one, one, texts, np.zeros((1, 3), bool), count=1, margin=0.1)
    Mined(negatives=array([[1]]), refused=1, short=0)
    """
    found = np.full((len(anchors), count), -1, np.intp)
    refused = 0
    for part in blocks(len(anchors), _ROWS):
        close = anchors[part] @ texts.T
        close[forbidden[part]] = -np.inf
        most = np.einsum("ij,ij->i", anchors[part], positives[part]) - margin
        near = close > most[:, None]
        close[near] = -np.inf
        order = np.argsort(-close, axis=1, kind="stable")[:, :count]
        usable = np.isfinite(np.take_along_axis(close, order, axis=1))
        found[part, : order.shape[1]] = np.where(usable, order, -1)
        refused += int(near.sum())
    return Mined(found, refused, int((found < 0).any(axis=1).sum()))
