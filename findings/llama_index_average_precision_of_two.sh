#!/usr/bin/env bash
# Library:   llama-index-core 0.14.25, its retrieval metrics, with the ids of the documents from which
#            the retrieved chunks come, so that an id may stand in the list more than once.
# Guess:     the metrics lie between 0 and 1, and finding the same document again adds nothing; or the
#            list is refused, as trec_eval refuses a document that stands in a run twice.
# Behaviour: average precision and NDCG count each repetition as one more relevant document, and divide
#            by the number of different expected ids. Both pass 1, and a retriever that finds three
#            chunks of one document is better than one that finds all documents. Recall and hit rate take
#            the ids as a set, so of one evaluation some numbers count documents and others chunks.
# Seen:      a, b: AP 1.00, NDCG 1.00, recall 1.00; a, a, a, a: AP 2.00, NDCG 1.57, recall 0.50
# Instead:   list(dict.fromkeys(ids)) before the metrics.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" llama-index-core==0.14.25 2>/dev/null
PYTHONPATH="$place" python3 -W ignore - <<'PY'
import sys

from llama_index.core.evaluation.retrieval.metrics import NDCG, AveragePrecision, Recall

expected = ["a", "b"]


def values(retrieved):
    asked = {"expected_ids": expected, "retrieved_ids": retrieved}
    metrics = AveragePrecision(), NDCG(), Recall()
    return [round(metric.compute(**asked).score, 2) for metric in metrics]


def said(retrieved):
    ap, ndcg, recall = values(retrieved)
    return f"{', '.join(retrieved)}: AP {ap:.2f}, NDCG {ndcg:.2f}, recall {recall:.2f}"


both, one = ["a", "b"], ["a", "a", "a", "a"]
print(f"{said(both)}; {said(one)}")
assert values(both) == [1.0, 1.0, 1.0]
sys.exit("changed" if values(one) != [2.0, 1.57, 0.5] else 0)
PY
