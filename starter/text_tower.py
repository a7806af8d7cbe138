"""all-MiniLM-L6-v2 as one OpenVINO graph: token ids in, unit vectors out, bytes in between.

The graph is that of `cospace.adopt.eight`; `onnx_tower.py` has the same bytes for another engine.
"""

from __future__ import annotations

import json
from pathlib import Path

from calibrate import SHAPE, texts
from graph import save, write_text
from onnx_tower import save_onnx
from safetensors.numpy import load_file
from scipy.special import erf
from sources import MINILM, TOKENIZER
from tokenizers import Tokenizer

from cospace.adopt.eight import flows, layers, text_graph

MAX_TOKENS = 256


def build_text_tower(folder: Path, listings: Path, prose: Path) -> None:
    """Writes `model.xml`, `model.bin`, `model.onnx` and `tokenizer.json` to `folder`."""
    settings = tokenizer_json(TOKENIZER.path())
    tokenizer = Tokenizer.from_str(settings)
    tokenizer.enable_truncation(MAX_TOKENS)
    weights = load_file(MINILM.path())
    given = (tokenizer.encode(text).ids for text in texts(listings, prose, tokenizer))
    found = flows(weights, SHAPE, given, erf)
    numbers = list(layers(weights, found, SHAPE))
    save(text_graph(weights, numbers, SHAPE, "all-MiniLM-L6-v2"), folder / "model.xml")
    save_onnx(weights, numbers, folder / "model.onnx", folder / "model.xml")
    write_text(folder / "tokenizer.json", settings)


def tokenizer_json(source: Path) -> str:
    """The tokenizer without its stored truncation and padding, which are the caller's to choose.

    The package's file cuts every text at 128 tokens and pads it to 128; the model takes 256.
    """
    settings = json.loads(source.read_text(encoding="utf-8"))
    settings.update(truncation=None, padding=None)
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
