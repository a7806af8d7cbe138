"""Sizes of tables, beside those of a real server (`python bench/plan.py --postgresql`)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.plan.postgres import INLINE, MAX_INDEXED, PAGE, size_of, tables

# Bytes a row, all tables and indexes with the graph, of PostgreSQL 18.4 and pgvector 0.8.5.
MEASURED = [
    # dim, items, bytes of metadata and of text, terms, bytes an item
    (384, 6_000, 30, 0, 0, 3_310),
    (768, 5_000, 30, 0, 0, 6_737),
    (1_536, 4_000, 30, 0, 0, 12_872),
    (3_072, 1_500, 30, 0, 0, 22_796),
    (384, 6_000, 200, 300, 73, 12_202),
    (384, 3_000, 1_000, 3_000, 464, 56_200),
]


@pytest.mark.parametrize(("dim", "items", "metadata", "text", "words", "measured"), MEASURED)
def test_tables_are_predicted_within_15_percent(
    dim: int, items: int, metadata: int, text: int, words: int, measured: float
) -> None:
    held = tables(items, dim, metadata_bytes=metadata, text_bytes=text, words=words)
    assert size_of(held) / items == pytest.approx(measured, rel=0.15)


def test_rows_fill_pages() -> None:
    def of(dim: int) -> float:
        return next(t.bytes for t in tables(10_000, dim) if t.name == "vectors") / 10_000

    assert (PAGE / 5, PAGE / 2, PAGE) == tuple(round(of(dim), 1) for dim in (384, 768, 1_536))


def test_long_vectors_go_out_of_line_and_very_long_ones_have_no_index() -> None:
    def names(dim: int) -> set[str]:
        return {table.name for table in tables(100, dim)}

    assert "vectors' TOAST" not in names(INLINE)
    assert "vectors' TOAST" in names(INLINE + 1)
    assert "near" in names(MAX_INDEXED)
    assert "near" not in names(MAX_INDEXED + 1)


@given(
    st.integers(1, 10**10), st.integers(1, 4_000), st.integers(0, 10_000), st.integers(0, 10_000)
)
def test_tables_hold_at_least_what_is_in_them(
    items: int, dim: int, metadata: int, text: int
) -> None:
    held = tables(items, dim, metadata_bytes=metadata, text_bytes=text)
    assert size_of(held) >= items * 4 * dim
    assert all(table.bytes >= 0 for table in held)


def test_the_tables_are_those_of_the_store() -> None:
    store = pytest.importorskip("cospace.store.postgres.tables")
    upkeep = pytest.importorskip("cospace.store.postgres.upkeep")
    assert (store.INLINE, upkeep.MAX_INDEXED) == (INLINE, MAX_INDEXED)
    made = " ".join(" ".join(text.split()) for text in store._TABLES)
    # The columns and indexes that plan/postgres.py counts; change both together.
    parts = """
        n bigint NOT NULL, i smallint NOT NULL, field text NOT NULL, vector pgvector.vector NOT NULL
        PRIMARY KEY (n, i, field)
        n bigint PRIMARY KEY, seq bigint NOT NULL, id text COLLATE "C" NOT NULL UNIQUE
        hash bytea NOT NULL, text text, metadata text NOT NULL, media text NOT NULL
        reason text NOT NULL, fields jsonb NOT NULL, words int[] NOT NULL
        ON items (seq, n)
        USING gin (fields jsonb_path_ops)
        n bigint NOT NULL, word int NOT NULL, weight real NOT NULL
        PRIMARY KEY (word, n) INCLUDE (weight)"""
    for part in parts.strip().splitlines():
        assert part.strip() in made
