"""`fill`: the answers of a classification into the empty cells of its column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cospace.errors import BadArgument
from cospace.evaluate.labelled import label_of
from cospace.progress import Watch
from cospace.tasks.classify.report import Classified
from cospace.tasks.filling import Filled, check_free, is_empty, put

if TYPE_CHECKING:
    from cospace.collection import Collection

__all__ = ["fill"]


def fill(
    shop: Collection,
    found: Classified,
    *,
    confidence: str | None = None,
    progress: Watch = None,
) -> Filled:
    """How many empty cells of the classification's column were filled; full ones stay.

    Items in which it abstains, or of none of the classes, stay empty. With `confidence`, a column
    of that name, which must be empty, gets how sure each answer is.

    Raises `BadArgument` for a classification without a column, or a `confidence` that nothing
    calibrated, that is the column itself, or in which items have values.

    >>> import cospace as cs
    >>> from cospace.tasks import classify
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["1", "2"], documents=["Red wooden chair", "Steel garden rake"])
    >>> found = classify(shop, "kind", names=["furniture", "garden tools"])
    >>> fill(shop, found).written, dict(shop["1"].metadata)
    (2, {'kind': 'furniture'})
    """
    label = found.label
    if label is None:
        raise BadArgument("say which column to fill: label=")
    if confidence == label:
        raise BadArgument(f"the confidence cannot go into the column {label!r} of classes itself")
    if confidence is not None and any(one.confidence is None for one in found.told):
        raise BadArgument("nothing is labelled, so how sure the answers are is not known")
    if confidence is not None:
        check_free(shop, confidence, "name a new column for the confidence")
    values = _values(shop, label)
    changes: dict[str, dict[str, Any]] = {}
    for one in found.told:
        change = {label: values.get(one.label, one.label)}
        if confidence is not None and one.confidence is not None:
            change[confidence] = round(one.confidence, 4)
        changes[one.id] = change
    columns = [label] if confidence is None else [label, confidence]
    return put(
        shop,
        changes,
        wanted=lambda row: all(is_empty(row, column) for column in columns),
        progress=progress,
    )


def _values(shop: Collection, label: str) -> dict[str, Any]:
    """The value that stands for each class where it is stored: a number, or a text."""
    found: dict[str, Any] = {}
    for row in shop.store.scan():
        value = row.metadata.get(label)
        if label_of(value):
            found.setdefault(label_of(value), value)
    return found
