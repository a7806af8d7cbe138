"""`cospace models add FILE` and `export`: files of word vectors to models, and back."""

from __future__ import annotations

import argparse
from pathlib import Path

from cospace.cli.output import document, show, tell
from cospace.cli.space import summary
from cospace.cli.table import facts
from cospace.errors import BadArgument

__all__ = ["FORMATS", "add_words", "export_words", "is_word_file"]

# As in cospace.adopt.words, which is not imported for the help of a command.
FORMATS = ("word2vec", "word2vec-binary", "glove", "fasttext", "fasttext-bin")

_ENDINGS = (".ftz", ".txt", ".vec")


def is_word_file(source: str) -> bool:
    """Whether what `add` was given is a file: word vectors, or something to be refused as such."""
    from cospace.encode.names import UNSAFE

    path = Path(source).expanduser()
    named = path.suffix.lower() in UNSAFE.union(_ENDINGS)
    return path.is_file() or (named and not path.is_dir() and ":" not in source)


def add_words(args: argparse.Namespace) -> int:
    """`cospace models add FILE`. Raises what `adopt_words` does, and `BadArgument`."""
    from cospace.adopt.words import adopt_words

    other = [args.pooling, args.layer, args.query_prompt, args.document_prompt]
    if any(other) or args.weights != "f32" or args.engine != "openvino":
        raise BadArgument(
            "word vectors have no weights to convert, no engine, pooling, layer or prompts: of the"
            " options of add, --name, --format and --replace go with them"
        )
    added = adopt_words(
        args.name,
        name=args.called,
        format=args.format,
        replace=args.replace,
        tell=lambda line: tell(f"  {line}"),
    )
    model, read = added.model, added.read
    size = sum(file.stat().st_size for file in added.folder.rglob("*") if file.is_file())
    grams = read.table.subwords
    if args.json:
        found = {"words": len(model), "dim": read.table.dim, "ngrams": grams is not None}
        record = {"format": read.format, **found, "bytes": size, "notes": list(read.notes)}
        document({"name": model.name, "space": summary(model.space), **record})
        return 0
    split = str(model.space.towers[0].preprocess["split"])
    lines = [
        ("words", f"{len(model):,}"),
        ("dimensions", str(read.table.dim)),
        ("read as", read.format),
        ("new words", "by their n-grams" if grams else "have no vector"),
        ("texts", "split as they are written" if split == "cased" else "lower-cased, then split"),
        ("on disk", f"{size / 1e6:,.1f} MB"),
    ]
    show([f"{model.name} is ready", *facts(lines)])
    for note in read.notes:
        tell(f"note: {note}")
    return 0


def export_words(args: argparse.Namespace) -> int:
    """`cospace models export NAME FILE`. Raises what `write_vectors` does, and `BadArgument`."""
    from cospace.adopt.words import write_vectors
    from cospace.encode.names import is_hosted, load
    from cospace.encode.words import WordModel

    if args.file is None:
        raise BadArgument(f"to which file? cospace models export {args.name} vectors.txt")
    model = None if is_hosted(args.name) else load(args.name, cache=False)
    if not isinstance(model, WordModel):
        raise BadArgument(f"{args.name} is no word model: only those have a table to export")
    path, format = Path(args.file).expanduser(), args.format or "word2vec"
    notes = write_vectors(model.table, path, format=format, replace=args.replace)
    size = path.stat().st_size
    if args.json:
        record = {"words": len(model), "dim": model.table.dim, "bytes": size, "notes": list(notes)}
        document({"file": str(path), "format": format, **record})
        return 0
    show([f"{path}: {len(model):,} words of {model.table.dim} numbers, {size / 1e6:,.1f} MB"])
    for note in notes:
        tell(f"note: {note}")
    return 0
