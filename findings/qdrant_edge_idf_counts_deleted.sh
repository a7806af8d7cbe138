#!/usr/bin/env bash
# Library:   qdrant-edge-py 0.9.0, sparse vectors with Modifier.Idf.
# Guess:     the inverse document frequency of a term follows the points that are there: after
#            points are deleted, the same query gives the same scores as in a shard made anew.
# Behaviour: deleted points stay in the counts until the shard is closed and loaded again. Until
#            then a term that is rare by now is weighed as the common one that it was, and the order
#            of the same search changes with the reopening.
# Seen:      the rarer term first: after deleting False, reopened True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" qdrant-edge-py==0.9.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place/shard" <<'PY'
import os
import sys

import qdrant_edge as qe

VELVET, OAK = 7, 8
os.makedirs(sys.argv[1])
config = qe.EdgeConfig(
    vectors={"v": qe.EdgeVectorParams(size=2, distance=qe.Distance.Cosine)},
    sparse_vectors={"words": qe.EdgeSparseVectorParams(modifier=qe.Modifier.Idf)},
)
shard = qe.EdgeShard.create(sys.argv[1], config)


def point(number, term):
    return qe.Point(number, {"v": [1.0, 0.0], "words": qe.SparseVector([term], [1.0])}, {})


shard.update(
    qe.UpdateOperation.upsert_points(
        [point(i, VELVET) for i in range(100)] + [point(i, OAK) for i in range(200, 230)]
    )
)
shard.update(qe.UpdateOperation.delete_points([i for i in range(100) if i != 3]))


def first(shard):
    asked = qe.Query.Nearest(qe.SparseVector([VELVET, OAK], [1.0, 1.0]), using="words")
    return shard.query(qe.QueryRequest(limit=1, query=asked))[0].id


before = first(shard)
shard.flush()
shard.close()
after = first(qe.EdgeShard.load(sys.argv[1], config))
print(f"the rarer term first: after deleting {before == 3}, reopened {after == 3}")
sys.exit("changed" if before == 3 or after != 3 else 0)
PY
