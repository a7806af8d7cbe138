#!/usr/bin/env bash
# Library:   sqlite-vec 0.1.9 in apsw 3.51.3.0, a KNN query over vec0 with one more condition.
# Guess:     a range of the primary key restricts the search as a range of a metadata column does, or
#            is refused, as conditions on auxiliary columns and "is not null" are.
# Behaviour: it is applied to the k hits afterwards, without a word: of 3 wanted none is left, though
#            10 rows pass. "id in (...)" is searched within; so are conditions on metadata columns,
#            but not the same ones with a calculation around the column.
# Seen:      year > 9: [10, 11, 12], id > 9: [], id in (10, ..., 19): [10, 11, 12], year + 0 > 9: []
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" sqlite-vec==0.1.9 apsw==3.51.3.0 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import apsw
import sqlite_vec

base = apsw.Connection(":memory:")
base.enable_load_extension(True)
base.load_extension(sqlite_vec.loadable_path())
base.execute("create virtual table things using vec0(id integer primary key, e float[2], year integer)")
for i in range(20):
    base.execute("insert into things(id, e, year) values (?, ?, ?)", (i, f"[{i}, 0]", i))


def found(condition):
    text = f"select id from things where e match '[0, 0]' and k = 3 and {condition}"
    return [row[0] for row in base.execute(text)]


inside = f"id in ({', '.join(map(str, range(10, 20)))})"
seen = [found(text) for text in ("year > 9", "id > 9", inside, "year + 0 > 9")]
print("year > 9: {}, id > 9: {}, id in (10, ..., 19): {}, year + 0 > 9: {}".format(*seen))
sys.exit("changed" if seen != [[10, 11, 12], [], [10, 11, 12], []] else 0)
PY
