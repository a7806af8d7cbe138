#!/usr/bin/env bash
# Library:   vicinity 0.4.6 over usearch 2.26.6, metric="inner_product", vectors of unequal length.
# Guess:     the distances are those of usearch, 1 minus the product: the larger the product, the
#            smaller the distance, below zero from a product of 1 on.
# Behaviour: vicinity raises every distance below zero to zero, as fits rounding errors of cosine. The
#            best hits are in the right order, but have one and the same distance: who merges two
#            lists, sorts again, or makes a score of it, has lost which is better.
# Seen:      usearch: [-3.0, -1.0, 0.0, 1.0], vicinity: [0.0, 0.0, 0.0, 1.0]
# Instead:   usearch itself, or vectors of length 1.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" vicinity==0.4.6 usearch==2.26.6 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import numpy as np
from usearch.index import Index
from vicinity import Backend, Vicinity

rows = np.array([[1, 0], [2, 0], [4, 0], [0, 3]], np.float32)
query = np.array([[1, 0]], np.float32)
index = Index(ndim=2, metric="ip")
index.add(np.arange(4), rows)
alone = index.search(query, 4)
over = Vicinity.from_vectors_and_items(
    rows, [0, 1, 2, 3], backend_type=Backend.USEARCH, metric="inner_product"
).query(query, k=4)[0]
assert [int(key) for key in np.ravel(alone.keys)] == [item for item, _ in over] == [2, 1, 0, 3]
seen = [float(one) for one in np.ravel(alone.distances)], [float(one) for _, one in over]
print(f"usearch: {seen[0]}, vicinity: {seen[1]}")
sys.exit("changed" if seen != ([-3.0, -1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]) else 0)
PY
