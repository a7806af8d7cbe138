"""`adopt_words`: a file of word vectors to a model folder in the model home."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cospace.adopt.source import free_name
from cospace.adopt.words.opening import PACKINGS
from cospace.adopt.words.reading import Read, read_vectors
from cospace.encode.names import model_home
from cospace.encode.words import WordModel
from cospace.encode.words.saving import word_space
from cospace.files import make_folder

__all__ = ["AdoptedWords", "adopt_words"]

# Endings of such files, that are no part of a model's name.
_ENDINGS = frozenset((".bin", ".txt", ".vec", ".w2v", *PACKINGS))


@dataclass(frozen=True)
class AdoptedWords:
    """The model, where it lies, and what was read; `read.notes` say what a user should know."""

    model: WordModel
    folder: Path
    read: Read


def adopt_words(
    path: str | os.PathLike[str],
    *,
    name: str = "",
    format: str = "",
    replace: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> AdoptedWords:
    """The model of a file of word vectors, stored in the model home under `name`.

    The name is by default the file's. Texts are split into words as they are written where a word
    of the file has a capital, and lower-cased before where none has. `tell` is called with a line
    at each step. Raises `BadArgument` for a name that is taken, and as `read_vectors`; `DiskFull`.
    """
    path = Path(path).expanduser()
    target = model_home() / free_name(name or _name(path), replace)
    tell(f"reading {path.name}")
    read = read_vectors(path, format=format)
    table = read.table
    tell(f"{len(table):,} words of {table.dim:,} numbers, {read.format}")
    split = "cased" if any(word != word.lower() for word in table.words) else "words"
    source = f"file:{path.name}"
    space = word_space(table, target.name, split=split, weighting="sif", source=source)
    model = WordModel.of(table, name=target.name, split=split, space=space)
    make_folder(target.parent)
    model.save(target, replace=replace)
    return AdoptedWords(model, target, read)


def _name(path: Path) -> str:
    """The name of a file without its endings, as a model's name.

    >>> _name(Path("GoogleNews-vectors-negative300.bin.gz"))
    'GoogleNews-vectors-negative300'
    """
    name = path.name
    while (suffix := Path(name).suffix).lower() in _ENDINGS and suffix != name:
        name = name.removesuffix(suffix)
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:64]
