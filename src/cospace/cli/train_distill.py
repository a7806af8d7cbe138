"""`cospace train distill`: a small model in the space of a larger one."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, Any

from cospace.cli.figures import tell_left_out
from cospace.cli.output import document, show, size, tell, watched
from cospace.cli.parsing import Parser, command
from cospace.cli.rowsfile import check_out
from cospace.cli.table import facts

if TYPE_CHECKING:
    from cospace.train.students import Student

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace train distill`."""
    one = command(
        "train distill",
        "A small model in the space of a larger one, to ask what that one encoded (cospace\n"
        "search --queries). TEXTS is a .txt with a text a line, a table or a folder. static is a\n"
        "table of tokens; transformer has two of TEACHER's layers, and needs the extra [torch].\n"
        "Ctrl-C keeps the best so far.",
        "cospace train distill minilm texts.txt -o ./fast",
        "cospace train distill minilm texts.txt --kind transformer -o ./two-layers",
    )
    one.add_argument("teacher", metavar="TEACHER", help="a model's name or folder")
    one.add_argument("texts", metavar="TEXTS", help="what it learns from")
    one.add_argument("-o", "--out", metavar="FOLDER", required=True, help="the model's folder")
    one.add_argument("--replace", action="store_true", help="in place of what stands there")
    one.add_argument("--kind", choices=("static", "transformer"), help="default: static")
    one.add_argument("--name", help="what its space is called; default: the folder's name")
    one.add_argument("--epochs", type=int, help="passes; default: 6, of a transformer 2")
    one.add_argument("--seed", type=int, help="of all that is drawn; default: 0")
    one.add_argument("--weights", metavar="FOLDER", help="the teacher's torch weights")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 130 after Ctrl-C, when the best student so far was saved."""
    from cospace import train
    from cospace.cli.textfile import TextFile

    out, stopped = check_out(args.out, args.replace), None
    names = ("kind", "epochs", "seed", "weights")
    given: dict[str, Any] = {n: getattr(args, n) for n in names if getattr(args, n) is not None}
    given["name"] = args.name or out.absolute().name
    file = TextFile(args.texts)
    for note in file.notes:
        tell(f"note: {note}")
    texts = [text for _, text in file]
    tell_left_out(file.failed)
    made: Student
    try:
        made = train.distill(args.teacher, texts, progress=watched(), **given)
    except train.TrainingStopped as stop:
        if not isinstance(stop.model, train.Student):
            raise
        made, stopped = stop.model, stop
    made.save(out, replace=args.replace)
    bytes_ = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    if args.json:
        document({"folder": str(out), "bytes": bytes_, **made.card.to_json()})
    else:
        show([f"{out} is ready", *facts([*_figures(made), ("on disk", size(bytes_))]), ""])
        show([f"Questions over what {made.teacher.name} encoded:",
              f'  cospace search COLLECTION "..." --queries {_named(out)}'])  # fmt: skip
    if stopped is not None:
        tell(f"{stopped}: this is the best student until then")
        return 130
    return 0


def _named(folder: Path) -> str:
    """A folder as --queries takes it: a name without a slash is that of a model."""
    path = str(folder)
    return join([path if os.sep in path else os.path.join(os.curdir, path)])  # noqa: PTH118 - Path drops the dot


def _figures(made: Student) -> list[tuple[str, str]]:
    [one] = made.card.figures
    counts = made.card.counts
    held = f"{100 * one.held.value:.1f} ({100 * one.held.low:.1f} to {100 * one.held.high:.1f})"
    return [
        ("learnt from", f"{counts['learnt from']:,} texts"),
        ("agreement", f"{held} of 100, on {counts['held out']:,} texts held out"),
        ("by chance", f"{100 * one.chance:.1f}"),
    ]
