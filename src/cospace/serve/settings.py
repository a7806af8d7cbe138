"""Every setting of the server is a row of this table: a flag and an environment variable.

The token is an environment variable alone: other users of a machine can read a command line.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from cospace.errors import BadArgument

__all__ = ["TABLE", "TOKEN", "Row", "Settings"]

TOKEN = "COSPACE_SERVE_TOKEN"  # noqa: S105 - the name of the variable
_SHORTEST_TOKEN = 16


@dataclass(frozen=True)
class Row:
    """A setting: its name, the default, what it is, and what its value is called in a usage."""

    name: str
    default: str
    help: str
    metavar: str = ""

    @property
    def flag(self) -> str:
        """The option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"COSPACE_SERVE_{self.name.upper()}"


TABLE = (
    Row("host", "127.0.0.1", "the address to listen on; another than loopback needs a token", "IP"),
    Row("port", "8000", "the port; 0 takes a free one", "N"),
    Row("hosts", "", "names by which clients may call it, with commas", "NAMES"),
    Row("origins", "", "pages that may call it from a browser, with commas", "URLS"),
    Row("models", "", "more models, and those that collections cannot find, with commas", "NAMES"),
    Row("rerankers", "", "cross-encoders for /rerank, with commas", "NAMES"),
    Row("chat", "", "a server of OpenAI's protocol that writes answers; else none does", "URL"),
    Row("chat_model", "", "the chat model there; its key is OPENAI_API_KEY", "NAME"),
    Row("token_ids", "", "whose tokens lists are: own, or a file cl100k_base.tiktoken", "KIND"),
    Row("read_only", "", "1: nothing is written, and another process may own the collections", "1"),
)


@dataclass(frozen=True)
class Settings:
    """What a server is told when it starts. Raises `BadArgument` for what is unsafe or unusable.

    >>> Settings(collections=("market.cospace",)).port
    8000
    """

    collections: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    rerankers: tuple[str, ...] = ()
    chat: str = ""
    chat_model: str = ""
    token_ids: str = ""
    read_only: bool = False
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.port < 65_536:
            raise BadArgument(f"a port is a number from 0 to 65535, not {self.port}")
        if bool(self.chat) != bool(self.chat_model):
            raise BadArgument("--chat URL and --chat-model NAME go together")
        if self.token and len(self.token) < _SHORTEST_TOKEN:
            raise BadArgument(
                f"{TOKEN} has {len(self.token)} characters; a token has at least {_SHORTEST_TOKEN}."
                ' One is made by: python -c "import secrets; print(secrets.token_urlsafe())"'
            )
        if not self.token and not self.loopback:
            raise BadArgument(
                f"{self.host} can be reached by others: set a token in {TOKEN}, or listen on"
                " 127.0.0.1"
            )

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @classmethod
    def of(cls, collections: tuple[str, ...], given: Mapping[str, str | None], /) -> Settings:
        """Settings of flags (None where not given), else of the environment, else the defaults."""
        found = {}
        for row in TABLE:
            value = given.get(row.name)
            found[row.name] = os.environ.get(row.variable, row.default) if value is None else value
        return cls(
            collections=collections,
            host=found["host"],
            port=_whole(found["port"]),
            hosts=_names(found["hosts"]),
            origins=_names(found["origins"]),
            models=_names(found["models"]),
            rerankers=_names(found["rerankers"]),
            chat=found["chat"],
            chat_model=found["chat_model"],
            token_ids=found["token_ids"],
            read_only=_yes(found["read_only"]),
            token=os.environ.get(TOKEN, ""),
        )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadArgument(f"a port is a number, not {text!r}") from None


def _yes(text: str) -> bool:
    if text.lower() not in ("", "0", "1", "no", "yes", "false", "true"):
        raise BadArgument(f"read_only is 1 or 0, not {text!r}")
    return text.lower() in ("1", "yes", "true")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))
