"""Losses over a batch of unit rows, in torch: what sentence-transformers calls them, and why.

`ranking` is MultipleNegativesRankingLoss, `cosent` CoSENTLoss, `cosine` CosineSimilarityLoss, and
`at_each` what MatryoshkaLoss does. A test holds them to the values of that library.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

__all__ = ["SCALE", "at_each", "cosent", "cosine", "ranking"]

SCALE = 20.0  # cosines are multiplied by it: a temperature of 0.05


def ranking(anchors: Any, documents: Any, same: Any, *, scale: float = SCALE) -> Any:
    """-log softmax of each anchor's own document among all: row i's own is document i.

    `anchors` [n, d]; `documents` [m, d], m >= n, those beyond n being hard negatives; `same`
    bool [n, m] says which documents are no negatives of an anchor, and are left out.

    Source: Henderson et al., Efficient natural language response suggestion for Smart Reply, 2017.
    """
    own = torch.arange(len(anchors))
    logits = scale * anchors @ documents.T
    out = same.clone()
    out[own, own] = False
    return torch.nn.functional.cross_entropy(logits.masked_fill(out, float("-inf")), own)


def cosent(one: Any, two: Any, scores: Any, *, scale: float = SCALE) -> Any:
    """log(1 + sum of exp(scale * (c_i - c_j)) over pairs of pairs with score_i < score_j).

    c_i is the cosine of pair i. Only the order of the scores counts.

    Source: Su, CoSENT: a more effective sentence vector scheme than Sentence-BERT, 2022.
    """
    c = scale * (one * two).sum(dim=1)
    apart = c[:, None] - c[None, :]
    wrong = apart[scores[:, None] < scores[None, :]]
    return torch.logsumexp(torch.cat([torch.zeros(1), wrong]), dim=0)


def cosine(one: Any, two: Any, scores: Any) -> Any:
    """The mean square of cosine less score; scores are scaled to 0..1 before.

    Source: Reimers and Gurevych, Sentence-BERT, 2019 (regression objective).
    """
    return torch.nn.functional.mse_loss((one * two).sum(dim=1), scores)


def at_each(dims: Sequence[int], loss: Callable[..., Any], *rows: Any) -> Any:
    """The sum of `loss` over the first numbers of the rows, as many as each of `dims` says.

    Source: Kusupati et al., Matryoshka representation learning, 2022.
    """
    normalize = torch.nn.functional.normalize
    return sum(loss(*(normalize(one[:, :dim], dim=1) for one in rows)) for dim in dims)
