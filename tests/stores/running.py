"""Every store that runs here, each started for a block: its address, without options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from stores import milvus_server, pinecone_server, postgres_server, qdrant_server, weaviate_server

__all__ = ["STORES", "addressed"]

Started = AbstractContextManager[str]


@contextmanager
def _milvus(kind: str, folder: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILVUS_TOKEN", milvus_server.KEY)
        server = milvus_server.KINDS[kind](folder)
        server.start()
        try:
            yield f"milvus://127.0.0.1:{server.port}/market?timeout=60"
        finally:
            server.stop()


@contextmanager
def _qdrant(_: Path) -> Iterator[str]:
    with qdrant_server.serving() as server:
        yield f"qdrant://127.0.0.1:{server.port}/market?timeout=30"


@contextmanager
def _pinecone(_: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        index = pinecone_server.Index(384)
        patch.setenv("PINECONE_API_KEY", pinecone_server.KEY)
        with pinecone_server.serving(index) as server:
            yield server.address("market", timeout=30)


@contextmanager
def _weaviate(_: Path) -> Iterator[str]:
    with weaviate_server.serving() as server:
        yield server.address("market", timeout=30)


@contextmanager
def _postgres(_: Path) -> Iterator[str]:
    if postgres_server.binaries() is None:
        pytest.skip(f"{postgres_server.PACKAGE} is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGUSER", "postgres")
        server = postgres_server.PostgresServer()
        try:
            yield server.address("market")
        finally:
            server.stop()


STORES: Mapping[str, Callable[[Path], Started]] = {
    "milvus 2.3.5": lambda folder: _milvus("2.3.5", folder),
    "milvus lite": lambda folder: _milvus("lite", folder),
    "pinecone": _pinecone,
    "postgresql": _postgres,
    "qdrant": _qdrant,
    "weaviate": _weaviate,
}


def addressed(address: str, folder: Path) -> str:
    """The address, with the folder of its truth where the store has one."""
    return address if address.startswith("postgresql") else f"{address}&folder={folder}"
