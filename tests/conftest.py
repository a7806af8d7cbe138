"""What all tests share: no deadlines on a shared machine, and the starter where it stands."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "cospace",
    deadline=None,
    derandomize=True,  # the same examples in every run
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("cospace")

# What a shell starts in the background ignores SIGINT, and so would all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


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
