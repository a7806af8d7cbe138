#!/usr/bin/env bash
# Library:   ranx 0.3.21, fuse of two runs by their scores (sum, mnz, max, ...) with its default norm,
#            "min-max", where one run has a single document for the query, or equal scores.
# Guess:     the only hit of a retriever is its best one and gets 1, as the best of any longer list does;
#            a document that both runs found is before one that a single run found last but one.
# Behaviour: min-max subtracts the lowest score, which is here the highest too, so all become 0 and that
#            retriever has no part in the fusion: an exact match that a filter or full text found alone
#            is the last hit. With a second document behind it, far worse, it would be the first.
# Seen:      text finds oak: pine 1.00, sofa 0.75, oak 0.00; text finds oak and lamp: oak 1.00, pine 1.00,
#            sofa 0.75, lamp 0.00; by ranks: oak first
# Instead:   norm="max"; or method="rrf".
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" ranx==0.3.21 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" NUMBA_CACHE_DIR="$place/numba" python3 -W ignore - <<'PY'
import sys

from ranx import Run, fuse

vectors = {"pine": 0.9, "sofa": 0.8, "oak": 0.5}


def fused(text, method):
    runs = [Run({"q": text}), Run({"q": vectors})]
    scores = dict(fuse(runs, method=method).run["q"])
    hits = sorted(scores.items(), key=lambda hit: (-hit[1], hit[0]))
    return [(document, round(float(score), 2)) for document, score in hits]


def shown(hits):
    return ", ".join(f"{document} {score:.2f}" for document, score in hits)


alone, two = fused({"oak": 9.0}, "sum"), fused({"oak": 9.0, "lamp": 0.1}, "sum")
first = fused({"oak": 9.0}, "rrf")[0][0]
print(f"text finds oak: {shown(alone)}; text finds oak and lamp: {shown(two)}; by ranks: {first} first")
wanted = [("pine", 1.0), ("sofa", 0.75), ("oak", 0.0)]
sys.exit("changed" if alone != wanted or two[0] != ("oak", 1.0) or first != "oak" else 0)
PY
