"""Model: inputs of every modality in one list, roles, refusals, reports."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.model import Model
from cospace.errors import BadArgument, BadItem
from cospace.limits import override
from cospace.testing.tiny import tiny_folder, tiny_model

RED = cs.Image(np.full((40, 60, 3), (200, 20, 20), np.uint8))


@pytest.fixture(scope="module")
def model() -> Model:
    return tiny_model()


def test_kinds_mix_in_one_list_and_keep_their_order(model: Model) -> None:
    mixed = model.encode_document(["a chair", RED, cs.Parts(text="a bus"), cs.Part("text", "hat")])
    texts = model.encode_document(["a chair", "a bus", "hat"])
    assert np.array_equal(texts.array, mixed.array[[0, 2, 3]])
    assert np.array_equal(model.encode_query([RED]).array[0], mixed.array[1])


def test_text_and_image_count_half_each(model: Model) -> None:
    both, text, image = model.encode_query([cs.Parts(text="a bus", image=RED), "a bus", RED]).array
    np.testing.assert_allclose((text + image) / np.linalg.norm(text + image), both, atol=1e-6)


def test_a_single_input_in_place_of_a_list_is_refused(model: Model) -> None:
    for one in ("a chair", RED, cs.Parts(text="a")):
        with pytest.raises(BadArgument, match="write \\[it\\]"):
            model.encode_query(one)  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="not bytes: of str, Image, Part or Parts"):
        model.encode_query(b"bytes")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match=r"use list\(...\)"):
        model.encode_query(text for text in ["a"])  # type: ignore[arg-type]


def test_a_kind_that_the_model_lacks_is_named(model: Model) -> None:
    with pytest.raises(BadItem, match="input 1: it is of kind audio; tiny-0 takes text and image"):
        model.encode_document(["a chair", cs.Part("audio", b"")])


def test_a_part_that_was_left_out_is_reported(model: Model) -> None:
    vectors = model.encode_document([cs.Parts(text="a", audio=b"")])
    assert vectors.report[0].startswith("1 of 1 inputs: the audio part was left out")


def test_truncation_is_counted_with_its_positions(model: Model) -> None:
    vectors = model.encode_document(["a", "xy " * 400, "b", "zw " * 400])
    assert (1, 3) == vectors.truncated
    assert ("2 of 4 texts were cut at 128 tokens: positions 1, 3 (from 0)",) == vectors.report


def test_an_image_is_never_named_by_a_string(model: Model) -> None:
    with pytest.raises(BadItem, match="given as Image"):
        model.encode_document([cs.Part("image", "/etc/hostname")])


def test_limits_hold_in_the_threads_that_decode(model: Model) -> None:
    with override(image_pixels=100), pytest.raises(BadItem, match="input 0"):
        model.encode_document([RED, RED])


def test_prompts_go_before_the_text(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path, kinds=["text"])
    record = json.loads((folder / "space.json").read_text())
    record["towers"][0]["prompts"] = {"query": "find ", "document": ""}
    (folder / "space.json").write_text(json.dumps(record))
    model = cs.load(folder)
    expected = model.encode_document(["find a chair"]).array
    assert np.array_equal(expected, model.encode_query(["a chair"]).array)


def test_restricted_keeps_the_text_tower_alone(model: Model, tmp_path: Path) -> None:
    text = cs.load(tiny_folder(tmp_path)).restricted("text")
    assert ("text",) == text.space.kinds
    text.space.check(model.space)
    with pytest.raises(BadItem):
        text.encode_document([RED])
    with pytest.raises(BadArgument):
        model.restricted("audio")


def test_towers_load_when_they_are_used(tmp_path: Path) -> None:
    model = cs.load(tiny_folder(tmp_path))
    assert {} == model.precision
    model.encode_query(["a"])
    assert ["text"] == list(model.precision)
    assert {"int8", "bf16", "f32"} > set(model.precision.values())


def test_no_telemetry_and_no_heavy_import_before_use() -> None:
    code = (
        "import sys, cospace.encode; assert 'openvino' not in sys.modules;"
        "assert not {'tokenizers', 'PIL', 'torch'} & set(sys.modules), sorted(sys.modules);"
        "from cospace.testing.tiny import tiny_model; tiny_model();"
        "assert 'openvino' in sys.modules;"
        "print([m for m in sys.modules if 'telemetry' in m or 'openvino.tools.ovc' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "[]" == done.stdout.strip()
