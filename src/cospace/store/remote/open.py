"""Which store an address names, and its opening; a store's own library is loaded only then."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from cospace.errors import BadArgument
from cospace.store.protocol import Store
from cospace.store.remote.address import Address, read_address, scheme_of
from cospace.store.remote.engine import Engine

__all__ = ["ENGINES", "STORES", "engine_of", "folder_of", "open_address", "parsed"]

# Engines: the collection's truth stays in a folder here, and they search its vectors.
ENGINES: Mapping[str, str] = {
    "milvus": "cospace.store.remote.milvus",
    "pinecone": "cospace.store.remote.pinecone",
    "qdrant": "cospace.store.remote.qdrant",
    "weaviate": "cospace.store.remote.weaviate",
}
# Whole stores: nothing of the collection is here.
STORES: Mapping[str, str] = {"postgresql": "cospace.store.postgres"}
# The option of an engine's address that names the folder of the truth.
_FOLDER = "folder"


def parsed(text: str) -> Address:
    """The address in a text, its options checked. Raises `BadArgument`, `MissingExtra`."""
    scheme = scheme_of(text)
    if scheme not in {**ENGINES, **STORES}:
        names = ", ".join(f"{name}://" for name in sorted({**ENGINES, **STORES}))
        raise BadArgument(f"{text!r:.200}: no store has the scheme {scheme}://; there are {names}")
    options: tuple[str, ...] = _module(scheme).OPTIONS
    return read_address(text, options=options if scheme in STORES else (*options, _FOLDER))


def _module(scheme: str) -> Any:
    return import_module({**ENGINES, **STORES}[scheme])


def folder_of(address: Address) -> Path | None:
    """The folder of the truth; None for a store that needs none.

    >>> folder_of(read_address("milvus://localhost/market")).as_posix()
    'market.cospace'
    """
    if address.scheme in STORES:
        return None
    return Path(address.options.get(_FOLDER, f"{address.name}.cospace"))


def engine_of(address: Address) -> Engine:
    """A connection to the engine at an address. Raises `StoreUnreachable` when it is used."""
    found: Engine = _module(address.scheme).connect(address)
    return found


def open_address(
    address: Address, *, create: bool, language: str | None, read_only: bool = False
) -> Store:
    """The store at an address, which the caller closes; with `read_only` it refuses to write.

    A whole store may be open in several processes; with an engine, its folder has one owner.

    Raises `StoreUnreachable`, `NotACollection`, `CollectionNotFound`, `CollectionBusy`.
    """
    folder = folder_of(address)
    if folder is None:
        connect = _module(address.scheme).connect
        found: Store = connect(address, create=create, language=language, read_only=read_only)
        return found
    from cospace.store.remote.store import RemoteReader, RemoteStore

    engine = engine_of(address)
    kind = RemoteReader if read_only else RemoteStore
    return kind(folder, engine, str(address), create=create, language=language)
