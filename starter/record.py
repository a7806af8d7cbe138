"""`space.json`: what the model folder says about itself, with the answers it must give."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import openvino as ov
from calibrate import SHAPE
from graph import Array, sha256, write_text
from image_tower import SIDE
from pairs import RESIZE
from sources import EFFICIENTNET, MINILM
from text_tower import MAX_TOKENS
from tokenizers import Tokenizer

LONG_TEXT = (
    "The bicycle stood against the wall of the old bakery for most of the winter. Its saddle had "
    "cracked in the frost, the chain was orange with rust, and somebody had tied a small blue "
    "ribbon around the bell. In March the owner came back from abroad, pumped the tyres, oiled "
    "what could be oiled, and rode it slowly down to the harbour, where the first boats of the "
    "year were being painted and the smell of tar and coffee hung over the quay."
)
CANARY_TEXTS = (
    "vintage comfortable seating",
    LONG_TEXT,
    "Žluťoučký kůň pil čaj — 東京の静かな朝, ночной поезд, café crème 🚲",
)
CANARY_PATTERNS = (1, 2)


def text_record(folder: Path) -> dict[str, object]:
    """The record of the text tower in `folder / "text"`."""
    return {
        "kind": "text",
        "model": "all-MiniLM-L6-v2",
        "source": MINILM.source,
        "revision": MINILM.version,
        "license": MINILM.license,
        "weights_sha256": MINILM.digest,
        "precision": "int8",
        "graph": "text/model.xml",
        "files": hashes(
            folder, "text/model.xml", "text/model.bin", "text/model.onnx", "text/tokenizer.json"
        ),
        "preprocess": {"tokenizer": "text/tokenizer.json", "max_tokens": MAX_TOKENS},
        "pooling": "mean",
        "prompts": {"query": "", "document": ""},
        "canaries": [canary(text, encode_texts(folder, [text])[0]) for text in CANARY_TEXTS],
    }


def image_record(folder: Path, head_sha256: str) -> dict[str, object]:
    """The record of the image tower in `folder / "image"`."""
    images = np.stack([pattern(number) for number in CANARY_PATTERNS])
    vectors = encode_images(folder / "image/model.xml", images)
    return {
        "kind": "image",
        "model": "EfficientNet-Lite0, bound",
        "source": EFFICIENTNET.source,
        "revision": EFFICIENTNET.version,
        "license": EFFICIENTNET.license,
        "weights_sha256": EFFICIENTNET.digest,
        "head_sha256": head_sha256,
        "precision": "int8-exact",
        "graph": "image/model.xml",
        "files": hashes(folder, "image/model.xml", "image/model.bin"),
        "preprocess": {
            "size": SIDE,
            "resize": RESIZE,
            "crop": "center",
            "interpolation": "bicubic",
        },
        "pooling": "global average + head",
        "prompts": {},
        "canaries": [
            canary(f"pattern:{number}", vector)
            for number, vector in zip(CANARY_PATTERNS, vectors, strict=True)
        ],
    }


def write_record(folder: Path, towers: list[dict[str, object]]) -> None:
    """Writes `space.json` to `folder`."""
    space = {
        "format": 1,
        "name": "starter",
        "dim": SHAPE.width,
        "metric": "cosine",
        "towers": towers,
    }
    write_text(folder / "space.json", json.dumps(space, ensure_ascii=False, indent=1) + "\n")


def read_record(folder: Path) -> list[dict[str, object]]:
    """The records of the towers that `folder` holds."""
    space = json.loads((folder / "space.json").read_text(encoding="utf-8"))
    towers: list[dict[str, object]] = space["towers"]
    return towers


def hashes(folder: Path, *names: str) -> dict[str, str]:
    """The SHA-256 of each named file in `folder`."""
    return {name: sha256(folder / name) for name in names}


def canary(given: str, vector: Array) -> dict[str, str]:
    """A known answer: the input and the float32 vector it gives, in base64."""
    return {"input": given, "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode()}


def compiled(graph: Path | ov.Model) -> ov.CompiledModel:
    """The graph, ready to run in plain float32 arithmetic."""
    settings = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    return ov.Core().compile_model(graph, "CPU", settings)


def encode_texts(folder: Path, texts: list[str], batch: int = 32) -> Array:
    """The vectors float32 `[n, 384]` of `texts`, by the graph in `folder`."""
    tokenizer = Tokenizer.from_file(str(folder / "text/tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda row: len(tokens[row]))
    model, vectors = (
        compiled(folder / "text/model.xml"),
        np.empty((len(texts), SHAPE.width), np.float32),
    )
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        ids = np.zeros((len(rows), len(tokens[rows[-1]])), np.int64)
        mask = np.zeros_like(ids)
        for line, row in enumerate(rows):
            ids[line, : len(tokens[row])] = tokens[row]
            mask[line, : len(tokens[row])] = 1
        vectors[rows] = model([ids, mask])[0]
    return vectors


def encode_images(graph: Path | ov.Model, images: Array) -> Array:
    """The vectors float32 `[n, 384]` of images uint8 `[n, 224, 224, 3]`."""
    vectors: Array = compiled(graph)(images)[0]
    return vectors


def pattern(number: int) -> Array:
    """The canary image `pattern:number`: uint8 `[224, 224, 3]`, the same on every machine."""
    y, x, channel = np.ogrid[:224, :224, :3]
    steps = y * (number + 1) * 3 + x * (number + 2) * 5 + channel * (number + 3) * 71
    return ((steps + ((x * y) >> number)) % 256).astype(np.uint8)
