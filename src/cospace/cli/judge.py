"""`cospace judge`: what several settings find, graded in the terminal, kept with the collection."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.text import cut, one_line
from cospace.cli.textfile import lines_of
from cospace.counted import counted
from cospace.errors import BadArgument
from cospace.read.names import TITLES, first

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.evaluate.pooling import Candidate

__all__ = ["parser", "run"]

_HELP = (
    "3 the best, 2 right, 1 partly, 0 wrong; Enter: leave out, b: back, n: next question, q: end"
)
_TEXT, _FIELDS = 400, 6


def parser() -> Parser:
    """The arguments of `cospace judge`."""
    one = command(
        "judge",
        "Make a judged set: for each question, the first hits of several settings (the default\n"
        "ranking, each list alone, a reranker) are shown together, shuffled, without saying what\n"
        "found them, and you grade each: 3 the best, 0 wrong. Every grade is kept at once, in\n"
        "the collection; `tune`, `check` and `evaluate retrieval` read it. What was graded\n"
        "before is not asked again. Grades are read line by line, so a program may give them.",
        'cospace judge market.cospace "somewhere to sit"',
        "cospace judge market.cospace --queries questions.txt --depth 5",
        "cospace judge market.cospace --export judged.jsonl",
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument(
        "query", metavar="QUERY", nargs="*", default=[], help="one question, of one or more words"
    )
    one.add_argument("--queries", metavar="FILE", help="questions, one a line")
    one.add_argument("--depth", type=int, default=10, metavar="N", help="of each setting; 10")
    one.add_argument("--rerank", metavar="NAME", help="a reranker as one more setting")
    one.add_argument("--again", action="store_true", help="ask also for what was graded before")
    one.add_argument("--export", metavar="FILE", help="write all judgments, as JSON Lines")
    one.add_argument("--seed", type=seed, default=0, help="of the order; default: 0")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    return one


def run(args: argparse.Namespace) -> int:
    """0, also when it was ended early: what was graded is kept."""
    import cospace as cs
    from cospace.evaluate.pooling import pool, settings_of

    queries = [" ".join(args.query)] if args.query else []
    queries += [] if args.queries is None else lines_of(args.queries)
    if not queries and args.export is None:
        raise BadArgument("give a QUERY, --queries FILE, or --export FILE")
    kept = 0
    with cs.open(args.folder, model=args.model, create=False, read_only=not queries) as shop:
        settings = settings_of(shop, args.rerank)
        lines = _lines()
        for query in dict.fromkeys(queries):
            known = {} if args.again else shop.judgments.get(query.strip(), {})
            found = pool(shop, query, depth=args.depth, settings=settings, seed=args.seed)
            left = [one for one in found if one.hit.id not in known]
            tell(
                f"\n{query}\n{counted(len(left), 'item')} to grade, of {len(found)} found. {_HELP}"
            )
            more, ended = _graded(shop, query, left, lines)
            kept += more
            if ended:
                break
        judged = shop.judgments
    total = sum(map(len, judged.values()))
    if args.json:
        document({"folder": args.folder, "graded": kept, "questions": len(judged), "all": total})
    else:
        of = counted(len(judged), "question")
        show([f"{counted(kept, 'grade')} kept; the collection holds {total:,} for {of}"])
    if args.export is not None:
        _export(judged, Path(args.export))
    return 0


def _graded(
    shop: Collection, query: str, left: list[Candidate], lines: Iterator[str]
) -> tuple[int, bool]:
    """How many grades were kept, and whether the end was asked for."""
    kept, at = 0, 0
    while at < len(left):
        hit = left[at].hit
        tell("\n".join(["", f"[{at + 1}/{len(left)}] {_card(hit.text, hit.metadata)}", "grade: "]))
        typed = next(lines, "q").strip().lower()
        if typed == "q":
            return kept, True
        if typed == "n":
            break
        if typed == "b":
            at = max(0, at - 1)
            continue
        if typed in ("0", "1", "2", "3"):
            shop.judge(query, hit.id, int(typed))
            kept += 1
        elif typed:
            tell(_HELP)
            continue
        at += 1
    return kept, False


def _card(text: str | None, metadata: object) -> str:
    """An item as a few lines: its title, its text, its first fields."""
    values = dict(metadata) if isinstance(metadata, dict) else {}
    title = str(values.pop(first(TITLES, list(values)) or "", ""))
    begins = bool(text) and (text or "").startswith(title)  # then the text says it
    said = [one_line(cut(title, 100))] if title and not begins else []
    said += [one_line(cut(text, _TEXT))] if text else []
    fields = [f"{name}: {value}" for name, value in values.items() if not isinstance(value, dict)]
    said += [one_line(cut("; ".join(fields[:_FIELDS]), 200))] if fields else []
    return "\n  ".join(said) or "(an item without words)"


def _export(judged: dict[str, dict[str, int]], path: Path) -> None:
    from cospace.files import write_bytes

    rows = [json.dumps({"query": q, "relevant": g}, ensure_ascii=False) for q, g in judged.items()]
    write_bytes(path, "".join(f"{row}\n" for row in rows).encode())


def _lines() -> Iterator[str]:
    """What is typed, line by line, until the input ends."""
    yield from sys.stdin
