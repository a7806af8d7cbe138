import asyncio
import io
import warnings
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.errors import BadItem
from cospace.item import Audio, Depth, Image, Item, Part, Parts, Video, check_id
from cospace.limits import override


def test_a_string_is_always_text() -> None:
    for text in (
        "a chair",
        "/etc/passwd",
        "http://localhost/a.jpg",
        "a.jpg",
        "data:image/png;base64,x",
    ):
        item = Item("1", text)
        assert (["text"], text, None) == (list(item.parts), item.parts.text, item.parts.image)


def test_images_are_named_as_such() -> None:
    image = Image("a.jpg")
    assert (Path("a.jpg"), "image") == (image.path, image.kind)
    assert Image(Path("a.jpg")) == image
    assert Image(b"bytes").path is None
    item = Item("1", Parts(text="a chair", image=image), {"price": 1})
    assert ({"text", "image"}, image) == (set(item.parts), item.parts.image)
    assert Path("a.jpg") == Item("1", image).parts["image"].value


class Upload:
    """As the uploads of web frameworks are: `read` is awaited, `file` is the file itself."""

    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


@pytest.mark.parametrize("kind", [Image, Audio, Video, lambda f: Part("thermal", f)])
def test_an_open_file_is_read_to_its_end(kind: Any, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"RIFF....")
    with path.open("rb") as file:
        from_disk = kind(file)
    upload = Upload(b"RIFF....")
    awaited = asyncio.run(upload.read())
    upload.file.seek(0)
    for part in (from_disk, kind(io.BytesIO(b"RIFF....")), kind(upload.file), kind(awaited)):
        assert (b"RIFF....", None) == (part.value, part.path)
    file = io.BytesIO(b"1234RIFF")
    file.seek(4)
    assert b"RIFF" == kind(file).value
    depth = Depth(io.BytesIO(b"RIFF"), disparity=1.0)
    assert b"RIFF" == depth.source


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (io.BytesIO(), "nothing left to read: call its seek"),
        (io.StringIO("RIFF"), "gives str: open the file in mode 'rb'"),
        (Upload(b"RIFF"), "asynchronous: give it as await file.read"),
        (io.BytesIO(bytes(101)), "more than 100 bytes"),
    ],
)
@pytest.mark.parametrize("kind", [Image, Audio, Video])
def test_an_open_file_that_cannot_be_read_is_refused(kind: Any, source: Any, told: str) -> None:
    with warnings.catch_warnings(), override(image_bytes=100, audio_bytes=100, video_bytes=100):
        warnings.simplefilter("error")  # a coroutine that nobody awaited would warn
        if hasattr(source, "seek"):
            source.seek(0)
        with pytest.raises(BadItem, match=told):
            kind(source)


def test_a_closed_file_is_refused_and_a_text_is_never_read() -> None:
    file = io.BytesIO(b"RIFF")
    file.close()
    with pytest.raises(BadItem, match="cannot be read: I/O operation on closed file"):
        Image(file)
    text = io.BytesIO(b"RIFF")
    assert text is Part("text", text).value


@pytest.mark.parametrize("content", [None, 7, b"x", ["a"], Path("a.jpg"), {"text": "a"}, object()])
def test_other_content_is_refused_with_what_was_expected(content: Any) -> None:
    with pytest.raises(BadItem, match="expected a str, an Image, a Part or Parts, not "):
        Item("1", content)


@pytest.mark.parametrize("kind", ["", "Text", "1x", "a b", "a-b", "a/b", "text\n", "TEXT"])
def test_kinds_are_lower_case_names(kind: str) -> None:
    with pytest.raises(BadItem, match="lower-case name"):
        Part(kind, "x")


def test_kinds_are_an_open_set() -> None:
    parts = Parts(smell="rose", text="a", depth=Part("depth", 1))
    assert ["smell", "text", "depth"] == list(parts)
    assert 3 == len(parts)


def test_parts_refuse_what_is_mislabelled() -> None:
    with pytest.raises(BadItem, match="image= takes an Image"):
        Parts(image="a.jpg")
    with pytest.raises(BadItem, match="text= was given a part of kind 'image'"):
        Parts(text=Image("a.jpg"))
    assert 0 == len(Parts(text=None, image=None))


def test_parts_of_parts_are_themselves() -> None:
    parts = Parts(text="a")
    assert parts is Parts.of(parts)
    assert "Parts(text='a')" == repr(parts)
    with pytest.raises(KeyError):
        parts["image"]


def test_items_cannot_be_changed() -> None:
    item = Item("1", "a")
    with pytest.raises(AttributeError):
        item.id = "2"  # type: ignore[misc]


@pytest.mark.parametrize(
    "id", ["a", " ", "'", "a/b", "..", "a\nb", "🚲", "x" * 256, "é" * 128, "\u202e"]
)
def test_ids_are_opaque(id: str) -> None:
    assert id == check_id(id)
    assert id == cs.Item(id, "a").id


@pytest.mark.parametrize(
    ("id", "says"),
    [
        ("", "cannot be empty"),
        ("x" * 257, "at most 256 bytes, not 257"),
        ("é" * 129, "at most 256 bytes, not 258"),
        ("\ud800", "lone surrogate"),
        ("a\x00", "NUL"),
        (1, "an id is a str, not int"),
        (None, "not NoneType"),
        (b"a", "not bytes"),
    ],
)
def test_what_is_no_id_is_refused(id: Any, says: str) -> None:
    with pytest.raises(BadItem, match=says) as caught:
        check_id(id)
    assert len(str(caught.value)) < 200
    assert str(caught.value).encode()


def test_an_id_over_the_limit_is_refused() -> None:
    with override(id_bytes=2), pytest.raises(BadItem):
        check_id("abc")
