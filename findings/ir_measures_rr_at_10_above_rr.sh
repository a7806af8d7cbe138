#!/usr/bin/env bash
# Library:   ir-measures 0.4.3 over pytrec-eval-terrier 0.5.11, both run in one calc_aggregate.
# Guess:     the measures of one call look at one order of the documents, so RR@10 is never above RR,
#            and is 1 only where P@1 is 1.
# Behaviour: trec_eval holds scores as 32-bit floats and orders those that have become equal by id,
#            backwards; RR with a cutoff comes from another provider, which sorts Python's floats.
#            News sorted by their time in seconds (which 32 bits know to 128 s) have another first
#            document for RR and P@1 than for RR@10.
# Seen:      RR 0.5, RR@10 1.0, P@1 0.0; seconds since noon instead: RR 1.0, RR@10 1.0, P@1 1.0
# Instead:   give ranks as scores (-1, -2, ...) where two libraries shall see one order.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" ir-measures==0.4.3 pytrec-eval-terrier==0.5.11 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import ir_measures
from ir_measures import RR, P

noon = 1_700_049_600
qrels = {"q": {"news-a": 1}}
news = {"news-a": 50.0, "news-b": 20.0, "news-c": -900.0}


def values(start):
    run = {"q": {id: start + seconds for id, seconds in news.items()}}
    found = ir_measures.calc_aggregate([RR, RR @ 10, P @ 1], qrels, run)
    return [found[measure] for measure in (RR, RR @ 10, P @ 1)]


absolute, relative = values(noon), values(0)
print("RR {}, RR@10 {}, P@1 {}; seconds since noon instead: RR {}, RR@10 {}, P@1 {}".format(
    *absolute, *relative
))
sys.exit("changed" if (absolute, relative) != ([0.5, 1.0, 0.0], [1.0, 1.0, 1.0]) else 0)
PY
