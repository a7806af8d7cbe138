#!/usr/bin/env bash
# Library:   pynndescent 0.7.0, metric="true_angular", and its PyNNDescentTransformer before a method of
#            scikit-learn 1.9.1 with metric="precomputed". numba compiles for one to three minutes.
# Guess:     the angle as a distance, divided by 180 degrees: "Returns 0 for identical directions, approaches
#            1 for opposite directions", as its docstring says.
# Behaviour: 1 minus that angle: 1 for identical directions, 0.5 for a right angle. A search gives the right
#            neighbours in the right order, with distances that fall from the first to the last, so that
#            nothing looks amiss until somebody reads them: scikit-learn takes the smallest entries of the
#            graph, which are the most distant neighbours in it; a threshold cuts off the nearest.
# Seen:      query at 2 degrees; found: 0, 10, 20, 40 degrees, distances 0.99, 0.96, 0.90, 0.79;
#            nearest for scikit-learn by its own cosine: 0 degrees, by this graph: 40 degrees
# Instead:   metric="cosine", and arccos(1 - distance) / pi of what it gives.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" pynndescent==0.7.0 scikit-learn==1.9.1 numpy==2.4.6 \
  scipy==1.17.1 numba==0.68.1 2>/dev/null
PYTHONPATH="$place" NUMBA_CACHE_DIR="$place/numba" python3 -W ignore - <<'PY'
import sys

import numpy as np
from pynndescent import PyNNDescentTransformer
from sklearn.neighbors import KNeighborsClassifier

degrees = np.array([0, 10, 20, 40, 60, 75, 90, 120])


def vectors(angles):
    radians = np.radians(np.atleast_1d(angles))
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


rows, query = vectors(degrees), vectors(2)
graph = PyNNDescentTransformer(n_neighbors=4, metric="true_angular", random_state=0)
among = graph.fit_transform(rows)
found, distances = graph.index_.query(query, k=4)
angles = [int(degrees[i]) for i in found[0]]
shown = [round(float(distance), 2) for distance in distances[0]]
print(f"found: {angles} degrees, distances {shown}")

own = KNeighborsClassifier(n_neighbors=1, metric="cosine").fit(rows, degrees)
given = KNeighborsClassifier(n_neighbors=1, metric="precomputed").fit(among, degrees)
nearest = int(own.predict(query)[0]), int(given.predict(graph.transform(query))[0])
print(f"nearest by its own cosine: {nearest[0]} degrees, by this graph: {nearest[1]} degrees")
right = angles == [0, 10, 20, 40] and shown == [0.99, 0.96, 0.9, 0.79]
sys.exit("changed" if not right or nearest[0] != 0 or nearest[1] < 40 else 0)
PY
