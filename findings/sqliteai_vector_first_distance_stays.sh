#!/usr/bin/env bash
# Library:   sqliteai-vector 1.1.2 (vector.so) in apsw 3.51.3.0, vector_init called again for the same column
#            on one connection with another distance.
# Guess:     the last call counts, as it does on a new connection: who wants L2 after COSINE says so and
#            gets it; or the call is refused.
# Behaviour: the options of the second call are read (an unknown distance raises), and thrown away: the
#            connection keeps its first distance for this column. Scans answer in the old order and with
#            the old distances, also behind vector_quantize, and vector_init returns what it always
#            does. Who compares distances on one connection finds no difference; with two connections
#            to one file, one query has two orders.
# Seen:      COSINE: 1, 2, 3; then L2: 1, 2, 3; then DOT: 1, 2, 3; on connections of their own: COSINE
#            1, 2, 3; L2 1, 3, 2; DOT 2, 1, 3; unknown distance: error
# Instead:   a connection for each distance, and one vector_init on it.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" sqliteai-vector==1.1.2 apsw==3.51.3.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place" <<'PY'
import sys

import apsw

place = sys.argv[1]
distances = ("COSINE", "L2", "DOT")


def connected():
    database = apsw.Connection(f"{place}/rows.sqlite")
    database.enable_load_extension(True)
    database.load_extension(f"{place}/sqlite_vector/binaries/vector")
    return database


def init(database, distance):
    options = f"type=FLOAT32,dimension=2,distance={distance}"
    return database.execute("SELECT vector_init('rows', 'v', ?)", (options,)).fetchall()


def found(database, distance, scan="full"):
    assert init(database, distance) == [(None,)]
    if scan == "quantize":
        database.execute("SELECT vector_quantize('rows', 'v')").fetchall()
    hits = database.execute(
        f"SELECT rowid, distance FROM vector_{scan}_scan('rows', 'v', vector_as_f32('[1, 0.05]'), 3)"
    )
    return ", ".join(str(id) for id, _ in sorted(hits.fetchall(), key=lambda hit: hit[1]))


first = connected()
first.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, v BLOB)")
for id, vector in enumerate(["[1, 0]", "[10, 10]", "[0, 1]"], 1):
    first.execute("INSERT INTO rows VALUES (?, vector_as_f32(?))", (id, vector))
one = [found(first, distance) for distance in distances]
own = [found(connected(), distance) for distance in distances]
quantized = [found(first, "L2", "quantize"), found(connected(), "L2", "quantize")]
try:
    init(first, "NEAREST")
    unknown = "taken"
except apsw.SQLError:
    unknown = "error"
print("COSINE: {}; then L2: {}; then DOT: {}; on connections of their own: COSINE".format(*one))
print("{}; L2 {}; DOT {}; unknown distance: {}".format(*own, unknown))
assert own == ["1, 2, 3", "1, 3, 2", "2, 1, 3"] and quantized[1] == "1, 3, 2"
sys.exit("changed" if (one, quantized[0], unknown) != (["1, 2, 3"] * 3, "1, 2, 3", "error") else 0)
PY
