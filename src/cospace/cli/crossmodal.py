"""`cospace evaluate crossmodal`: two kinds searched by each other, and classes by their names."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from cospace.cli.figures import points, tell_left_out
from cospace.cli.output import count, document, show, tell, watched
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.evaluate.crossmodal import CrossmodalReport, CrossmodalResult, Direction

__all__ = ["check_own", "options", "run_crossmodal"]

# What only `crossmodal` takes.
_OWN = ("kinds", "text", "image", "label", "template")
_WAYS = {"zero-shot": "zero-shot", "knn": "k-NN", "probe": "linear probe"}


def options(one: argparse.ArgumentParser) -> None:
    """The options of `cospace evaluate crossmodal`."""
    one.add_argument("--kinds", metavar="A,B", help="crossmodal: default: text,image")
    one.add_argument("--text", metavar="COLUMN", help="crossmodal: of captions, or a template")
    one.add_argument("--image", metavar="COLUMN", help="crossmodal: of the images' paths")
    one.add_argument("--label", metavar="COLUMN", help="crossmodal: of classes")
    one.add_argument(
        "--template", metavar="TEXT", action="append",
        help='crossmodal: a class in words, such as "a photo of a {}"; repeatable; default: {}',
    )  # fmt: skip


def check_own(args: argparse.Namespace) -> None:
    """Raises `BadArgument` for an option of `crossmodal` with another task."""
    given = [name for name in _OWN if getattr(args, name) is not None]
    if args.task != "crossmodal" and given:
        raise BadArgument(f"--{given[0]} is for crossmodal, not for {args.task}")


def run_crossmodal(args: argparse.Namespace, models: list[str]) -> int:
    """0, after the tables."""
    from cospace.evaluate import crossmodal

    kinds = [one.strip() for one in (args.kinds or "text,image").split(",")]
    if len(kinds) != 2:
        raise BadArgument(f"--kinds takes two, such as text,image; got {args.kinds!r}")
    columns = {name: getattr(args, name) for name in ("text", "image") if getattr(args, name)}
    report = crossmodal(
        args.source,
        models,
        kinds=(kinds[0], kinds[1]),
        columns=columns,
        label=args.label,
        templates=args.template or ("{}",),
        seed=args.seed,
        progress=watched(),
    )
    if args.json:
        document(report.to_json())
        return 0
    show(_pairs(report) if report.pairs else [])
    show(_classes(report))
    show(["", "Figures in points of 100, ranks from 1, with 95% intervals; a tie counts as lost."])
    _tell(report)
    return 0


def _pairs(report: CrossmodalReport) -> list[str]:
    head = f"{report.name}: {count(report.pairs, 'pair')} of {' and '.join(report.kinds)}"
    lines = [head, "", *_table(report, [(one, one.directions) for one in report.results])]
    alone = [(one, one.alone) for one in report.results if one.alone]
    if alone:
        lines += ["", "Without pairs that share a side with another:", ""]
        lines += _table(report, alone)
    return lines


def _table(
    report: CrossmodalReport, rows: list[tuple[CrossmodalResult, tuple[Direction, ...]]]
) -> list[str]:
    names = ("queries", "of", "R@1", "R@5", "R@10", "median rank")
    columns = [Column("model", most=32), Column("", most=24)]
    columns += [Column(name, right=True, most=32) for name in names]
    cells = []
    for one, directions in rows:
        for way in directions:
            recall = [points(way.recall[k], 1) for k in way.recall]
            median = f"{way.median.value:g} ({way.median.low:g} to {way.median.high:g})"
            many = [f"{way.queries:,}", f"{way.gallery:,}"]
            cells.append([one.model, way.name, *many, *recall, median])
            if one is report.results[-1]:
                chance = [f"{100 * way.chance[k]:.1f}" for k in way.chance]
                cells.append(["chance", way.name, *many, *chance, f"{way.chance_median:g}"])
    return table(columns, cells, room())


def _classes(report: CrossmodalReport) -> list[str]:
    if report.classes is None:
        return []
    record = report.classes.to_json()
    head = f"{report.name}: {len(record['names'])} classes of {record['kind']},"
    head += f" {record['test']:,} held out; {record['split']}"
    columns = [Column("model", most=40), *(Column(n, right=True, most=32) for n in _WAYS.values())]
    rows = [[one.model, *(points(one.accuracy[way], 1) for way in _WAYS)] for one in report.results]
    rows.append(["chance", *[f"{100 * report.classes.chance:.1f}"] * 3])
    asked = ", ".join(repr(one) for one in report.templates)
    end = f"Zero-shot asks {asked}; chance always says {record['commonest']!r}."
    return ["", head, "", *table(columns, rows, room()), "", end]


def _tell(report: CrossmodalReport) -> None:
    captions = report.captions
    for kind, ids in captions.empty.items() if report.pairs else ():
        tell(f"items without {kind}, left out of the pairs: {len(ids):,} ({_few(ids)})")
    if captions.repeated:
        tell(
            f"pairs that came before, counted once: {len(captions.repeated):,}"
            f" ({_few(captions.repeated)})"
        )
    if captions.equal:
        shared = sum(captions.equal.values())
        tell(
            f"captions of several items: {len(captions.equal):,}, of {shared:,} items; any of them"
            f" is right ({_few([f'{name!r} {n}' for name, n in captions.equal.items()])})"
        )
    for note in report.notes:
        tell(note)
    for one in report.results:
        if one.truncated:
            tell(f"{one.model}: {one.truncated:,} texts cut short at the model's limit")
    tell_left_out(report.failed)


def _few(names: list[Any]) -> str:
    return ", ".join(map(str, names[:5])) + (", ..." if len(names) > 5 else "")
