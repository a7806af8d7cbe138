#!/usr/bin/env bash
# Library:   qdrant-edge-py 0.9.0, a geo index and a filter by radius.
# Guess:     a point at latitude 90 is found within any radius around latitude 90, as one at
#            -90 is around -90.
# Behaviour: a point that lies at exactly 90 degrees north is in no circle of less than some
#            thousand kilometres, not even in one around itself. The South Pole is found, and so is
#            a point at 89.999999999.
# Seen:      south True, north False, a hair below north True
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" qdrant-edge-py==0.9.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place/shard" <<'PY'
import os
import sys

import qdrant_edge as qe

os.makedirs(sys.argv[1])
config = qe.EdgeConfig(vectors={"v": qe.EdgeVectorParams(size=2, distance=qe.Distance.Cosine)})
shard = qe.EdgeShard.create(sys.argv[1], config)
shard.update(qe.UpdateOperation.create_field_index("at", qe.GeoIndexParams()))
places = {1: -90.0, 2: 90.0, 3: 89.999999999}
shard.update(
    qe.UpdateOperation.upsert_points(
        [qe.Point(i, {"v": [1.0, 0.0]}, {"at": {"lat": lat, "lon": 0.0}}) for i, lat in places.items()]
    )
)


def near(lat):
    circle = qe.GeoRadius(qe.GeoPoint(lon=0.0, lat=lat), 5_000.0)
    only = qe.Filter(must=[qe.FieldCondition("at", geo_radius=circle)])
    asked = qe.Query.Nearest([1.0, 0.0], using="v")
    return {p.id for p in shard.query(qe.QueryRequest(limit=9, query=asked, filter=only))}


south, north, hair = 1 in near(-90.0), 2 in near(90.0), 3 in near(89.999999999)
print(f"south {south}, north {north}, a hair below north {hair}")
sys.exit("changed" if (south, north, hair) != (True, False, True) else 0)
PY
