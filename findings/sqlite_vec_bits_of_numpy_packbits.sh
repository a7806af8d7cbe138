#!/usr/bin/env bash
# Library:   sqlite-vec 0.1.9 in apsw 3.51.3.0 with numpy 2.4.6: rows made by vec_quantize_binary in a bit[n]
#            column, a query made by numpy.packbits(v > 0), as binary embeddings of most models come.
# Guess:     one bit a number, in the order of the numbers, from the highest bit of a byte down, as numpy's
#            default, sentence-transformers ("ubinary") and PostgreSQL's bit strings have it: the query that
#            is a row's own vector has the distance 0 from it.
# Behaviour: vec_quantize_binary fills each byte from its lowest bit up. The lengths agree, vec_bit takes the
#            bytes, and the Hamming distances are those of other vectors: a row is as far from itself as from
#            others, half of the bits, and hits are chance. Its guide shows one such byte, 0xd4 for
#            [0, 0, 1, 0, 1, 0, 1, 1], and says no more of the order.
# Seen:      256 numbers, 200 rows: by packbits itself first 0.04 of the time, mean distance to itself 127.7;
#            by packbits(bitorder="little") 1.00, 0.0
# Instead:   numpy.packbits(v > 0, bitorder="little"), or packbits for the rows and the query alike.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" sqlite-vec==0.1.9 apsw==3.51.3.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import apsw
import numpy as np
import sqlite_vec

rows = np.random.default_rng(0).normal(size=(200, 256)).astype(np.float32)
db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(sqlite_vec.loadable_path())
db.execute("CREATE VIRTUAL TABLE item USING vec0(v bit[256])")
for number, row in enumerate(rows):
    db.execute(
        "INSERT INTO item (rowid, v) VALUES (?, vec_quantize_binary(?))", (number, row.tobytes())
    )


def asked(**order):
    first, own = 0, []
    for number, row in enumerate(rows):
        bits = np.packbits(row > 0, **order).tobytes()
        hits = db.execute(
            "SELECT rowid, distance FROM item WHERE v MATCH vec_bit(?) AND k = 200", (bits,)
        ).fetchall()
        first += hits[0][0] == number
        own.append(dict(hits)[number])
    return first / len(rows), float(np.mean(own))


default, little = asked(), asked(bitorder="little")
shown = f"itself first {default[0]:.2f} of the time, mean distance to itself {default[1]:.1f}"
print(f'by packbits {shown}; by packbits(bitorder="little") {little[0]:.2f}, {little[1]:.1f}')
sys.exit("changed" if default[0] > 0.1 or default[1] < 100 or little != (1.0, 0.0) else 0)
PY
