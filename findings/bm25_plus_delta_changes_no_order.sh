#!/usr/bin/env bash
# Library:   bm25s 0.3.16, method="bm25+", and rank-bm25 0.2.2, BM25Plus, with a delta above 0.
# Guess:     BM25+ (Lv and Zhai, 2011) adds delta for each word of the query that a document has, so that a
#            long document with a word is well above one without it; delta is what it is tuned by.
# Behaviour: both sum over all words of the query, not over those that the document has, and add delta for
#            a word that is absent too. Every document gets the same amount: no delta changes the order or
#            the distance of two scores, so this is BM25 under another name, and a search for the best
#            delta finds none. Documents without any word of the query score above zero. The README of
#            bm25s calls delta a parameter of these methods and gives an example with 1.5.
# Seen:      scores of long, short and none; both, delta 0: 1.1, 2.5, 0.0; delta 1: 4.3, 5.7, 3.2; the
#            paper's sum, delta 0: 1.1, 2.5, 0.0; delta 1: 4.3, 3.8, 0.0
# Instead:   take the scores at delta 0, and add delta times the idf for the words that a document has.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" bm25s==0.3.16 rank-bm25==0.2.2 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 -W ignore - <<'PY'
import math
import sys

import bm25s
import numpy as np
from rank_bm25 import BM25Plus

names = ["long", "short", "none"]
texts = [["oak", "lamp"] + ["word"] * 60, ["oak"] * 3 + ["a"], ["b"], ["c"], ["d", "e"], ["f"]]
query = ["oak", "lamp"]


def with_bm25s(delta):
    index = bm25s.BM25(method="bm25+", delta=delta)
    index.index(texts, show_progress=False)
    return index.get_scores(query)


def with_rank_bm25(delta):
    return BM25Plus(texts, delta=delta).get_scores(query)


def idf(word):
    return math.log((len(texts) + 1) / sum(word in text for text in texts))


def of_the_paper(delta):
    owed = [sum(idf(word) for word in query if word in text) for text in texts]
    return with_rank_bm25(0.0) + delta * np.array(owed)


def shown(scores):
    order = sorted(range(3), key=lambda i: -scores[i])
    numbers = ", ".join(f"{score:.1f}" for score in scores[:3])
    return ", ".join(names[i] for i in order) + f" ({numbers})"


seen = {}
for score in (with_bm25s, with_rank_bm25, of_the_paper):
    seen[score] = [score(delta) for delta in (0.0, 1.0, 100.0)]
    print(f"{score.__name__}: delta 0: {shown(seen[score][0])}; delta 1: {shown(seen[score][1])}")
same = all(
    np.allclose(scores - scores[2], seen[library][0], atol=1e-3)
    for library in (with_bm25s, with_rank_bm25)
    for scores in seen[library]
)
above = min(seen[with_bm25s][1][2], seen[with_rank_bm25][1][2]) > 1
paper = [int(np.argmax(scores)) for scores in seen[of_the_paper]]
sys.exit("changed" if not (same and above) or paper != [1, 0, 0] else 0)
PY
