"""Every script in examples/ runs as it stands, from any folder."""

import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(p.name for p in (ROOT / "examples").glob("*.py"))

# What each must find, so that an example that runs and finds nonsense fails.
FINDS = {
    "ready_made_vectors.py": "item-00307",
    "search_by_photo.py": "MK-1252",
    "search_your_own_table.py": "MK-1966",
    "similar_items.py": "armchair",
}


def main_of(name: str) -> Any:
    return runpy.run_path(str(ROOT / "examples" / name))["main"]


def test_every_example_is_tested() -> None:
    assert sorted(FINDS) == EXAMPLES


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_and_finds_what_it_should(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = main_of(name)()
    assert FINDS[name] in found


def test_your_own_table_is_updated_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "goods.csv"
    table.write_text("id,title,price\n1,Woollen overcoat,40\n2,Garden hose,9\n")
    main = main_of("search_your_own_table.py")
    assert ["1", "2"] == main(table, "something warm to wear")
    table.write_text("id,title,price\n1,Woollen overcoat,40\n2,Fur-lined parka,9\n3,Rake,4\n")
    main(table, "something warm to wear")
    assert "1 added, 1 updated, 1 unchanged" in capsys.readouterr().out
