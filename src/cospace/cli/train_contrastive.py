"""`cospace train contrastive`: a text encoder fine-tuned on examples."""

from __future__ import annotations

import argparse
from typing import Any

from cospace.cli.figures import change, points
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.cli.rowsfile import check_out
from cospace.cli.table import facts
from cospace.errors import BadArgument
from cospace.need import install

__all__ = ["parser", "run"]

_NUMBERS = ("epochs", "rate", "batch", "frozen", "held_out", "negatives", "margin", "seed",
            "threads")  # fmt: skip


def parser() -> Parser:
    """The arguments of `cospace train contrastive`."""
    one = command(
        "train contrastive",
        "A text encoder fine-tuned on EXAMPLES: a table with the columns anchor and positive, and\n"
        "perhaps negative; or sentence1, sentence2 and score (or a file of the STS Benchmark); or\n"
        "text and label. It is measured on examples that were held out (or --test), and FOLDER is\n"
        "written only when it is significantly better, or --anyway. The model runs without torch;\n"
        f"its training needs the extra [torch] ({install('torch')}).\n"
        "Ctrl-C keeps the best so far.",
        "cospace train contrastive pairs.csv --model hf:sentence-transformers/all-MiniLM-L6-v2"
        " -o ./mine",
        "cospace train contrastive pairs.csv --model ./minilm --negatives 4 -o ./mine",
    )
    one.add_argument("examples", metavar="EXAMPLES", help="a table")
    one.add_argument("--model", metavar="MODEL", required=True, help="hf:org/name, or a folder")
    one.add_argument("-o", "--out", metavar="FOLDER", required=True, help="the model's folder")
    one.add_argument("--replace", action="store_true", help="in place of what stands there")
    one.add_argument("--anyway", action="store_true", help="written even if it is not better")
    one.add_argument("--name", default="", help="of its space; default: the folder's name")
    one.add_argument("--test", metavar="FILE", help="examples to measure on; default: a tenth")
    one.add_argument("--form", choices=("pairs", "triplets", "scored", "labels"))
    one.add_argument("--loss", choices=("ranking", "cosine", "cosent"), help="cosine for scores")
    one.add_argument("--epochs", type=int, help="passes; default: 2")
    one.add_argument("--rate", type=float, help="of learning; default: 4e-5")
    one.add_argument("--batch", type=int, help="examples in a step; default: 32")
    one.add_argument("--frozen", type=int, help="first layers that stay; default: a third")
    one.add_argument("--held-out", type=float, help="share; default: 0.2, half of it to stop by")
    one.add_argument("--negatives", type=int, help="hard ones for each pair; default: 0")
    one.add_argument("--margin", type=float, help="they lie so much farther; default: 0.05")
    one.add_argument("--matryoshka", metavar="A,B", help="sizes that are to be good alone")
    one.add_argument("--weights", choices=("auto", "int8", "f16", "f32"), default="auto")
    one.add_argument("--seed", type=int, help="of all that is drawn; default: 0")
    one.add_argument("--threads", type=int, help="of torch; default: as many as it takes")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 1 when it was not better and so not written; 130 after Ctrl-C."""
    from cospace.train import contrastive

    out = check_out(args.out, args.replace)
    found = contrastive(args.model, args.examples, **_given(args), progress=watched(), tell=tell)
    written = found.better or args.anyway
    saved = None
    if written:
        saved = found.save(
            out, name=args.name, weights=args.weights, anyway=True, replace=args.replace, tell=tell
        )
    [figure] = found.card.figures
    if args.json:
        document({
            "better": found.better, "difference": found.difference.to_json(),
            "skipped": found.skipped, "stopped": found.stopped, "card": found.card.to_json(),
            "saved": saved and saved.to_json(),
        })  # fmt: skip
    else:
        lines = [("before", points(figure.before)) if figure.before else ("", "")]
        lines += [("after", points(figure.held)), ("change", change(found.difference))]
        if saved is not None:
            cosines = f"at least {saved.least:.5f}, mean {saved.mean:.5f}"
            lines += [("weights", saved.weights), ("cosine to torch", cosines)]
        many = found.card.counts["held out"]
        show([f"{figure.name} on {many:,} held-out examples", *facts(lines)])
        show([f"{out} is ready"] if written else [])
    if not written:
        tell("not better than the model it began as, so nothing was written; --anyway writes it")
    return 130 if found.stopped else 0 if written else 1


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What was said of the training; what was not is left to its defaults."""
    names = ("form", "loss", "test", *_NUMBERS)
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    if args.matryoshka is not None:
        try:
            given["matryoshka"] = [int(part) for part in args.matryoshka.split(",")]
        except ValueError:
            raise BadArgument(
                f"--matryoshka are sizes such as 256,128, not {args.matryoshka!r}"
            ) from None
    return given
