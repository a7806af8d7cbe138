"""The real Pinecone and Weaviate: `pytest -m live tests/live/test_live_pinecone_weaviate.py`.

Each is skipped where its address is not in the environment:

    COSPACE_LIVE_PINECONE=pinecone://INDEX-HOST/live    an index of dimension 16, metric cosine
    COSPACE_LIVE_WEAVIATE=weaviate://HOST:8080/live     also with ?grpc=HOST:PORT&tls=1

Collections of that name, and of names that begin with it, are made and taken away again.
"""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from cospace.store.remote.address import Address
from cospace.store.remote.engine import Engine
from cospace.store.remote.open import ENGINES, parsed
from cospace.store.remote.store import RemoteStore
from cospace.testing.engine import check_engine
from cospace.testing.store import SPACE, check_store

pytestmark = pytest.mark.live


@pytest.fixture(params=["PINECONE", "WEAVIATE"])
def address(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Address:
    variable = f"COSPACE_LIVE_{request.param}"
    if "live" not in pytestconfig.getoption("-m"):
        pytest.skip("asked for by name only: pytest -m live")
    if variable not in os.environ:
        pytest.skip(f"{variable} is not set")
    return parsed(os.environ[variable])


def connected(address: Address) -> Engine:
    from importlib import import_module

    engine: Engine = import_module(ENGINES[address.scheme]).connect(address)
    return engine


def test_the_engine_keeps_the_protocol(address: Address) -> None:
    check_engine(lambda: connected(address))


def test_the_store_before_it_keeps_the_protocol(address: Address, tmp_path: Path) -> None:
    assert 16 == SPACE.dim
    number, made = count(), []

    def make() -> RemoteStore:
        name = f"{address.name}_{next(number)}"
        made.append(address._replace(name=name))
        return RemoteStore(tmp_path / name, connected(made[-1]), str(made[-1]))

    try:
        check_store(make)
    finally:
        for one in made:
            engine = connected(one)
            engine.remove()
            engine.close()
