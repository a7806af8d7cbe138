"""`cospace serve`: collections and models over HTTP."""

from __future__ import annotations

import argparse

from cospace.cli.output import document, tell
from cospace.cli.parsing import Parser, command
from cospace.need import need

__all__ = ["parser", "run"]


def parser() -> Parser:
    """The arguments of `cospace serve`."""
    from cospace.serve.settings import TABLE, TOKEN

    one = command(
        "serve",
        "Collections and their models over HTTP, for this machine alone: the API of OpenAI and\n"
        f"of Cohere, and search. A token in {TOKEN} is asked of every client.",
        "cospace serve market.cospace",
        "cospace serve market.cospace --port 9000 --models starter",
        "cospace serve --models starter",
        "cospace serve market.cospace --model ./mine",
    )
    one.add_argument("folders", metavar="FOLDER", nargs="*", help="collections")
    for row in TABLE:
        default = f"; default: {row.default}" if row.default else ""
        flags = [row.flag, "--model"] if row.name == "models" else [row.flag]
        one.add_argument(*flags, metavar=row.metavar, help=f"{row.help} ({row.variable}){default}")
    return one


def run(args: argparse.Namespace) -> int:
    """0 when it was told to end, and all that was accepted is done."""
    for module in (
        "uvicorn",
        "fastapi",
        "orjson",
        "prometheus_client",
        "httptools",
        "python_multipart",
    ):
        need(module, extra="serve")
    from cospace.serve.run import start
    from cospace.serve.settings import TABLE, Settings

    given = {row.name: getattr(args, row.name) for row in TABLE}
    settings = Settings.of(tuple(args.folders), given)

    def listening(url: str, models: list[str], collections: list[str]) -> None:
        if args.json:
            document({"url": url, "models": models, "collections": collections})
            return
        tell(f"models: {', '.join(models) or 'none'}")
        tell(f"collections: {', '.join(collections) or 'none'}")
        tell(f"listening on {url}")
        tell("open it in a browser, or send it requests; Ctrl-C ends it")

    if args.folders and not args.json:
        tell(f"opening {', '.join(args.folders)} ...")  # some seconds, with the model
    start(settings, listening)
    return 0
