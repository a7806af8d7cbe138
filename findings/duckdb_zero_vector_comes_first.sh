#!/usr/bin/env bash
# Library:   duckdb 2.0.1, array_cosine_similarity and array_cosine_distance over a FLOAT[2] column in
#            which one row is all zeros (an empty text, in many models).
# Guess:     the row is like nothing: NULL, or never above a threshold; and the nearest by distance
#            are the most similar, since one is 1 minus the other.
# Behaviour: both functions give NaN, and NaN is the greatest number. By similarity the zero row is the
#            best hit, max_by takes it too, and it passes every threshold; by distance it is the last.
# Seen:      similarity: [2, 1, 3], above 0.9: [1, 2], max_by: [2]; distance: [1, 3, 2], min_by: [1]
# Instead:   order by distance ascending; thresholds as distance < 0.1; or nullif(similarity, 'nan').
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" duckdb==2.0.1 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import duckdb

base = duckdb.connect()
base.execute("create table rows_(id integer, e float[2])")
base.execute("insert into rows_ values (1, [1, 0]), (2, [0, 0]), (3, [0, 1])")
like = "array_cosine_similarity(e, [1, 0.1]::float[2])"
far = "array_cosine_distance(e, [1, 0.1]::float[2])"


def ids(text):
    return [row[0] for row in base.execute(text).fetchall()]


seen = [
    ids(f"select id from rows_ order by {like} desc"),
    ids(f"select id from rows_ where {like} > 0.9 order by id"),
    ids(f"select max_by(id, {like}) from rows_"),
    ids(f"select id from rows_ order by {far}"),
    ids(f"select min_by(id, {far}) from rows_"),
]
print("similarity: {}, above 0.9: {}, max_by: {}; distance: {}, min_by: {}".format(*seen))
sys.exit("changed" if seen != [[2, 1, 3], [1, 2], [2], [1, 3, 2], [1]] else 0)
PY
