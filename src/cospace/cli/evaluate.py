"""`cospace evaluate`: how good models are, on similarity, retrieval, words and across kinds."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cospace.cli.crossmodal import OPTIONS, add_options, run_crossmodal
from cospace.cli.figures import change, points, tell_left_out
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, seed
from cospace.cli.table import Column, room, table
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.evaluate import RetrievalReport, StsReport
    from cospace.evaluate.encoding import Role

__all__ = ["parser", "run"]

_TASKS = ("sts", "retrieval", "words", "crossmodal")


def parser() -> Parser:
    """The arguments of `cospace evaluate`."""
    one = command(
        "evaluate",
        "sts: how well cosines agree with people's scores, on a table of pairs (sentence1,\n"
        "sentence2, score) or a file of the STS Benchmark. retrieval: nDCG@10, recall@100 and\n"
        "MRR@10 on a folder in BEIR's layout (corpus.jsonl, queries.jsonl, qrels/test.tsv).\n"
        "words: what word models know of analogies (questions-words.txt) and of pairs of words\n"
        "(WordSim-353, SimLex-999, MEN, RW, a table of word1, word2, score); files or a folder.\n"
        "crossmodal: does a text find its image and an image its text, on a table or folder with\n"
        "both; and are classes (subfolders, or --label) told by their names alone.\n"
        "Every figure has its 95% interval; each further model is compared with the first.",
        "cospace evaluate sts pairs.csv --model minilm",
        "cospace evaluate retrieval my-beir-folder --model minilm --model ./my-model",
        "cospace evaluate words questions-words.txt men.csv --model ./my-vectors",
        "cospace evaluate crossmodal listings.csv --image photo --text '{title}'",
        "cospace evaluate crossmodal photos/ --prompt 'a photo of a {}' --name outwear=jacket",
        "cospace evaluate words yardsticks/ --model cbow=./seed-1,./seed-2,./seed-3",
    )
    one.add_argument("task", choices=_TASKS, help="what is measured")
    one.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="a table of pairs, or a folder; for words several",
    )
    one.add_argument(
        "--model", action="append", metavar="MODEL",
        help="repeatable; default: starter; for words also NAME=MODEL,MODEL of several seeds",
    )  # fmt: skip
    one.add_argument("--split", metavar="NAME", help="retrieval: qrels/NAME.tsv; default: test")
    one.add_argument(
        "--role", choices=("query", "document"), help="sts: whose prompt is used; default: document"
    )
    one.add_argument(
        "--most",
        type=int,
        metavar="N",
        help="words: the commonest that analogies are asked of; 30000",
    )
    one.add_argument("--seed", type=seed, default=0, help="of draws behind intervals; default 0")
    add_options(one)
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    models = args.model or ["starter"]
    if args.split is not None and args.task != "retrieval":
        raise BadArgument("--split is for retrieval; tables of pairs and of words have none")
    if args.role is not None and args.task != "sts":
        raise BadArgument(f"--role is for sts, not for {args.task}")
    given = [typed for name, typed in OPTIONS.items() if getattr(args, name) is not None]
    if given and args.task != "crossmodal":
        raise BadArgument(f"{given[0]} is for crossmodal, not for {args.task}")
    if args.task == "words":
        return _words(args, models)
    if args.most is not None:
        raise BadArgument("--most is for words")
    if len(args.source) > 1:
        raise BadArgument(f"{args.task} takes one SOURCE; got {', '.join(args.source)}")
    args.source = args.source[0]
    if args.task == "crossmodal":
        return run_crossmodal(args, models)
    return _sts(args, models) if args.task == "sts" else _retrieval(args, models)


def _words(args: argparse.Namespace, models: list[str]) -> int:
    from cospace.cli.words import run_words
    from cospace.evaluate.words.measure import MOST

    if args.model is None:
        raise BadArgument("words needs a word model: --model FOLDER; the starter is not one")
    args.most = MOST if args.most is None else args.most
    return run_words(args, models)


def _sts(args: argparse.Namespace, models: list[str]) -> int:
    from cospace.evaluate import sts

    role: Role = args.role or "document"
    report = sts(args.source, models, role=role, seed=args.seed, progress=watched())
    if args.json:
        document(report.to_json())
    else:
        show([f"{report.file}: {counted(report.pairs, 'pair')}", "", *_sts_table(report)])
        show(["", _explained(report.resamples, "pairs")])
        _tell_cut([(one.model, one.truncated, one.sentences) for one in report.results], "sentence")
        tell_left_out(report.failed)
    return 0


def _sts_table(report: StsReport) -> list[str]:
    names = ("Spearman", "Pearson", "dim", "sentences/s")
    columns = [Column("model", most=40), *(Column(name, right=True, most=32) for name in names)]
    rows = [
        [
            one.model,
            points(one.spearman),
            points(one.pearson),
            str(one.dim),
            f"{one.per_second:,.0f}",
        ]
        for one in report.results
    ]
    several = len(report.results) > 1
    if several:
        columns.append(Column("Spearman, against the first", right=True, most=48))
        rows = [
            [*row, change(one.difference)] for row, one in zip(rows, report.results, strict=True)
        ]
    return table(columns, rows, room())


def _retrieval(args: argparse.Namespace, models: list[str]) -> int:
    from cospace.evaluate import retrieval

    split = args.split or "test"
    report = retrieval(args.source, models, split=split, seed=args.seed, progress=watched())
    if args.json:
        document(report.to_json())
        return 0
    of = f"{counted(report.documents, 'document')}, {report.judgments:,} judgments"
    many = f"{report.queries:,} queries" if report.queries != 1 else "1 query"
    show([f"{report.folder}, {report.split}: {many}, {of}", ""])
    show(_retrieval_table(report))
    show(["", _explained(report.resamples, "queries")])
    for note in report.notes:
        tell(note)
    texts = report.documents + report.queries
    _tell_cut([(one.model, one.truncated, texts) for one in report.results], "text")
    tell_left_out(report.failed)
    return 0


def _retrieval_table(report: RetrievalReport) -> list[str]:
    titles = {"ndcg@10": "nDCG@10", "recall@100": "recall@100", "mrr@10": "MRR@10"}
    columns = [Column("model", most=40)]
    columns += [Column(title, right=True, most=32) for title in titles.values()]
    columns += [Column("dim", right=True), Column("documents/s", right=True)]
    rows = []
    for one in report.results:
        figures = [points(one.figures[name]) for name in titles]
        rows.append([one.model, *figures, str(one.dim), f"{one.per_second:,.0f}"])
    lines = table(columns, rows, room())
    if len(report.results) > 1:
        columns = [Column(f"against {report.results[0].model}", most=48)]
        columns += [Column(title, most=48) for title in titles.values()]
        rows = [
            [one.model, *(change(one.differences[name]) for name in titles)]
            for one in report.results[1:]
        ]
        lines += ["", *table(columns, rows, room())]
    return lines


def _explained(resamples: int, what: str) -> str:
    return f"In points of 100, with 95% intervals from {resamples:,} draws of the {what}."


def _tell_cut(models: list[tuple[str, int, int]], word: str) -> None:
    for name, cut, total in models:
        if cut:
            tell(f"{name}: {cut:,} of {counted(total, word)} cut short at the model's limit")
