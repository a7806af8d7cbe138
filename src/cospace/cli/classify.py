"""`cospace classify`: the empty cells of a column, and how often such answers are right."""

from __future__ import annotations

import argparse
from collections import Counter
from typing import TYPE_CHECKING

from cospace.cli.figures import points
from cospace.cli.filled import code_of, filled_record, tell_filled
from cospace.cli.output import document, show, tell, watched
from cospace.cli.parsing import Parser, command, names_of, seed
from cospace.cli.search import opened
from cospace.cli.table import Column, facts, room, table
from cospace.counted import counted
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.tasks.classify import Classified, Held, NoneFigures
    from cospace.tasks.filling import Filled
    from cospace.tasks.material import Material

__all__ = ["parser", "run"]

_SHOWN = 10


def parser() -> Parser:
    """The arguments of `cospace classify`."""
    one = command(
        "classify",
        "The class of each item of FOLDER whose COLUMN is empty: by the nearest items that have\n"
        "one (knn), by a linear classifier (probe), or by the classes' names alone (--names), and\n"
        "beside it how often such answers are right, on items that were held out. Nothing is\n"
        "written without --fill, and then only empty cells. With --images, photos in one\n"
        "subfolder a class are measured, without a collection.",
        "cospace classify market.cospace --label category",
        "cospace classify market.cospace --label category --least-sure 0.8 --fill",
        "cospace classify market.cospace --names furniture,clothing,tools",
        "cospace classify --images photos/ --method probe",
    )
    one.add_argument("folder", metavar="FOLDER", nargs="?", help="a collection")
    one.add_argument("--images", metavar="FOLDER", help="photos, one subfolder a class")
    one.add_argument("--label", metavar="COLUMN", help="the column of classes")
    one.add_argument(
        "--method", choices=("knn", "probe", "names"), help="default: knn; with --names: names"
    )
    one.add_argument("--names", metavar="NAMES", action="append", help="classes, with commas")
    one.add_argument(
        "--prompt", metavar="TEXT", default="{}",
        help="how a name is said to the model, such as 'a photo of a {}'",
    )  # fmt: skip
    one.add_argument("--by", metavar="KIND", help="text or image; default: all that there are")
    one.add_argument(
        "--least-sure", metavar="P", type=float, default=0.0,
        help="answers that are less sure are not given; default: 0",
    )  # fmt: skip
    one.add_argument("--fill", action="store_true", help="write the answers into empty cells")
    one.add_argument(
        "--dry-run", action="store_true", help="write nothing: the default without --fill"
    )
    one.add_argument("--confidence", metavar="COLUMN", help="with --fill: how sure each answer is")
    one.add_argument("--test", type=float, default=0.25, help="share held out; default: 0.25")
    one.add_argument("--seed", type=seed, default=0, help="of the split; default: 0")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0, or 2 where nothing of what was to be written could be."""
    if (args.folder is None) == (args.images is None):
        raise BadArgument("give a collection, or --images FOLDER; see: cospace classify --help")
    if args.confidence and not args.fill:
        raise BadArgument("--confidence COLUMN goes with --fill")
    if args.images is not None:
        if args.fill:
            raise BadArgument("--fill writes into a collection; index the photos first")
        _told(args, _found(args, _photos(args), "class"), None)
        return 0
    if args.fill and args.label is None:
        raise BadArgument("--fill needs --label COLUMN, the column to write into")
    if args.fill and not args.dry_run:
        return _fill(args)
    with opened(args) as shop:
        _told(args, _found(args, _stored(args, shop), args.label), None)
    return 0


def _fill(args: argparse.Namespace) -> int:
    import cospace as cs
    from cospace.tasks.classify import fill

    with cs.open(args.folder, model=args.model, create=False) as shop:
        found = _found(args, _stored(args, shop), args.label)
        done = fill(shop, found, confidence=args.confidence, progress=_watched(args))
    _told(args, found, done)
    return code_of(done)


def _watched(args: argparse.Namespace) -> bool:
    return watched() and not args.json


def _photos(args: argparse.Namespace) -> Material:
    from cospace.evaluate import Pictures
    from cospace.tasks import gather

    model = args.model or "starter"
    return gather(Pictures(args.images), model=model, progress=_watched(args))


def _stored(args: argparse.Namespace, shop: Collection) -> Material:
    from cospace.tasks import gather

    return gather(shop, by=args.by, progress=_watched(args))


def _found(args: argparse.Namespace, material: Material, label: str | None) -> Classified:
    from cospace.evaluate.crossmodal.naming import check_prompts
    from cospace.tasks import classify
    from cospace.tasks.classify.named import said

    [prompt] = check_prompts(args.prompt)
    names = names_of(args.names)
    if names is None and args.method == "names" and label is not None:
        names = sorted({one for one in material.column(label) if one})
    prompts = None if names is None else {name: prompt.replace("{}", name) for name in said(names)}
    return classify(
        material,
        label,
        names=prompts,
        method=args.method,
        least_sure=args.least_sure,
        test=args.test,
        seed=args.seed,
        progress=_watched(args),
    )


def _told(args: argparse.Namespace, found: Classified, done: Filled | None) -> None:
    if args.json:
        document({**found.to_json(), "filled": filled_record(done)})
        return
    asked = {"knn": "its 5 nearest", "probe": "a linear probe", "names": "the names alone"}
    classes = f"{len(found.classes)} class{'' if len(found.classes) == 1 else 'es'}"
    title = f"{found.name}: {classes} by {asked[found.method]}, of {found.by}"
    show([title, ""])
    if found.held is not None:
        show(_figures(found, found.held))
    for note in found.notes:
        tell(f"note: {note}")
    _show_answers(found)
    if done is not None:
        tell_filled(done, found.label, "empty cell", "filled")
    elif found.told and args.folder is not None:
        hint = "--fill writes them" if found.label else "--label COLUMN --fill writes them"
        show([f"nothing was written; {hint}"])


def _figures(found: Classified, held: Held) -> list[str]:
    lines = [
        ("held out", f"{held.test:,} of {held.test + held.train:,}, {held.split}"),
        ("accuracy", f"{points(held.accuracy, 1)} %"),
        ("chance", f"{100 * held.chance:.1f} %, always {held.commonest!r}"),
        (
            "calibration",
            f"error {held.calibration:.3f}; by luck alone {held.luck:.3f} with so few items",
        ),
    ]
    if found.least_sure or held.none is not None:
        sure = "" if held.sure_accuracy is None else f", {points(held.sure_accuracy, 1)} % right"
        lines.append(("answered", f"{100 * held.answered:.1f} %{sure}"))
    if held.none is not None:
        lines.append(("none of these", _none(held.none)))
    return facts(lines)


def _none(none: NoneFigures) -> str:
    refused = f"{points(none.refused, 1)} % of items of no named class refused"
    return f"{refused}, {points(none.accepted, 1)} % of the others accepted; AUC {none.auc:.3f}"


def _show_answers(found: Classified) -> None:
    if not found.answers:
        show(["", f"no cell of {found.label} is empty" if found.label else "nothing to answer"])
        return
    told = found.told
    columns = [Column("id", most=40), Column("class", flexible=True), Column("sure", right=True)]
    rows = [
        [one.id, one.label, "unknown" if one.confidence is None else f"{one.confidence:.2f}"]
        for one in told[:_SHOWN]
    ]
    show(["", *(table(columns, rows, room()) if rows else [])])
    if len(told) > _SHOWN:
        show([f"... and {len(told) - _SHOWN:,} more; --json lists them"])
    by = Counter(one.label for one in told).most_common()
    none = sum(not one.guess for one in found.answers)
    unsure = len(found.answers) - len(told) - none
    said = ", ".join(f"{name} {number:,}" for name, number in by[:_SHOWN])
    more = [f"{none:,} none of these"] if none else []
    more += [f"{unsure:,} not sure enough"] if unsure else []
    show(["", f"{counted(len(told), 'answer')}: {'; '.join([said, *more] if said else more)}"])
