#!/usr/bin/env bash
# Library:   qdrant-edge-py 0.9.0, EdgeShard.optimize of 10,000 points of 256 numbers.
# Guess:     Python's other threads go on while the engine builds its graph, as they do while numpy
#            multiplies or sqlite reads: an extension lets go of the lock for work that takes seconds.
# Behaviour: the lock is held throughout. A thread that wakes 100 times a second does not wake once;
#            a server in Python answers nobody meanwhile, not even a check of its health.
# Seen:      12.6 s, woken 0 times
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" qdrant-edge-py==0.9.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place" <<'PY'
import pathlib
import random
import sys
import threading
import time

import qdrant_edge as qe

folder = pathlib.Path(sys.argv[1]) / "shard"
folder.mkdir()
config = qe.EdgeConfig(
    vectors={"v": qe.EdgeVectorParams(256, qe.Distance.Cosine)},
    optimizers=qe.EdgeOptimizersConfig(indexing_threshold=1),
    hnsw_config=qe.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=1),
)
shard = qe.EdgeShard.create(str(folder), config)
chance = random.Random(0)
for start in range(0, 10_000, 1_000):
    points = [
        qe.Point(key, {"v": [chance.gauss(0, 1) for _ in range(256)]}, {})
        for key in range(start, start + 1_000)
    ]
    shard.update(qe.UpdateOperation.upsert_points(points))

woken: list[float] = []
over = threading.Event()


def wake() -> None:
    while not over.wait(0.01):
        woken.append(time.perf_counter())


thread = threading.Thread(target=wake)
thread.start()
time.sleep(0.2)
started = time.perf_counter()
shard.optimize()
ended = time.perf_counter()
over.set()
thread.join()
inside = sum(started + 0.05 < at < ended - 0.05 for at in woken)
print(f"{ended - started:.1f} s, woken {inside} times")
shard.close()
sys.exit("changed" if ended - started < 0.5 or inside > 2 else 0)
PY
