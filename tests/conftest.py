"""What all tests share: no deadlines on a shared machine, and the starter where it stands."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "cospace",
    deadline=None,
    derandomize=True,  # the same examples in every run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("cospace")

# Some tests fork; gRPC, which clients of stores load, would first wait for threads of its own.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

# What a shell starts in the background ignores SIGINT, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class Kept(WeakValueDictionary[Any, Any]):
    """Towers in use; those of the starter stay, so that it is compiled once and not 60 times."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place, self.kept = place, []

    def __setitem__(self, key: Any, tower: Any) -> None:
        super().__setitem__(key, tower)
        if key[1] == self.place:
            self.kept.append(tower)


@pytest.fixture(scope="session", autouse=True)
def starter_stays_loaded() -> Iterator[None]:
    starter = find_spec("cospace_starter")
    if starter is None:
        yield
        return
    import cospace_starter

    from cospace.encode.towers import load

    before = load._in_use
    load._in_use = Kept(str(cospace_starter.folder().resolve()))
    yield
    load._in_use = before


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """As `tmp_path`, in memory where there is room: tests that commit often wait for no disk."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    if shutil.disk_usage(memory).free < 2_000_000_000:
        yield tmp_path
        return
    place = Path(tempfile.mkdtemp(prefix="cospace-", dir=memory))
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="session")
def imagebind_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a tower for every modality: a tiny ImageBind of random weights."""
    import tiny_imagebind

    place = tmp_path_factory.mktemp("imagebind")
    towers = tiny_imagebind.built_towers(place / "checkpoint")
    return tiny_imagebind.model_folder(place / "model", towers)
