"""A static student's folder: `space.json`, `tokenizer.json`, `vectors.safetensors`."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.folder import Folder, sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.static.tower import VECTORS, StaticTower
from cospace.encode.words.tensors import write_tensors
from cospace.files import write_bytes, writing
from cospace.space import Space, Tower

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_TOKENS", "save_static"]

MOST_TOKENS = 8_192  # of a text that are read

_TOKENIZER = "tokenizer.json"
_KNOWN = ("retro velvet armchair", "Vintage comfortable seating, 120 or best offer!")


def save_static(
    made: Path,
    rows: NDArray[np.float32],
    tokenizer: bytes,
    *,
    name: str,
    teacher: Space,
    training: dict[str, Any],
) -> Space:
    """Writes a student's files into the folder `made`, and gives its space.

    `rows` float32 [tokens, dim] are the vectors of the tokens of `tokenizer`, a tokenizer.json
    without marks (see `bare`). `training` is a record of how they came about.
    """
    write_bytes(made / _TOKENIZER, tokenizer)
    with writing(made / VECTORS) as stream:
        write_tensors(stream, {"vectors": rows})
    digest = hashlib.sha256(tokenizer)
    digest.update(np.ascontiguousarray(rows).data.cast("B"))
    master = next(tower for tower in teacher.towers if tower.kind == "text")
    tower = Tower(
        kind="text",
        model=name,
        source=master.source,
        license=master.license,
        weights_sha256=digest.hexdigest(),
        family="static",
        precision="f32",
        files={file: sha256_of(made / file) for file in (_TOKENIZER, VECTORS)},
        preprocess={"tokenizer": _TOKENIZER, "max_tokens": MOST_TOKENS, "training": training},
        pooling="sum",
        prompts={"query": "", "document": ""},
        teacher=master.root,
    )
    space = Space(name, rows.shape[1], towers=(tower,))
    loaded = StaticTower(Folder(made, space), tower)
    answers = [known_answer(text, loaded.encode([text])[0][0]) for text in _KNOWN]
    space = dataclasses.replace(
        space, towers=(dataclasses.replace(tower, canaries=tuple(answers)),)
    )
    write_record(made, space)
    return space
