#!/usr/bin/env bash
# Library:   pycozo 0.7.6 with cozo-embedded 0.7.6, a full-text index (::fts create) on a relation in which a
#            row is written again with :put.
# Guess:     the index follows the relation, as the vector index of the same relation does, and as it does
#            itself with :update: a row that is overwritten is found by its new words, and by its old ones no
#            longer.
# Behaviour: the new words are added, the old ones stay. A search for an old word gives the row with its new
#            text, in the places of k, and tf_idf counts it among the documents that have the word. When
#            such a row is removed, its old words stay even so, and a search for one of them is refused as
#            "corrupted index".
# Seen:      oak: 1 oak table, 3 oak chair; :put 1 lamp and :update 3 door: 1 lamp; lamp: 1 lamp;
#            vector nearest to [1, 0]: 1; after :put: 2
# Instead:   :rm the row, then :put it; or :update where it is known to be there.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" pycozo==0.7.6 cozo-embedded==0.7.6 2>/dev/null
PYTHONPATH="$place" python3 -W ignore - <<'PY'
import sys

from pycozo.client import Client

db = Client("mem", "", dataframe=False)


def run(script, **given):
    return db.run(script, given)["rows"]


run(":create item {id: Int => text: String, v: <F32; 2>}")
run("::fts create item:words {extractor: text, tokenizer: Simple, filters: [Lowercase]}")
run(
    "::hnsw create item:vectors {dim: 2, m: 16, dtype: F32, fields: [v], distance: L2, "
    "ef_construction: 50}"
)


def put(*rows):
    run("?[id, text, v] <- $rows :put item {id => text, v}", rows=rows)


def found(word):
    rows = run("?[id, text] := ~item:words {id, text | query: $q, k: 5}", q=word)
    return ", ".join(f"{key} {text}" for key, text in rows)


def nearest():
    [[key]] = run("?[id] := ~item:vectors {id | query: q, k: 1, ef: 20}, q = vec([1, 0])")
    return key


put([1, "oak table", [1, 0]], [2, "pine table", [2, 0]], [3, "oak chair", [9, 0]])
before = found("oak"), nearest()
put([1, "lamp", [7, 0]])
run("?[id, text] <- [[3, 'door']] :update item {id => text}")
after = found("oak"), nearest()
print(f"oak: {before[0]}; :put 1 lamp and :update 3 door: {after[0]}; lamp: {found('lamp')}")
print(f"vector nearest to [1, 0]: {before[1]}; after :put: {after[1]}")
wanted = ("1 oak table, 3 oak chair", 1), ("1 lamp", 2)
if (before, after) != wanted or found("lamp") != "1 lamp":
    sys.exit("changed")
run("?[id] <- [[2]] :rm item {id}")
put([2, "sofa", [2, 0]])
sys.exit("changed" if "2 sofa" in found("pine") else 0)
PY
