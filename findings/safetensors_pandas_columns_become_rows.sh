#!/usr/bin/env bash
# Library:   safetensors 0.8.0 (safetensors.numpy), with an array from pandas 3.1.1's to_numpy().
# Guess:     load(save(array)) is the array, or save refuses it: for torch, safetensors refuses what
#            does not lie row by row ("non contiguous tensor"), and numpy's own save keeps the order.
# Behaviour: a table of numbers that pandas holds by column comes out of to_numpy() as a whole and
#            dense array in Fortran's order. safetensors.numpy takes the address of its bytes and writes
#            them as they lie, under the shape of the rows: right shape, right numbers, wrong places.
#            Each row of what is read is a mixture of several vectors. Nothing is said. The docstring
#            asks for "contiguous and dense", which this array is, but not row by row. So it goes with
#            any transposed matrix. Version 0.7.0 wrote the rows (the project's issue 825 tells of it).
# Seen:      [[0, 1, 2], [10, 11, 12]] is read as [[0, 10, 1], [11, 2, 12]]; through .npy: the same
# Instead:   save({"vectors": numpy.ascontiguousarray(array)}).
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" safetensors==0.8.0 pandas==3.1.1 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import io
import sys

import numpy as np
import pandas as pd
from safetensors.numpy import load, save

table = pd.DataFrame({"x": [0.0, 10.0], "y": [1.0, 11.0], "z": [2.0, 12.0]}, index=["oak", "pine"])
vectors = table.to_numpy(dtype=np.float32)
read = load(save({"vectors": vectors}))["vectors"]
safe = load(save({"vectors": np.ascontiguousarray(vectors)}))["vectors"]
file = io.BytesIO()
np.save(file, vectors)
file.seek(0)
npy = np.load(file)


def rows(array):
    return array.astype(int).tolist()


same = "the same" if np.array_equal(npy, vectors) else "others"
print(f"{rows(vectors)} is read as {rows(read)}; through .npy: {same}")
assert same == "the same" and np.array_equal(safe, vectors) and vectors.flags.f_contiguous
sys.exit("changed" if rows(read) != [[0, 10, 1], [11, 2, 12]] else 0)
PY
