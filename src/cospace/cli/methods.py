"""`cospace compare word2vec glove --corpus FILE`: ways to train word vectors, side by side."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.cli.figures import plotted, points
from cospace.cli.output import document, show, size, tell, watched
from cospace.cli.table import Column, room, table
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.measures.bootstrap import Interval
    from cospace.train.comparison import MethodsComparison

__all__ = ["run_methods"]


def run_methods(args: argparse.Namespace, out: Path | None, why: str) -> int:
    """0; the exit code of its error when the plot could not be written."""
    from cospace.train.comparison import compare_methods

    if args.images or args.table or args.text or args.image or args.label:
        raise BadArgument("--corpus trains on texts; --images, --table and theirs go without it")
    names = {"dim": args.dim, "workers": args.workers, "seed": args.seed}
    settings = {name: value for name, value in names.items() if value is not None}
    words = [word for part in args.words or () for word in part.split(",") if word]
    found = compare_methods(
        args.models, args.corpus, yardsticks=args.yardsticks, words=words, settings=settings,
        progress=watched(),
    )  # fmt: skip
    plot = plotted(partial(_draw, found), out, why)
    if args.json:
        document({**found.to_json(), **plot.to_json()})
    else:
        _show(found)
    for note in found.corpus.notes:
        tell(note)
    plot.tell()
    return plot.code


def _title(found: MethodsComparison) -> str:
    return f"{found.corpus.total:,} words of text, {len(found.corpus.words):,} different ones"


def _figures(found: MethodsComparison) -> list[dict[str, Interval]]:
    """For each method its figures, by the name of the yardstick."""
    if found.report is None:
        return [{} for _ in found.results]
    return [
        {
            **{f"{Path(a.file).stem}, {t.name}": t.accuracy for a in r.analogies for t in a.totals},
            **{Path(pair.file).stem: pair.spearman for pair in r.pairs},
        }
        for r in found.report.results
    ]


def _show(found: MethodsComparison) -> None:
    show([_title(found), ""])
    for one in found.results:
        show([f"{one.method} sees {one.sees}"])
    figures = _figures(found)
    columns = [Column("", most=40)]
    columns += [Column(one.method, right=True, most=32) for one in found.results]
    rows = [["training", *(f"{one.seconds:,.1f} s" for one in found.results)]]
    rows.append(["memory", *(size(one.memory) for one in found.results)])
    rows += [[name, *(points(one[name]) for one in figures)] for name in figures[0]]
    show(["", *table(columns, rows, room()), ""])
    columns = [Column("nearest to"), *(Column(one.method, flexible=True) for one in found.results)]
    rows = [
        [word, *(", ".join(near.word for near in lists) for lists in found.neighbours[word])]
        for word in found.neighbours
    ]
    show([*table(columns, rows, room()), ""])
    if found.report is None:
        show(
            ["No yardsticks were given: --yardsticks FILE measures with analogies or rated pairs."]
        )
    else:
        show(["In points of 100, with 95% intervals from draws of the questions or pairs."])


def _draw(found: MethodsComparison, out: Path) -> None:
    from cospace.draw import Method, draw_methods

    methods = [
        Method(
            one.method,
            {n: i.times(100).bar for n, i in figures.items()},
            one.seconds,
            one.memory / 1e6,
        )
        for one, figures in zip(found.results, _figures(found), strict=True)
    ]
    draw_methods(methods, out, title=_title(found))
