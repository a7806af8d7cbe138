"""Rows of several photos in the local store: one rebuild when the first comes, and none after."""

import logging
from pathlib import Path

import numpy as np
import pytest

from cospace.store.edge import SEVERAL
from cospace.store.local import LocalStore
from cospace.store.protocol import Row
from cospace.testing.rows import fill, unit

PHOTOS = unit(40, 3)


def single(n: int) -> Row:
    return Row(f"s{n}", "lamp", {}, {}, {"image": PHOTOS[n]})


def several(n: int) -> Row:
    vectors = {"image": PHOTOS[n], "image 2": PHOTOS[n + 1], "image 3": PHOTOS[n + 2]}
    return Row(f"p{n}", "lamp", {}, {}, vectors)


def first(store: LocalStore, photo: np.ndarray) -> str:
    found = store.nearest("image", photo, 1)
    return store.rows(found.keys)[found.keys[0]].id


def layout(store: LocalStore) -> tuple[str, ...]:
    edge = store._cache._edge
    assert edge is not None
    return edge.layout


def test_fields_of_single_photos_stay_as_quick_as_they_are(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "c")
    fill(store, [single(0), single(1)])
    assert "s1" == first(store, PHOTOS[1])
    assert ("image", "text") == layout(store)
    store.close()


@pytest.mark.parametrize("quantization", ["none", "int8", "binary"])
def test_the_index_is_built_anew_once_and_kept_after(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, quantization: str
) -> None:
    caplog.set_level(logging.WARNING, "cospace.store")
    folder = tmp_path / "c"
    store = LocalStore(folder, quantization=quantization)
    fill(store, [single(0), single(1)])
    assert "s1" == first(store, PHOTOS[1])
    store.write([several(5)], replace=False)
    for n in (5, 6, 7):
        assert "p5" == first(store, PHOTOS[n])
    assert ("image" + SEVERAL, "text") == layout(store)
    store.close()
    assert [] == caplog.messages

    store = LocalStore(folder)
    for n in (5, 6, 7):
        assert "p5" == first(store, PHOTOS[n])
    assert store._cache.sealed
    store.write([several(10)], replace=False)
    assert "p10" == first(store, PHOTOS[12])
    assert store.delete(["p5", "p10"]) == 2
    assert first(store, PHOTOS[12]).startswith("s")
    store.close()
    assert [] == caplog.messages


def test_photos_outlive_a_lost_index_and_a_backup(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "c")
    fill(store, [single(0), several(5)])
    store._truth.backup(tmp_path / "copy.sqlite")
    store.close()
    (tmp_path / "d").mkdir()
    (tmp_path / "copy.sqlite").rename(tmp_path / "d" / "truth.sqlite")
    for folder in (tmp_path / "c", tmp_path / "d"):
        store = LocalStore(folder)
        store._cache.discard()
        assert ["p5"] * 3 == [first(store, PHOTOS[n]) for n in (5, 6, 7)]
        assert {"image": 4} == store.info().fields
        assert [] == store._truth.verify()
        [row] = store.get(["p5"], vectors=True)
        assert row is not None
        assert ["image", "image 2", "image 3"] == list(row.vectors)
        store.close()


def test_a_row_that_was_cut_off_has_none_of_its_photos(tmp_path: Path) -> None:
    """All photos of a row are one commit with it."""
    store = LocalStore(tmp_path / "c")
    fill(store, [single(0)])
    with pytest.raises(AttributeError):
        store.write([several(5), Row("bad", None, {}, {}, None)], replace=False)  # type: ignore[arg-type]
    assert {"image": 1} == store.info().fields
    assert frozenset() == store._truth.several
    store.close()
