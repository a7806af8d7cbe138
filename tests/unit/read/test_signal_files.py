"""Sounds, videos, depth, heat and motion, from folders and from tables that name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.errors import BadArgument, EmptyItem
from cospace.item import DepthMap, Item
from cospace.read import Reading, read

METRES = {"metres": 0.001, "focal": 518.9}


def _files(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"some words" if path.suffix == ".txt" else b"x")
    return folder


def _kinds(reading: Reading) -> dict[str, list[str]]:
    return {item.id: list(item.parts) for item in reading}


def test_a_folder_gives_sounds_and_videos_by_their_suffix(tmp_path: Path) -> None:
    _files(tmp_path, "a.wav", "b.MP3", "c/d.ogg", "e.mp4", "f.webm", "g.flac", "h.gif", "i.csv")
    reading = read(tmp_path)
    assert {
        "a.wav": ["audio"], "b.MP3": ["audio"], "c/d.ogg": ["audio"], "e.mp4": ["video"],
        "f.webm": ["video"], "g.flac": ["audio"], "h.gif": ["image"],
    } == _kinds(reading)  # fmt: skip
    assert ["1 files of other kinds were left out (.csv 1)"] == reading.notes
    [first, *_] = reading
    assert isinstance(first.parts["audio"], cs.Audio)
    assert tmp_path / "a.wav" == first.parts["audio"].path


def test_files_of_one_stem_are_one_item(tmp_path: Path) -> None:
    _files(tmp_path, "dog.wav", "dog.jpg", "dog.txt", "cat.mp3", "cat.wav", "cat.mp4", "cat.txt")
    _files(tmp_path, "other/dog.wav")
    assert {
        "dog.jpg": ["image", "audio", "text"],
        "cat.mp3": ["audio", "video", "text"],
        "cat.wav": ["audio", "text"],
        "other/dog.wav": ["audio"],
    } == _sorted(read(tmp_path))


def _sorted(reading: Reading) -> dict[str, list[str]]:
    order = ["image", "audio", "video", "text"]
    return {id: sorted(kinds, key=order.index) for id, kinds in _kinds(reading).items()}


def test_of_a_stem_with_both_texts_the_plain_one_stands(tmp_path: Path) -> None:
    _files(tmp_path, "a.wav", "a.txt")
    (tmp_path / "a.md").write_text("other words")
    [item] = read(tmp_path)
    assert ("a.wav", "some words") == (item.id, item.parts.text)


@pytest.mark.parametrize(
    ("files", "names", "kind"),
    [
        ("thermal", ["a.png", "b.tiff"], "thermal"),
        ("imu", ["a.csv", "b.csv"], "imu"),
        ("depth", ["a.png", "b.tif"], "depth"),
        ("video", ["a.gif", "b.mp4"], "video"),
        ("image", ["a.png", "b.jpg"], "image"),
    ],
)
def test_what_a_suffix_does_not_say_is_said(
    files: str, names: list[str], kind: str, tmp_path: Path
) -> None:
    _files(tmp_path, *names, "c.wav")
    scale = METRES if files == "depth" else None
    reading = read(tmp_path, files=files, depth_scale=scale)
    assert {name: [kind] for name in names} == _kinds(reading)
    assert ["1 files of other kinds were left out (.wav 1)"] == reading.notes
    [item] = read(tmp_path / names[0], files=files, depth_scale=scale)
    assert (names[0], [kind]) == (item.id, list(item.parts))


def test_depth_says_what_it_means(tmp_path: Path) -> None:
    _files(tmp_path, "a.png")
    with pytest.raises(BadArgument, match="say what one unit of the depth maps stands for"):
        read(tmp_path, files="depth")
    [item] = read(tmp_path, files="depth", depth_scale=METRES)
    value = item.parts["depth"].value
    assert isinstance(value, DepthMap)
    assert (tmp_path / "a.png", 0.001, 518.9, None) == value
    with pytest.raises(BadArgument, match="say what one unit of the depth maps"):
        read([{"id": "a", "depth": "a.png"}], depth="depth")
    for bad in ({}, {"metres": 1.0}, {"disparity": 0}, {"disparity": True}, {"focal": 1}, 3):
        with pytest.raises(BadArgument, match="depth_scale= is"):
            read(tmp_path, files="depth", depth_scale=bad)  # type: ignore[arg-type]


def test_what_cannot_be_asked_of_a_source(tmp_path: Path) -> None:
    _files(tmp_path, "a.csv", "a.pdf")
    with pytest.raises(BadArgument, match="files= is one of image, audio, video, depth"):
        read(tmp_path, files="smell")
    with pytest.raises(BadArgument, match=r"files='audio' is of \.flac, .* name the column"):
        read(tmp_path / "a.csv", files="audio")
    with pytest.raises(BadArgument, match="files='audio' is of a folder"):
        read([{"id": "a"}], files="audio")
    with pytest.raises(EmptyItem, match=r"the folder holds no imu files \(\.csv, \.docx"):
        read(_files(tmp_path / "b", "a.wav"), files="imu")
    with pytest.raises(TypeError, match="unexpected keyword argument 'smell'"):
        read(tmp_path, smell="a")  # type: ignore[call-arg]
    with pytest.raises(BadArgument, match="audio= takes the name of a column"):
        read(tmp_path, audio=3)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="a folder or a single file has no columns"):
        read(_files(tmp_path / "c", "a.wav"), audio="clip")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = _files(tmp_path / "outside", "a.wav") / "a.wav"
    inside = _files(tmp_path / "inside", "b.wav")
    (inside / "c.wav").symlink_to(outside)
    reading = read(inside)
    assert ["b.wav"] == [item.id for item in reading]
    assert ["c.wav"] == [failure.name for failure in reading.failed]


def _table(folder: Path, text: str) -> Path:
    path = folder / "things.csv"
    path.write_text(text)
    return path


def test_columns_that_are_named_like_a_kind_are_guessed(tmp_path: Path) -> None:
    _files(tmp_path, "a.wav", "a.png", "heat.png", "walk.csv", "a.mp4")
    table = _table(
        tmp_path,
        "id,title,image,audio,video,thermal,imu,price\n"
        "1,a dog,a.png,a.wav,a.mp4,heat.png,walk.csv,3\n2,a cat,,,,,,4\n",
    )
    reading = read(table)
    dog, cat = reading
    assert {"text", "image", "audio", "video", "thermal", "imu"} == set(dog.parts)
    assert ["text"] == list(cat.parts)
    assert {"title": "a dog", "price": 3} == dict(dog.metadata)
    assert "audio: column 'audio' (guessed)" in reading.notes
    assert len(reading.partial) == 0


def test_a_file_column_is_what_its_suffixes_say(tmp_path: Path) -> None:
    _files(tmp_path, "a.wav", "b.wav")
    reading = read(_table(tmp_path, "file,label\na.wav,one\nb.wav,two\n"))
    assert [["audio"], ["audio"]] == [list(item.parts) for item in reading]
    assert ["one", "two"] == [item.metadata["label"] for item in reading]


def test_a_column_of_words_is_no_column_of_sounds(tmp_path: Path) -> None:
    reading = read(_table(tmp_path, "id,title,audio\n1,radio,stereo\n2,tv,mono\n"))
    assert ["stereo", "mono"] == [item.metadata["audio"] for item in reading]
    urls = _table(tmp_path, "id,title,audio\n1,radio,https://example.org/a.wav\n")
    reading = read(urls)
    [item] = reading
    assert ["text"] == list(item.parts)
    assert any("holds URLs, which are never fetched" in note for note in reading.notes)


def test_columns_that_are_not_used_are_told(tmp_path: Path) -> None:
    _files(tmp_path, "a.wav", "room.png")
    reading = read(_table(tmp_path, "id,title,barks,depth\n1,a dog,a.wav,room.png\n"))
    told = "\n".join(reading.notes)
    assert "column 'barks' holds paths of recordings and is not used; audio='barks'" in told
    assert "column 'depth' may hold depth maps and is not used: depth='depth' with" in told
    [item] = read(
        tmp_path / "things.csv", audio="barks", depth="depth", depth_scale={"disparity": 1}
    )
    assert ["text", "audio", "depth"] == list(item.parts)
    assert {"title": "a dog"} == dict(item.metadata)


def test_a_named_column_is_not_taken_for_another(tmp_path: Path) -> None:
    _files(tmp_path, "heat.png")
    table = _table(tmp_path, "id,image\n1,heat.png\n")
    [item] = read(table, thermal="image", image=None, text=None)
    assert "thermal" in item.parts
    with pytest.raises(BadArgument, match="clip"):
        read(table, audio="clip")


def test_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    (tmp_path.parent / "secret.wav").write_bytes(b"x")
    rows = (
        "id,title,audio\n1,one,gone.wav\n2,two,../secret.wav\n3,,gone.wav\n4,,\n"
        "5,five,https://example.org/a.wav\n"
    )
    reading = read(_table(tmp_path, rows), audio="audio")
    items = {item.id: item for item in reading}
    assert ["1", "2", "5"] == list(items)
    assert {"audio": str(tmp_path / "gone.wav")} == dict(items["1"].missing)
    partial = {failure.name: failure.reason for failure in reading.partial}
    assert "recording missing: gone.wav; read without it" == partial["things.csv:2"]
    assert "the recording ../secret.wav lies outside" in partial["things.csv:3"]
    assert "the recording is a URL" in partial["things.csv:6"]
    failed = {failure.name: failure.reason for failure in reading.failed}
    assert "recording missing: gone.wav, and there is no text" == failed["things.csv:4"]
    assert "holds neither text nor image nor audio" == failed["things.csv:5"]


@pytest.mark.parametrize(
    "cell",
    [b"RIFF", {"bytes": b"RIFF", "path": None}, cs.Audio(b"RIFF")],
    ids=["bytes", "a dataset's object", "a part"],
)
def test_cells_that_hold_the_file_itself(cell: Any) -> None:
    [item] = read([{"id": "1", "audio": cell}], audio="audio")
    assert b"RIFF" == item.parts["audio"].value


def test_cells_that_hold_something_else() -> None:
    rows = [
        {"id": "1", "title": "a", "audio": 3.5},
        {"id": "2", "title": "b", "audio": cs.Image(b"x")},
    ]
    reading = read(rows, audio="audio")
    assert [["text"], ["text"]] == [list(item.parts) for item in reading]
    told = [failure.reason for failure in reading.partial]
    assert "column 'audio' holds float; a recording is a path or bytes" in told[0]
    assert "column 'audio' holds a part of kind 'image', not 'audio'" in told[1]


def test_an_id_that_is_made_knows_the_files() -> None:
    one, two = read([{"audio": b"a", "title": "x"}, {"audio": b"b", "title": "x"}], audio="audio")
    assert one.id != two.id


def test_an_item_that_was_stored_keeps_its_columns(tmp_path: Path) -> None:
    item: Item
    [item] = read([{"id": "1", "audio": b"RIFF", "title": "a"}], audio="audio", metadata=[])
    assert {} == dict(item.metadata)
