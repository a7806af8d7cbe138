#!/usr/bin/env bash
# Library:   qdrant-edge-py 0.9.0, exact searches of 30 points with one and the same vector.
# Guess:     the two nearest are the first two of the six nearest, as of any sorted list.
# Behaviour: which of equally near points are given depends on the limit. Who cuts a list of hits
#            into pages by asking for more must order ties, and look beyond the last hit for them.
# Seen:      2: [12, 29], 6: [12, 2, 11, 9, 16, 29], 2 again: [12, 29]
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" qdrant-edge-py==0.9.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place" <<'PY'
import pathlib
import sys

import qdrant_edge as qe

folder = pathlib.Path(sys.argv[1]) / "shard"
folder.mkdir()
config = qe.EdgeConfig(vectors={"v": qe.EdgeVectorParams(4, qe.Distance.Cosine)})
shard = qe.EdgeShard.create(str(folder), config)
points = [qe.Point(key, {"v": [1.0, 0.0, 0.0, 0.0]}, {}) for key in range(30)]
shard.update(qe.UpdateOperation.upsert_points(points))
exact = qe.SearchParams(exact=True)


def found(limit):
    query = qe.Query.Nearest([1.0, 0.0, 0.0, 0.0], using="v")
    return [hit.id for hit in shard.query(qe.QueryRequest(limit=limit, query=query, params=exact))]


two, six, again = found(2), found(6), found(2)
print(f"2: {two}, 6: {six}, 2 again: {again}")
shard.close()
sys.exit("changed" if two == six[:2] or two != again else 0)
PY
