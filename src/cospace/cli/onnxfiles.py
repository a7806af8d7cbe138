"""`cospace models add FILE.onnx`: a text or audio encoder as somebody exported it."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show, tell
from cospace.cli.space import summary
from cospace.cli.table import facts
from cospace.errors import BadArgument

__all__ = ["add_onnx", "check_onnx", "is_onnx_file", "onnx_options"]


def is_onnx_file(source: str) -> bool:
    """Whether what `add` was given is an .onnx file.

    >>> is_onnx_file("hf:org/name")
    False
    """
    path = Path(source).expanduser()
    return path.suffix.lower() == ".onnx" and path.is_file()


def onnx_options(add: argparse._ArgumentGroup) -> None:
    """What is said of an .onnx file."""
    add.add_argument("--kind", default="", choices=("text", "audio"), help="of an .onnx file")
    add.add_argument("--rate", type=int, metavar="HZ", help="audio: samples a second")
    add.add_argument("--seconds", metavar="S", help="audio: how long a clip is")
    add.add_argument("--clips", type=int, default=3, metavar="N", help="audio: at most; default: 3")


def check_onnx(args: argparse.Namespace) -> None:
    """Raises `BadArgument` for options of an .onnx file that something else is given with."""
    if args.kind and not (args.action == "add" and is_onnx_file(args.name or "")):
        raise BadArgument("--kind goes with: cospace models add FILE.onnx")
    if args.kind != "audio" and (args.rate is not None or args.seconds is not None):
        raise BadArgument("--rate and --seconds go with: cospace models add FILE.onnx --kind audio")


def add_onnx(args: argparse.Namespace) -> int:
    """`cospace models add FILE.onnx`. Raises what `adopt_onnx` does, and `BadArgument`."""
    from cospace.adopt.onnx import adopt_onnx

    if args.layer or args.format or args.weights != "f32" or args.engine != "openvino":
        raise BadArgument(
            "an .onnx file is taken as it is, and ONNX Runtime runs it: of the options of add,"
            " --name, --pooling, --query-prompt, --document-prompt and --replace go with it"
        )
    if args.kind == "audio":
        return _add_sounds(args)
    given = {"query": args.query_prompt, "document": args.document_prompt}
    added = adopt_onnx(
        Path(args.name).expanduser(),
        name=args.called,
        pooling=args.pooling,
        prompts={role: prompt for role, prompt in given.items() if prompt is not None},
        replace=args.replace,
    )
    model, tower = added.model, added.model.space.towers[0]
    size = sum(file.stat().st_size for file in added.folder.rglob("*") if file.is_file())
    if args.json:
        record = {"space": summary(model.space), "bytes": size, "notes": list(added.notes)}
        document({"name": model.name, **record})
        return 0
    lines = [
        ("dimensions", str(model.space.dim)),
        ("pooling", tower.pooling),
        ("reads", f"{tower.preprocess['max_tokens']} tokens"),
        ("on disk", f"{size / 1e6:,.1f} MB"),
    ]
    show([f"{model.name} is ready; ONNX Runtime runs it", *facts(lines)])
    for note in added.notes:
        tell(f"note: {note}")
    return 0


def _add_sounds(args: argparse.Namespace) -> int:
    """`cospace models add FILE.onnx --kind audio`."""
    from cospace.adopt.sounds import adopt_sounds

    if args.pooling or args.query_prompt is not None or args.document_prompt is not None:
        raise BadArgument("an audio encoder takes no --pooling and no prompts")
    if args.rate is None or args.seconds is None:
        raise BadArgument(
            "say what clips it takes: --rate, samples a second, and --seconds, such as --rate"
            " 16000 --seconds 2"
        )
    added = adopt_sounds(
        Path(args.name).expanduser(), rate=args.rate, seconds=args.seconds, clips=args.clips,
        name=args.called, replace=args.replace,
    )  # fmt: skip
    model = added.model
    size = sum(file.stat().st_size for file in added.folder.rglob("*") if file.is_file())
    if args.json:
        record = {"space": summary(model.space), "bytes": size, "notes": list(added.notes)}
        document({"name": model.name, **record})
        return 0
    clip = f"{args.clips} clips of {args.seconds} s at most, {args.rate:,} samples a second"
    lines = [
        ("dimensions", str(model.space.dim)),
        ("hears", clip),
        ("on disk", f"{size / 1e6:,.1f} MB"),
    ]
    show([f"{model.name} is ready; OpenVINO runs it", *facts(lines)])
    for note in added.notes:
        tell(f"note: {note}")
    return 0
