"""`main`: a command line to its exit code. Each command is a module, imported when it is asked for.

A command's module has `parser()`, which reads its arguments, and `run(args)`, which gives the
exit code. Errors are printed here, once for all commands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO

from cospace import __version__
from cospace.cli.flags import spoken
from cospace.cli.output import document, tell
from cospace.errors import BadArgument, CospaceError

__all__ = ["COMMANDS", "main"]

# In the order of a first hour with cospace: command, module, what it does.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "see it work: a small marketplace, indexed and searched"),
    "index": ("index", "read a table or a folder into a collection; again: only what changed"),
    "update": ("update", "a table's columns into stored items: what it lacks stays as it is"),
    "delete": ("delete", "items out of a collection, by id or by filter"),
    "search": ("search", "find by meaning, by image, by word, with filters and distance"),
    "facets": ("facets", "of which values the items are: categories, numbers, dates, places"),
    "explain": ("explain", "why an item is an answer, or is not: words, regions, its place"),
    "ask": ("ask", "a question answered from documents, with citations, or refused"),
    "audit": ("audit", "what is wrong with a collection: how bad, how sure, which items"),
    "dedupe": ("dedupe", "groups of duplicates: which to keep, and the others deleted"),
    "map": ("map", "a collection as points on a plane, near what they are near to"),
    "classify": ("classify", "the empty cells of a column, by examples or by names alone"),
    "cluster": ("cluster", "groups of items that lie together, named, and how stable they are"),
    "recommend": ("recommend", "more like these, less like those, and what goes with them"),
    "senses": ("senses", "the senses of a word in a corpus, beside the one vector it has"),
    "serve": (
        "serve",
        "an HTTP API: search, and the vectors and rankings that clients know",
    ),
    "mcp": ("mcp", "a collection as tools for an assistant: search, get, context"),
    "tune": ("tune", "what each list counts, fitted on judged queries, and whether that pays"),
    "adapt": (
        "adapt",
        "images bound anew, learnt from a collection's own pairs, if that is better",
    ),
    "migrate": ("migrate", "another model for a collection, beside the old one, then switched"),
    "embed": ("embed", "texts and images to vectors in a file, or in shards"),
    "info": ("info", "what a collection holds"),
    "verify": ("verify", "check every stored byte of a collection"),
    "export": ("export", "a collection, with its vectors, to a Parquet file"),
    "import": ("restore", "items and vectors that `export` or `embed` wrote"),
    "backup": ("backup", "a consistent copy of a collection, while others use it"),
    "copy": ("copy", "a collection to another folder or store, every item compared at the end"),
    "compact": ("compact", "give the space of deleted items back to the disk"),
    "tokens": ("tokens", "how a model cuts a text into tokens, and what it does not read"),
    "models": ("models", "list, show, verify, add: from the hub, folders, timm, word vectors"),
    "train": ("train", "word vectors, text encoders, heads and autoencoders, from your own data"),
    "bind": ("bind", "a new kind of part, or a better tower, bound to a model's space by pairs"),
    "widen": ("widen", "an image tower as the eyes for videos, heat and depth, untrained"),
    "judge": ("judge", "grade what several settings find: a judged set of your own"),
    "check": ("check", "a collection's search against judged questions, for CI"),
    "recall": ("recall", "what the index finds of what an exact search finds"),
    "evaluate": ("evaluate", "how good models are: similarity, retrieval, words, across kinds"),
    "compare": ("compare", "encoders, or ways to train words, side by side on your own data"),
    "align": ("align", "one language's word vectors mapped onto another's, by pairs of words"),
    "nearest": ("nearest", "the words nearest to a word, and analogies, by a word model"),
    "translate": ("translate", "words of one language in another, by a model of `align`"),
    "cache": ("cache", "vectors kept on disk, so that nothing is encoded or paid for twice"),
    "plan": ("plan", "memory, disk, machines, time and cost of a number of items, by store"),
    "limits": ("limits", "every limit, its value, and how to change it"),
    "doctor": ("doctor", "is this machine ready? versions, processor, starter, disk"),
}

_USAGE = """\
usage: cospace COMMAND ... [--json]

One space for everything you search: text and images in, search by meaning out.

{commands}

options:
  -h, --help     this page; `cospace COMMAND --help` has an example for each
  --version      the version

exit codes: 0 done, 1 unexpected, 2 bad input, 3 another model's space, 4 not found,
  5 in use by another process, 6 disk or damage, 7 damaged model, 8 missing library,
  9 a hub or a hosted model's service, 10 done, but stored parts whose files cannot be read now
  were kept as they are, 11 a check was not passed, 130 Ctrl-C

start with:
  cospace demo"""


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code of the command line `argv`, or of the process's own."""
    words = list(sys.argv[1:] if argv is None else argv)
    _survive_any_encoding(sys.stdout, sys.stderr)
    try:
        code = _guarded(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader went away (| head). What is still buffered must not be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return code


def _guarded(words: Sequence[str]) -> int:
    """The exit code; an error is printed, and never as a traceback unless it was asked for."""
    try:
        return _run(words)
    except SystemExit as stop:  # argparse ends --help so
        return stop.code if isinstance(stop.code, int) else 0
    except KeyboardInterrupt:
        return _fail(words, "Interrupted", "stopped by Ctrl-C", 130)
    except BrokenPipeError:
        raise
    except CospaceError as error:
        return _fail(words, type(error).__name__, str(error), error.exit_code)
    except OSError as error:
        if _wants_traceback():
            raise
        what = error.strerror or str(error)
        where = f"{error.filename}: " if error.filename else ""
        return _fail(words, type(error).__name__, f"{where}{what}", 1)
    except Exception as error:  # the last resort: a short message, not a traceback
        if _wants_traceback():
            raise
        text = f"{error or 'no message'} (unexpected; COSPACE_TRACEBACK=1 shows where)"
        return _fail(words, type(error).__name__, text, 1)


def _run(words: Sequence[str]) -> int:
    if words and words[0] == "help":
        words = [*words[1:2], "--help"]
    if not words or words[0] in ("-h", "--help"):
        tell(_usage(), to=sys.stdout)
        return 0
    if words[0] in ("--version", "-V", "version"):
        tell(f"cospace {__version__}", to=sys.stdout)
        return 0
    name, rest = words[0], list(words[1:])
    if name not in COMMANDS:
        raise BadArgument(_unknown(name))
    command = import_module(f"cospace.cli.{COMMANDS[name][0]}")
    code: int = command.run(command.parser().parse_intermixed_args(_glued(rest)))
    return code


def _glued(words: list[str]) -> list[str]:
    """`--near -33.9,18.4` and `--sort -price` as one word each.

    argparse takes a value that begins with - for an option.
    """
    glued: list[str] = []
    for word in words:
        last = glued[-1] if glued else ""
        number = last == "--near" and word[1:2].isdigit()
        if word[:1] == "-" and (number or (last == "--sort" and word[1:2] != "-")):
            glued[-1] = f"{last}={word}"
        else:
            glued.append(word)
    return glued


def _usage() -> str:
    lines = [f"  {name:<10} {about}" for name, (_, about) in COMMANDS.items()]
    return _USAGE.format(commands="\n".join(["commands:", *lines]))


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # only a misspelt command needs it

    near = get_close_matches(name, COMMANDS, 1)
    if near:
        return f"there is no command {name!r}; did you mean: cospace {near[0]}"
    return f"there is no command {name!r}; there are: {', '.join(COMMANDS)}"


def _fail(words: Sequence[str], type_: str, message: str, code: int) -> int:
    """The exit code, after the error was printed: as JSON on stdout, or in a line on stderr."""
    message = spoken(message)
    if "--json" in words:
        document({"error": {"type": type_, "message": message}})
    else:
        tell(f"cospace: {type_}: {message}")
    return code


def _wants_traceback() -> bool:
    return os.environ.get("COSPACE_TRACEBACK", "") not in ("", "0")


def _survive_any_encoding(*streams: TextIO) -> None:
    """A character that the terminal's encoding lacks is printed as its escape."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
