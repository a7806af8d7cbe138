"""A BEIR folder: corpus.jsonl, queries.jsonl and qrels/<split>.tsv, with what is wrong in them.

Source: Thakur et al., BEIR: a heterogeneous benchmark for zero-shot evaluation, 2021.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cospace.arguments import check_path
from cospace.errors import BadItem, EmptyItem, NotFound
from cospace.limits import limit
from cospace.read import Failures
from cospace.read.lines import ANY_NEWLINE, Lines
from cospace.read.regular import bad_byte, open_regular
from cospace.read.tables import JsonLines

__all__ = ["Beir", "read_beir"]


@dataclass(slots=True)
class Beir:
    """Queries with judgments; documents are read from the disk again by each `documents()`.

    `order` gives each document's id its place in the descending order of ids: trec_eval puts
    the higher id first where two scores are equal, and so does BEIR. `judged` holds grades by
    document id, by query id. `unjudged` are queries without judgments; `no_query` and
    `no_document` count judgments that name a query or a document that is not there.
    """

    path: Path
    split: str
    order: dict[str, int]
    queries: dict[str, str]
    judged: dict[str, dict[str, int]]
    unjudged: int = 0
    no_query: int = 0
    no_document: int = 0
    failed: Failures = field(default_factory=Failures)

    def documents(self) -> Iterator[tuple[str, str]]:
        """(id, title and text) of every document, in the order of the file."""
        seen: set[str] = set()
        for name, values in _rows(self.path / "corpus.jsonl"):
            key = None if isinstance(values, str) else _id(values)
            if key is not None and key in self.order and key not in seen:
                assert not isinstance(values, str), name
                seen.add(key)
                yield key, _text(values)


def read_beir(folder: str | os.PathLike[str], *, split: str = "test") -> Beir:
    """The queries, the judgments and the ids of the documents of a folder in BEIR's layout.

    Raises `NotFound` for a folder or file that is missing (with the splits that are there),
    and `EmptyItem` when no document, or no judged query, can be used.
    """
    path = check_path("folder", folder)
    if not path.is_dir():
        raise NotFound(f"{path}: there is no such folder")
    for name in ("corpus.jsonl", "queries.jsonl"):
        if not (path / name).is_file():
            raise NotFound(f"{path}: there is no {name}; expected {_LAYOUT}")
    qrels = path / "qrels" / f"{split}.tsv"
    if Path(split).name != split or not qrels.is_file():
        there = sorted(file.stem for file in (path / "qrels").glob("*.tsv"))
        raise NotFound(
            f"{path}: there is no split {split!r}; there are: {', '.join(there) or 'none'}."
            f" Expected {_LAYOUT}"
        )
    failed = Failures()
    judged = _judgments(qrels, failed)
    ids = _ids(path / "corpus.jsonl", failed)
    queries = _queries(path / "queries.jsonl", failed)
    order = {key: place for place, key in enumerate(sorted(ids, reverse=True))}
    used = {key: text for key, text in queries.items() if key in judged}
    if not used:
        raise EmptyItem(qrels.name, f"none of {len(queries)} queries has a judgment in it")
    return Beir(
        path=path,
        split=split,
        order=order,
        queries=used,
        judged={key: judged[key] for key in used},
        unjudged=len(queries) - len(used),
        no_query=sum(len(grades) for key, grades in judged.items() if key not in used),
        no_document=sum(doc not in order for key in used for doc in judged[key]),
        failed=failed,
    )


_LAYOUT = "corpus.jsonl, queries.jsonl and qrels/test.tsv"


def _rows(file: Path) -> Iterator[tuple[str, dict[str, Any] | str]]:
    for row in JsonLines(file).rows():
        yield row.name, row.values if isinstance(row.values, str) else dict(row.values)


def _id(values: dict[str, Any]) -> str | None:
    key = values.get("_id")
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    return key.strip() or None if isinstance(key, str) else None


def _text(values: dict[str, Any]) -> str:
    """Title and text with a space between them, as BEIR joins them."""
    title, text = values.get("title"), values.get("text")
    return f"{title if isinstance(title, str) else ''} {text}".strip()


def _ids(file: Path, failed: Failures) -> set[str]:
    found: set[str] = set()
    for name, key, _ in _entries(file, failed):
        if key in found:
            failed.add(name, f"the id {key!r} stood before; the first is kept")
        found.add(key)
    if not found:
        raise EmptyItem(file.name, "holds no document")
    return found


def _queries(file: Path, failed: Failures) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, key, values in _entries(file, failed):
        if key in found:
            failed.add(name, f"the id {key!r} stood before; the first is kept")
        else:
            found[key] = _text(values)
    return found


def _entries(file: Path, failed: Failures) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name of the line, id, values) of the lines that have an `_id` and a `text`."""
    for name, values in _rows(file):
        if isinstance(values, str):
            failed.add(name, values)
            continue
        key = _id(values)
        if key is None:
            failed.add(name, "has no _id")
        elif not isinstance(values.get("text"), str):
            failed.add(name, "has no text")
        else:
            yield name, key, values


def _judgments(file: Path, failed: Failures) -> dict[str, dict[str, int]]:
    """Grades by document id, by query id. The first line may be a header."""
    judged: dict[str, dict[str, int]] = {}
    with open_regular(file, file.name) as stream:
        lines = Lines(stream, limit("row_bytes"), ANY_NEWLINE)
        while (line := lines.next()) is not None:
            if line.data is not None and not line.data.strip():
                continue
            try:
                query, document, grade = _judgment(line.data, line.offset)
            except BadItem as error:
                if line.number > 1 or not _is_header(line.data):
                    failed.add(f"{file.name}:{line.number}", error.reason)
                continue
            grades = judged.setdefault(query, {})
            if document in grades:
                failed.add(
                    f"{file.name}:{line.number}",
                    f"query {query!r:.80} and document {document!r:.80} were judged before, with"
                    f" {grades[document]}; the first is kept, and not {grade}",
                )
            grades.setdefault(document, grade)
    if not judged:
        first = next(iter(failed), None)
        why = f"no line of it can be used ({first})" if first else "holds no judgments"
        raise EmptyItem(f"qrels/{file.name}", why)
    return judged


def _judgment(data: bytes | None, offset: int) -> tuple[str, str, int]:
    if data is None:
        raise BadItem("", "the line is too long")
    try:
        cells = [cell.strip() for cell in data.decode("utf-8").strip().split("\t")]
    except UnicodeDecodeError as error:
        raise BadItem("", bad_byte(data[error.start], offset + error.start)) from None
    if len(cells) != 3:
        raise BadItem("", f"has {len(cells)} cells; expected query, document, grade, with tabs")
    try:
        grade = float(cells[2])
        if not grade.is_integer():
            raise ValueError
        return cells[0], cells[1], int(grade)
    except ValueError:
        raise BadItem("", f"the grade is {cells[2][:40]!r}; expected a whole number") from None


def _is_header(data: bytes | None) -> bool:
    """True for the names of columns: BEIR writes query-id, corpus-id, score."""
    return data is not None and data.count(b"\t") == 2 and b"id" in data.lower()
