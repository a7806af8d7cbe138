#!/usr/bin/env bash
# Library:   nano-vectordb 0.0.4.3, upsert of rows without "__id__", for which it takes a hash of the vector.
# Guess:     the same row once more is an update, as upsert reports it: the row keeps the id that it had,
#            in the hits and for get() and delete().
# Behaviour: on an insert the made id is written into the row; on an update the new row replaces the old
#            one as it came, without an id. From then on hits of it have none, and upsert of any row whatever
#            raises, and so do get() and delete() of ids, since all three read the id of each row. save()
#            writes the row without it, so a new load does not mend it.
# Seen:      inserted 1, ids ['made']; updated 1, ids [None]; get of it: KeyError; upsert of another:
#            KeyError; loaded anew: [None]
# Instead:   give "__id__" with each row.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" nano-vectordb==0.0.4.3 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - "$place" 2>/dev/null <<'PY'
import sys

import numpy as np
from nano_vectordb import NanoVectorDB

base = NanoVectorDB(2, storage_file=f"{sys.argv[1]}/base.json")


def row(text, *vector):
    return {"text": text, "__vector__": np.array(vector, np.float32)}


def ids():
    return [hit.get("__id__") for hit in base.query(np.array([1, 0], np.float32), top_k=5)]


def raised(call):
    try:
        call()
    except Exception as error:
        return type(error).__name__
    return None


[made] = base.upsert([row("oak", 1, 0)])["insert"]
first = ids()
updated = base.upsert([row("oak", 1, 0)])["update"]
second = ids()
get, later = raised(lambda: base.get([made])), raised(lambda: base.upsert([row("sofa", 0, 1)]))
base.save()
again = NanoVectorDB(2, storage_file=f"{sys.argv[1]}/base.json")
loaded = [hit.get("__id__") for hit in again.query(np.array([1, 0], np.float32), top_k=5)]
named = ["made" if id == made else id for id in first]
print(f"inserted 1, ids {named}; updated {len(updated)}, ids {second};", end=" ")
print(f"get of it: {get}; upsert of another: {later}; loaded anew: {loaded}")
wanted = ([made], [made], [None], "KeyError", "KeyError", [None])
sys.exit("changed" if (first, updated, second, get, later, loaded) != wanted else 0)
PY
