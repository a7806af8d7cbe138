#!/usr/bin/env bash
# Library:   ngt 2.8.0.post1 (ngtpy), distance_type="Inner Product", vectors inserted in two rounds, longer
#            ones in the second.
# Guess:     one index of the same vectors gives one order, however they came in; so does a
#            linear_search, which looks at each of them.
# Behaviour: each vector is stored with one more number, so that inner products become distances, and this
#            number is reckoned from the longest vector inserted so far. What came before keeps its own,
#            so distances of the two rounds are of two scales: all of the first round are before the
#            longer ones of the second, whose products are larger. The exhaustive linear_search says the
#            same, and so does the index after it was saved and opened again. Nothing is said.
# Seen:      in one round: [3, 4, 0, 2]; in two: search [0, 2, 1, 3], linear_search [0, 2, 1, 3],
#            opened again [0, 2, 1, 3]; the longest in the first: [3, 4, 0, 2]
# Instead:   the longest vector first, or vectors of length 1.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" ngt==2.8.0.post1 numpy==2.4.6 2>/dev/null
# NGT reports its progress on both streams, from C++; the answer goes through a third.
answer() {
    PYTHONPATH="$place" python3 - "$place" 3>&1 >/dev/null 2>"$place/errors"
}
answer <<'PY' || { tail -1 "$place/errors" >&2; exit 1; }
import os
import sys

import ngtpy
import numpy as np

vectors = np.array([[1, 0], [0, 1], [0.5, 0.5], [3, 0], [2, 0]], np.float32)
query = np.array([1, 0.1], np.float32)
assert np.argsort(-(vectors @ query)).tolist() == [3, 4, 0, 2, 1]


def index(name, *rounds):
    path = os.path.join(sys.argv[1], name).encode()
    ngtpy.create(path, 2, distance_type="Inner Product")
    made = ngtpy.Index(path)
    for ids in rounds:
        made.batch_insert(vectors[ids])
    order = [id for ids in rounds for id in ids]
    return path, made, lambda hits: [order[number] for number, _ in hits]


_, one, ids = index("one", [0, 1, 2, 3, 4])
once = ids(one.search(query, 4))
path, two, ids = index("two", [0, 1, 2], [3, 4])
twice, each = ids(two.search(query, 4)), ids(two.linear_search(query, 4))
two.save()
two.close()
again = ids(ngtpy.Index(path).search(query, 4))
_, first, ids = index("first", [3], [0, 1, 2, 4])
longest = ids(first.search(query, 4))
with os.fdopen(3, "w") as out:
    print(f"in one round: {once}; in two: search {twice}, linear_search {each},", file=out)
    print(f"opened again {again}; the longest in the first: {longest}", file=out)
assert once == longest == [3, 4, 0, 2]
sys.exit("changed" if not twice == each == again == [0, 2, 1, 3] else 0)
PY
