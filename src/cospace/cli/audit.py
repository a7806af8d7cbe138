"""`cospace audit`: what is wrong with a collection, with its effect, its certainty, its items."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.flags import spoken
from cospace.cli.output import document, reasons, show, tell, watched
from cospace.cli.parsing import Parser, command, names_of
from cospace.counted import counted
from cospace.errors import BadArgument, CospaceError, StorageError

if TYPE_CHECKING:
    from cospace.audit import Audit, Finding
    from cospace.audit.bias import BiasTest
    from cospace.audit.report.items import Kept

__all__ = ["parser", "run"]

_SHOWN = 3  # groups of a finding
_NEEDS_FOLDER = ("label", "split", "date", "since", "against", "questions", "checks")


def parser() -> Parser:
    """The arguments of `cospace audit`."""
    one = command(
        "audit",
        "Look for what is wrong with a collection: duplicates, leaks, wrong labels, photos that\n"
        "do not fit, hubs, drift, texts cut short, missing parts, and more; and with its model:\n"
        "languages, words that its score does not notice, bias. Nothing is changed; another\n"
        "process may own the collection meanwhile. Without FOLDER --bias asks a model alone.",
        "cospace audit market.cospace",
        "cospace audit market.cospace --label category --html report.html",
        "cospace audit market.cospace --date listed --since 2026-01-01 --label category",
        "cospace audit train.cospace --against test.cospace --checks leaks",
        "cospace audit market.cospace --questions log.csv",
        "cospace audit --bias lists.json --model glove",
    )
    one.add_argument("folder", metavar="FOLDER", nargs="?", help="a collection")
    one.add_argument("--label", metavar="COLUMN", help="metadata whose values are classes")
    one.add_argument("--split", metavar="COLUMN", help="metadata of two values: train and test")
    one.add_argument("--date", metavar="COLUMN", help="metadata of dates, for drift")
    one.add_argument("--since", metavar="DATE", help="the first day that is new: 2026-01-31")
    one.add_argument("--against", metavar="FOLDER", help="another collection of the same space")
    one.add_argument(
        "--bias", metavar="LISTS", help="a JSON file of word lists, or weat for the built-in ones"
    )
    one.add_argument("--questions", metavar="LOG", help="what was asked: .txt, .csv, .tsv, .jsonl")
    one.add_argument("--checks", metavar="NAMES", action="append", help="only these, with commas")
    one.add_argument("--html", metavar="FILE", help="write the report as one page, with photos")
    one.add_argument("--model", help="the model's name or folder, where it cannot be found")
    one.add_argument("--seed", type=int, default=0, help="of all draws; default: 0")
    return one


def run(args: argparse.Namespace) -> int:
    """0; the exit code of its error when the report could not be written."""
    if args.seed < 0:
        raise BadArgument(f"--seed is a whole number, 0 or more, not {args.seed}")
    if args.html:
        _check_writable(Path(args.html))  # before minutes of work
    tests = _lists(args)
    if args.folder is None:
        return _model_alone(args, tests)
    import cospace as cs
    from cospace.audit import audit

    questions = _questions(args)
    with ExitStack() as held:
        shop = held.enter_context(cs.open(args.folder, model=args.model, read_only=True))
        other = None
        if args.against is not None:
            other = shop  # which is refused
            if args.against != args.folder:
                other = held.enter_context(cs.open(args.against, read_only=True))
        found = audit(
            shop, label=args.label, split=args.split, date=args.date, since=args.since,
            against=other, bias=tests, questions=questions, checks=names_of(args.checks),
            seed=args.seed, progress=watched() and not args.json,
        )  # fmt: skip
        return _told(args, found, shop.store)


def _check_writable(file: Path) -> None:
    if file.suffix.lower() not in (".html", ".htm"):
        raise BadArgument(f"--html takes a name that ends in .html, not {file.name!r}")
    if not file.absolute().parent.is_dir():
        raise BadArgument(f"--html: there is no folder {str(file.parent)!r}")
    if file.is_dir():
        raise BadArgument(f"--html: {str(file)!r} is a folder; name a file in it")


def _lists(args: argparse.Namespace) -> tuple[BiasTest, ...] | None:
    from cospace.audit.bias import read_lists

    return None if args.bias is None else read_lists(args.bias)


def _questions(args: argparse.Namespace) -> list[str] | None:
    if args.questions is None:
        return None
    from cospace.audit.questions import read_log

    found, failed = read_log(args.questions)
    if len(failed):
        tell(f"{len(failed):,} lines of {args.questions} hold no question:")
        for line in reasons(failed):
            tell(line)
    return found


def _model_alone(args: argparse.Namespace, tests: Sequence[BiasTest] | None) -> int:
    """The association tests of a model, without a collection."""
    given = [name for name in _NEEDS_FOLDER if getattr(args, name) is not None]
    if tests is None or args.model is None:
        raise BadArgument(
            "name a collection: cospace audit FOLDER; or ask a model alone:"
            " cospace audit --bias weat --model NAME"
        )
    if given:
        raise BadArgument(f"--{given[0]} is about a collection: cospace audit FOLDER")
    import cospace as cs
    from cospace.audit import Audit
    from cospace.audit.bias import measure_bias
    from cospace.audit.bias.check import findings

    model = cs.load(args.model)
    found = findings(measure_bias(tests, model, seed=args.seed))
    made = Audit("", 0, str(model.space), tuple(found))
    return _told(args, made, None)


def _written(args: argparse.Namespace, found: Audit, store: Kept | None) -> None:
    if not args.html:
        return
    from cospace.audit.report import page
    from cospace.files import write_bytes

    made = date.today().isoformat()
    write_bytes(Path(args.html), page(found, store, made=made).encode())


def _told(args: argparse.Namespace, found: Audit, store: Kept | None) -> int:
    """0; the exit code of its error when the report could not be written."""
    # The checks took their time: they are printed also where the report cannot be written.
    found = replace(found, findings=tuple(map(_spoken, found.findings)))
    if args.json:
        trouble = _trouble(args, found, store)
        html = {"html": None if trouble else args.html}
        if trouble:
            html["html_error"] = str(trouble)
        document({"folder": args.folder, **html, **found.to_json()})
        return trouble.exit_code if trouble else 0
    for verdict in ("found", "inconclusive", "clean", "skipped"):
        for one in found.findings:
            if one.verdict == verdict:
                show(_lines(one))
    items = f"{counted(found.items, 'item')}, " if found.items else ""
    tell(f"{items}{counted(len(found.findings), 'check')}: {len(found.found)} found something")
    trouble = _trouble(args, found, store)
    if trouble:
        tell(f"no report was written: {trouble}")
    elif args.html:
        show([f"the report is in {args.html}"])
    return trouble.exit_code if trouble else 0


def _trouble(args: argparse.Namespace, found: Audit, store: Kept | None) -> CospaceError | None:
    """Write the report, where one was asked for; or what stopped that."""
    try:
        _written(args, found, store)
    except CospaceError as error:
        return error
    except OSError as error:
        return StorageError(f"{args.html}: {error.strerror or error}")
    return None


def _spoken(one: Finding) -> Finding:
    """A check that was skipped says what it needs: on the command line, an option."""
    return replace(one, said=spoken(one.said)) if one.verdict == "skipped" else one


def _lines(finding: Finding) -> list[str]:
    """A finding in lines: what it says, the first of its items, what mends it."""
    lines = [str(finding)]
    if finding.verdict == "found":
        if finding.p is not None:
            lines[0] += f" (p {finding.p:.2g})"
        for group in finding.groups[:_SHOWN]:
            ids = ", ".join(group.ids[:4]) + (", ..." if len(group.ids) > 4 else "")
            lines.append(f"                {': '.join(filter(None, (ids, group.said)))}")
        if len(finding.groups) > _SHOWN:
            more = len(finding.groups) - _SHOWN
            lines.append(f"                ... and {more:,} more; --json lists them")
        if finding.mend:
            lines.append(f"                mend: {finding.mend}")
    return lines
