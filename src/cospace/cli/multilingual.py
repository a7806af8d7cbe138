"""`cospace models add multilingual`: texts in a hundred languages, without torch or a hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show, tell
from cospace.cli.space import summary
from cospace.cli.table import facts
from cospace.errors import BadArgument

__all__ = ["add_multilingual", "is_multilingual"]


def is_multilingual(source: str) -> bool:
    """Whether what `add` was given is the name of that model.

    >>> is_multilingual("multilingual"), is_multilingual("./multilingual")
    (True, False)
    """
    return source == "multilingual"


def add_multilingual(args: argparse.Namespace) -> int:
    """`cospace models add multilingual`. Raises what `adopt_multilingual` does, `BadArgument`."""
    from cospace.adopt.multilingual import adopt_multilingual

    other = (args.layer, args.format, args.pooling, args.query_prompt, args.document_prompt)
    if any(other) or args.weights != "f32" or args.engine != "openvino":
        raise BadArgument(
            "multilingual is made in one form: of the options of add, --from, --name and --replace"
            " go with it. The original, by torch: cospace models add"
            " hf:intfloat/multilingual-e5-small"
        )
    added = adopt_multilingual(
        Path(args.source).expanduser() if args.source else None,
        name=args.called or "multilingual",
        replace=args.replace,
        tell=lambda line: tell(f"  {line}"),
    )
    model, tower = added.model, added.model.space.towers[0]
    size = sum(file.stat().st_size for file in added.folder.rglob("*") if file.is_file())
    if args.json:
        record = {"space": summary(model.space), "license": tower.license, "bytes": size}
        document({"name": model.name, **record, "cosines": {"text": added.cosine}, "notes": []})
        return 0
    lines = [
        ("dimensions", str(model.space.dim)),
        ("reads", f"{tower.preprocess['max_tokens']} tokens"),
        ("on disk", f"{size / 1e6:,.1f} MB"),
        ("licence", tower.license),
        ("least cosine", f"{added.cosine:.6f} to the same weights in float32"),
    ]
    show([f"{model.name} is ready", *facts(lines)])
    return 0
