"""What a first use loads: the libraries that it needs, and none that other uses need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import cospace.encode.cache as cache
import cospace.encode.hosted as hosted
import cospace.read as read
from cospace.testing.tiny import tiny_folder, tiny_model

TABLES = ["cospace.read.columns", "cospace.read.tables", "cospace.read.items", "csv"]
SERVICES = ["cospace.encode.hosted.base", "openai", "boto3", "google", "http.client", "ssl"]
CACHE = ["cospace.encode.cache.cached", "cospace.encode.cache.disk"]
SIGNALS = ["cospace.encode.towers.signals", "cospace.read.audio", "cospace.read.videos"]
PARQUET = ["pyarrow", "pyarrow.parquet", "cospace.collection.transfer"]


def run(code: str, *words: object) -> list[str]:
    """The words that a fresh process prints."""
    command = [sys.executable, "-c", code, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.split()


def loaded(*groups: list[str]) -> str:
    """Code that prints those of the modules that are loaded."""
    names = [name for group in groups for name in group]
    return f"print(*[m for m in {names} if m in sys.modules])"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A tiny model's folder, and a collection that it filled."""
    import cospace as cs

    place = tmp_path_factory.mktemp("first")
    model = tiny_folder(place / "model")
    with cs.open(place / "shop", model=cs.load(model)) as collection:
        collection.add([cs.Item("1", "a red chair"), cs.Item("2", "a blue bicycle")])
    return model, place / "shop"


def test_a_first_vector_loads_no_tables_no_services_and_no_signals(
    shop: tuple[Path, Path],
) -> None:
    code = (
        "import sys, cospace as cs; cs.load(sys.argv[1] + '/').encode_query(['a chair']);"
        + loaded(TABLES, SERVICES, CACHE, SIGNALS, PARQUET)
    )
    assert [] == run(code, shop[0])


def test_a_first_search_loads_no_services_no_signals_and_no_parquet(
    shop: tuple[Path, Path],
) -> None:
    code = (
        "import sys, cospace as cs; model = cs.load(sys.argv[1] + '/');"
        "hits = cs.open(sys.argv[2], model=model).search('a red chair', k=1);"
        "print(hits[0].id);" + loaded(SERVICES, CACHE, SIGNALS, PARQUET)
    )
    assert ["1"] == run(code, *shop)


def test_a_text_loads_the_tower_for_texts_alone(shop: tuple[Path, Path]) -> None:
    import cospace as cs

    model = cs.load(shop[0])
    model.encode_query(["a chair"])
    assert ["text"] == list(model.precision)


@pytest.mark.parametrize("module", [read, hosted, cache])
def test_names_that_are_loaded_late_are_those_that_are_public(module: object) -> None:
    public = module.__all__  # type: ignore[attr-defined]
    assert set(module._HOME) <= set(public)  # type: ignore[attr-defined]
    assert all(getattr(module, name) is not None for name in public)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        module.nonsense  # type: ignore[attr-defined]  # noqa: B018


def test_the_cache_is_loaded_for_a_model_that_wants_one(
    shop: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cospace as cs

    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    cached = cs.load(shop[0], cache=True)
    expected = tiny_model().encode_query(["a chair"]).array
    assert expected.tobytes() == cached.encode_query(["a chair"]).array.tobytes()
