"""Addresses of stores: `milvus://host:19530/market?timeout=10`, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike
from typing import NamedTuple

from cospace.errors import BadArgument

__all__ = ["Address", "is_address", "read_address", "scheme_of"]

_SCHEME = re.compile(r"([a-z][a-z0-9+]*)://")
# No folder begins like this.
_NEARLY = re.compile(r"(milvus|pinecone|postgres(ql)?|qdrant|weaviate):/", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+]*)://(?:(?P<user>[^@/?#]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/?#@\[\]]*)(?::(?P<port>[0-9]{1,5}))?"
    r"(?:/(?P<name>[^?#]*))?(?:\?(?P<options>[^#]*))?"
)
# Allowed by every engine, so that a collection keeps its name when it moves.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECONDS = 10.0  # a call to a store may take so long, retries included


class Address(NamedTuple):
    """Where a collection is. `port` is 0 where none was given."""

    scheme: str
    host: str
    port: int
    name: str
    options: Mapping[str, str]
    timeout: float  # seconds that one call may take, retries included

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}/{self.name}"

    @property
    def whole(self) -> str:
        """The address with its options, as a command takes it."""
        options = "&".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self}?{options}" if options else str(self)


def is_address(path: object) -> bool:
    """Whether this names a store elsewhere, rather than a folder.

    Raises `BadArgument` for an address that was mistyped, or made a `Path`: else a folder of that
    name would be made.

    >>> is_address("milvus://localhost/market"), is_address("market.cospace")
    (True, False)
    """
    if isinstance(path, str) and scheme_of(path):
        return True
    if isinstance(path, str | PathLike) and _NEARLY.match(str(path)):
        raise BadArgument(
            f"{str(path)!r:.200} is no address, nor meant as a folder; expected a text such as"
            " qdrant://localhost/market, with small letters and two slashes"
        )
    return False


def scheme_of(text: str) -> str:
    """What stands before "://"; "" where there is nothing of the kind."""
    found = _SCHEME.match(text)
    return found[1] if found else ""


def read_address(text: str, *, options: tuple[str, ...] = ()) -> Address:
    """The address in a text. `options` are the names that may stand behind its "?".

    Raises `BadArgument` for what is none, for a name that not every engine takes, for an unknown
    option, and for a password: keys come from the environment.

    >>> read_address("milvus://localhost:19530/market").name
    'market'
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise BadArgument(f"{text!r:.200} is no address; expected SCHEME://HOST:PORT/NAME")
    if found["user"] is not None:
        raise BadArgument(
            f"{found['scheme']}://...: an address holds no user, password or key; they come from"
            " the environment (docs/stores.md)"
        )
    name, host, port = found["name"] or "", found["host"], int(found["port"] or 0)
    if not _NAME.fullmatch(name):
        raise BadArgument(
            f"{text!r:.200}: the name of the collection is {name!r:.60}; expected a small letter,"
            " then up to 39 small letters, digits or _, as every store takes them"
        )
    if not host or port > 65_535:
        raise BadArgument(f"{text!r:.200}: expected a host, and a port up to 65535")
    given = _options(text, found["options"] or "", ("timeout", *options))
    return Address(found["scheme"], host, port, name, given, _timeout(text, given))


def _options(text: str, written: str, known: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in filter(None, written.split("&")):
        key, equal, value = part.partition("=")
        if key not in known or not equal or key in given:
            raise BadArgument(
                f"{text!r:.200}: {part!r:.60} is no option of this store; expected"
                f" {', '.join(f'{name}=' for name in known)}, each once"
            )
        given[key] = value
    return given


def _timeout(text: str, options: Mapping[str, str]) -> float:
    try:
        seconds = float(options.get("timeout", _SECONDS))
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 3600:
        raise BadArgument(f"{text!r:.200}: timeout= is a number of seconds from 0.1 to 3600")
    return seconds
