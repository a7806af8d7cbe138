#!/usr/bin/env bash
# Library:   qdrant-edge-py 0.9.0, the log switched off (wal_enabled=False).
# Guess:     a point that is written again takes the place of what it was: 50 points, written 1,000
#            times over, need about the room of 50, at the latest after flush() or a new load.
# Behaviour: every version stays on the disk. flush(), close() and load() give nothing back; only
#            optimize() does, which a program of few points, searched without a graph, never needs.
# Seen:      50 points: 0.1 MB; written 1,000 times: 6.5, after flush and load 6.5; optimized: 0.2
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" qdrant-edge-py==0.9.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - "$place/shard" <<'PY'
import os
import sys

import numpy as np
import qdrant_edge as qe

count, dim, times = 50, 384, 1_000
random = np.random.default_rng(0)
folder = sys.argv[1]
os.makedirs(folder)
config = qe.EdgeConfig(
    vectors={"v": qe.EdgeVectorParams(size=dim, distance=qe.Distance.Cosine)},
    optimizers=qe.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1),
    wal_enabled=False,
)
shard = qe.EdgeShard.create(folder, config)


def write(turns):
    for _ in range(turns):
        rows = random.standard_normal((count, dim)).astype(np.float32)
        points = [qe.Point(i, {"v": rows[i].tolist()}, {}) for i in range(count)]
        shard.update(qe.UpdateOperation.upsert_points(points))


def held():
    """Megabytes that the files take."""
    files = (os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)
    return sum(os.stat(file).st_blocks * 512 for file in files) / 1e6


write(1)
shard.flush()
first = held()
write(times - 1)
many = held()
shard.flush()
shard.close()
shard = qe.EdgeShard.load(folder, config)
again, there = held(), shard.count(qe.CountRequest(exact=True))
shard.optimize()
shard.flush()
end = held()
print(
    f"{there} points: {first:.1f} MB; written {times:,} times: {many:.1f}, after flush and load"
    f" {again:.1f}; optimized: {end:.1f}"
)
sys.exit("changed" if not (there == count and again > 10 * first and end < again / 5) else 0)
PY
