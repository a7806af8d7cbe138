"""`cospace evaluate words`: what models know of words, in a table each."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.figures import change, points, tell_left_out
from cospace.cli.output import document, show, tell, watched
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cospace.evaluate import WordsReport, WordsResult
    from cospace.evaluate.words import Agreement, Section

__all__ = ["run_words"]


def run_words(args: argparse.Namespace, models: list[str]) -> int:
    """0, after the tables of all models."""
    from cospace.evaluate import words

    named = _groups(models)
    report = words(named, args.source, most=args.most, seed=args.seed, progress=watched())
    if args.json:
        document(report.to_json())
        return 0
    for result in report.results:
        show([*_headline(result), *_table(result, report), ""])
    groups = _groups_table(report)
    show([*groups, ""] if groups else [])
    draws = f"from {report.resamples:,} draws of the questions or pairs"
    show([f"In points of 100, with 95% intervals {draws}."])
    if any(result.analogies for result in report.results):
        show([f"Analogies are asked where all four words are among the {report.most:,} commonest."])
    for note in report.notes:
        tell(note)
    tell_left_out(report.failed)
    return 0


def _groups(models: list[str]) -> list[str] | dict[str, list[str]]:
    """The models; or by group where one is given as NAME=MODEL,MODEL,... and is no folder."""
    if not any("=" in model and not Path(model).exists() for model in models):
        return models
    groups: dict[str, list[str]] = {}
    for model in models:
        name, equals, members = model.partition("=")
        if not equals or Path(model).exists():
            name, members = model, model
        if name in groups:
            raise BadArgument(f"--model: the group {name!r} is named twice")
        groups[name] = [one for one in members.split(",") if one]
        if not groups[name]:
            raise BadArgument(f"--model {model}: a group is NAME=MODEL,MODEL,...")
    return groups


def _headline(result: WordsResult) -> list[str]:
    size = "no word model" if result.words is None else f"{result.words:,} words"
    return [f"{result.model}: {size}, {result.dim} dimensions", ""]


def _table(result: WordsResult, report: WordsReport) -> list[str]:
    columns = [Column("measured on", most=48), Column("", right=True, most=32)]
    columns += [Column(name, right=True) for name in ("right", "asked", "of")]
    rows = [[name, *_cells(one)] for name, one in _sections(result)]
    rows += [[f"{one.file}, Spearman", *_pairs(one)] for one in result.pairs]
    if result is not report.results[0]:
        columns.append(Column(f"against {report.results[0].model}", right=True, most=48))
        apart = [change(one.difference) for _, one in _sections(result)]
        apart += [change(one.difference) for one in result.pairs]
        rows = [[*row, one] for row, one in zip(rows, apart, strict=True)]
    return table(columns, rows, room())


def _sections(result: WordsResult) -> Iterator[tuple[str, Section]]:
    """Every section and total, with what it is called in the table."""
    for analogies in result.analogies:
        for section in analogies.sections:
            yield f"{analogies.file}: {section.name}".removesuffix(": "), section
        for total in analogies.totals:
            yield f"{analogies.file}, {total.name}", total


def _cells(one: Section) -> list[str]:
    return [points(one.accuracy), f"{one.right:,}", f"{one.asked:,}", f"{one.total:,}"]


def _pairs(one: Agreement) -> list[str]:
    return [points(one.spearman), "", f"{one.found:,}", f"{one.total:,}"]


def _groups_table(report: WordsReport) -> list[str]:
    """The medians of groups of several models, one row a figure."""
    groups = [group for group in report.groups if len(group.models) > 1]
    if not groups:
        return []
    names = list(dict.fromkeys(name for group in groups for name in group.figures))
    columns = [Column("median over seeds (range)", most=48)]
    columns += [Column(f"{one.name} ({len(one.models)})", right=True, most=40) for one in groups]
    rows = []
    for name in names:
        figures = [group.figures.get(name) for group in groups]
        rows.append([name, *("-" if one is None else points(one) for one in figures)])
    return table(columns, rows, room())
