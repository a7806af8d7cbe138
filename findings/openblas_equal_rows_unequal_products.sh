#!/usr/bin/env bash
# Library:   numpy 2.4.6 with its own OpenBLAS (AVX-512), float32 matrix products.
# Guess:     equal rows of a matrix have equal products with a vector.
# Behaviour: rows at the end of a block go through another kernel, which adds in another order.
#            Their products differ in the last bit, so duplicates do not tie, and a sort by score
#            gives them in an order that hangs on how many rows there are.
# Seen:      sizes with unequal products of equal rows, of 1 to 69: 33 (another run, other rows: 48)
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import numpy as np

random = np.random.default_rng(0)
row, query = (random.normal(size=768).astype(np.float32) for _ in range(2))
uneven = 0
for n in range(1, 70):
    products = query[None] @ np.tile(row, (n, 1)).T
    uneven += bool((products != products[0, 0]).any())
print("sizes with unequal products of equal rows, of 1 to 69:", uneven)
assert uneven, "changed"
PY
