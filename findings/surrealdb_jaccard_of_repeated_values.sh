#!/usr/bin/env bash
# Library:   surrealdb 2.0.0 (Python, the engine inside), vector::similarity::jaccard of two arrays in
#            which a value stands more than once.
# Guess:     a Jaccard similarity is between 0 and 1, 1 for the same set, and the same both ways: of
#            the values as a set, or of bags. "1 is the most" is what a threshold for duplicates rests on.
# Behaviour: what the first has is a set, but each value of the second that is in it counts: repeated
#            ones again and again, over a union in which they stand once. So the result is above 1,
#            one array is more like another than like itself, and changing places changes it. Two
#            vectors of 0 and 1 are such arrays: whatever they have in common, it is half their length.
# Seen:      [1], [1, 1, 1, 1]: 4.0; [1, 1, 1, 1], [1]: 1.0; [1, 2], [1, 2]: 1.0;
#            [1, 0, 0, 0], [0, 1, 1, 1]: 2.0
# Instead:   array::distinct of both.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" surrealdb==2.0.0 2>/dev/null
PYTHONPATH="$place" python3 -W ignore - <<'PY'
import sys

from surrealdb import Surreal

pairs = [([1], [1, 1, 1, 1]), ([1, 1, 1, 1], [1]), ([1, 2], [1, 2]), ([1, 0, 0, 0], [0, 1, 1, 1])]


def jaccard(database, a, b):
    return database.query("return vector::similarity::jaccard($a, $b)", {"a": a, "b": b})


with Surreal("mem://") as database:
    database.use("one", "one")
    seen = [jaccard(database, a, b) for a, b in pairs]
    distinct = [
        jaccard(database, *(database.query("return array::distinct($a)", {"a": a}) for a in pair))
        for pair in pairs
    ]
print("; ".join(f"{a}, {b}: {value}" for (a, b), value in zip(pairs, seen)))
assert distinct == [1, 1, 1, 1], distinct
sys.exit("changed" if seen != [4, 1, 1, 2] else 0)
PY
