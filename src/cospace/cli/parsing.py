"""What was typed, read: the parser that all commands share, and the types of their arguments."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from cospace.errors import BadArgument, BadFilter

__all__ = [
    "SIGNALS", "Parser", "Several", "columns_of", "command", "filter_of", "named_columns",
    "names_of", "place", "scale", "seed", "signal_columns", "signals_of",
]  # fmt: skip


# As read/signals.py has them; that module is loaded when something is read.
SIGNALS = ("audio", "video", "depth", "thermal", "imu")


class Parser(argparse.ArgumentParser):
    """An argparse parser whose complaints are `BadArgument`, printed like every other error."""

    def error(self, message: str) -> NoReturn:
        """Raises `BadArgument`."""
        raise BadArgument(f"{message}; see: {self.prog} --help")


class Several(Parser):
    """A command some of whose first words have a module of their own: its parser reads the rest.

    `tasks` are those words, with the names of their modules in `cospace.cli`.
    """

    def __init__(self, name: str, tasks: Mapping[str, str], about: str, *examples: str) -> None:
        super().__init__(**_form(name, about, examples))
        _json_flag(self)
        self._tasks = tasks

    def parse_intermixed_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does, or as the module of the first word does."""
        if args and args[0] in self._tasks:
            module = import_module(f"cospace.cli.{self._tasks[args[0]]}")
            read = module.parser().parse_intermixed_args(args[1:], namespace)
            read.task = module.run
            return read
        return super().parse_intermixed_args(args, namespace)

    @staticmethod
    def chosen(args: argparse.Namespace) -> Callable[[argparse.Namespace], int] | None:
        """The function that runs what was read by another module; None for the command itself."""
        task: Callable[[argparse.Namespace], int] | None = getattr(args, "task", None)
        return task


def command(name: str, about: str, *examples: str) -> Parser:
    """The parser of one command, with --json, and with examples below its help."""
    parser = Parser(**_form(name, about, examples))
    _json_flag(parser)
    return parser


def _form(name: str, about: str, examples: Sequence[str]) -> dict[str, Any]:
    """What argparse is told of a command."""
    many = "s" if len(examples) > 1 else ""
    return {
        "prog": f"cospace {name}",
        "description": about,
        "epilog": "\n  ".join([f"example{many}:", *examples]),
        "formatter_class": argparse.RawDescriptionHelpFormatter,
        "allow_abbrev": False,
    }


def _json_flag(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")


def named_columns(one: Parser) -> None:
    """The options that say what each column of a table is for."""
    one.add_argument("--id", metavar="COLUMN", help="the column of ids")
    one.add_argument("--text", metavar="COLUMN", help="a column, or '{title}. {description}'")
    one.add_argument("--image", metavar="COLUMN", help="the column of images' paths")
    one.add_argument(
        "--metadata", metavar="COLUMNS", action="append", help="columns to keep, with commas"
    )
    one.add_argument("--images", metavar="FOLDER", help="a folder to look for files in too")
    one.add_argument("--lat", metavar="COLUMN", help="the column of latitudes")
    one.add_argument("--lon", metavar="COLUMN", help="the column of longitudes")
    signal_columns(one)


def signal_columns(one: Parser | argparse._ArgumentGroup) -> None:
    """The options that say where a source has files of other kinds than text and image."""
    for kind in SIGNALS:
        one.add_argument(f"--{kind}", metavar="COLUMN", help=f"the column of {kind} files' paths")
    one.add_argument(
        "--depth-scale", metavar="SCALE", type=scale,
        help="what one unit of depth is: metres=0.001,focal=518.9 or disparity=1",
    )  # fmt: skip
    one.add_argument(
        "--files", metavar="KIND", help="what a folder's files are: thermal, depth, imu, ..."
    )


def columns_of(args: argparse.Namespace) -> dict[str, Any]:
    """What `cospace.read` takes for the options of `named_columns`. Raises `BadArgument`."""
    if (args.lat is None) != (args.lon is None):
        raise BadArgument("--lat and --lon go together: name both columns")
    return {
        "id": args.id,
        "text": args.text,
        "image": args.image,
        "images": args.images,
        "metadata": names_of(args.metadata),
        "location": None if args.lat is None else (args.lat, args.lon),
        **signals_of(args),
    }


def signals_of(args: argparse.Namespace) -> dict[str, Any]:
    """What `cospace.read` takes for the options of `signal_columns`."""
    return {name: getattr(args, name) for name in (*SIGNALS, "depth_scale", "files")}


def seed(text: str) -> int:
    """A seed of what is drawn: a whole number, 0 or more."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more; got {text!r}")
    return number


def scale(text: str) -> dict[str, float]:
    """What one unit of depth is, of "metres=0.001,focal=518.9"."""
    try:
        named = [part.partition("=") for part in text.split(",")]
        return {name.strip(): float(number) for name, _, number in named}
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected metres=0.001,focal=518.9 or disparity=1; got {text!r}"
        ) from None


def names_of(given: list[str] | None) -> list[str] | None:
    """The names of an option that may be repeated, or hold several with commas; None if absent."""
    if given is None:
        return None
    return [name.strip() for part in given for name in part.split(",") if name.strip()]


def place(text: str) -> tuple[float, float]:
    """(latitude, longitude) in degrees, of "48.1,11.6"."""
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        lat = lon = math.nan
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise argparse.ArgumentTypeError(
            f"expected LAT,LON in degrees, such as 52.52,13.40; got {text!r}"
        )
    return lat, lon


def filter_of(text: str | None) -> dict[str, Any] | None:
    """The filter that --where spells in JSON.

    Raises `BadFilter`, with the position of what is wrong.
    """
    if text is None:
        return None
    try:
        where = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        at = error.pos
        near = f"{text[max(0, at - 20) : at]}<HERE>{text[at : at + 20]}"
        raise BadFilter(
            f"--where is not JSON at character {at + 1}: {error.msg}: {near}  {_HINT}"
        ) from None
    except RecursionError:
        raise BadFilter("--where is nested too deeply") from None
    if not isinstance(where, dict):
        raise BadFilter(f"--where is a JSON object, not {text[:40]}  {_HINT}")
    return where


_HINT = """(write, in single quotes: --where '{"price": {"$lt": 300}}')"""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of `pairs`; JSON itself would drop all but the last of two equal keys."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if not key:
            # "{"price": {"$lt": 300}}" in double quotes: the shell has taken $lt for a variable.
            raise BadFilter(f"--where holds an empty name; the shell may have eaten a $ {_HINT}")
        if key in found:
            raise BadFilter(f'--where names {key!r} twice; join them: {{"$and": [{{..}}, {{..}}]}}')
        found[key] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadFilter(f"--where holds {name}, which is no number in JSON")
