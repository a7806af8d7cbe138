"""`cospace widen`: an image tower as the eyes for videos, heat and depth, without training."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show
from cospace.cli.parsing import Parser, command
from cospace.cli.space import summary

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace widen`."""
    one = command(
        "widen",
        "Make a model that sees videos, thermal images and depth maps with the image tower of\n"
        "another. Nothing is trained: a video is the mean of its frames; heat and depth are seen\n"
        "as grey images. The towers that were there stay as they are, so what is stored stays\n"
        "valid. With pairs, `cospace bind` makes a better tower of the same eyes.",
        "cospace widen starter -o ./sees",
        "cospace widen starter -o ./films --kind video",
    )
    one.add_argument("model", metavar="MODEL", help="the model whose image tower it is")
    one.add_argument("-o", "--out", metavar="OUT", required=True, help="the new model's folder")
    one.add_argument(
        "--kind", action="append", choices=("video", "thermal", "depth"),
        help="what it is to see; may be given again; default: all three",
    )  # fmt: skip
    return one


def run(args: argparse.Namespace) -> int:
    """0, with the folder written."""
    from cospace.train import widen

    kinds = {} if args.kind is None else {"kinds": args.kind}
    made = widen(args.model, Path(args.out), **kinds)
    if args.json:
        document({"folder": args.out, "space": summary(made.space)})
        return 0
    show([f"{args.out} is ready ({made.space})", f"it takes {', '.join(made.space.kinds)}"])
    return 0
