#!/usr/bin/env bash
# Library:   orjson 3.13.0.
# Guess:     an integer of more than 64 bits is refused when JSON is read, as it is when JSON is
#            written; or it is a Python int, as in the standard library.
# Behaviour: loads makes a float of it, without a word: ids and numbers of articles lose their last
#            digits. dumps of the same integer raises.
# Seen:      18446744073709551617 is read as 1.8446744073709552e+19 (float); 2**64 - 1 as an int.
# Instead:   look for runs of 19 digits and more, and read those with json and parse_int.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" orjson==3.13.0 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import json

import orjson

long = 2**64 + 1
read = orjson.loads(str(long))
print(f"{long} is read as {read} ({type(read).__name__}); 2**64 - 1 as {orjson.loads(str(2**64 - 1))}")
assert (read, type(read)) == (float(2**64), float), "changed"
assert orjson.loads(str(2**64 - 1)) == 2**64 - 1, "changed"
assert json.loads(str(long)) == long
try:
    orjson.dumps(long)
except TypeError:
    pass
else:
    raise AssertionError("changed")
PY
