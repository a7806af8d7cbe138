"""Questions: analogies by section, as questions-words.txt holds them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import NamedTuple

from cospace.arguments import check_path
from cospace.errors import EmptyItem
from cospace.evaluate.words.lines import text_lines
from cospace.read import Failures

__all__ = ["Question", "Questions", "read_questions"]

_COMMENT = "//"  # as in the licence above the set that word2vec came with


class Question(NamedTuple):
    """`a` is to `b` as `c` is to `d`, and `d` is asked for."""

    a: str
    b: str
    c: str
    d: str


@dataclass(slots=True)
class Questions:
    """The questions of a file by section, in its order, and the lines that cannot be used."""

    name: str
    sections: dict[str, list[Question]] = field(default_factory=dict)
    failed: Failures = field(default_factory=Failures)

    def __len__(self) -> int:
        return sum(map(len, self.sections.values()))


def read_questions(path: str | os.PathLike[str]) -> Questions:
    """The questions of a file: a line ": section", then four words a line.

    Lines that begin with "//" are comments. Questions before the first section are in "".
    A line that is none of these is listed in `failed` with its number.

    Raises `EmptyItem` where no line is a question, and `BadItem` for what is no regular file.

    Source: Mikolov et al., Efficient Estimation of Word Representations in Vector Space, 2013.
    """
    path = check_path("path", path)
    found = Questions(path.name)
    section: list[Question] | None = None
    for name, text, reason in text_lines(path):
        words = text.split()
        if reason:
            found.failed.add(name, reason)
        elif not words or text.startswith(_COMMENT):
            continue
        elif words[0].startswith(":"):
            section = found.sections.setdefault(text.strip().removeprefix(":").strip(), [])
        elif len(words) == 4:
            if section is None:
                section = found.sections.setdefault("", [])
            section.append(Question(*words))
        else:
            found.failed.add(name, f"a question has four words; this line has {len(words)}")
    found.sections = {name: asked for name, asked in found.sections.items() if asked}
    if not found.sections:
        first = next(iter(found.failed), None)
        raise EmptyItem(found.name, f"no line is a question ({first})" if first else "is empty")
    return found
