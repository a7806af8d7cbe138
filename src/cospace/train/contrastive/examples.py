"""Examples: pairs, triplets, labelled texts or scored pairs, from a table or from a list."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import is_one_of
from cospace.errors import BadArgument, BadItem, NotFound
from cospace.evaluate.pairs import read_pairs, score_of
from cospace.read import Failures
from cospace.read.regular import listed
from cospace.read.sources import find_source
from cospace.read.texts import check_text
from cospace.train.heldout import grouped

__all__ = ["FORMS", "Examples", "Given", "read_examples"]

Given: TypeAlias = "str | os.PathLike[str] | Sequence[Sequence[Any]]"

# The columns of each form. A table has the form whose columns it has; the longest come first.
FORMS: dict[str, tuple[str, ...]] = {
    "triplets": ("anchor", "positive", "negative"),
    "pairs": ("anchor", "positive"),
    "scored": ("sentence1", "sentence2", "score"),
    "labels": ("text", "label"),
}


@dataclass(slots=True)
class Examples:
    """Examples of one form, as positions in `texts`, each text once.

    `first` and `second` [n] are the two texts of a pair, or anchor and positive; `third` [n] the
    negative of a triplet. With labels `first` is all there is. `values` [n] are scores, or numbers
    of labels. `groups` [n]: examples that share a text are in one group.
    """

    form: str
    name: str
    texts: list[str] = field(default_factory=list)
    first: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    second: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    third: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    values: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    groups: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))
    failed: Failures = field(default_factory=Failures)

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: NDArray[np.intp]) -> Examples:
        """Some of the examples, with the same texts."""
        kept = {
            name: getattr(self, name)[rows] if len(getattr(self, name)) else getattr(self, name)
            for name in ("first", "second", "third", "values", "groups")
        }
        return Examples(self.form, self.name, self.texts, **kept, failed=self.failed)

    @property
    def families(self) -> NDArray[np.intp]:
        """Numbers [n]: examples whose positives belong together, by a text they share or a label.

        A negative joins nobody.
        """
        if self.form == "labels":
            return self.values.astype(np.intp)
        n = len(self)
        joined = [(i, n + i) for i in range(n)]
        return grouped([*self.first.tolist(), *self.second.tolist()], joined=joined)[:n]

    @property
    def used(self) -> list[int]:
        """The positions of the texts that occur, in order."""
        return sorted({*self.first.tolist(), *self.second.tolist(), *self.third.tolist()})

    @property
    def sha256(self) -> str:
        """Of the texts and values, in order."""
        digest = hashlib.sha256()
        for i in range(len(self)):
            cells = [self.texts[side[i]] for side in (self.first, self.second, self.third)
                     if len(side)]  # fmt: skip
            cells += [repr(float(self.values[i]))] if len(self.values) else []
            digest.update("\t".join(cells).encode() + b"\n")
        return digest.hexdigest()


def read_examples(given: Given, form: str = "") -> Examples:
    """The examples of a table, or of a list of tuples.

    A table (any that `cospace.read` takes) has the columns anchor and positive, and perhaps
    negative; or sentence1, sentence2 and score (or is a file of the STS Benchmark); or text and
    label. A list has tuples of as many: (a, b), (a, b, c), or (a, b, number); (text, label) only
    where `form` is "labels". Rows that cannot be used are listed in `failed`.

    Raises `NotFound`, and `BadArgument` for other columns, mixed forms, or nothing to learn from:
    one pair, labels that are all equal or all different, scores that are all equal.

    >>> read_examples([("a chair", "a seat"), ("a lamp", "a light")]).form
    'pairs'
    """
    if not is_one_of(form, ("", *FORMS)):
        raise BadArgument(f"form is one of {', '.join(FORMS)}, not {form!r}")
    if isinstance(given, (str, os.PathLike)):
        examples = Examples(form, Path(given).name)
        form, rows = _table(Path(given), form, examples.failed)
    else:
        examples = Examples(form, "the list")
        form, rows = _listed(given, form)
    examples.form = form
    _fill(examples, rows)
    _check(examples)
    return examples


def _table(file: Path, form: str, failed: Failures) -> tuple[str, Iterator[tuple[str, Any]]]:
    """The form of a table, and its rows by name."""
    if not file.is_file():
        raise NotFound(f"{file}: there is no such file")
    scored = _scored(file, form, failed)
    if scored is not None:
        return "scored", scored
    source = find_source(file)
    names = source.sample.names
    fits = [f for f, columns in FORMS.items() if set(columns) <= set(names) and form in ("", f)]
    if not fits:
        wanted = "; ".join(" and ".join(FORMS[f]) for f in ([form] if form else FORMS))
        raise BadArgument(
            f"{file.name}: it has {listed(names, 12) or 'no columns'}; expected the columns"
            f" {wanted}"
        )
    columns = FORMS[fits[0]]
    source.choose(set(columns))

    def rows() -> Iterator[tuple[str, Any]]:
        for row in source.rows():
            if isinstance(row.values, str):
                failed.add(row.name, row.values)
            else:
                yield row.name, [row.values.get(column) for column in columns]

    return fits[0], rows()


def _scored(file: Path, form: str, failed: Failures) -> Iterator[tuple[str, Any]] | None:
    """The rows of a table of scored pairs; None for another table, whose columns say which."""
    if form not in ("", "scored"):
        return None
    try:
        pairs = read_pairs(file)
    except BadArgument:
        if form:
            raise
        return None
    for one in pairs.failed:
        failed.add(one.name, one.reason)
    cells = zip(pairs.first, pairs.second, pairs.scores, strict=True)
    return ((f"pair {i}", row) for i, row in enumerate(cells, 1))


def _listed(given: Sequence[Sequence[Any]], form: str) -> tuple[str, Iterator[tuple[str, Any]]]:
    if not isinstance(given, Iterable):
        raise BadArgument(f"examples are a table or a list of tuples, not {given!r:.60}")
    rows = list(given)
    sizes = Counter(
        len(row) if isinstance(row, Sized) and not isinstance(row, str) else 0 for row in rows
    )
    if len(sizes) != 1 or not sizes.keys() & {2, 3}:
        raise BadArgument(
            "examples are tuples of one length: (anchor, positive), (anchor, positive, negative),"
            f" (text, text, score) or (text, label); not of {sorted(sizes) or 'no'} parts"
        )
    if not form:
        third = rows[0][2] if len(rows[0]) == 3 else None
        number = isinstance(third, (int, float, np.number)) and not isinstance(third, bool)
        form = "pairs" if len(rows[0]) == 2 else "scored" if number else "triplets"
    if len(FORMS[form]) != len(rows[0]):
        raise BadArgument(f"{form} are tuples of {len(FORMS[form])} parts, not {len(rows[0])}")
    return form, ((f"example {i}", row) for i, row in enumerate(rows))


def _fill(examples: Examples, rows: Iterable[tuple[str, Any]]) -> None:
    place: dict[str, int] = {}
    labels: dict[str, int] = {}
    kept: list[tuple[list[int], float]] = []
    for name, row in rows:
        cells = list(row)
        value = 0.0
        try:
            if examples.form == "scored":
                value = score_of(cells.pop())
            elif examples.form == "labels":
                label = "" if cells[1] is None else str(cells[1]).strip()
                if not label:
                    raise BadItem("", "it has no label")
                value = labels.setdefault(label, len(labels))
                cells = cells[:1]
            texts = [check_text(cell) for cell in cells]
        except BadItem as error:
            examples.failed.add(name, error.reason)
            continue
        kept.append(([place.setdefault(text, len(place)) for text in texts], value))
    examples.texts = list(place)
    sides = np.array([numbers for numbers, _ in kept], np.intp).reshape(
        len(kept), -1 if kept else 1
    )
    for i, name in enumerate(("first", "second", "third")[: sides.shape[1]]):
        setattr(examples, name, sides[:, i].copy())
    if examples.form in ("scored", "labels"):
        examples.values = np.array([value for _, value in kept])
    if kept:
        keys = sides.T.reshape(-1).tolist()
        n = len(kept)
        joined = [(i, side * n + i) for side in range(1, sides.shape[1]) for i in range(n)]
        examples.groups = grouped(keys, joined=joined)[:n]


def _check(examples: Examples) -> None:
    n = len(examples)
    first = next(iter(examples.failed), None)
    why = f" ({first})" if first else ""
    if n < 2:
        raise BadArgument(f"{examples.name}: {n} examples can be used{why}; at least 2, and better"
                          " a few hundred, are needed")  # fmt: skip
    if examples.form == "scored" and examples.values.min() == examples.values.max():
        raise BadArgument(
            f"{examples.name}: all {n} pairs have the score {examples.values[0]:g}, so there is"
            " no order to learn"
        )
    if examples.form == "labels":
        sizes = np.bincount(examples.values.astype(np.intp))
        if len(sizes) < 2 or sizes.max() < 2:
            raise BadArgument(
                f"{examples.name}: {n} texts of {len(sizes)} labels; expected at least 2 labels,"
                " and one with 2 texts"
            )
    elif examples.form != "scored" and len(np.unique(examples.second)) < 2:
        raise BadArgument(
            f"{examples.name}: all {n} positives are one text, so that nothing tells them apart"
        )
