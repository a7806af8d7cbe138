#!/usr/bin/env bash
# Library:   trectools 0.0.50 with pandas 3.1.1, which pip chooses for it (it asks for pandas>=0.15.0),
#            and with pandas 2.3.3; get_rprec of a run that has some document in two queries.
# Guess:     R-precision is between 0 and 1, for each query and as a mean, and no other version of pandas
#            changes it: what no longer fits would raise.
# Behaviour: the library cuts each query's list with groupby("query").apply(...), which has no column
#            "query" any more in pandas 3, and then joins the judgements by the columns that both tables
#            have: by the document alone. So a document found for one query counts for every query to
#            which it is relevant, also for one that the run has no line of, and the mean passes 1.
#            Nothing is said, and the reciprocal rank of the same run is right.
# Seen:      pandas 2.3.3: {'1': 0.0, '2': 0.0, '3': 0.0}, mean 0.00; pandas 3.1.1: {'1': 1.0, '2': 1.0,
#            '3': 1.0}, mean 1.50; reciprocal rank in both: 0.00
# Instead:   pandas<3; or another library's R-precision.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place/new" trectools==0.0.50 pandas==3.1.1 numpy==2.4.6 2>/dev/null
python3 -m pip install --quiet --no-deps --target "$place/old" pandas==2.3.3 pytz==2026.2 2>/dev/null
cat > "$place/measure.py" <<'PY'
import json
import sys

import pandas
from trectools import TrecEval, TrecQrel, TrecRun

place = sys.argv[1]
judged, found = TrecQrel(f"{place}/judged"), TrecRun(f"{place}/found")
trec = TrecEval(found, judged)
each = trec.get_rprec(per_query=True)["RPrec@1000"].fillna(0.0)
print(json.dumps([pandas.__version__, each.to_dict(), trec.get_rprec(), trec.get_reciprocal_rank()]))
PY
# For query 1 sofa is relevant, for 2 and 3 oak; found is oak for 1, sofa for 2, and nothing for 3.
printf '%s\n' "1 0 sofa 1" "2 0 oak 1" "3 0 oak 1" > "$place/judged"
printf '%s\n' "1 Q0 oak 1 9 a" "2 Q0 sofa 1 9 a" > "$place/found"
export MPLCONFIGDIR="$place"
PYTHONPATH="$place/old:$place/new" python3 -W ignore "$place/measure.py" "$place" > "$place/seen"
PYTHONPATH="$place/new" python3 -W ignore "$place/measure.py" "$place" >> "$place/seen"
python3 - "$place/seen" <<'PY'
import json
import sys

old, new = (json.loads(line) for line in open(sys.argv[1]))
for version, each, mean, _ in (old, new):
    print(f"pandas {version}: {each}, mean {mean:.2f};")
print(f"reciprocal rank in both: {old[3]:.2f}")
zero, one = [{query: number for query in "123"} for number in (0.0, 1.0)]
assert old == ["2.3.3", zero, 0.0, 0.0] and new[3] == 0.0, (old, new)
sys.exit("changed" if new[1:3] != [one, 1.5] else 0)
PY
