#!/usr/bin/env bash
# Library:   scipy 1.17.1 and scikit-learn 1.9.1, a CSR matrix of documents and terms in which a word
#            that stands twice in a document is two entries of 1, as scipy allows.
# Guess:     scikit-learn reads it as scipy does, which adds repeated entries up: toarray, sum, == and
#            products with it are those of the matrix with one entry of 2.
# Behaviour: TfidfTransformer counts entries as documents, so the idf of a word grows smaller the
#            more often one document says it: four times in one of 4 is like once in each.
#            normalize takes the root of the single squares, so rows are longer than 1, and
#            cosine_similarity of a document with itself is above 1. Nothing is reported.
# Seen:      same matrix: True; idf 1.000 and 1.916; length 1.844 and 1.000; cosine 3.400 and 1.000
# Instead:   matrix.sum_duplicates() before it is given away.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" scipy==1.17.1 scikit-learn==1.9.1 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.preprocessing import normalize

# Term 0 stands four times in document 0 alone: 4 entries in 4 documents.
terms, starts = [0, 0, 0, 0, 1, 1, 2, 3], [0, 5, 6, 7, 8]
repeated = csr_array((np.ones(len(terms)), terms, starts), shape=(4, 4))
added = repeated.copy()
added.sum_duplicates()
same = bool((repeated.toarray() == added.toarray()).all())


def seen(matrix):
    idf = TfidfTransformer().fit(matrix.copy()).idf_[0]
    length = np.linalg.norm(normalize(matrix.copy()).toarray()[0])
    cosine = cosine_similarity(matrix.copy())[0, 0]
    return [f"{number:.3f}" for number in (idf, length, cosine)]


apart, once = seen(repeated), seen(added)
pairs = zip(("idf", "length", "cosine"), apart, once)
print(f"same matrix: {same};", "; ".join(f"{name} {one} and {other}" for name, one, other in pairs))
expected = ["1.000", "1.844", "3.400"], ["1.916", "1.000", "1.000"]
sys.exit("changed" if not same or (apart, once) != expected else 0)
PY
