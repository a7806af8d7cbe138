"""Sources: the files of analogies and of rated pairs that were named, known by their content."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from cospace.arguments import check_path
from cospace.errors import BadArgument, BadInput, EmptyItem, NotFound
from cospace.evaluate.pairs import Pairs
from cospace.evaluate.words.lines import text_lines
from cospace.evaluate.words.questions import Questions, read_questions
from cospace.evaluate.words.ratings import read_ratings

__all__ = ["Sources", "WordSource", "read_sources"]

WordSource: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"

_SUFFIXES = (".csv", ".tsv", ".txt")
_LOOKED_AT = 100  # lines, for one that begins a section


@dataclass(slots=True)
class Sources:
    """What models are measured on; `notes` tell of files in a folder that are neither."""

    questions: list[Questions] = field(default_factory=list)
    ratings: list[Pairs] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[Questions | Pairs]:
        """The files, those of analogies first."""
        return [*self.questions, *self.ratings]

    def add(self, file: Path) -> None:
        """One more file. Raises `BadInput` for one that holds no analogies and no pairs."""
        lines = islice(text_lines(file), _LOOKED_AT)
        if any(text.lstrip().startswith(":") for _, text, _ in lines):
            self.questions.append(read_questions(file))
        else:
            self.ratings.append(read_ratings(file))


def read_sources(source: WordSource) -> Sources:
    """The analogies and the rated pairs of a file, a folder, or several of them.

    A file with a line ": section" holds analogies, any other one rated pairs. Of a folder the
    files .txt, .csv and .tsv are taken, by name; those that are neither are listed in `notes`.

    Raises `NotFound`, `EmptyItem` for a folder that holds no such file, and what `read_questions`
    and `read_ratings` raise for a file that was named.
    """
    named = source if isinstance(source, Iterable) and not isinstance(source, str) else [source]
    found = Sources()
    for given in named:
        path = check_path("source", given)
        if path.is_dir():
            _add_folder(found, path)
        elif path.exists():
            found.add(path)
        else:
            raise NotFound(f"{path}: there is no such file or folder")
    if not (found.questions or found.ratings):
        raise BadArgument("name at least one file of analogies or of rated pairs")
    return found


def _add_folder(found: Sources, folder: Path) -> None:
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in _SUFFIXES and f.is_file())
    before = len(found.questions) + len(found.ratings)
    for file in files:
        try:
            found.add(file)
        except BadInput as error:
            found.notes.append(f"left out, neither analogies nor pairs: {error}")
    if len(found.questions) + len(found.ratings) == before:
        raise EmptyItem(str(folder), "holds no analogies or rated pairs (.txt, .csv, .tsv)")
