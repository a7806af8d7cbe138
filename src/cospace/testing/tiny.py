"""A tiny model, built in milliseconds: for tests that need vectors, and not a good model.

Its text tower is a bag of words: texts that share words lie close. Its image tower looks at
the colours of an image's quarters. Both are deterministic, and run through the real engine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import string
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.engines.openvino import Graph, openvino
from cospace.encode.folder import open_folder
from cospace.encode.model import Model
from cospace.encode.names import load_folder
from cospace.encode.towers.load import FAMILIES
from cospace.files import make_folder, write_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["pieces_tokenizer", "tiny_folder", "tiny_model"]

_SIDE = 224
_GRID = 4
_MAX_TOKENS = 128
_KNOWN = {
    "text": ("a red chair", "blue bicycle near the wall"),
    "image": ("pattern:1", "pattern:2"),
}
_PREPROCESS: dict[str, dict[str, object]] = {
    "text": {"tokenizer": "text/tokenizer.json", "max_tokens": _MAX_TOKENS},
    "image": {"size": _SIDE, "resize": _SIDE, "crop": "center", "interpolation": "bilinear"},
}


@cache
def tiny_model(*, dim: int = 32, seed: int = 0) -> Model:
    """A model of `dim` dimensions for texts and images; one for each `seed` in a process.

    >>> model = tiny_model()
    >>> chair, same, other = model.encode_document(["red chair", "chair red", "my bus"]).array
    >>> bool(chair @ same > 0.99 > chair @ other)
    True
    """
    with tempfile.TemporaryDirectory(prefix="cospace-tiny-") as place:
        # Both towers are loaded before the folder goes; the engine keeps no file open.
        return load_folder(tiny_folder(Path(place), dim=dim, seed=seed)).warm()


def tiny_folder(
    path: str | os.PathLike[str],
    *,
    dim: int = 32,
    seed: int = 0,
    kinds: Sequence[str] = ("text", "image"),
) -> Path:
    """Makes a model folder, as `cs.load` takes it, at `path`, and gives the path back."""
    path = Path(path)
    random = np.random.default_rng(seed)
    graphs = {"text": _text_graph(random, dim), "image": _image_graph(random, dim)}
    towers = []
    for kind in kinds:
        make_folder(path / kind)
        names = [f"{kind}/model.xml", f"{kind}/model.bin"]
        openvino().serialize(graphs[kind], *(str(path / name) for name in names))
        if kind == "text":
            names.append("text/tokenizer.json")
            write_bytes(path / names[-1], pieces_tokenizer().encode())
        files = {name: hashlib.sha256((path / name).read_bytes()).hexdigest() for name in names}
        towers.append(
            {
                "kind": kind,
                "model": f"tiny-{kind}-{seed}",
                "source": "cospace.testing.tiny",
                "license": "Apache-2.0",
                "weights_sha256": files[names[1]],
                "precision": "f32",
                "graph": names[0],
                "files": files,
                "preprocess": _PREPROCESS[kind],
                "prompts": {"query": "", "document": ""},
            }
        )
    record = {"format": 1, "name": f"tiny-{seed}", "dim": dim, "metric": "cosine"}
    _write(path, {**record, "towers": towers})
    proved = [{**tower, "canaries": _answers(path, str(tower["kind"]))} for tower in towers]
    _write(path, {**record, "towers": proved})
    return path


def _write(path: Path, record: dict[str, Any]) -> None:
    write_bytes(path / "space.json", json.dumps(record, indent=1).encode())


def _answers(path: Path, kind: str) -> list[dict[str, str]]:
    """The known answers of a tower, in plain float32."""
    folder = open_folder(path)
    tower = folder.tower(kind)
    loaded = FAMILIES[kind](folder, tower, Graph(folder, tower, "f32"))
    answers = []
    for given in _KNOWN[kind]:
        rows, _ = loaded.encode([loaded.canary(given)])
        vector = base64.b64encode(rows[0].astype("<f4").tobytes()).decode()
        answers.append({"input": given, "vector": vector})
    return answers


def _vocabulary() -> list[str]:
    """Pieces of words: every byte, and every pair of letters or digits."""
    from tokenizers.pre_tokenizers import ByteLevel

    plain = string.ascii_lowercase + string.digits
    pieces = sorted(ByteLevel.alphabet()) + [a + b for a in plain for b in plain]
    return ["[UNK]", *pieces, *(f"##{piece}" for piece in pieces)]


def pieces_tokenizer() -> str:
    """A tokenizer that splits words into pairs of letters, and all else into bytes."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    vocabulary = {piece: number for number, piece in enumerate(_vocabulary())}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106 - a piece
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Whitespace(),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return str(tokenizer.to_str())


def _text_graph(random: np.random.Generator, dim: int) -> Any:
    """The mean of a random vector for each piece."""
    ov = openvino()
    op = ov.opset13
    ids = op.parameter([-1, -1], ov.Type.i64, name="input_ids")
    mask = op.parameter([-1, -1], ov.Type.i64, name="attention_mask")
    table = random.standard_normal((len(_vocabulary()), dim)).astype(np.float32)
    pieces = op.gather(op.constant(table), ids, op.constant(np.int64(0)))
    kept = op.multiply(pieces, op.unsqueeze(op.convert(mask, "f32"), op.constant(np.int64(2))))
    total = op.reduce_sum(kept, op.constant(np.array([1], np.int64)), keep_dims=False)
    return _finished(total, [ids, mask])


def _image_graph(random: np.random.Generator, dim: int) -> Any:
    """A random projection of the mean colours of a 4 x 4 grid."""
    ov = openvino()
    op = ov.opset13
    cell = _SIDE // _GRID
    pixels = op.parameter([-1, _SIDE, _SIDE, 3], ov.Type.u8, name="pixels")
    shape = np.array([-1, _GRID, cell, _GRID, cell, 3], np.int64)
    cells = op.reshape(op.convert(pixels, "f32"), op.constant(shape), special_zero=False)
    means = op.reduce_mean(cells, op.constant(np.array([2, 4], np.int64)), keep_dims=False)
    flat = op.reshape(means, op.constant(np.array([-1, _GRID * _GRID * 3], np.int64)), False)
    centred = op.subtract(op.divide(flat, np.float32(255)), np.float32(0.45))
    weights: NDArray[np.float32] = random.standard_normal((_GRID * _GRID * 3, dim)).astype("f4")
    return _finished(op.matmul(centred, op.constant(weights), False, False), [pixels])


def _finished(rows: Any, inputs: list[Any]) -> Any:
    """The model: `rows` at length one, under the names that a model folder promises."""
    ov = openvino()
    op = ov.opset13
    unit = op.normalize_l2(rows, op.constant(np.array([1], np.int64)), 1e-12, "add")
    for node in inputs:
        node.output(0).set_names({node.get_friendly_name()})
    unit.output(0).set_names({"embedding"})
    return ov.Model([op.result(unit, name="embedding")], inputs, "tiny")
