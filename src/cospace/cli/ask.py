"""`cospace ask`: a question to a collection, answered with citations, or refused."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command, filter_of
from cospace.cli.search import opened
from cospace.cli.text import one_line
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection.answer import Answer
    from cospace.encode.hosted.chat import Chat

__all__ = ["parser", "run"]

_NEAREST, _SHOWN = 3, 200  # passages that are shown where nothing was found, and their characters


def parser() -> Parser:
    """The arguments of `cospace ask`."""
    one = command(
        "ask",
        "The answer to a question from the passages of a collection, each sentence with the\n"
        "number of the passage that says it; or that it was not found in what was read. Without\n"
        "a chat model the sentences are the passages' own. With --chat that model writes them,\n"
        "and each is held against the passages that it cites. The key is OPENAI_API_KEY.",
        'cospace ask handbook.cospace "How many days of leave are there?"',
        'cospace ask handbook.cospace "May dogs come in?" --passages',
        'cospace ask handbook.cospace "..." --chat http://localhost:11434/v1 --chat-model qwen3',
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("question", metavar="QUESTION", nargs="+", help="a text, never a path")
    one.add_argument(
        "--tokens", type=int, default=2000, metavar="N",
        help="of the passages that are read, sources included; default: 2000",
    )  # fmt: skip
    one.add_argument("--where", metavar="JSON", help='a filter, such as \'{"language": "de"}\'')
    one.add_argument("--chat", metavar="URL", help="a server that speaks OpenAI's protocol")
    one.add_argument("--chat-model", metavar="NAME", help="the chat model there")
    one.add_argument(
        "--least", type=float, default=0.0, metavar="SCORE",
        help="the score that an answer needs without --chat; more refuses more; default: 0",
    )  # fmt: skip
    one.add_argument("--passages", action="store_true", help="the passages alone, as for a prompt")
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.add_argument("--queries", metavar="MODEL", help="a student that encodes the question")
    return one


def run(args: argparse.Namespace) -> int:
    """0, also when nothing was found; 2 for an answer with sentences that are not held."""
    question = " ".join(args.question)
    where = filter_of(args.where)
    chat = _chat(args)
    streams = chat is not None and not args.json and sys.stderr.isatty()
    with opened(args) as collection:
        if args.passages:
            context = collection.context(question, tokens=args.tokens, where=where)
            if args.json:
                document(context.to_dict())
            else:
                show(context.text.splitlines())
                tell(f"{context.read:,} of {context.stored:,} passages, {context.tokens:,} tokens")
            return 0
        answer = collection.ask(
            question,
            tokens=args.tokens,
            where=where,
            chat=chat,
            least=args.least,
            tell=_written if streams else None,
        )
    if streams:
        tell("")
    if args.json:
        document(answer.to_dict())
    else:
        show(_lines(answer))
        for note in answer.notes:
            tell(f"note: {note}")
    return 0 if answer.held else 2


def _chat(args: argparse.Namespace) -> Chat | None:
    """The chat model that was named. Raises `BadArgument` for one of the two options alone."""
    if (args.chat is None) != (args.chat_model is None):
        raise BadArgument("--chat URL and --chat-model NAME go together")
    if args.chat is None:
        return None
    if args.passages:
        raise BadArgument("--passages goes without --chat: nothing is written")
    from cospace.encode.hosted.chat import Chat

    return Chat(args.chat, args.chat_model)


def _written(piece: str) -> None:
    print(piece, end="", flush=True, file=sys.stderr)


def _lines(answer: Answer) -> list[str]:
    """The answer and its sources; where there is none, the nearest passages."""
    if answer.found:
        return [answer.text, "", *(f"[{one.number}] {one.source}" for one in answer.cited)]
    lines = [answer.text]
    for one in answer.context.passages[:_NEAREST]:
        text = one_line(one.text)
        cut = "..." if len(text) > _SHOWN else ""
        lines += ["", f"nearest: {one.source}", f"  {text[:_SHOWN]}{cut}"]
    return lines
