"""The texts and the photos of the items that have both."""

from __future__ import annotations

import numpy as np

from cospace.audit.finding import Finding
from cospace.audit.view import Matrix, View
from cospace.counted import counted

__all__ = ["paired"]


def paired(
    view: View, finding: str, *, least: int, lacking: str
) -> tuple[Matrix, Matrix] | Finding:
    """Text and photo of each item with both, one an item, in one order.

    Or the finding of that name: skipped, as `lacking` says, where one kind is not there;
    inconclusive with fewer than `least` such items.
    """
    if not {"text", "image"} <= set(view.matrices):
        return Finding(finding, "skipped", lacking)
    texts, photos = (view.matrices[kind].first() for kind in ("text", "image"))
    both = np.intersect1d(texts.rows, photos.rows)
    if len(both) < least:
        said = f"{counted(len(both), 'item has', 'items have')} a text and a photo;"
        return Finding(finding, "inconclusive", f"{said} {least} are needed")
    text, photo = (
        Matrix(both, one.array[np.searchsorted(one.rows, both)]) for one in (texts, photos)
    )
    return text, photo
