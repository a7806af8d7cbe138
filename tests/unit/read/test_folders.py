from pathlib import Path

import pytest

from cospace.errors import BadItem
from cospace.limits import override
from cospace.read import read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in {
        "b/chair.jpg": b"x", "b/chair.txt": b"a red chair", "b.txt": b"alone",
        "a/notes.md": b"# Notes", "a/x.png": b"x", "z.JPG": b"x", "z.md": b"upper",
        ".hidden.jpg": b"x", "table.ppt": b"x", "b/data.pkl": b"x", "b/other.ppt": b"x",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def test_a_folder_gives_images_and_texts_in_order(folder: Path) -> None:
    reading = read(folder)
    found = [(i.id, i.parts.text, i.parts.image is not None, i.metadata) for i in reading]
    assert [
        ("a/notes.md", "# Notes", False, {}),
        ("a/x.png", None, True, {}),
        ("b/chair.jpg", "a red chair", True, {}),
        ("b.txt", "alone", False, {}),
        ("z.JPG", "upper", True, {}),
    ] == found
    assert (5, 5, 0) == (reading.total, reading.position, len(reading.failed))
    assert ["3 files of other kinds were left out (.ppt 2, .pkl 1)"] == reading.notes
    assert [i.id for i in reading] == [i.id for i in reading]


def test_a_single_file_is_one_item(folder: Path) -> None:
    [item] = read(folder / "b" / "chair.jpg")
    assert ("chair.jpg", ["image"]) == (item.id, list(item.parts))
    [item] = read(folder / "a" / "notes.md")
    assert ("notes.md", "# Notes") == (item.id, item.parts.text)


def test_a_bad_text_costs_one_item(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9\r\n")
    (tmp_path / "c.txt").write_bytes(b" \n")
    (tmp_path / "d.txt").write_bytes(b"x" * 101)
    with override(row_bytes=100):
        reading = read(tmp_path)
        assert ["café\r\n"] == [item.parts.text for item in reading]
    assert {
        "a.txt": "byte 0xE9 at offset 3 is not valid UTF-8. Save the file as UTF-8",
        "c.txt": "holds neither text nor image",
        "d.txt": "the file has more than 100 bytes. Split it into several",
    } == dict(reading.failed)


def test_a_name_that_is_not_unicode_costs_one_item(tmp_path: Path) -> None:
    name = b"caf\xe9.txt".decode("utf-8", "surrogateescape")
    try:
        (tmp_path / name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only Unicode names")
    (tmp_path / "a.txt").write_bytes(b"x")
    reading = read(tmp_path)
    assert ["a.txt"] == [item.id for item in reading]
    [failure] = reading.failed
    assert "lone surrogate" in str(failure).encode("utf-8").decode()


def test_a_folder_of_other_things_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.ppt").write_bytes(b"x")
    with pytest.raises(BadItem, match="no images, recordings, videos or documents"):
        read(tmp_path)
