#!/usr/bin/env bash
# Library:   lancedb 0.40.0, merge_insert on "id" of rows of which two have the same new id.
# Guess:     one row an id afterwards: the last one, or an error, as SQL's upserts give one.
# Behaviour: both rows are stored, since neither matched a row that was there, and a later merge of
#            that id replaces both and keeps two. What holds ids apart must do so before the call.
# Seen:      [('a', 1)]; twins: [('a', 1), ('b', 2), ('b', 3)]; again: [('a', 1), ('b', 4), ('b', 4)]
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" lancedb==0.40.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place" <<'PY'
import sys

import lancedb
import pyarrow as pa

vector = pa.list_(pa.float32(), 2)
schema = pa.schema([("id", pa.string()), ("price", pa.int64()), ("vector", vector)])


def rows(*pairs):
    return pa.table(
        {
            "id": [id for id, _ in pairs],
            "price": [price for _, price in pairs],
            "vector": pa.array([[1.0, 0.0]] * len(pairs), vector),
        },
        schema=schema,
    )


table = lancedb.connect(f"{sys.argv[1]}/db").create_table("t", schema=schema)


def merge(given):
    try:
        table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all().execute(
            given
        )
    except Exception as error:
        return type(error).__name__
    return sorted(zip(*(table.to_arrow()[name].to_pylist() for name in ("id", "price"))))


first = merge(rows(("a", 1)))
twins = merge(rows(("b", 2), ("b", 3)))
again = merge(rows(("b", 4)))
print(f"{first}; twins: {twins}; again: {again}")
sys.exit("changed" if twins != [("a", 1), ("b", 2), ("b", 3)] else 0)
PY
