"""Judged queries from files, in both forms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cospace.errors import BadItem, NotFound
from cospace.evaluate.judgments import read_judgments
from cospace.read import Failures

MARKET = Path(__file__).parents[3] / "examples/marketplace/queries.jsonl"


def test_a_query_a_row():
    rows = [json.loads(line) for line in MARKET.read_text().splitlines()]
    assert {row["text"]: row["relevant"] for row in rows} == read_judgments(MARKET)


def test_ids_alone_are_right(tmp_path: Path):
    (tmp_path / "j.jsonl").write_text('{"query": "a", "relevant": ["1", "2"]}\n')
    assert {"a": {"1": 1.0, "2": 1.0}} == read_judgments(tmp_path / "j.jsonl")


def test_a_grade_of_nought_is_kept(tmp_path: Path):
    (tmp_path / "j.jsonl").write_text('{"query": "a", "id": "1", "grade": 0}\n')
    assert {"a": {"1": 0.0}} == read_judgments(tmp_path / "j.jsonl")


def test_rows_that_cannot_be_used_are_listed(tmp_path: Path):
    rows = [
        {"query": "a", "relevant": {"1": 2}},
        {"query": "a", "relevant": {"1": 1}},
        {"query": "", "relevant": {"1": 1}},
        {"query": "b", "relevant": "1"},
        {"query": "c", "relevant": {"1": "much"}},
        {"query": "d", "relevant": {"1": True}},
    ]
    (tmp_path / "j.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    failed = Failures()
    assert {"a": {"1": 2.0}} == read_judgments(tmp_path / "j.jsonl", failed)
    assert 5 == len(failed)


def test_what_is_no_table_of_judgments(tmp_path: Path):
    (tmp_path / "other.csv").write_text("query,sku\na,b\n")
    with pytest.raises(BadItem, match="expected the columns"):
        read_judgments(tmp_path / "other.csv")
    with pytest.raises(NotFound):
        read_judgments(tmp_path / "none.csv")
