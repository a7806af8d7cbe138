"""A tiny reranker, built in milliseconds: pairs that share words score high.

It runs through the real engine, from a real folder.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cospace.encode.engines.openvino import Graph, openvino
from cospace.encode.folder import open_folder, sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.reranker import Reranker, load_reranker
from cospace.encode.towers.pair import PairTower, known_pair
from cospace.files import make_folder, write_bytes
from cospace.space import Space, Tower
from cospace.testing.tiny import pieces_tokenizer

__all__ = ["tiny_reranker", "tiny_reranker_folder"]

_DIM = 32
_MAX_TOKENS = 128
_KNOWN = (("a red chair", "red chair"), ("a red chair", "blue bus"), ("bicycle", "my bicycle"))
_FILES = ("pair/model.xml", "pair/model.bin", "pair/tokenizer.json")


@cache
def tiny_reranker(*, seed: int = 0, activation: str = "identity") -> Reranker:
    """A reranker; one for each `seed` and `activation` in a process.

    >>> scores = tiny_reranker().score("a red chair", ["a lamp", "red chair", "my bus"])
    >>> int(scores.argmax())
    1
    """
    with tempfile.TemporaryDirectory(prefix="cospace-tiny-") as place:
        folder = tiny_reranker_folder(Path(place), seed=seed, activation=activation)
        return load_reranker(folder)  # its graph is compiled before the folder goes


def tiny_reranker_folder(
    path: str | os.PathLike[str], *, seed: int = 0, activation: str = "identity"
) -> Path:
    """Makes a folder, as `load_reranker` takes it, at `path`, and gives the path back."""
    path = Path(path)
    make_folder(path / "pair")
    tokenizer, vocabulary = _tokenizer()
    write_bytes(path / _FILES[2], tokenizer.encode())
    graph = _graph(np.random.default_rng([seed, 1]), vocabulary)
    openvino().serialize(graph, *(str(path / name) for name in _FILES[:2]))
    files = {name: sha256_of(path / name) for name in _FILES}
    tower = Tower(
        kind="pair",
        model=f"tiny-pair-{seed}",
        source="cospace.testing.reranker",
        license="Apache-2.0",
        weights_sha256=files[_FILES[1]],
        precision="f32",
        graph=_FILES[0],
        files=files,
        preprocess={
            "tokenizer": _FILES[2], "max_tokens": _MAX_TOKENS, "activation": activation,
        },
    )  # fmt: skip
    space = Space(f"tiny-reranker-{seed}", 1, towers=(tower,))
    write_record(path, space)
    folder = open_folder(path)
    logits = PairTower(folder, tower, Graph(folder, tower, "f32")).read(_KNOWN).logits
    answers = tuple(
        known_answer(known_pair(*pair), row)
        for pair, row in zip(_KNOWN, logits[:, None], strict=True)
    )
    write_record(path, replace(space, towers=(replace(tower, canaries=answers),)))
    return path


def _tokenizer() -> tuple[str, int]:
    """The tiny model's tokenizer, with a mark between two texts; and its number of pieces."""
    record = json.loads(pieces_tokenizer())
    mark = {"SpecialToken": {"id": "[UNK]", "type_id": 0}}
    texts = [{"Sequence": {"id": name, "type_id": i}} for i, name in enumerate("AB")]
    record["post_processor"] = {
        "type": "TemplateProcessing", "single": texts[:1], "pair": [texts[0], mark, texts[1]],
        "special_tokens": {"[UNK]": {"id": "[UNK]", "ids": [0], "tokens": ["[UNK]"]}},
    }  # fmt: skip
    return json.dumps(record), len(record["model"]["vocab"])


def _graph(random: np.random.Generator, vocabulary: int) -> Any:
    """Ten times the cosine of the two texts' sums of random vectors, one for each piece."""
    ov = openvino()
    op = ov.opset13
    inputs = [
        op.parameter([-1, -1], ov.Type.i64, name=name)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    for node in inputs:
        node.output(0).set_names({node.get_friendly_name()})
    ids, mask, types = inputs
    table = random.standard_normal((vocabulary, _DIM)).astype(np.float32)
    table[0] = 0  # the mark between the texts
    pieces = op.gather(op.constant(table), ids, op.constant(np.int64(0)))
    present, second = (op.convert(node, "f32") for node in (mask, types))
    sums = []
    for text in (op.subtract(present, second), second):
        kept = op.multiply(pieces, op.unsqueeze(text, op.constant(np.int64(2))))
        total = op.reduce_sum(kept, op.constant(np.array([1], np.int64)), keep_dims=False)
        sums.append(op.normalize_l2(total, op.constant(np.array([1], np.int64)), 1e-12, "add"))
    alike = op.reduce_sum(op.multiply(*sums), op.constant(np.array([1], np.int64)), keep_dims=True)
    logit = op.multiply(alike, op.constant(np.float32(10)))
    logit.output(0).set_names({"logit"})
    return ov.Model([op.result(logit, name="logit")], inputs, "tiny-reranker")
