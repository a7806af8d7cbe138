"""A word model's folder: `space.json`, `vectors.safetensors`, and `words.txt`, one word a line."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.encode.folder import sha256_of
from cospace.encode.record import known_answer, write_record
from cospace.encode.saving import new_folder
from cospace.encode.words.languages import tower_of
from cospace.encode.words.reading import check_reading
from cospace.encode.words.tensors import parse_tensors, write_tensors
from cospace.encode.words.vectors import Subwords, WordVectors
from cospace.errors import BadItem, ModelDamaged
from cospace.files import write_bytes, writing
from cospace.space import Space, Tower

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cospace.encode.folder import Folder

__all__ = ["FAMILY", "read_beside", "read_table", "save_table", "word_space"]

FAMILY = "words"

_VECTORS, _BESIDE, _WORDS = "vectors.safetensors", "beside.safetensors", "words.txt"


def word_space(
    table: WordVectors,
    name: str,
    *,
    split: str,
    weighting: str,
    source: str = "",
    license: str = "",
    training: dict[str, Any] | None = None,
) -> Space:
    """The space of a table's texts: its identity is the words, the vectors and how they are used.

    `training` is a record of how the vectors came about, and part of the identity. Raises
    `BadArgument` for an unknown split or weighting.
    """
    check_reading(split, weighting)
    preprocess: dict[str, Any] = {"split": split, "weighting": weighting}
    if table.subwords is not None:
        kept = table.subwords
        preprocess["subwords"] = [kept.buckets, kept.least, kept.most]
    if training:
        preprocess["training"] = training
    tower = Tower(
        kind="text",
        model=name,
        source=source,
        license=license,
        weights_sha256=_digest(table),
        family=FAMILY,
        precision="f32",
        preprocess=preprocess,
        pooling=weighting,
        prompts={"query": "", "document": ""},
    )
    return Space(name, table.dim, towers=(tower,))


def save_table(
    table: WordVectors,
    space: Space,
    folder: Path,
    *,
    replace: bool = False,
    beside: Mapping[str, NDArray[Any]] | None = None,
) -> Path:
    """Writes the folder of a word model, whole or not at all, and gives its path.

    `beside` are tensors that are no part of the table: `read_beside` reads them again.
    """
    size = table.rows.nbytes + (table.subwords.rows.nbytes if table.subwords else 0)
    with new_folder(folder, size + 32 * len(table), replace=replace) as made:
        write_bytes(made / _WORDS, "".join(f"{word}\n" for word in table.words).encode())
        with writing(made / _VECTORS) as stream:
            write_tensors(stream, _tensors(table))
        names = [_VECTORS, _WORDS]
        if beside:
            names.append(_BESIDE)
            with writing(made / _BESIDE) as stream:
                write_tensors(stream, beside)
        files = {name: sha256_of(made / name) for name in names}
        tower = _recorded(table, space.towers[0], files)
        write_record(made, dataclasses.replace(space, towers=(tower,)))
    return folder


def read_table(folder: Folder) -> WordVectors:
    """The table of a word model's folder. Raises `ModelDamaged` when its parts do not agree."""
    tower = folder.space.towers[0]
    try:
        check_reading(tower.preprocess["split"], tower.preprocess["weighting"])
        text = folder.read(tower, _WORDS).decode("utf-8")
        tensors = parse_tensors(folder.read(tower, _VECTORS))
        subwords = None
        if "subwords" in tensors:
            settings = tower.preprocess["subwords"]
            subwords = Subwords(
                tensors["subwords"], tensors["subword_ids"], *(int(n) for n in settings)
            )
        table = WordVectors(
            text.split("\n")[:-1], tensors["vectors"], tensors.get("counts"), subwords
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelDamaged(f"{folder.path}: the word vectors cannot be used ({error})") from error
    if table.dim < folder.space.dim:  # more numbers are those of a model saved with dim=
        raise ModelDamaged(
            f"{folder.path}: vectors of {table.dim}, where space.json says {folder.space.dim}"
        )
    return table


def read_beside(folder: Folder) -> dict[str, NDArray[Any]]:
    """The tensors that were saved beside the table, by name; none where there are none."""
    tower = folder.space.towers[0]
    if _BESIDE not in tower.files:
        return {}
    try:
        return parse_tensors(folder.read(tower, _BESIDE))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelDamaged(f"{folder.path}: {_BESIDE} cannot be used ({error})") from error


def _recorded(table: WordVectors, tower: Tower, files: dict[str, str]) -> Tower:
    loaded = tower_of(table, tower.preprocess)
    answers = []
    for word in table.words[:8]:
        try:
            row = loaded.canary(word)
        except BadItem:  # a punctuation mark, or a row of zeros
            continue
        answers.append(known_answer(word, row))
    return dataclasses.replace(tower, files=files, canaries=tuple(answers))


def _tensors(table: WordVectors) -> dict[str, Any]:
    tensors: dict[str, Any] = {"vectors": table.rows}
    if table.counts is not None:
        tensors["counts"] = table.counts
    if table.subwords is not None:
        tensors |= {"subwords": table.subwords.rows, "subword_ids": table.subwords.ids}
    return tensors


def _digest(table: WordVectors) -> str:
    """sha256 of the words and of all numbers: what the vectors of texts depend on."""
    digest = hashlib.sha256("\n".join(table.words).encode())
    for name, tensor in _tensors(table).items():
        digest.update(f"\n{name} {tensor.shape}\n".encode())
        if tensor.size:
            digest.update(np.ascontiguousarray(tensor).data.cast("B"))
    return digest.hexdigest()
