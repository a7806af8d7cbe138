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
from cospace.arguments import check_path
from cospace.encode.names import model_home
from cospace.encode.words import WordModel
from cospace.encode.words.saving import word_space
from cospace.files import make_folder

__all__ = ["AdoptedWords", "adopt_words", "read_word_vectors"]

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
    path = check_path("path", path).expanduser()
    target = model_home() / free_name(name or _name(path), replace)
    tell(f"reading {path.name}")
    read = read_vectors(path, format=format)
    tell(f"{len(read.table):,} words of {read.table.dim:,} numbers, {read.format}")
    model = _model(read, path, target.name)
    make_folder(target.parent)
    model.save(target, replace=replace)
    return AdoptedWords(model, target, read)


def read_word_vectors(
    path: str | os.PathLike[str], *, name: str = "", format: str = ""
) -> WordModel:
    """The word model of a file that word2vec, GloVe, fastText or gensim wrote.

    The file is word2vec's text or binary, GloVe's text, or fastText's .vec or .bin, packed or
    not; what it is is recognised, unless `format` says so. The model is in memory alone: it has
    the tools for words, encodes texts, and `save` writes its folder. Its name is by default the
    file's. `model.notes` say what was left out of the file, and why.

    Raises `NotFound`, `UnsafeFile` for pickles, `BadItem` for a file that holds no word vectors,
    and `BadArgument` for an unknown format.

    >>> import tempfile
    >>> import cospace as cs
    >>> with tempfile.NamedTemporaryFile(suffix=".txt") as file:
    ...     _ = file.write(b"sofa 1 0.1\\ncouch 0.9 0.2\\nlamp 0 1\\nbroken 1\\n")
    ...     file.flush()
    ...     words = cs.read_word_vectors(file.name)
    >>> words.most_similar("sofa")[0].word, words["sofa"].tolist(), len(words)
    ('couch', [1.0, 0.10000000149011612], 3)
    >>> words.notes
    ('1 row left out, with too few numbers: line 4',)
    """
    path = check_path("path", path).expanduser()
    read = read_vectors(path, format=format)
    return _model(read, path, name or _name(path))


def _model(read: Read, path: Path, name: str) -> WordModel:
    table = read.table
    split = "cased" if any(word != word.lower() for word in table.words) else "words"
    space = word_space(table, name, split=split, weighting="sif", source=f"file:{path.name}")
    model = WordModel.of(table, name=name, split=split, space=space)
    model.notes = read.notes
    return model


def _name(path: Path) -> str:
    """The name of a file without its endings, as a model's name.

    >>> _name(Path("GoogleNews-vectors-negative300.bin.gz"))
    'GoogleNews-vectors-negative300'
    """
    name = path.name
    while (suffix := Path(name).suffix).lower() in _ENDINGS and suffix != name:
        name = name.removesuffix(suffix)
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)[:64]
