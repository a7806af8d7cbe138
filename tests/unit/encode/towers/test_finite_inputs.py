"""A broken input never becomes a vector: numbers are checked before the graph, in every kind."""

from __future__ import annotations

import io
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cospace as cs
from cospace.encode.bulk import encode_items
from cospace.errors import BadItem
from cospace.item import Item, Part

pytest.importorskip("torch", reason="the tiny ImageBind is converted from torch")

FLOATS = ("audio", "depth", "thermal", "imu")
BYTES = ("image", "video")
BAD = [np.nan, np.inf, -np.inf]


@pytest.fixture(scope="module")
def model(imagebind_folder: Path) -> Any:
    return cs.load(imagebind_folder)


def prepared(model: Any, kind: str) -> np.ndarray:
    """What the kind's tower takes for one part."""
    tower = model._tower(kind)
    found: np.ndarray = tower.canary("pattern:1")
    return np.array(found)


def sound(samples: np.ndarray) -> bytes:
    """A WAV file of floats at 16 kHz, of as many bits as they have."""
    bits = samples.dtype.itemsize * 8
    data = samples.tobytes()
    form = struct.pack("<HHIIHH", 3, 1, 16_000, 2_000 * bits, bits // 8, bits)
    return b"".join(
        [b"RIFF", struct.pack("<I", 36 + len(data)), b"WAVEfmt ", struct.pack("<I", 16), form,
         b"data", struct.pack("<I", len(data)), data]
    )  # fmt: skip


def image_file(samples: np.ndarray) -> bytes:
    """A TIFF file of floats."""
    file = io.BytesIO()
    PIL.Image.fromarray(samples).save(file, "TIFF")
    return file.getvalue()


def spoilt(shape: tuple[int, ...], place: tuple[int, ...], value: float, dtype: str) -> np.ndarray:
    array = np.ones(shape, dtype)
    array[place] = value
    return array


def part(form: str, value: float) -> tuple[Part, str]:
    """A part that holds one number that is not finite, and what is said of it."""
    plane = spoilt((40, 60), (3, 7), value, "float32")
    rows = spoilt((50, 6), (9, 4), value, "float64")
    lines = "\n".join(",".join(map(str, row)) for row in rows).encode()
    samples = spoilt((8_000,), (5_000,), value, "<f4")
    return {
        "audio, 32 bits": (cs.Audio(sound(samples)), "sample 5,000, channel 0 is"),
        "audio, 64 bits": (cs.Audio(sound(samples.astype("<f8"))), "sample 5,000, channel 0 is"),
        "depth, array": (cs.Depth(plane, disparity=1.0), "row 3, column 7 is"),
        "depth, file": (cs.Depth(image_file(plane), metres=1.0, focal=9), "row 3, column 7 is"),
        "thermal, array": (Part("thermal", plane), "row 3, column 7 is"),
        "thermal, file": (Part("thermal", image_file(plane)), "row 3, column 7 is"),
        "imu, array": (Part("imu", rows), "row 9, column 4 is"),
        "imu, float32": (Part("imu", rows.astype("float32")), "row 9, column 4 is"),
        "imu, file": (Part("imu", lines), "line 10 holds"),
    }[form]


FORMS = [
    "audio, 32 bits", "audio, 64 bits", "depth, array", "depth, file", "thermal, array",
    "thermal, file", "imu, array", "imu, float32", "imu, file",
]  # fmt: skip


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("form", FORMS)
def test_a_part_that_is_not_finite_names_its_input_and_the_place(
    model: Any, form: str, value: float
) -> None:
    bad, where = part(form, value)
    for encode in (model.encode_document, model.encode_query):
        with pytest.raises(BadItem, match=re.escape(where)) as caught:
            encode(["a chair", bad])
        assert "input 1" == caught.value.name


@pytest.mark.parametrize("form", FORMS)
def test_it_fails_alone_in_a_collection(model: Any, form: str) -> None:
    bad, where = part(form, np.nan)
    items = [Item("good", "a chair"), Item("bad", cs.Parts(text="x", **{bad.kind: bad}))]
    [[good, broken]] = encode_items(model, items, batch=10)
    assert {} == good.failed
    assert where in broken.failed[bad.kind]
    assert ["text"] == list(broken.vectors)


@pytest.mark.parametrize(
    "given",
    [
        cs.Audio(sound(np.full(8_000, 1e300, "<f8") * (-1) ** np.arange(8_000))),
        Part("imu", np.full((50, 6), 1e300)),
    ],
    ids=["audio", "imu"],
)
def test_numbers_too_large_for_the_graph_are_named(model: Any, given: Part) -> None:
    with pytest.raises(BadItem, match=r"NaN or infinite: clip 0, \w+ \d+, \w+ \d+ is") as caught:
        model.encode_document([given])
    assert "input 0" == caught.value.name


@pytest.mark.parametrize("kind", FLOATS)
@settings(max_examples=15)
@given(place=st.integers(0, 10**6), value=st.sampled_from(BAD), position=st.integers(0, 2))
def test_what_was_prepared_elsewhere_is_checked_at_every_place(
    model: Any, kind: str, place: int, value: float, position: int
) -> None:
    good = prepared(model, kind)
    bad = good.copy()
    place %= bad.size
    bad.flat[place] = value
    inputs = [good, good, good]
    inputs[position] = bad
    numbers = np.unravel_index(place, bad.shape)
    with pytest.raises(BadItem, match="1 number is NaN or infinite") as caught:
        model.encode_prepared(kind, inputs)
    assert f"input {position}" == caught.value.name
    words = re.findall(r" ([\d,]+)", str(caught.value))
    told = [int(word.replace(",", "") or 0) for word in words]
    assert [int(number) for number in numbers] == told[-len(numbers) :]


@pytest.mark.parametrize("kind", [*FLOATS, *BYTES])
def test_what_was_prepared_is_held_to_what_the_graph_takes(model: Any, kind: str) -> None:
    good = prepared(model, kind)
    if kind == "image":
        good = good.reshape(good.shape[-3:])
    for other in (
        good.astype("float64"), good[..., :-1], good.tolist(), None, good[None, None], b"RIFF",
        good.astype(object), good[:0],
    ):  # fmt: skip
        with pytest.raises(BadItem, match="is prepared as") as caught:
            model.encode_prepared(kind, [good, other])
        assert "input 1" == caught.value.name
    assert (1, model.space.dim) == model.encode_prepared(kind, [good]).array.shape


def test_a_text_that_was_prepared_elsewhere_is_a_text(model: Any) -> None:
    for other in (1.5, None, np.ones(3)):
        with pytest.raises(BadItem, match="input 1: is prepared as a str"):
            model.encode_prepared("text", ["a chair", other])
