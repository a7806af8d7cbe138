"""`cospace info`: what it lists, it lists whole."""

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.store.protocol import Failure, Row
from cospace.testing.tiny import tiny_model

MANY = 1234


@pytest.fixture
def folder(fast_path: Path) -> Path:
    """A collection with many items that failed, and one that is kept without a part."""
    failures = [Failure(f"MK-{number:04}", "too dark") for number in range(MANY)]
    with cs.open(fast_path / "shop.cospace", model=tiny_model()) as shop:
        shop.add(cs.Item("a", "a chair"))
        [row] = shop.store.get(["a"], vectors=True)
        assert row is not None
        part = Row("b", "a bus", vectors=row.vectors, reason="kept without its image: too dark")
        shop.store.write([part], replace=False, failures=failures)
    return fast_path / "shop.cospace"


def test_everything_that_failed_is_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["info", str(folder), "--failed"])
    lines = capsys.readouterr().out.splitlines()
    assert [f"MK-{number:04}: too dark" for number in range(MANY)] == lines[:-1]
    assert "b: kept without its image: too dark" == lines[-1]


def test_json_lists_as_much_as_it_counts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["info", str(folder), "--failed", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert MANY == record["failures"] == len(record["failed"]) - 1
