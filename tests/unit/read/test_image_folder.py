"""images=FOLDER: where the photos of a table are looked for besides, and nowhere else."""

import os
from pathlib import Path

import pytest

import cospace as cs
from cospace.errors import BadArgument, NotFound

PIXEL = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    for name in ("shop/near.gif", "photos/far.gif", "photos/sub/deep.gif", "secret/no.gif"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(PIXEL)
    return tmp_path / "shop" / "t.csv"


def found(table: Path, cell: str, images: Path | str | None) -> str:
    """Where the photo of a cell was found, from the folder of all; or why it was not."""
    table.write_text(f'sku,name,photo\nA1,Chair,"{cell}"\n')
    reading = cs.read(table, images=images)
    [item] = reading
    assert "Chair" == item.parts.text
    if item.parts.image is None:
        [told] = reading.partial
        return told.reason
    assert item.parts.image.path is not None
    return item.parts.image.path.relative_to(Path(os.path.realpath(table.parent.parent))).as_posix()


def test_photos_are_looked_for_beside_the_table_and_then_in_the_folder(table: Path) -> None:
    photos = table.parent.parent / "photos"
    for images in (photos, str(photos)):
        assert "shop/near.gif" == found(table, "near.gif", images)
        assert "photos/far.gif" == found(table, "far.gif", images)
        assert "photos/sub/deep.gif" == found(table, "sub/deep.gif", images)
        assert "photos/far.gif" == found(table, str(photos / "far.gif"), images)
        assert "photos/far.gif" == found(table, "../photos/far.gif", images)
    (table.parent / "far.gif").write_bytes(PIXEL)
    assert "shop/far.gif" == found(table, "far.gif", photos)


@pytest.mark.parametrize(
    "cell", ["../secret/no.gif", "sub/../../secret/no.gif", "SECRET", "link.gif"]
)
def test_nothing_outside_the_two_folders_is_read(table: Path, cell: str) -> None:
    top = table.parent.parent
    (top / "photos/link.gif").symlink_to(top / "secret/no.gif")
    cell = cell.replace("SECRET", str(top / "secret/no.gif"))
    assert "lies outside" in found(table, cell, top / "photos")
    assert ("lies outside" if cell != "link.gif" else "missing") in found(table, cell, None)


def test_what_is_in_neither_is_missing(table: Path) -> None:
    assert "photo missing: gone.gif" in found(table, "gone.gif", table.parent.parent / "photos")
    assert "images=FOLDER" in found(table, str(table.parent.parent / "photos/far.gif"), None)


def test_photos_that_are_away_keep_what_is_stored(table: Path) -> None:
    photos = table.parent.parent / "photos"
    image = table.parent.parent / "examples.gif"
    from PIL import Image

    Image.new("RGB", (8, 8), "red").save(image)
    image.rename(photos / "far.gif")
    table.write_text("sku,name,photo\nA1,Chair,far.gif\n")
    with cs.open(":memory:", model="starter") as shop:
        shop.upsert(cs.read(table, images=photos))
        assert 1 == shop.info().fields["image"]
        (photos / "far.gif").unlink()
        report = shop.upsert(cs.read(table, images=photos))
        assert (1, 1) == (report.unchanged, report.kept)
        assert 1 == shop.info().fields["image"]


def test_what_is_no_folder_is_refused(table: Path) -> None:
    table.write_text("sku,name\nA1,Chair\n")
    for images in (table, "gone"):
        with pytest.raises(NotFound, match="no such folder of images"):
            cs.read(table, images=images)
    with pytest.raises(BadArgument, match="images= takes the path of a folder, not 5"):
        cs.read(table, images=5)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="images="):
        cs.read(table.parent, images=table.parent)
