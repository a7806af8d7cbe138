"""`cospace tokens`: how a model cuts a text, where it stops reading, and what that loses."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.output import document, reasons, show
from cospace.cli.parsing import Parser, command
from cospace.cli.table import Column, facts, room, table
from cospace.cli.text import one_line
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cospace.cli.textfile import TextFile
    from cospace.encode.tokens import Lengths, Token, Tokens

__all__ = ["parser", "run"]

_MOST_ROWS = 60  # of one text's tokens; --json lists all
_MOST_CUT = 5
_AROUND = 60  # characters that are shown before and after the cut


def parser() -> Parser:
    """The arguments of `cospace tokens`."""
    one = command(
        "tokens",
        "Show how a model cuts TEXT into tokens, where it stops reading, and what that loses:\n"
        "the cosine of what it reads with the mean of all the text's windows. With --file: how\n"
        "long many texts are, and how many of them are cut.",
        'cospace tokens "retro velvet armchair" --model minilm',
        "cospace tokens --file listings.csv",
    )
    one.add_argument("text", metavar="TEXT", nargs="?", help="a text; in quotes")
    one.add_argument("--file", metavar="F", help="a table, a folder, or a .txt of one text a line")
    one.add_argument("--model", default="starter", help="a name or a folder; default: starter")
    roles = ("query", "document")
    one.add_argument("--role", choices=roles, default="document", help="default: document")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 2 when no text of --file could be read."""
    import cospace as cs
    from cospace.encode.tokens import cut_cosine, tokens

    if (args.text is None) == (args.file is None):
        raise BadArgument("give a TEXT in quotes, or --file F; see: cospace tokens --help")
    if args.file is not None:
        return _run_file(args)
    model = cs.load(args.model)
    found = tokens(model, args.text, role=args.role)
    cosine = cut_cosine(model, args.text, role=args.role)
    if args.json:
        document({**found.to_json(), "cosine": cosine})
        return 0
    show([_headline(found), *_prompt(found), ""])
    show(_table(found))
    show(_remarks(found))
    if found.lost:
        show(["", *facts(_cut(found, cosine))])
    return 0


def _headline(found: Tokens) -> str:
    if not found.max_tokens:
        return f"{found.model} reads all words of a text; this one has {len(found.tokens):,}"
    has = f"{found.model} reads {found.max_tokens:,} tokens of a text; this one has"
    end = f"the last {found.lost['tokens'][0]:,} are cut off" if found.lost else "all are read"
    return f"{has} {len(found.tokens):,}: {end}"


def _prompt(found: Tokens) -> list[str]:
    return [f"as a {found.role} it begins with the prompt {found.prompt!r}"] if found.prompt else []


def _table(found: Tokens) -> list[str]:
    """The first tokens, one a line."""
    columns = [Column("", right=True), Column("piece", most=40), Column("id", right=True)]
    rows = [
        [str(number), token.piece, str(token.id), _about(token, found.text)]
        for number, token in enumerate(found.tokens[:_MOST_ROWS], 1)
    ]
    lines = table([*columns, Column("", flexible=True)], rows, room())
    more = len(found.tokens) - len(rows)
    return lines + ([f"... and {more:,} more; --json lists them"] if more else [])


def _about(token: Token, text: str) -> str:
    meanings = {
        "text": "",
        "n-grams": "not in the vocabulary; read by its n-grams",
        "bytes": f"bytes of {text[token.start : token.end]!r}",
        "unknown": f"unknown: {text[token.start : token.end]!r}",
        "typed": "special, but typed in the text",
    }
    what = meanings.get(token.kind, token.kind)
    return what if token.kept else ", ".join([what, "cut off"] if what else ["cut off"])


def _remarks(found: Tokens) -> list[str]:
    kinds = [token.kind for token in found.tokens]
    lines = []
    if "unknown" in kinds:
        unknown = counted(kinds.count("unknown"), "token" if found.max_tokens else "word")
        lines.append(f"{unknown} unknown: the model cannot tell what stands there")
    if "typed" in kinds:
        lines.append("a special token stands in the text itself; the model takes it for its own")
    return ["", *lines] if lines else []


def _cut(found: Tokens, cosine: float | None) -> list[tuple[str, str]]:
    """Where the text is cut, and what is lost with it."""
    before = one_line(found.text[max(0, found.at - _AROUND) : found.at])
    after = one_line(found.text[found.at : found.at + _AROUND])
    lines = [("read up to", f"...{before}|" if found.at > _AROUND else f"{before}|")]
    lines.append(("cut off", f"|{after}" + ("..." if len(found.text) > found.at + _AROUND else "")))
    for name, (lost, of) in found.lost.items():
        lines.append(
            ("lost" if name == "tokens" else "", f"{lost:,} of {of:,} {name} ({lost / of:.1%})")
        )
    cosine_line = "cannot be measured: the prompt leaves no room for the text"
    if cosine is not None:
        cosine_line = f"{cosine:.4f} between what is read and the mean of all the text's windows"
    return [*lines, ("cosine", cosine_line)]


def _run_file(args: argparse.Namespace) -> int:
    import cospace as cs
    from cospace.cli.textfile import TextFile
    from cospace.encode.tokens import lengths

    file = TextFile(args.file)
    names: list[str] = []

    def texts() -> Iterator[str]:
        for name, text in file:
            names.append(name)
            yield text

    found = lengths(cs.load(args.model), texts(), role=args.role)
    cut = [names[position] for position in found.cut]
    if args.json:
        record = found.to_json()
        record["cut"] = {**record["cut"], "names": cut}
        left_out = {"failed": list(file.failed), "unlisted": file.failed.unlisted}
        document({"file": args.file, **record, "notes": file.notes, **left_out})
    else:
        reads = f"{found.max_tokens:,} tokens" if found.max_tokens else "all words of a text"
        show([f"{found.model} reads {reads}; {args.file}:"])
        show(facts(_lengths(found, cut, file)))
        if len(file.failed):
            show([f"left out, {len(file.failed):,} in all:", *reasons(file.failed)])
    return 0 if found.counts else 2


def _lengths(found: Lengths, cut: list[str], file: TextFile) -> list[tuple[str, str]]:
    lines = [("note", note) for note in file.notes]
    lines.append(("texts", f"{len(found.counts):,}"))
    if found.counts:
        quantiles = ", ".join(f"{name} {value:,.0f}" for name, value in found.quantiles().items())
        lines.append(("tokens", f"{sum(found.counts):,}; {quantiles}"))
        share = len(found.cut) / len(found.counts)
        lines.append(("cut", f"{counted(len(found.cut), 'text')} ({share:.1%})"))
    if found.cut:
        left = len(cut) - _MOST_CUT
        more = f", ... {left:,} more; --json lists them" if left > 0 else ""
        lines.append(("", f"{', '.join(cut[:_MOST_CUT])}{more}"))
        lost = found.lost_tokens / sum(found.counts)
        lines.append(("lost", f"{found.lost_tokens:,} tokens ({lost:.1%} of all)"))
    if found.cosines:
        mean = sum(found.cosines) / len(found.cosines)
        which = f"the first {len(found.cosines)} that are cut"
        lines.append(("cosine", f"mean {mean:.4f}, lowest {min(found.cosines):.4f}, of {which}"))
    if found.unknown_tokens:
        tokens = counted(found.unknown_tokens, "token")
        lines.append(("unknown", f"{tokens} in {counted(found.with_unknown, 'text')}"))
    return lines
