"""A text encoder that comes as .onnx becomes a model folder: as it is, and without torch."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cospace.adopt.probes import probes
from cospace.adopt.source import free_name
from cospace.arguments import check_path, is_one_of
from cospace.encode.engines.onnx import OnnxGraph
from cospace.encode.folder import Folder, open_folder, sha256_of
from cospace.encode.model import Model
from cospace.encode.names import load_folder, model_home
from cospace.encode.record import known_answer, write_record
from cospace.encode.towers.text import TextTower
from cospace.errors import BadArgument, UnsupportedModel
from cospace.files import copy_file, make_folder, move_folder
from cospace.space import Space, Tower

__all__ = ["POOLINGS", "AdoptedOnnx", "adopt_onnx"]

POOLINGS = ("cls", "mean")
_MOST_TOKENS = 512  # where no file says how many the model reads
_KNOWN = 6  # how many of the probes become known answers


@dataclass(frozen=True)
class AdoptedOnnx:
    """The model, where it lies, and what a user should know of it."""

    model: Model
    folder: Path
    notes: tuple[str, ...]


def adopt_onnx(
    file: str | os.PathLike[str],
    *,
    name: str = "",
    pooling: str = "",
    prompts: Mapping[str, str] | None = None,
    replace: bool = False,
) -> AdoptedOnnx:
    """The text encoder in an .onnx file, copied into a folder of the model home under `name`.

    `tokenizer.json` lies beside it or one folder up, as do `1_Pooling/config.json` and
    `tokenizer_config.json` where there are any. A graph that gives a vector a token needs a
    `pooling`: "mean" or "cls". ONNX Runtime runs it; there is nothing to compare it with, so its
    known answers are its own.

    Raises `BadArgument` for a name that is taken and a pooling that nobody states,
    `UnsupportedModel` for a graph that takes no token ids, `ModelDamaged` for one that ONNX
    Runtime refuses, and `MissingExtra` without ONNX Runtime.
    """
    file = check_path("file", file)
    target = model_home() / free_name(name or file.stem, replace)
    tokenizer = _near(file, "tokenizer.json")
    if tokenizer is None:
        raise BadArgument(f"{file}: no tokenizer.json lies beside it or one folder up")
    pooling = pooling or _stated_pooling(file)
    if not is_one_of(pooling, ("", *POOLINGS)):
        raise BadArgument(f"the pooling {pooling!r}; an .onnx file is pooled by mean or cls")
    make_folder(target.parent)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".adding-") as place:
        made = Path(place) / "model"
        files = _copied(file, tokenizer, made / "text")
        tower = Tower(
            kind="text",
            model=target.name,
            source=f"onnx:{file.name}",
            weights_sha256=_joint_hash(files),
            precision="f32",
            graph="text/model.onnx",
            files=files,
            preprocess={"tokenizer": "text/tokenizer.json", "max_tokens": _most_tokens(file)},
            pooling=pooling,
            prompts=dict(prompts or {}),
        )
        write_record(made, _proved(made, target.name, tower))
        move_folder(made, target)
    notes = ["its known answers are its own: nothing else was there to compare it with"]
    if not prompts:
        notes.append(
            "its prompts are unknown, so none are used: if its card names some, add it again with"
            " --query-prompt and --document-prompt"
        )
    return AdoptedOnnx(load_folder(target), target, tuple(notes))


def _near(file: Path, name: str) -> Path | None:
    """The file called `name` beside another, or one folder up."""
    return next((f for f in (file.parent / name, file.parent.parent / name) if f.is_file()), None)


def _setting(file: Path, name: str) -> dict[str, Any]:
    """The JSON object in a file near the graph; {} when there is none. Raises `BadArgument`."""
    found = _near(file, name)
    if found is None:
        return {}
    try:
        setting = json.loads(found.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadArgument(f"{found}: cannot be read as JSON ({error})") from error
    return setting if isinstance(setting, dict) else {}


def _stated_pooling(file: Path) -> str:
    setting = _setting(file, "1_Pooling/config.json")
    keys = {"cls": "pooling_mode_cls_token", "mean": "pooling_mode_mean_tokens"}
    modes = [m for m, key in keys.items() if setting.get(key) or setting.get("pooling_mode") == m]
    return modes[0] if len(modes) == 1 else ""


def _most_tokens(file: Path) -> int:
    """How many tokens the model reads, as the files near it say."""
    for name, key in (
        ("sentence_bert_config.json", "max_seq_length"),
        ("tokenizer_config.json", "model_max_length"),
    ):
        most = _setting(file, name).get(key)
        if isinstance(most, int) and 0 < most <= 131_072:
            return most
    return _MOST_TOKENS


def _copied(file: Path, tokenizer: Path, into: Path) -> dict[str, str]:
    """The hashes of the files, copied: the graph, its numbers outside of it, the tokenizer."""
    make_folder(into)
    outside = [f for f in file.parent.iterdir() if f.suffix in (".data", ".onnx_data")]
    given = {"model.onnx": file, "tokenizer.json": tokenizer, **{f.name: f for f in outside}}
    for name, source in given.items():
        copy_file(source, into / name)
    return {f"text/{name}": sha256_of(into / name) for name in given}


def _joint_hash(files: Mapping[str, str]) -> str:
    return hashlib.sha256("".join(files[name] for name in sorted(files)).encode()).hexdigest()


def _proved(made: Path, name: str, tower: Tower) -> Space:
    """The space of the tower, its dimension found and its known answers taken."""
    graph = OnnxGraph(Folder(made, Space(name, 1, towers=(tower,))), tower)
    taken = set(graph.inputs)
    if "input_ids" not in taken or taken - {"input_ids", "attention_mask", "token_type_ids"}:
        raise UnsupportedModel(
            f"it takes {', '.join(sorted(taken))}; expected input_ids, and perhaps attention_mask"
            " and token_type_ids: the inputs of a text encoder"
        )
    shape = graph.shape({key: np.ones((1, 3), np.int64) for key in taken | {"attention_mask"}})
    if len(shape) == 3 and not tower.pooling:
        raise BadArgument("its graph gives a vector a token: say how to pool them, --pooling mean")
    space = Space(name, shape[-1], towers=(replace(tower, pooling=tower.pooling or "none"),))
    write_record(made, space)
    folder = open_folder(made)
    loaded = TextTower(folder, space.towers[0], OnnxGraph(folder, space.towers[0]))
    known = probes("text")[:_KNOWN]
    rows, _ = loaded.encode(known)
    answers = tuple(map(known_answer, known, rows))
    return replace(space, towers=(replace(space.towers[0], canaries=answers),))
