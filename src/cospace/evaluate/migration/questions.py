"""The questions that two collections are compared on: judged ones, or ones sampled from items."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cospace.errors import BadArgument
from cospace.evaluate.checked import grades_of
from cospace.evaluate.judgments import read_judgments
from cospace.item import kind_of
from cospace.read import Failures
from cospace.read.names import title_in
from cospace.read.sentences import sentences
from cospace.read.texts import is_blank
from cospace.store.tongue import language_of

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.tune import Judged
    from cospace.store.protocol import Row

__all__ = ["MOST", "Asked", "Question", "judged_questions", "sampled_questions"]

MOST = 1_000  # questions that are sampled
_LONGEST = 300  # characters of a first sentence that is asked as a question
_LANGUAGES = ("language", "lang")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the grades of its items by id, and the groups that it belongs to.

    `language` is that of its text or, where that is too short to tell, the one that the metadata of
    its best item names; "" where neither does. `kind` is what vectors its best item has: "text",
    "image", "text + image".
    """

    text: str
    grades: Mapping[str, float]
    language: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions in an order drawn with the seed, how they came about, and what was left out."""

    questions: tuple[Question, ...]
    how: str  # "judged" or "sampled"
    notes: tuple[str, ...] = ()


def judged_questions(
    old: Collection,
    new: Collection,
    judgments: Judged | str | os.PathLike[str] | None,
    seed: int,
) -> Asked | None:
    """The judged questions: those given, those of a file, or those that `old` has kept.

    None where nothing was given and `old` keeps none. Questions with no right item in `old` are
    left out: they are lost for both.

    Raises `BadArgument` where judgments were given, and none can be used; as `read_judgments` does.
    """
    failed = Failures()
    given: Any = judgments
    if isinstance(judgments, (str, os.PathLike)):
        given = read_judgments(Path(judgments), failed)
    if given is None and not old.judgments:
        return None
    grades = grades_of(old, given)
    ids = list({id for known in grades.values() for id in known})
    rows = {row.id: row for row in old.store.get(ids, vectors=True) if row is not None}
    kept = []
    for text, known in grades.items():
        right = [id for id, grade in known.items() if grade > 0 and id in rows]
        if right:
            best = max(right, key=known.__getitem__)
            kept.append(Question(text, known, _language(text, rows[best]), _kind(rows[best])))
    if not kept:
        raise BadArgument(
            f"none of the {len(grades)} judged questions has a right item in {old.name}: give"
            " judgments of its items"
        )
    there = new.store.hashes([*rows])
    counts = (
        (len(failed), "rows of judgments that could not be read, left out"),
        (len(grades) - len(kept), "judged questions without a right item that is stored, left out"),
        (len(ids) - len(rows), "judged items that are not stored, counted as not found"),
        (len(rows) - len(there), "judged items that only the old collection holds"),
    )
    notes = [f"{what}: {number:,}" for number, what in counts if number]
    return Asked(_shuffled(kept, seed), "judged", tuple(notes))


def sampled_questions(old: Collection, new: Collection, seed: int, most: int = MOST) -> Asked:
    """Titles, or first sentences, of items drawn from `old`: each is to find its item again.

    A title is a text in the metadata, `title` or `name`. Items whose first sentence has more than
    300 characters are left out, and those that `new` does not hold. Items of one title are right
    for it together.

    Raises `BadArgument` where no item has a text.
    """
    random = np.random.default_rng(seed)
    drawn: list[Row] = []
    seen = long = 0
    for row in old.store.scan():
        text = _asked_of(row)
        if text is None:
            long += bool(row.text)
            continue
        seen += 1
        # Reservoir sampling (Vitter, 1985, algorithm R): each item is drawn alike.
        if len(drawn) < most:
            drawn.append(row)
        elif (at := int(random.integers(seen))) < most:
            drawn[at] = row
    if not drawn:
        raise BadArgument(f"{old.name}: no item has a title, or a first sentence, to ask for it by")
    ids = [row.id for row in drawn]
    there = new.store.hashes(ids)
    found: dict[str, Question] = {}
    for one in old.store.get(ids, vectors=True):
        text = None if one is None else _asked_of(one)
        if one is None or text is None or one.id not in there:
            continue
        grades = {**found[text].grades, one.id: 1.0} if text in found else {one.id: 1.0}
        found[text] = Question(text, grades, _language(text, one), _kind(one))
    if not found:
        raise BadArgument(f"{new.name} holds none of {len(drawn)} items drawn from {old.name}")
    counts = (
        (long, "items whose first sentence is too long for a question, not drawn"),
        (len(drawn) - len(there), "drawn items that only the old collection holds, left out"),
    )
    notes = [f"{what}: {number:,}" for number, what in counts if number]
    return Asked(_shuffled(list(found.values()), seed), "sampled", tuple(notes))


def _asked_of(row: Row) -> str | None:
    """The title of a row, or the first sentence of its text; None where neither can be asked."""
    title = title_in(row.metadata)
    if not is_blank(title) and len(title) <= _LONGEST:
        return title
    if not row.text or is_blank(row.text):
        return None
    for start, end in sentences(row.text[: 4 * _LONGEST])[:1]:
        return row.text[start:end] if end - start <= _LONGEST else None
    return None


def _language(text: str, row: Row) -> str:
    told = language_of(text)
    if told:
        return told
    for name in _LANGUAGES:
        named = row.metadata.get(name)
        if isinstance(named, str) and not is_blank(named):
            return named.strip().lower()
    return ""


def _kind(row: Row) -> str:
    return " + ".join(sorted({kind_of(name) for name in row.vectors}, reverse=True))


def _shuffled(questions: list[Question], seed: int) -> tuple[Question, ...]:
    ordered = sorted(questions, key=lambda one: one.text)  # whatever order they came in
    order = np.random.default_rng(seed).permutation(len(ordered))
    return tuple(ordered[at] for at in order)
