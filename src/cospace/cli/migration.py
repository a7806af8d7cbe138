"""A migration's gate and bridges, in words for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cospace.cli.figures import points
from cospace.cli.output import count
from cospace.cli.table import Column, room, table

if TYPE_CHECKING:
    from cospace.evaluate.migration import Bridge, JudgedMigration, Part, Verdict

__all__ = ["migration_lines"]


def migration_lines(found: JudgedMigration) -> list[str]:
    """The verdict, where the difference comes from, and the bridges; notes are told apart."""
    verdict = found.verdict
    lines = [f"{verdict}.", "", *_questions(verdict), "", *_parts(verdict)]
    asked = count(verdict.overlap_questions, "question")
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
    asked = f"{count(paired.questions, 'question')}, {how[verdict.how]}"
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
