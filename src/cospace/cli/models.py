"""`cospace models`: the models that are here, what one is, whether it is sound."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show
from cospace.cli.parsing import Parser, command
from cospace.cli.table import Column, facts, room, table
from cospace.errors import BadArgument, CospaceError

if TYPE_CHECKING:
    from cospace.space import Space

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace models`."""
    one = command(
        "models",
        "List the models that are installed; show what one is; verify its files against their\n"
        "hashes and its vectors against known answers. `show --loss` measures what smaller\n"
        "vectors lose, on your texts or on the example marketplace's.",
        "cospace models",
        "cospace models show starter",
        "cospace models show starter --loss --texts listings.csv --queries questions.txt",
        "cospace models verify starter",
    )
    actions = ("list", "show", "verify")
    one.add_argument("action", nargs="?", default="list", choices=actions, help="default: list")
    one.add_argument("name", nargs="?", metavar="NAME", help="a model's name or folder")
    one.add_argument("--dim", type=int, metavar="N", help="show: as if loaded with dim=N")
    one.add_argument("--loss", action="store_true", help="show: what smaller vectors lose")
    one.add_argument("--texts", metavar="FILE", help="--loss: a table, or a .txt of one a line")
    one.add_argument("--queries", metavar="FILE", help="--loss: questions, as --texts")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 7 from `verify` when the model is damaged."""
    if args.action != "show" and (args.dim is not None or args.loss):
        raise BadArgument("--dim and --loss go with: cospace models show NAME")
    if not args.loss and (args.texts is not None or args.queries is not None):
        raise BadArgument("--texts and --queries go with: cospace models show NAME --loss")
    if args.action == "list":
        if args.name is not None:
            raise BadArgument(f"list takes no name; did you mean: cospace models show {args.name}")
        return _list(args)
    if args.name is None:
        raise BadArgument(f"which model? cospace models {args.action} starter")
    return _show(args) if args.action == "show" else _verify(args)


def _list(args: argparse.Namespace) -> int:
    from cospace.encode.names import installed, load, model_home

    found: list[tuple[str, Space | None, str]] = []
    for name in installed():
        try:
            found.append((name, load(name).space, ""))
        except CospaceError as error:
            found.append((name, None, str(error)))
    if args.json:
        document(
            [{"name": n, "space": s and summary(s), "error": why or None} for n, s, why in found]
        )
        return 0
    columns = [Column("name"), Column("takes"), Column("dim", right=True), Column("fingerprint")]
    rows = [
        [name, "", "", "", why]
        if space is None
        else [
            name,
            ", ".join(space.kinds),
            str(space.dim),
            space.fingerprint[:8],
            ", ".join(tower.model for tower in space.towers),
        ]
        for name, space, why in found
    ]
    show(table([*columns, Column("made of", flexible=True)], rows, room()))
    show(["", f"Your own models go into {model_home()}; a model's folder can be named too."])
    return 0


def _show(args: argparse.Namespace) -> int:
    from cospace.encode import load

    model = load(args.name, dim=args.dim)
    space = model.space
    if args.loss:
        from cospace.cli.loss import run_loss

        return run_loss(args, model)
    if args.json:
        document({**summary(space), "note": model.note})
        return 0
    lines = [("dimensions", f"{space.dim}, {space.metric}"), ("fingerprint", space.fingerprint)]
    for tower in space.towers:
        lines += [(tower.kind, tower.model), ("  source", tower.source or "unknown")]
        lines += [("  licence", tower.license or "unknown"), ("  precision", tower.precision)]
        lines += [("  weights", f"sha256 {tower.weights_sha256[:16]}")]
    trained = [str(d) for t in space.towers[:1] for d in t.preprocess.get("matryoshka") or ()]
    lines.append(("dim= trained", ", ".join(trained) or "unknown"))
    show([space.name, *facts(lines), *([f"note: {model.note}"] if model.note else [])])
    return 0


def _verify(args: argparse.Namespace) -> int:
    from cospace.encode import load

    started = time.monotonic()
    model = load(args.name).warm()
    seconds = time.monotonic() - started
    files = sum(len(tower.files) for tower in model.space.towers)
    answers = sum(len(tower.canaries) for tower in model.space.towers)
    if args.json:
        record = {"files": files, "known_answers": answers, "precision": dict(model.precision)}
        document({"sound": True, "name": model.name, **record, "seconds": round(seconds, 3)})
        return 0
    precision = ", ".join(f"{kind} in {p}" for kind, p in model.precision.items())
    show(
        [
            f"{model.name}: sound",
            f"  {files} files have their hashes; {answers} known answers are given ({precision})",
        ]
    )
    return 0


def summary(space: Space) -> dict[str, Any]:
    """A record of a space, without its long known answers."""
    record = space.to_json()
    for tower in record["towers"]:
        del tower["canaries"]
    return {**record, "fingerprint": space.fingerprint}
