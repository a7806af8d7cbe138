"""`cospace train`: word vectors from a corpus of one's own, and the door to the other trainers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show, size, tell, watched
from cospace.cli.parsing import Parser, Several
from cospace.cli.table import facts
from cospace.errors import BadArgument
from cospace.need import install

if TYPE_CHECKING:
    from cospace.encode.words import WordModel

__all__ = ["parser", "run"]

# What is trained otherwise than on a corpus: the module of each.
TASKS = {
    "autoencoder": "train_autoencoder",
    "contrastive": "train_contrastive",
    "distill": "train_distill",
    "supervised": "train_supervised",
}

METHODS = ("word2vec", "glove", "subwords")

# The methods that an option is for, where it is not for all.
_FOR = {
    "architecture": ("word2vec",),
    "negative": ("word2vec",),
    "sample": ("word2vec", "subwords"),
    "ngrams": ("subwords",),
    "buckets": ("subwords",),
    "x_max": ("glove",),
}


def parser() -> Parser:
    """The arguments of `cospace train`."""
    one = Several(
        "train",
        TASKS,
        "Word vectors from your own texts: word2vec looks at the words nearby, glove at how often\n"
        "words meet in all of the corpus, subwords at the pieces of words too, so that words it\n"
        "never saw have vectors. CORPUS is a text file (also .gz, .xz, .bz2, .zst) or a folder of\n"
        "them; a line is a sentence. It needs the extra [train]\n"
        f"({install('train')}). Ctrl-C keeps what\n"
        "there is; with --checkpoint the same command goes on from the last whole epoch.\n\n"
        "On other models' vectors, each with a --help of its own: cospace train autoencoder\n"
        "(fewer numbers a vector), supervised (an embedding from labels), contrastive (a text\n"
        "encoder fine-tuned on pairs), distill (a small model in a larger one's space).",
        "cospace train word2vec corpus.txt -o ./my-words",
        "cospace train word2vec corpus.txt.xz --architecture cbow --workers 2 -o ./my-words",
        "cospace train glove texts/ --dim 200 --epochs 25 -o ./my-words",
        "cospace train subwords corpus.txt --checkpoint ./half-way -o ./my-words",
    )
    one.add_argument("method", choices=METHODS, help="what is trained")
    one.add_argument("corpus", metavar="CORPUS", help="a text file, or a folder of them")
    one.add_argument("-o", "--out", metavar="FOLDER", required=True, help="the model's folder")
    one.add_argument("--replace", action="store_true", help="in place of what stands there")
    one.add_argument("--name", help="what its space is called; default: the folder's name")
    one.add_argument("--dim", type=int, help="numbers in a vector; default: 100")
    one.add_argument("--window", type=int, help="words to each side; default: 5, glove 10")
    one.add_argument("--epochs", type=int, help="passes; default: 5, glove 15")
    one.add_argument("--min-count", type=int, help="rarer words are left out; default: 5")
    one.add_argument("--rate", type=float, help="of learning; default: 0.025, the others 0.05")
    one.add_argument("--seed", type=int, help="of all that is drawn; default: 0")
    one.add_argument("--workers", type=int, help="threads; default: 1, the same bits every time")
    one.add_argument("--split", choices=("words", "cased", "spaces"), help="default: words")
    one.add_argument("--weighting", choices=("sif", "mean"), help="of a text's words; default: sif")
    one.add_argument("--checkpoint", metavar="FOLDER", help="keeps the state after each epoch")
    some = one.add_argument_group("for one method or two")
    some.add_argument("--architecture", choices=("skipgram", "cbow"), help="word2vec")
    some.add_argument("--negative", type=int, help="word2vec: noise words; default: 5")
    some.add_argument("--sample", type=float, help="not glove: thins out frequent words")
    some.add_argument("--ngrams", metavar="A-B", help="subwords: characters; default: 3-6")
    some.add_argument("--buckets", type=int, help="subwords: rows at most; default: 2,000,000")
    some.add_argument("--x-max", type=float, help="glove: counts above weigh alike; default: 10")
    return one


def run(args: argparse.Namespace) -> int:
    """0; 130 after Ctrl-C, when the model was saved as it was."""
    if (task := Several.chosen(args)) is not None:
        return task(args)
    from cospace import train

    given = _given(args)
    out = Path(args.out)
    if out.exists() and not args.replace and (not out.is_dir() or any(out.iterdir())):
        raise BadArgument(f"{out}: it exists already; name another, or add --replace")
    if not out.absolute().parent.is_dir():
        raise BadArgument(f"there is no folder {out.parent} to write into")
    train_: Callable[..., WordModel] = getattr(train, args.method)
    made: WordModel | train.Student
    stopped = None
    try:
        made = train_(args.corpus, progress=watched(), tell=lambda line: tell(f"  {line}"), **given)
    except train.TrainingStopped as stop:
        made, stopped = stop.model, stop
    assert not isinstance(made, train.Student)
    made.save(out, replace=args.replace)
    bytes_ = sum(file.stat().st_size for file in out.iterdir())
    record = made.space.towers[0].preprocess["training"]
    if args.json:
        document({"folder": str(out), "words": len(made), "bytes": bytes_, "training": record})
    else:
        lines = [("words", f"{len(made):,}"), ("dimensions", str(made.space.dim))]
        show([f"{out} is ready", *facts([*lines, ("on disk", size(bytes_))])])
    if stopped is not None:
        tell(f"{stopped}: these are the vectors as they were")
        return 130
    return 0


def _given(args: argparse.Namespace) -> dict[str, Any]:
    """What was said of the training; what was not is left to its defaults."""
    names = (
        "dim", "window", "epochs", "min_count", "rate", "seed", "workers", "split", "weighting",
        "checkpoint", *_FOR,
    )  # fmt: skip
    given = {name: getattr(args, name) for name in names if getattr(args, name) is not None}
    wrong = next((name for name in given if args.method not in _FOR.get(name, METHODS)), None)
    if wrong is not None:
        option = f"--{wrong.replace('_', '-')}"
        raise BadArgument(f"{option} is for {' and '.join(_FOR[wrong])}, not for {args.method}")
    if "ngrams" in given:
        least, dash, most = given["ngrams"].partition("-")
        if not (dash and least.isdecimal() and most.isdecimal()):
            raise BadArgument(f"--ngrams is two numbers such as 3-6, not {given['ngrams']!r}")
        given["ngrams"] = (int(least), int(most))
    return {**given, "name": args.name or Path(args.out).absolute().name}
