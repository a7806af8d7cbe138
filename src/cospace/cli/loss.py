"""`cospace models show NAME --loss`: what smaller vectors of a model lose, measured."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.demo import marketplace
from cospace.cli.output import document, show, watched
from cospace.cli.table import Column, room, table
from cospace.cli.textfile import TextFile
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.limits import limit

if TYPE_CHECKING:
    from cospace.encode import Model
    from cospace.encode.loss import Form
    from cospace.evaluate.encoding import Role
    from cospace.vectors import Vectors

__all__ = ["run_loss"]

_K = 10
# Without --queries a tenth of the texts, or this many of them, are the queries.
_MOST_QUERIES = 200
# Among fewer texts, the first ten are most of them; below the second figure that is noted.
_LEAST, _FEW = 50, 5_000


def run_loss(args: argparse.Namespace, model: Model) -> int:
    """0, after the table of every form of the model's vectors."""
    from cospace.encode.loss import measure

    if "text" not in model.space.kinds:
        raise BadArgument(f"{model.lacks('text')}; the loss is measured on texts")
    notes = [model.note] if model.note else []
    texts, queries = _asked(args, notes)
    documents = _encoded(model, texts, "document", notes)
    asked = _encoded(model, queries, "query", notes)
    forms = measure(documents, asked, k=_K)
    if len(documents) < _FEW:
        notes.append(
            f"{counted(len(documents), 'text')} are few, and with more of them a form mostly"
            " loses more: measure on as many as you will search"
        )
    if args.json:
        about = {"model": model.space.name, "dim": model.space.dim, "k": _K}
        used = {"texts": len(documents), "queries": len(asked), "notes": notes}
        document({**about, **used, "forms": [asdict(form) for form in forms]})
        return 0
    show([f"{model.space}: {counted(len(documents), 'text')}, {_queries_word(len(asked))}", ""])
    show(table(_COLUMNS, [_row(form) for form in forms], room()))
    show(["", *(f"note: {note}" for note in notes)])
    return 0


_NUMBERS = ("dim", "bytes", "to rescore", f"recall@{_K}", "score error")
_COLUMNS = [Column("form"), *(Column(name, right=True) for name in _NUMBERS), Column("trained")]


def _row(form: Form) -> list[str]:
    sizes = [str(form.dim), f"{form.bytes:,}", f"+{form.beside:,}" if form.beside else ""]
    figures = [f"{100 * form.recall:.1f}%", f"{form.error:.4f}"]
    return [form.name, *sizes, *figures, "yes" if form.trained else ""]


def _queries_word(number: int) -> str:
    return f"{number:,} query" if number == 1 else f"{number:,} queries"


def _asked(args: argparse.Namespace, notes: list[str]) -> tuple[list[str], list[str]]:
    """(texts, queries): those given; the example's; or some of the texts, held out."""
    own = args.texts is not None
    name = args.texts or str(marketplace() / "listings.csv")
    texts = _read(name, notes, guessed=own)
    if len(texts) < _LEAST:
        raise BadArgument(
            f"{name} holds {counted(len(texts), 'text')} to measure with; a loss among fewer than"
            f" {_LEAST} would say nothing"
        )
    if not own:
        notes.append("these are the listings of the example marketplace; --texts FILE takes yours")
    if args.queries is not None:
        return texts, _read(args.queries, notes)
    if not own:
        return texts, _read(str(marketplace() / "queries.jsonl"), notes, guessed=False)
    step = max(10, -(-len(texts) // _MOST_QUERIES))
    notes.append(
        f"each {step}th text was a query, and was not searched; real queries are other than"
        " texts: --queries FILE"
    )
    return [text for i, text in enumerate(texts) if i % step], texts[::step]


def _read(name: str, notes: list[str], *, guessed: bool = True) -> list[str]:
    """The texts of a file, each once; `notes` takes what is not used, and what was `guessed`."""
    file, most = TextFile(name), limit("loss_texts")
    texts = iter(file)
    unique = dict.fromkeys(text for _, text in islice(texts, most))
    if not unique:
        why = f": {next(iter(file.failed))}" if len(file.failed) else ""
        raise BadArgument(f"{name}: there is no text in it{why}")
    notes += [f"{Path(name).name}: {note}" for note in file.notes if guessed]
    if len(file.failed):
        failed = counted(len(file.failed), "text")
        notes.append(f"{name}: {failed} left out, such as {next(iter(file.failed))}")
    if next(texts, None) is not None:
        notes.append(
            f"{name}: only the first {most:,} were read; COSPACE_LIMIT_LOSS_TEXTS allows more"
        )
    return list(unique)


def _encoded(model: Model, texts: list[str], role: Role, notes: list[str]) -> Vectors:
    """The vectors of the texts that can be encoded, with a progress bar; `notes` tell the rest."""
    from cospace.evaluate.encoding import encode_texts
    from cospace.vectors import Vectors

    done = encode_texts(model, texts, role, progress=watched())
    if done.failed:
        position, reason = next(iter(done.failed.items()))
        left = counted(len(done.failed), "text")
        notes.append(f"{left} left out, such as {texts[position][:60]!r}: {reason}")
    return Vectors(done.rows[done.good], model.space)
