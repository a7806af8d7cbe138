"""A text's vector as a sum: what each of its words or tokens brings to it.

Word models and static students add up rows of a table, and mean pooling is a sum too. So the
cosine to any vector is a sum over tokens, exactly. Of other models no such sum is known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cospace.encode.base import uncached
from cospace.encode.model import Model
from cospace.encode.protocol import Encoder, Role
from cospace.encode.static.tower import StaticTower
from cospace.encode.words import WordModel
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Summed", "summed"]

_NOTHING = 1e-9  # the length of a sum of no rows, but for rounding


class Summed(NamedTuple):
    """The rows float64 [n, dim] whose sum, at length one, is a text's vector.

    `places` are the characters that each row came from; (0, 0) for a special token, or a prompt's.
    `alone` says that a row is the same whatever stands beside it, as those of a table are.
    """

    places: list[tuple[int, int]]
    rows: NDArray[np.float64]
    alone: bool

    def shares(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each row adds to the cosine with a unit vector: float64 [n]; their sum is it."""
        total = self.rows.sum(axis=0)
        found: NDArray[np.float64] = self.rows @ vector.astype(np.float64) / np.linalg.norm(total)
        return found

    def without(self, vector: NDArray[np.float32], gone: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The cosines to a unit vector without some rows: float64 [m], of `gone` bool [m, n].

        NaN where nothing is left.
        """
        left = self.rows.sum(axis=0) - gone.astype(np.float64) @ self.rows
        norms = np.linalg.norm(left, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            cosines: NDArray[np.float64] = (left @ vector.astype(np.float64)) / norms
        return np.where(norms > _NOTHING, cosines, np.nan)


def summed(model: Encoder, text: str, role: Role = "document") -> Summed | None:
    """The sum that a text's vector is; None for a model that is no such sum, or shows none.

    Raises `BadItem` for a text that the model cannot read.

    >>> import numpy as np
    >>> from cospace.encode.words import WordModel, WordVectors
    >>> table = WordVectors(["red", "sofa"], np.array([[0, 1], [2, 0]], np.float32))
    >>> model = WordModel.of(table, name="demo", weighting="mean")
    >>> found = summed(model, "Red sofa!")
    >>> found.places, found.shares(model.encode("red sofa")).round(2).tolist()
    ([(0, 3), (4, 8)], [0.2, 0.8])
    """
    model = uncached(model)
    if isinstance(model, WordModel):
        found: Summed | None = Summed(*model.reader.summed(text), True)
    elif isinstance(model, Model):
        try:
            tower = model.text_tower()
            parts = tower.summed(text, role)
        except BadArgument:  # it reads no texts, or in another way
            return None
        found = None if parts is None else Summed(*parts, isinstance(tower, StaticTower))
    else:
        return None
    if found is None or not len(found.rows):
        return None
    return found._replace(rows=found.rows[:, : model.space.dim])
