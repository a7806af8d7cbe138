#!/usr/bin/env bash
# Library:   gensim 4.4.0, KeyedVectors, a vector that is replaced after a first search.
# Guess:     most_similar gives cosines of the vectors that are there, between -1 and 1; whoever
#            replaces one by kv[key] = vector or add_vectors(replace=True) need do nothing else.
# Behaviour: the first most_similar keeps the lengths of all vectors. Replacing goes through gensim's own
#            method and changes the vectors but not the lengths, so from then on the new vector is
#            divided by the length of the old one. A longer new vector has a "cosine" above 1 and comes
#            before better ones; similarity(), which takes no kept lengths, says otherwise.
# Seen:      pine 0.98, sofa 0.00; sofa replaced: sofa 6.00, pine 0.98 (similarity of sofa: 0.60);
#            after fill_norms(force=True): pine 0.98, sofa 0.60
# Instead:   kv.fill_norms(force=True) after each replacement; its docstring asks this of code that
#            "modifies vectors", add_vectors and [] say nothing of it.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" gensim==4.4.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import numpy as np
from gensim.models import KeyedVectors

kv = KeyedVectors(2)
kv.add_vectors(["oak", "pine", "sofa"], np.array([[1, 0], [5, 1], [0, 1]], np.float32))


def found():
    return [(key, round(float(cosine), 2)) for key, cosine in kv.most_similar("oak")]


def said(hits):
    return ", ".join(f"{key} {cosine:.2f}" for key, cosine in hits)


first = found()
kv["sofa"] = np.array([6, 8], np.float32)
after, alone = found(), round(float(kv.similarity("oak", "sofa")), 2)
kv.fill_norms(force=True)
anew = found()
print(f"{said(first)}; sofa replaced: {said(after)} (similarity of sofa: {alone:.2f});")
print(f"after fill_norms(force=True): {said(anew)}")
assert first == [("pine", 0.98), ("sofa", 0.0)] and alone == 0.6
assert anew == [("pine", 0.98), ("sofa", 0.6)]
sys.exit("changed" if after != [("sofa", 6.0), ("pine", 0.98)] else 0)
PY
