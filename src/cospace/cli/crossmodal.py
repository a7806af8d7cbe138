"""`cospace evaluate crossmodal`: its options, and its report as tables."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cospace.cli.figures import change, points, tell_left_out
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import SIGNALS, Parser, names_of, signal_columns, signals_of
from cospace.cli.table import Column, facts, room, table
from cospace.cli.text import cut
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.evaluate import CrossmodalReport, Question
    from cospace.measures.bootstrap import Difference, Interval

__all__ = ["OPTIONS", "add_options", "run_crossmodal"]

_RECALLS = ("recall@1", "recall@5", "recall@10")
_RANK = "median rank"
_WAYS = {"zero-shot": "zero-shot", "knn": "k-NN", "probe": "linear probe"}
# By the name that the parser gives each, how it is typed.
OPTIONS = {
    "kinds": "--kinds", "label": "--label", "prompt": "--prompt", "name": "--name",
    "text": "--text", "image": "--image", "images": "--images",
    **{kind: f"--{kind}" for kind in SIGNALS}, "depth_scale": "--depth-scale", "files": "--files",
}  # fmt: skip


def add_options(one: Parser) -> None:
    """The options that only crossmodal has."""
    group = one.add_argument_group("crossmodal")
    group.add_argument("--kinds", metavar="A,B", action="append", help="default: text,image")
    group.add_argument("--text", metavar="COLUMN", help="a column, or '{title}. {description}'")
    group.add_argument("--image", metavar="COLUMN", help="the column of images' paths")
    group.add_argument("--images", metavar="FOLDER", help="a folder to look for files in too")
    signal_columns(group)
    group.add_argument("--label", metavar="COLUMN", help="the column of classes")
    group.add_argument(
        "--prompt", metavar="TEXT", action="append", help="repeatable: 'a photo of a {}'"
    )
    group.add_argument(
        "--name", metavar="CLASS=NAME", action="append", help="repeatable: outwear=jacket"
    )


def run_crossmodal(args: argparse.Namespace, models: list[str]) -> int:
    """0, after the tables of both ways and of the classes."""
    from cospace.evaluate import crossmodal

    kinds = names_of(args.kinds) or ["text", "image"]
    if len(kinds) != 2:
        raise BadArgument(f"--kinds takes two, such as text,image; got {','.join(kinds)}")
    report = crossmodal(
        _source(args),
        models,
        kinds=(kinds[0], kinds[1]),
        label=args.label,
        prompts=args.prompt or (),
        names=_named(args.name or []),
        seed=args.seed,
        progress=watched(),
    )
    if args.json:
        document(report.to_json())
        return 0
    show(_lines(report))
    for note in report.notes:
        tell(note)
    for result in report.results:
        if result.truncated:
            tell(f"{result.model}: {counted(result.truncated, 'text')} cut short at its limit")
    tell_left_out(report.failed)
    return 0


def _source(args: argparse.Namespace) -> Any:
    """A folder by its path; a table as its options say."""
    import cospace as cs

    given = {name: getattr(args, name) for name in ("text", "image", "images")}
    given |= signals_of(args)
    if not any(given.values()):
        return args.source
    return cs.read(args.source, **given)


def _named(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in given:
        label, equals, name = one.partition("=")
        if not equals or not name.strip():
            raise BadArgument(f"--name {one}: write CLASS=NAME, such as outwear=jacket")
        found[label] = name
    return found


def _lines(report: CrossmodalReport) -> list[str]:
    lines = []
    if report.questions:
        of = " and ".join(report.kinds)
        lines += [f"{report.name}: {counted(report.pairs, 'pair')} of {of}"]
        for name, number in report.counts.items():
            some = ", ".join(repr(cut(one, 30)) for one in report.such.get(name, ()))
            lines += facts([(name, f"{number:,}" + (f", such as {some}" if some else ""))])
    for question in report.questions:
        lines += ["", *_asked(report, question)]
    if report.classes:
        lines += ["", *_told(report)]
    draws = f"from {report.resamples:,} draws of the queries or items"
    return [*lines, "", f"In points of 100, but for ranks, with 95% intervals {draws}."]


def _asked(report: CrossmodalReport, question: Question) -> list[str]:
    """One way to ask: a line a model, and chance below."""
    several = question.queries != question.single and question.single
    columns = [Column(question.name, most=40)]
    columns += [Column(name, right=True, most=32) for name in (*_RECALLS, _RANK)]
    rows = [[one.model, *_figures(one.figures[question.name])] for one in report.results]
    rows.append(["chance", *_chance(question.chance)])
    if several:
        alone = "without repeats"
        rows += [
            [f"{one.model}, {alone}", *_figures(one.single[question.name])]
            for one in report.results
        ]
        rows.append([f"chance, {alone}", *_chance(question.single_chance)])
    many = counted(question.queries, "query", "queries")
    if several:
        many += f" ({question.single:,} without repeats)"
    lines = [f"{many}, {counted(question.candidates, 'candidate')}", *table(columns, rows, room())]
    if len(report.results) > 1:
        columns = [Column(f"against {report.results[0].model}", most=40)]
        columns += [Column(name, most=48) for name in (*_RECALLS, _RANK)]
        rows = [
            [one.model, *_changes(one.differences[question.name])] for one in report.results[1:]
        ]
        lines += table(columns, rows, room())
    return lines


def _told(report: CrossmodalReport) -> list[str]:
    """The accuracy of each way to tell classes, and chance below."""
    how = f"{len(report.classes)} classes, {report.train:,} items to learn from, {report.test:,}"
    lines = [f"{report.name}: {how} held out ({report.split})"]
    columns = [Column("classes", most=40)]
    columns += [Column(name, right=True, most=32) for name in _WAYS.values()]
    rows = [[one.model, *(points(one.accuracy[way], 1) for way in _WAYS)] for one in report.results]
    rows.append(["chance", *(f"{100 * report.chance[way]:.1f}" for way in _WAYS)])
    lines += table(columns, rows, room())
    if len(report.results) > 1:
        columns = [Column(f"against {report.results[0].model}", most=40)]
        columns += [Column(name, most=48) for name in _WAYS.values()]
        rows = [
            [one.model, *(change(one.accuracy_differences[way]) for way in _WAYS)]
            for one in report.results[1:]
        ]
        lines += table(columns, rows, room())
    return lines


def _figures(found: dict[str, Interval]) -> list[str]:
    return [*(points(found[name], 1) for name in _RECALLS), points(found[_RANK].times(0.01), 1)]


def _chance(found: Any) -> list[str]:
    return [*(f"{100 * found[name]:.1f}" for name in _RECALLS), f"{found[_RANK]:,.1f}"]


def _changes(found: dict[str, Difference]) -> list[str]:
    """The changes; of a rank a fall is a gain, so its verdict is left to the reader."""
    rank = found[_RANK]
    moved = f"{rank.value:+.1f} ({rank.low:+.1f} to {rank.high:+.1f})"
    return [*(change(found[name]) for name in _RECALLS), moved]
