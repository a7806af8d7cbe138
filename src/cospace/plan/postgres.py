"""What a collection takes in PostgreSQL: its tables and indexes, in pages of 8 kB.

A row never stands on two pages, so that rows of 3 kB leave a quarter of each page empty: sizes
are counted in rows a page. The tables are those of `store/postgres/tables.py`.

Sources: PostgreSQL's manual, "Database Page Layout" (storage-page-layout) and "TOAST"
(storage-toast); pgvector's README ("Each vector takes 4 * dimensions + 8 bytes", a halfvec
2 * dimensions + 8), and its source, src/hnsw.h, for what an element of a graph takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["INLINE", "MAX_INDEXED", "Table", "size_of", "tables"]

PAGE = 8192
_HEADER = 24  # of a page
_ITEM = 4  # a row's pointer in its page
_TUPLE = 24  # header of a row; of an entry of an index it is 8
_ENTRY = 8
_SPECIAL = 16  # at the end of a page of a B-tree
_LEFT_FULL = 0.9  # what a B-tree fills of a page when entries come in order: its fillfactor
_SPLIT = 0.63  # and in any order, as measured: pages split in halves
_M = 16  # neighbours of an element in pgvector's graph; twice that on the lowest layer
# A longer row is made shorter: large values go out of line.
_TOASTED = 2032
_PENDING = 4 << 20  # bytes of new entries that wait in a GIN index, at most
_CHUNK = 1996  # bytes of a value that one row of the TOAST table holds
# As `store/postgres/tables.py` and `upkeep.py` have them.
INLINE = 2000
MAX_INDEXED = 4000


@dataclass(frozen=True, slots=True)
class Table:
    """A table or index: its name, and the bytes that `rows` rows take."""

    name: str
    rows: int
    bytes: int


def _aligned(size: float, to: int = 8) -> int:
    return math.ceil(size / to) * to


def _short(size: int) -> int:
    """Bytes of a value of that size: one byte of length before it, or four."""
    return 1 + size if size < 127 else _aligned(4 + size, 4)


def _heap(rows: int, data: int) -> int:
    """Bytes of the pages that hold rows of `data` bytes."""
    row = _aligned(_TUPLE + data) + _ITEM
    return math.ceil(rows / ((PAGE - _HEADER) // row)) * PAGE


def _btree(rows: int, data: int, full: float = _LEFT_FULL) -> int:
    """Bytes of a B-tree whose entries have `data` bytes."""
    entry = _aligned(_ENTRY + data) + _ITEM
    leaves = math.ceil(rows / int(full * (PAGE - _HEADER - _SPECIAL) / entry))
    return (leaves + math.ceil(leaves / 200) + 1) * PAGE


def _hnsw(rows: int, dim: int) -> int:
    """Bytes of pgvector's graph over half vectors.

    An element is its header (72 bytes) and the vector, its neighbours 6 bytes each: 2 * m on the
    lowest layer, and m on each above, of which an element has 1 / (m - 1) on average. Both stand
    on one page where there is room for both.
    """
    element = _aligned(72 + 8 + 2 * dim) + _ITEM
    neighbours = _aligned(4 + 6 * _M * (2 + 1 / (_M - 1))) + _ITEM
    room = PAGE - _HEADER - 8
    pages = rows / (room // (element + neighbours) or room / (element + neighbours))
    return (math.ceil(pages) + 1) * PAGE


def _vectors(rows: int, dim: int) -> list[Table]:
    """The part of `vectors` that holds one field: columns n, i, field, vector."""
    key = 8 + 2 + _short(4)
    value = 8 + 4 * dim
    if dim <= INLINE:
        held = [Table("vectors", rows, _heap(rows, _aligned(key, 4) + value))]
    else:
        # Out of line, not compressed: a pointer of 18 bytes, and rows of 2 kB elsewhere.
        held = [Table("vectors", rows, _heap(rows, key + 18))]
        chunks = rows * math.ceil((value - 4) / _CHUNK)
        held.append(Table("vectors' TOAST", chunks, _heap(chunks, 8 + 4 + _CHUNK)))
        held.append(Table("vectors' TOAST index", chunks, _btree(chunks, 8)))
    held.append(Table("vectors_pkey", rows, _btree(rows, key)))
    if dim <= MAX_INDEXED:
        held.append(Table("near", rows, _hnsw(rows, dim)))
    return held


def _items(rows: int, metadata_bytes: int, text_bytes: int, words: int) -> list[Table]:
    """Columns n, seq, id, hash, text, metadata, media, reason, fields, words; and the indexes."""
    id = _short(12)
    fields = max(1, round(metadata_bytes / 20))
    # jsonb: a header and 8 bytes a field, its name and value, and a list around the value.
    jsonb = 4 + metadata_bytes + 16 * fields
    array = 16 if not words else 24 + 4 * words
    values = [id, _short(32), _short(metadata_bytes), _short(2), _short(0), _short(jsonb)]
    values += [_short(array)] + ([_short(text_bytes)] if text_bytes else [])
    row = 8 + 8 + sum(values)
    held = []
    if _TUPLE + row > _TOASTED:  # the largest values go, each leaving a pointer of 18 bytes
        away = 0
        for value in sorted(values, reverse=True):
            if _TUPLE + row <= _TOASTED:
                break
            row, away = row - value + 18, away + value
        chunks = rows * math.ceil(away / _CHUNK)
        whole = math.ceil(rows * away / (_CHUNK * 4)) * PAGE
        held = [
            Table("items' TOAST", chunks, whole),
            Table("items' TOAST index", chunks, _btree(chunks, 8)),
        ]
    return [
        Table("items", rows, _heap(rows, row)),
        *held,
        Table("items_pkey", rows, _btree(rows, 8)),
        Table("items_id_key", rows, _btree(rows, id, _SPLIT)),
        Table("items_seq", rows, _btree(rows, 16)),
        Table("items_fields", rows * fields, rows * fields * 3 + min(_PENDING, rows * fields * 30)),
    ]


def _words(rows: int, words: int) -> list[Table]:
    """Columns n, word, weight, and the index that covers them."""
    held = rows * words
    if not held:
        return []
    return [
        Table("words", held, _heap(held, 16)),
        Table("words_pkey", held, _btree(held, 4 + 4 + 8 + 4, _SPLIT)),
    ]


def tables(
    items: int, dim: int, *, metadata_bytes: int = 30, text_bytes: int = 0, words: int = 0
) -> list[Table]:
    """Tables and indexes of a collection, with the index on vectors.

    `words` are the terms of an item's text, each counted once. What PostgreSQL compresses (texts
    of rows above 2 kB) counts in full.

    >>> [table.bytes // 8192 for table in tables(10_000, 768) if table.name == "vectors"]
    [5000]
    """
    items = max(1, items)
    return [
        *_vectors(items, dim),
        *_items(items, metadata_bytes, text_bytes, words),
        *_words(items, words),
    ]


def size_of(held: list[Table]) -> int:
    """Bytes of all of them.

    >>> size_of(tables(1_000_000, 384)) > 1_000_000 * 4 * 384
    True
    """
    return sum(table.bytes for table in held)
