"""`cospace models show NAME --loss`: what smaller vectors of a model lose, measured."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.demo import marketplace
from cospace.cli.output import count, document, show
from cospace.cli.table import Column, room, table
from cospace.cli.textfile import TextFile
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.encode import Model
    from cospace.encode.loss import Form
    from cospace.vectors import Vectors

__all__ = ["run_loss"]

# Without --queries this many of the texts, spread over them, are the questions.
_MOST_QUERIES = 200
# More texts than this are not encoded; which were left out is told.
_MOST_TEXTS = 20_000
_K = 10
# With fewer texts a form must be very bad to lose one of the first ten.
_SMALL = 5_000


def run_loss(args: argparse.Namespace, model: Model) -> int:
    """0, after the table of every form of the model's vectors."""
    from cospace.encode.loss import measure

    if "text" not in model.space.kinds:
        raise BadArgument(f"{model.lacks('text')}; the loss is measured on texts")
    notes = [model.note] if model.note else []
    texts = _texts(args, notes)
    queries = _queries(args, texts, notes)
    documents = _encoded(model, texts, "document")
    forms = measure(documents, _encoded(model, queries, "query"), k=min(_K, len(texts)))
    if len(texts) < _SMALL:
        notes.append(
            f"{count(len(texts), 'text')} are few, and with more of them a form mostly"
            " loses more: measure on as many as you will search"
        )
    if args.json:
        asked = {"model": model.space.name, "dim": model.space.dim, "k": min(_K, len(texts))}
        used = {"texts": len(texts), "queries": len(queries), "notes": notes}
        document({**asked, **used, "forms": [asdict(form) for form in forms]})
        return 0
    show([f"{model.space}: {count(len(texts), 'text')}, {_queries_word(len(queries))}", ""])
    show(table(_columns(min(_K, len(texts))), [_row(form) for form in forms], room()))
    show(["", *(f"note: {note}" for note in notes)])
    return 0


def _columns(k: int) -> list[Column]:
    numbers = ("dim", "bytes", "to rescore", f"recall@{k}", "score error")
    return [Column("form"), *(Column(name, right=True) for name in numbers), Column("trained")]


def _row(form: Form) -> list[str]:
    beside = f"+{form.beside:,}" if form.beside else ""
    figures = [f"{100 * form.recall:.1f}%", f"{form.error:.4f}"]
    return [
        form.name,
        str(form.dim),
        f"{form.bytes:,}",
        beside,
        *figures,
        "yes" if form.trained else "",
    ]


def _queries_word(number: int) -> str:
    return f"{number:,} query" if number == 1 else f"{number:,} queries"


def _texts(args: argparse.Namespace, notes: list[str]) -> list[str]:
    """The texts that are searched, each once."""
    name = args.texts or str(marketplace() / "listings.csv")
    texts = _read(name, notes, guessed=args.texts is not None)
    if args.texts is None:
        notes.append("these are the listings of the example marketplace; --texts FILE takes yours")
    return texts


def _queries(args: argparse.Namespace, texts: Sequence[str], notes: list[str]) -> list[str]:
    """The questions: those given; the example's own; or some of the texts themselves."""
    if args.queries is not None:
        return _read(args.queries, notes)
    if args.texts is None:
        return _read(str(marketplace() / "queries.jsonl"), notes, guessed=False)
    notes.append(
        "the texts themselves were the questions, and each finds itself first; with real ones,"
        " --queries FILE, more may be lost"
    )
    return list(texts[:: -(-len(texts) // _MOST_QUERIES)])


def _read(name: str, notes: list[str], *, guessed: bool = True) -> list[str]:
    """The texts of a file, each once; `notes` takes what is not used, and what was `guessed`."""
    file = TextFile(name)
    unique = dict.fromkeys(text for _, text in islice(file, _MOST_TEXTS))
    if not unique:
        why = f": {': '.join(file.failed[0])}" if file.failed else ""
        raise BadArgument(f"{name}: there is no text in it{why}")
    notes += [f"{Path(name).name}: {note}" for note in file.notes if guessed]
    if file.failed:
        failed = count(len(file.failed), "text")
        notes.append(f"{name}: {failed} left out, such as {': '.join(file.failed[0])}")
    if next(iter(islice(file, _MOST_TEXTS, None)), None) is not None:
        notes.append(f"{name}: only the first {_MOST_TEXTS:,} texts were used")
    return list(unique)


def _encoded(model: Model, texts: list[str], role: str) -> Vectors:
    """The texts' vectors, with a progress bar, a slice of them at a time."""
    import numpy as np

    from cospace.cli.bar import bar
    from cospace.vectors import Vectors

    encode = model.encode_query if role == "query" else model.encode_document
    rows = []
    with bar(len(texts)) as step:
        for start in range(0, len(texts), 512):
            part = texts[start : start + 512]
            rows.append(encode(part).normalized)
            step(len(part))
    return Vectors(np.concatenate(rows), model.space)
