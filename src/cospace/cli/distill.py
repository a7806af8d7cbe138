"""`cospace train distill`: a small model in the space of a larger one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.figures import tell_left_out
from cospace.cli.output import document, show, size, tell, watched
from cospace.cli.table import facts
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.train.students import Student

__all__ = ["run_distill"]


def run_distill(args: argparse.Namespace, given: dict[str, Any]) -> int:
    """0; 130 after Ctrl-C, when the best student so far was saved."""
    from cospace import train
    from cospace.cli.textfile import TextFile

    if len(args.source) != 2:
        raise BadArgument("distill takes two: cospace train distill TEACHER TEXTS -o FOLDER")
    teacher, source = args.source
    out, stopped = Path(args.out), None
    file = TextFile(source)
    for note in file.notes:
        tell(f"note: {note}")
    texts = [text for _, text in file]
    tell_left_out(file.failed)
    made: Student
    try:
        made = train.distill(teacher, texts, progress=watched(), **given)
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
              f'  cospace search COLLECTION "..." --queries {out}'])  # fmt: skip
    if stopped is not None:
        tell(f"{stopped}: this is the best student until then")
        return 130
    return 0


def _figures(made: Student) -> list[tuple[str, str]]:
    [one] = made.card.figures
    counts = made.card.counts
    held = f"{100 * one.held.value:.1f} ({100 * one.held.low:.1f} to {100 * one.held.high:.1f})"
    return [
        ("learnt from", f"{counts['learnt from']:,} texts"),
        ("agreement", f"{held} of 100, on {counts['held out']:,} texts held out"),
        ("by chance", f"{100 * one.chance:.1f}"),
    ]
