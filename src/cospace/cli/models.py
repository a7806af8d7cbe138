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
        "hashes and its vectors against known answers.",
        "cospace models",
        "cospace models show starter",
        "cospace models verify starter",
    )
    actions = ("list", "show", "verify")
    one.add_argument("action", nargs="?", default="list", choices=actions, help="default: list")
    one.add_argument("name", nargs="?", metavar="NAME", help="a model's name or folder")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 7 from `verify` when the model is damaged."""
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

    space = load(args.name).space
    if args.json:
        document(summary(space))
        return 0
    lines = [("dimensions", f"{space.dim}, {space.metric}"), ("fingerprint", space.fingerprint)]
    for tower in space.towers:
        lines += [(tower.kind, tower.model), ("  source", tower.source or "unknown")]
        lines += [("  licence", tower.license or "unknown"), ("  precision", tower.precision)]
        lines += [("  weights", f"sha256 {tower.weights_sha256[:16]}")]
    show([space.name, *facts(lines)])
    return 0


def _verify(args: argparse.Namespace) -> int:
    from cospace.encode import Model, load
    from cospace.encode.names import is_hosted

    started = time.monotonic()
    model = load(args.name, cache=None if is_hosted(args.name) else False)
    if not isinstance(model, Model):
        raise BadArgument(f"{args.name} is a hosted model: there are no files here to verify")
    model.warm()
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
