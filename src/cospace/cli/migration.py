"""A migration's gate and bridges: `cospace compare OLD NEW` of two collections, and their lines."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.check import FAILED
from cospace.cli.figures import points
from cospace.cli.output import document, show, tell, watched
from cospace.cli.table import Column, room, table
from cospace.cli.textfile import lines_of
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.evaluate.migration import Bridge, JudgedMigration, Part, Verdict

__all__ = ["add_gate", "are_collections", "judged", "migration_lines", "run_gate"]


def add_gate(parser: argparse.ArgumentParser, when: str) -> None:
    """The arguments of a comparison of two models over one collection; `when` it is made."""
    add = parser.add_argument
    add("--judgments", metavar="FILE", help=f"{when}: judged questions; default: its own")
    add("--questions", metavar="FILE", help=f"{when}: users' questions, one a line")
    add("--wanted", type=float, help=f"{when}: a loss that counts, nDCG; default: 0.02")
    add("--bridges", action="store_true", help=f"{when}: what bridges would give")


def are_collections(names: list[str]) -> bool:
    """Whether these are the folders or addresses of two collections."""
    from cospace.store.remote.address import is_address

    return len(names) == 2 and all(
        is_address(name) or (Path(name) / "truth.sqlite").is_file() for name in names
    )


def run_gate(args: argparse.Namespace) -> int:
    """0, or 11 where the new model is not let through."""
    import cospace as cs

    first, second = args.models
    with ExitStack() as held:
        old = new = held.enter_context(cs.open(first, read_only=True))
        if second != first:  # an engine elsewhere has one owner, who may compare it with itself
            new = held.enter_context(cs.open(second, read_only=True))
        for model in map(cs.load, args.model or ()):
            old.keep(model)
            new.keep(model)
        found = judged(old, new, args)
    if args.json:
        document(found.to_json())
    else:
        show(migration_lines(found))
        for note in found.verdict.notes:
            tell(f"note: {note}")
    return 0 if found.passed else FAILED


def judged(old: Collection, new: Collection, args: argparse.Namespace) -> JudgedMigration:
    """What the gate's arguments ask. Raises `BadArgument`."""
    from cospace.evaluate.migration import judge_migration

    if args.wanted is not None and not 0 < args.wanted < 1:
        raise BadArgument(f"--wanted is between 0 and 1, such as 0.02, not {args.wanted}")
    questions = None if args.questions is None else lines_of(args.questions)
    wanted = 0.02 if args.wanted is None else args.wanted
    return judge_migration(
        old, new, judgments=args.judgments, questions=questions, wanted=wanted,
        seed=getattr(args, "seed", 0), bridges=args.bridges, progress=watched(),
    )  # fmt: skip


def migration_lines(found: JudgedMigration) -> list[str]:
    """The verdict, where the difference comes from, and the bridges; notes are told apart."""
    verdict = found.verdict
    lines = [f"{verdict}.", "", *_questions(verdict), "", *_parts(verdict)]
    asked = counted(verdict.overlap_questions, "question")
    shares = (f"{points(one, 1)}%" for one in (verdict.overlap, verdict.rank_biased))
    plain, biased = shares
    lines += [
        "",
        f"Of the first {verdict.k} hits, over {asked}, both share {plain}; by rank {biased}.",
    ]
    if found.bridges:
        lines += ["", *_bridges(found.bridges)]
    return lines


def _questions(verdict: Verdict) -> list[str]:
    paired = verdict.whole.paired
    how = {"judged": "judged", "sampled": "sampled from titles and first sentences of items"}
    asked = f"{counted(paired.questions, 'question')}, {how[verdict.how]}"
    needed = (
        f"a difference of {100 * paired.wanted:g} points needs about {verdict.needed:,}"
        f" (by a pilot of {verdict.pilot})"
    )
    return [f"{asked}; {needed}. nDCG@{verdict.k} in points of 100, intervals are 95%."]


def _parts(verdict: Verdict) -> list[str]:
    columns = [Column("", most=32), Column("questions", right=True)]
    columns += [Column(f"old: {verdict.old}", right=True, most=32)]
    columns += [Column(f"new: {verdict.new}", right=True, most=32)]
    columns += [Column("difference", right=True, most=32), Column("", most=32)]
    rows = [_row(verdict.whole)]
    for what, parts in (
        ("list", verdict.lists), ("language", verdict.languages), ("items with", verdict.kinds)
    ):  # fmt: skip
        rows += [_row(one, f"{what}: {one.name}") for one in parts]
    return table(columns, rows, room())


def _row(part: Part, name: str = "") -> list[str]:
    apart = part.paired
    return [
        name or part.name,
        f"{apart.questions:,}",
        points(part.old, 1),
        points(part.new, 1),
        points(apart.difference, 1),
        apart.verdict,
    ]


def _bridges(bridges: tuple[Bridge, ...]) -> list[str]:
    columns = [Column("bridge"), Column("usable")]
    names = ("nDCG, % of the new model's", "same first hits, %", "old model alone, %")
    columns += [Column(name, right=True, most=32) for name in names]
    rows = [
        [
            one.name,
            "yes" if one.usable else "no",
            points(one.ndcg, 1),
            points(one.recall, 1),
            points(one.alone, 1),
        ]
        for one in bridges
    ]
    return table(columns, rows, room())
