#!/usr/bin/env bash
# Library:   voyager 2.2.3, Space.InnerProduct, get_distance beside query.
# Guess:     get_distance(a, b), "the distance between two provided vectors", is what query gives for the
#            same two, 1 minus their product, as both agree in the other two spaces. Who ranks hits of
#            another source by it gets the order of query.
# Behaviour: stored vectors have one more number, the larger the shorter they are, so that the graph can be
#            walked; a query has 0 there. get_distance gives it to both vectors, without its fraction, and
#            multiplies. So the best hit comes last, and all distances change as a longer vector that
#            has nothing to do with the two comes into the index.
# Seen:      query: oak -2.0, pine 0.0, sofa 0.9; get_distance: oak -2.0, pine -4.0, sofa -3.1; with one
#            vector more, query: oak -2.0, pine 0.0, sofa 0.9; get_distance: oak -843.0, pine -841.0,
#            sofa -840.1
# Instead:   1 - a @ b.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" voyager==2.2.3 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import numpy as np
import voyager

names = ["oak", "pine", "sofa"]
vectors = np.array([[3, 0], [1, 0], [0.1, 0]], np.float32)
query = np.array([1, 0], np.float32)


def made(space):
    index = voyager.Index(space, num_dimensions=2)
    for vector in vectors:
        index.add_item(vector)
    return index


def distances(index):
    """Those of query, and those of get_distance, in the order of the vectors."""
    found = dict(zip(*(part.tolist() for part in index.query(query, k=len(index)))))
    hits = [round(found[number], 1) for number in range(3)]
    return hits, [round(index.get_distance(query, vector), 1) for vector in vectors]


def said(numbers):
    return ", ".join(f"{name} {number:.1f}" for name, number in zip(names, numbers))


for space in (voyager.Space.Euclidean, voyager.Space.Cosine):
    hits, single = distances(made(space))
    assert hits == single
index = made(voyager.Space.InnerProduct)
before = distances(index)
index.add_item(np.array([0, 30], np.float32))
after = distances(index)
print(f"query: {said(before[0])}; get_distance: {said(before[1])}; with one vector more,")
print(f"query: {said(after[0])}; get_distance: {said(after[1])}")
assert before[0] == after[0] == [-2.0, 0.0, 0.9]
seen = before[1] == [-2.0, -4.0, -3.1] and after[1] == [-843.0, -841.0, -840.1]
sys.exit("changed" if not seen else 0)
PY
