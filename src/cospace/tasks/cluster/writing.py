"""`write`: the names of clusters into a column of a collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cospace.errors import BadArgument
from cospace.progress import Watch
from cospace.tasks.cluster.report import NOISE, Clustered
from cospace.tasks.filling import Filled, check_free, put

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["write"]


def write(
    shop: Collection,
    found: Clustered,
    column: str,
    *,
    replace: bool = False,
    progress: Watch = None,
) -> Filled:
    """How many items got the name of their cluster in `column`; those in no cluster get nothing.

    Raises `BadArgument` where items have values in that column already, unless `replace`.
    """
    if not column.strip():
        raise BadArgument("name the column to write into")
    if not replace:
        check_free(shop, column, "choose another name, or say replace=True (--replace)")
    names = [one.name for one in found.clusters]
    changes = {
        id: {column: names[label]}
        for id, label in zip(found.ids, found.labels.tolist(), strict=True)
        if label != NOISE
    }
    return put(shop, changes, progress=progress)
