"""What a head keeps: how close its rows come back, and how many of the nearest are found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cospace.measures import Interval
from cospace.measures.bootstrap import mean_interval
from cospace.topk import cosines, top_k
from cospace.train.heads.layers import Tensors, decoded, encoded
from cospace.train.losses import unit

__all__ = ["NEAREST", "Kept", "Truth"]

NEAREST = 10  # neighbours that are to be found again

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kept:
    """What one head keeps of rows that it has not seen.

    `decoded` is recall@10 where the whole vector of a query is compared with the decoded vectors
    of all others, and `codes` where codes are compared with codes: of a row's 10 nearest by whole
    vectors, the share that is among the 10 found. `error` is the share of the variance that does
    not come back, `cosine` the mean cosine of rows to what comes back.
    """

    decoded: Interval
    codes: Interval
    error: float
    cosine: float
    each: Mapping[str, NDArray[np.float64]]  # recall by row, "decoded" and "codes"

    def recall(self, by: str) -> Interval:
        """That by "decoded" vectors, or by "codes"."""
        return self.codes if by == "codes" else self.decoded

    def to_json(self) -> dict[str, object]:
        """A record for JSON."""
        return {
            "recall_decoded": self.decoded.to_json(),
            "recall_codes": self.codes.to_json(),
            "error": self.error,
            "cosine": self.cosine,
        }


class Truth:
    """The nearest of some unit rows [n, d] among one another, which heads are held to."""

    def __init__(self, rows: Array) -> None:
        self.rows = rows
        self.k = min(NEAREST, len(rows) - 1)
        self._nearest = self._found(rows, rows)
        self._spread = float(np.sum((rows - rows.mean(axis=0)) ** 2)) or 1.0

    @property
    def chance(self) -> float:
        """The recall of a search that draws."""
        return self.k / (len(self.rows) - 1)

    def recall(self, queries: Array, documents: Array) -> NDArray[np.float64]:
        """The share of its nearest that each row finds again, by unit rows in another form: [n]."""
        found = self._found(queries, documents)
        again = (found[:, :, None] == self._nearest[:, None, :]).any(axis=2)
        shares: NDArray[np.float64] = again.mean(axis=1)
        return shares

    def each(self, head: Tensors, by: str) -> NDArray[np.float64]:
        """The recall of each row: of whole vectors in "decoded" ones, or of "codes" in codes."""
        codes = encoded(head, self.rows)
        if by == "codes":
            return self.recall(unit(codes), unit(codes))
        return self.recall(self.rows, unit(decoded(head, codes)))

    def worth(self, head: Tensors, by: str = "decoded") -> float:
        """The mean of `each`."""
        return float(self.each(head, by).mean())

    def kept(self, head: Tensors, *, seed: int) -> Kept:
        """All that is measured of a head."""
        rows = decoded(head, encoded(head, self.rows))
        each = {by: self.each(head, by) for by in ("decoded", "codes")}
        return Kept(
            mean_interval(each["decoded"], seed=seed),
            mean_interval(each["codes"], seed=seed),
            float(np.sum((self.rows - rows) ** 2)) / self._spread,
            float(np.mean(np.einsum("ij,ij->i", self.rows, unit(rows)))),
            each,
        )

    def shuffled(self, head: Tensors, *, seed: int) -> float:
        """The recall where codes were dealt out to other rows: chance, if nothing leaks."""
        codes = encoded(head, self.rows)[np.random.default_rng(seed).permutation(len(self.rows))]
        return float(self.recall(self.rows, unit(decoded(head, codes))).mean())

    def _found(self, queries: Array, documents: Array) -> NDArray[np.int64]:
        """The `k` nearest of each row among the others."""
        n = len(self.rows)
        rows, _ = top_k(cosines(queries, documents), n, n, self.k + 1)
        # Itself is left out where it is among them, and the last where it is not.
        other = rows != np.arange(n)[:, None]
        other[other.all(axis=1), -1] = False
        found: NDArray[np.int64] = rows[other].reshape(n, self.k)
        return found
