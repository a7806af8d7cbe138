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
from cospace.encode.words import WordModel
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Summed", "summed"]


class Summed(NamedTuple):
    """The rows float64 [n, dim] whose sum, at length one, is a text's vector.

    `places` are the characters that each row came from; (0, 0) for a special token, or a prompt's.
    """

    places: list[tuple[int, int]]
    rows: NDArray[np.float64]

    def shares(self, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """What each row adds to the cosine with a unit vector: float64 [n]; their sum is it."""
        total = self.rows.sum(axis=0)
        found: NDArray[np.float64] = self.rows @ vector.astype(np.float64) / np.linalg.norm(total)
        return found


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
        found: Summed | None = Summed(*model.reader.summed(text))
    elif isinstance(model, Model):
        try:
            parts = model.text_tower().summed(text, role)
        except BadArgument:  # it reads no texts, or in another way
            return None
        found = None if parts is None else Summed(*parts)
    else:
        return None
    if found is None or not len(found.rows):
        return None
    return found._replace(rows=found.rows[:, : model.space.dim])
