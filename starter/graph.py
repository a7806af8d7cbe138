"""Pieces of OpenVINO graphs that both towers are made of: constants, small tables, files."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as op

Array = np.ndarray


def constant(value: Array | float) -> ov.Node:
    """A float32 constant node."""
    return op.constant(np.asarray(value, np.float32))


def integers(*values: int) -> ov.Node:
    """A constant node of int64 `[len(values)]`: axes, shapes, slices."""
    return op.constant(np.array(values, np.int64))


def half_weight(weight: Array) -> ov.Node:
    """A node that yields float32 `weight`, stored as float16."""
    # In C order: the engine's binding (2026.4.1) reads a float16 array of other strides wrongly.
    return op.convert(op.constant(weight.astype(np.float16, order="C")), "f32")


def save(model: ov.Model, xml: Path) -> None:
    """Writes `xml` and the `.bin` beside it; the same model gives the same bytes every time.

    But for the names of its inputs and outputs, which end in OpenVINO's count of what the process
    made. They stay so: another name is another hash, and so another space.
    """
    for number, node in enumerate(model.get_ordered_ops()):
        if node.get_type_name() not in ("Parameter", "Result"):
            node.set_friendly_name(f"{node.get_type_name()}_{number}")
    xml.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=xml.parent) as folder:
        ov.save_model(model, Path(folder) / xml.name, compress_to_fp16=False)
        for made in (xml.with_suffix(".bin"), xml):
            (Path(folder) / made.name).replace(made)


def write_text(path: Path, text: str) -> None:
    """Writes `text` to `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
