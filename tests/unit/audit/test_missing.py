"""Missing parts: what most items have and some lack is told, with the items."""

import numpy as np

from cospace.audit.asked import Asked
from cospace.audit.missing import check
from cospace.audit.view import Matrix, View


def made(photos: int, texts: int = 20, items: int = 20) -> View:
    """Items of which the first have photos, and the last have texts."""
    view = View("shop", None, ids=[f"MK-{number}" for number in range(items)])
    view.texts = [None] * (items - texts) + ["Oak chair"] * texts
    view.metadata, view.media, view.reasons = [{}] * items, [{}] * items, [""] * items
    rows = {"image": np.arange(photos), "text": np.arange(items - texts, items)}
    view.matrices = {
        kind: Matrix(some, np.ones((len(some), 2), np.float32))
        for kind, some in rows.items()
        if len(some)
    }
    return view


def test_items_without_a_photo_are_named_where_most_have_one() -> None:
    found = check(made(15), Asked())
    assert ("found", "5 no photo", 5.0) == (found.verdict, found.said, found.figures["no photo"])
    assert ("MK-15", "MK-16", "MK-17", "MK-18", "MK-19") == found.ids
    assert 0.25 == found.severity


def test_where_few_have_a_photo_it_is_said_and_is_no_fault() -> None:
    found = check(made(4), Asked())
    assert "clean" == found.verdict
    assert "every item has what it should have; 4 of 20 have a photo" == found.said


def test_where_all_have_the_same_parts_nothing_is_missing() -> None:
    for photos in (0, 20):
        found = check(made(photos), Asked())
        assert ("clean", "every item has what it should have") == (found.verdict, found.said)
