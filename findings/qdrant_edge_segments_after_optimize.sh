#!/usr/bin/env bash
# Library:   qdrant-edge-py 0.9.0.
# Guess:     optimize() replaces segments, and what it replaced is gone from the folder when it
#            returns, as a compaction is in other engines.
# Behaviour: the replaced segments stay on the disk (and mapped into memory) until flush(), so
#            that info() counts fewer segments than the folder holds.
# Seen:      after two rounds: segments 3, folders 5; after flush(): segments 3, folders 3
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" qdrant-edge-py==0.9.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - "$place/shard" <<'PY'
import os
import sys

import numpy as np
import qdrant_edge as qe

folder, size, part = sys.argv[1], 384, 4_000
rows = np.random.default_rng(0).standard_normal((2 * part, size)).astype(np.float32)
os.makedirs(folder)
shard = qe.EdgeShard.create(
    folder,
    qe.EdgeConfig(
        vectors={"v": qe.EdgeVectorParams(size=size, distance=qe.Distance.Cosine)},
        hnsw_config=qe.HnswIndexConfig(m=16, ef_construct=50, full_scan_threshold=100, payload_m=0),
        optimizers=qe.EdgeOptimizersConfig(
            default_segment_number=1, indexing_threshold=1, max_segment_size=part * size * 4 // 1024
        ),
        wal_enabled=False,
    ),
)
for start in (0, part):
    points = [qe.Point(i, {"v": rows[i].tolist()}) for i in range(start, start + part)]
    shard.update(qe.UpdateOperation.upsert_points(points))
    shard.optimize()


def seen():
    return shard.info().segments_count, len(os.listdir(f"{folder}/segments"))


before = seen()
shard.flush()
after = seen()
print("optimized: segments %d, folders %d" % before)
print("flushed:   segments %d, folders %d" % after)
sys.exit("changed" if not (before[1] > before[0] and after[1] == after[0]) else 0)
PY
