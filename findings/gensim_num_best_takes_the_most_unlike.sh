#!/usr/bin/env bash
# Library:   gensim 4.4.0, MatrixSimilarity (SparseMatrixSimilarity likewise) with num_best, over vectors
#            with negative numbers, as LSI, Doc2Vec and every embedding model give them.
# Guess:     num_best=2 is the first two of all similarities, sorted: its documentation says "return
#            only the num_best most similar documents".
# Behaviour: the best are picked by absolute value, so a document that is wholly opposed to the query
#            (cosine -1) is the first hit, before one of 0.98, and a good one is pushed out. The helper
#            that picks says so of itself, the classes do not. An upstream issue on Similarity (2584)
#            knows of the absolute value and asks whether it is wanted.
# Seen:      all: oak 0.98, sofa -1.00, pine 0.45; num_best=2: sofa -1.00, oak 0.98
# Instead:   no num_best, and a sort of the whole array.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" gensim==4.4.0 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

from gensim.similarities import MatrixSimilarity, SparseMatrixSimilarity

names = ["oak", "sofa", "pine"]
documents = [[(0, 1.0), (1, 0.2)], [(0, -1.0)], [(0, 0.5), (1, 1.0)]]
query = [(0, 1.0)]


def found(kind, best):
    hits = kind(documents, num_features=2, num_best=best)[query]
    pairs = enumerate(hits) if best is None else hits
    return ", ".join(f"{names[number]} {cosine:.2f}" for number, cosine in pairs)


seen = {(found(kind, None), found(kind, 2)) for kind in (MatrixSimilarity, SparseMatrixSimilarity)}
for whole, best in seen:
    print(f"all: {whole}; num_best=2: {best}")
wanted = {("oak 0.98, sofa -1.00, pine 0.45", "sofa -1.00, oak 0.98")}
sys.exit("changed" if seen != wanted else 0)
PY
