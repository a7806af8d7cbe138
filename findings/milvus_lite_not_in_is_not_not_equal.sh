#!/usr/bin/env bash
# Library:   pymilvus 3.0.2 with milvus-lite 3.2.2 in a file, filters on a dynamic field of which
#            some rows have no value.
# Guess:     `city not in ["B"]` and `not (city == "B")` are two ways to say one thing, as they are
#            in SQL, where neither finds rows without a city.
# Behaviour: the first finds the rows without a city, the second does not, and nor does `city != "B"`.
# Seen:      city not in ["B"]: [0, 2]; not (city == "B"): [2]; city != "B": [2]
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" pymilvus==3.0.2 milvus-lite==3.2.2 2>/dev/null
PYTHONPATH="$place" python3 -W ignore - "$place" <<'PY'
import sys

from pymilvus import DataType, MilvusClient

client = MilvusClient(f"{sys.argv[1]}/things.db")
schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
schema.add_field("id", DataType.INT64, is_primary=True)
schema.add_field("v", DataType.FLOAT_VECTOR, dim=2)
index = client.prepare_index_params()
index.add_index("v", index_type="FLAT", metric_type="COSINE")
client.create_collection("things", schema=schema, index_params=index)
rows = [{"id": 0, "v": [1.0, 0.0]}, {"id": 1, "v": [1.0, 0.0], "city": "B"}]
client.upsert("things", [*rows, {"id": 2, "v": [1.0, 0.0], "city": "K"}])


def found(text):
    return sorted(row["id"] for row in client.query("things", filter=text, limit=10))


texts = ('city not in ["B"]', 'not (city == "B")', 'city != "B"')
seen = {text: found(text) for text in texts}
print("; ".join(f"{text}: {ids}" for text, ids in seen.items()))
sys.exit("changed" if list(seen.values()) != [[0, 2], [2], [2]] else 0)
PY
