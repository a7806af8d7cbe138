#!/usr/bin/env bash
# Library:   zvec 0.8.0, filters on a FLOAT or DOUBLE field that has an inverted index, and -0.0 among
#            the values, as round(-0.3) and 0 * -1.5 give it.
# Guess:     an index makes a filter fast, and changes nothing of what passes it: -0.0 is equal to 0, as
#            the same filters on a field without index have it.
# Behaviour: in the index -0.0 is a number of its own, between the negative ones and 0. "= 0" and ">= 0"
#            lose the row, "< 0" and "!= 0" find it. So an index on a field changes answers, and nothing
#            says so: of the options of InvertIndexParam none is about it.
# Seen:      = 0: [2, 3], indexed [3]; >= 0: [2, 3, 4], indexed [3, 4]; < 0: [1], indexed [1, 2];
#            != 0: [1, 4], indexed [1, 2, 4]
# Instead:   x + 0.0 for each number before it is stored.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" zvec==0.8.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - "$place" <<'PY'
import sys

import zvec
from zvec import DataType, FieldSchema, VectorSchema

values = [-1.5, round(-0.3, 0), 0.0, 2.5]
assert values[1] == values[2] == 0
kinds = [DataType.FLOAT, DataType.DOUBLE]
fields = [FieldSchema(f"{kind.name}_plain", kind) for kind in kinds] + [
    FieldSchema(f"{kind.name}_indexed", kind, index_param=zvec.InvertIndexParam()) for kind in kinds
]
schema = zvec.CollectionSchema(
    name="things",
    fields=fields,
    vectors=VectorSchema("v", DataType.VECTOR_FP32, 2, index_param=zvec.FlatIndexParam()),
)
base = zvec.create_and_open(f"{sys.argv[1]}/things", schema)
for number, value in enumerate(values, start=1):
    row = {field.name: value for field in fields}
    base.insert(zvec.Doc(id=str(number), vectors={"v": [1.0, number]}, fields=row))


def passing(filter):
    hits = base.query(zvec.Query(field_name="v", vector=[1.0, 0.0]), topk=9, filter=filter)
    return sorted(int(hit.id) for hit in hits)


def found(condition, end):
    """The ids that pass, the same for both kinds of number."""
    single, double = (passing(f"{kind.name}_{end} {condition}") for kind in kinds)
    assert single == double
    return single


conditions = ["= 0", ">= 0", "< 0", "!= 0", "<= 0"]
plain, indexed = ([found(one, end) for one in conditions] for end in ("plain", "indexed"))
lines = [f"{one}: {ids}, indexed {other}" for one, ids, other in zip(conditions, plain, indexed)]
print("; ".join(lines[:4]))
assert plain == [[2, 3], [2, 3, 4], [1], [1, 4], [1, 2, 3]] and plain[4] == indexed[4]
sys.exit("changed" if indexed[:4] != [[3], [3, 4], [1, 2], [1, 2, 4]] else 0)
PY
