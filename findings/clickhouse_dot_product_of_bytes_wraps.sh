#!/usr/bin/env bash
# Library:   chdb 4.4.0 (chdb-core 26.9.0, ClickHouse 26.9 inside Python), vectors quantised to Int8.
# Guess:     dotProduct of two Array(Int8) is the sum of the products, as L2SquaredDistance of the same
#            columns is right, and as arraySum(x * y) is, which sums small integers in 64 bits.
# Behaviour: the result is Int16 (two bytes, as for one product), and the sum goes round in it without a
#            word. 384 numbers reach 6 million, so nearly every score is wrong and the order is that of
#            remainders: a vector has a negative product with itself, and an unlike one comes first.
#            UInt8 gives UInt16; Int16 and wider have room. cosineDistance and L2Distance are right.
#            The reference says no more than that the type "is determined by the type of the arguments".
# Seen:      Int8: self -26624, half 19456, first: half; as Float32: self 3840000, half 1920000,
#            first: self; of type Int16
# Instead:   dotProduct(CAST(a, 'Array(Float32)'), ...), or Int32.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" chdb==4.4.0 chdb-core==26.9.0 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import json
import sys

import chdb


def scores(kind):
    """The scores of two rows for a query that is equal to the first row."""
    text = f"""
        WITH CAST(arrayWithConstant(384, 100) AS Array({kind})) AS query
        SELECT name, dotProduct(v, query) AS score, toTypeName(score) AS type,
            arraySum((x, y) -> x * y, v, query) AS sum, L2SquaredDistance(v, query) AS far
        FROM (
            SELECT 'self' AS name, CAST(arrayWithConstant(384, 100) AS Array({kind})) AS v
            UNION ALL
            SELECT 'half' AS name, CAST(arrayWithConstant(384, 50) AS Array({kind})) AS v
        ) ORDER BY score DESC
    """
    rows = [json.loads(line) for line in str(chdb.query(text, "JSONEachRow")).splitlines()]
    exact = {row["name"]: (int(row["sum"]), int(row["far"])) for row in rows}
    assert exact == {"self": (3_840_000, 0), "half": (1_920_000, 960_000)}
    return {row["name"]: int(row["score"]) for row in rows}, rows[0]["name"], rows[0]["type"]


(small, first, kind), (wide, best, _) = scores("Int8"), scores("Float32")
print(f"Int8: self {small['self']}, half {small['half']}, first: {first}; ", end="")
print(f"as Float32: self {wide['self']}, half {wide['half']}, first: {best}; of type {kind}")
assert wide == {"self": 3_840_000, "half": 1_920_000} and best == "self"
seen = small == {"self": -26_624, "half": 19_456} and first == "half" and kind == "Int16"
sys.exit("changed" if not seen else 0)
PY
