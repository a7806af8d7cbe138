"""Pairs: words and their translations, from a program or a file; and which are held out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cospace.arguments import check_number
from cospace.errors import BadArgument, BadInput, EmptyItem, NotFound
from cospace.limits import limit
from cospace.measures.bootstrap import check_seed
from cospace.read import Failures
from cospace.read.lines import ANY_NEWLINE, Lines
from cospace.read.records import records
from cospace.read.regular import open_regular, shown
from cospace.train.heldout import grouped, split_groups

__all__ = ["Pair", "Pairs", "check_known", "read_pairs", "split_pairs"]

Pair = tuple[str, str]


@dataclass(frozen=True)
class Pairs:
    """Distinct pairs (source word, target word), in the order of the alphabet.

    `several_words` were left out because a side has more than one word, `repeated` because they
    stood there before, and `failed` because they are no pair of words.
    """

    pairs: tuple[Pair, ...]
    several_words: int = 0
    repeated: int = 0
    failed: Failures = field(default_factory=Failures)

    def __len__(self) -> int:
        return len(self.pairs)


def read_pairs(given: str | os.PathLike[str] | Iterable[Pair]) -> Pairs:
    """The pairs of an iterable of (source word, target word), or of a file with one a line.

    A file has two columns, with a tab between them, a comma (.csv), or white space as in the
    dictionaries of MUSE; further columns are passed over, and there is no header.

    Raises `NotFound` for a missing file, `EmptyItem` when no pair is left.

    >>> pairs = read_pairs([("sofa", "sofa"), ("desk", "tisch"), ("high chair", "hochstuhl")])
    >>> pairs.pairs, pairs.several_words
    ((('desk', 'tisch'), ('sofa', 'sofa')), 1)
    """
    name = "pairs"
    rows: Iterable[tuple[str, object]]
    if isinstance(given, (str, os.PathLike)):
        file = Path(given)
        if not file.is_file():
            raise NotFound(f"{file}: there is no such file")
        name, rows = file.name, _file_rows(file)
    else:
        if isinstance(given, bytes) or not isinstance(given, Iterable):
            raise BadArgument(f"pairs are a file or a list of two words each, not {given!r:.60}")
        rows = ((f"pair {number}", pair) for number, pair in enumerate(given, 1))
    seen: set[Pair] = set()
    several = repeated = 0
    failed = Failures()
    for place, row in rows:
        if not isinstance(row, tuple | list) or len(row) != 2 or not all(map(_is_word, row)):
            failed.add(place, f"expected two words, a word and its translation; got {shown(row)}")
            continue
        pair = (row[0].strip(), row[1].strip())
        if len(pair[0].split()) > 1 or len(pair[1].split()) > 1:
            several += 1
        elif pair in seen:
            repeated += 1
        else:
            seen.add(pair)
    if not seen:
        first = next(iter(failed), None)
        why = f"no pair can be used ({first})" if first else "there is no pair of single words"
        raise EmptyItem(name, why)
    return Pairs(tuple(sorted(seen)), several, repeated, failed)


def split_pairs(pairs: Iterable[Pair], share: float, *, seed: int) -> tuple[list[Pair], list[Pair]]:
    """The pairs to learn from, and those held out: about `share` of the source words, drawn.

    A word of either language is on one side, with all that its translations lead to: where "sofa"
    and "couch" both are "Sofa", a map that learnt the one has seen the answer to the other. The
    draw depends on the words and on `seed`, and not on the order of the pairs.

    Raises `BadArgument` where all words lead to one another, so that nothing can be held out.

    >>> learn, held = split_pairs([("a", "x"), ("b", "x"), ("b", "y"), ("c", "z")], 0.5, seed=0)
    >>> sorted(sorted(source for source, _ in side) for side in (learn, held))
    [['a', 'b', 'b'], ['c']]
    """
    if not 0 <= check_number("the share held out", share, 0, 1) < 1:
        raise BadArgument(f"the share held out is 0 or more and below 1, not {share}")
    check_seed(seed)
    ordered = sorted(set(pairs))
    joined = grouped([source for source, _ in ordered], [target for _, target in ordered])
    group = {source: number for (source, _), number in zip(ordered, joined.tolist(), strict=True)}
    if round(share * len(group)) == 0:
        return ordered, []
    if len(set(group.values())) < 2:
        raise BadArgument(
            f"nothing can be held out: the {len(group):,} source words share their translations,"
            " directly or through others. held_out=0 learns from all and measures nothing"
        )
    words = list(group)
    _, drawn = split_groups(np.array(list(group.values()), np.intp), share=share, seed=seed)
    held = {words[number] for number in drawn}
    learn = [pair for pair in ordered if pair[0] not in held]
    return learn, [pair for pair in ordered if pair[0] in held]


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _file_rows(file: Path) -> Iterator[tuple[str, object]]:
    with open_regular(file, file.name) as stream:
        lines = Lines(stream, limit("row_bytes"), ANY_NEWLINE)
        delimiter = "," if file.suffix.lower() == ".csv" else "\t"
        for record in records(lines, delimiter):
            cells = record.cells
            if isinstance(cells, list) and len(cells) == 1:
                cells = cells[0].split()
            yield f"{file.name}:{record.number}", cells[:2] if isinstance(cells, list) else cells


def check_known(known: int, dim: int, given: int) -> None:
    """Raises `BadInput` when too few pairs are known to both models for a rotation of `dim`."""
    if known < dim:
        raise BadInput(
            f"{known:,} of {given:,} pairs to learn from have both words in the models; a map of"
            f" {dim} dimensions needs {dim:,} at least. Give more pairs, or vectors of fewer"
            " dimensions; are the languages the right way round?"
        )
