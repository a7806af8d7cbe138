#!/usr/bin/env bash
# Library:   libsql 0.1.11 (Python; libsql 0.5.29 of npm has the same engine), an index by libsql_vector_idx
#            and a DELETE without WHERE, as whoever fills a table anew begins with.
# Guess:     the vector index follows the table: it is empty afterwards, as after DELETE ... WHERE true.
# Behaviour: SQLite has a short way to empty a whole table, and the vector index does not see it. All its
#            vectors stay, vector_top_k gives the keys of rows that are gone, and they take the places of k:
#            joined with the table that was filled anew, three hits are one or none. Where the new rows have
#            the old keys, INSERT is refused ("failed to insert shadow row").
# Seen:      WHERE true: left [], k=1 rug, k=3 rug door lamp; without WHERE: left [1, 2, 3], k=1 none,
#            k=3 rug; after REINDEX: k=3 rug door lamp
# Instead:   DELETE FROM item WHERE true; REINDEX where it is done already.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" libsql==0.1.11 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import libsql


class Shop:
    def __init__(self):
        self.db = libsql.connect(":memory:")
        self.db.execute(
            "CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, v F32_BLOB(2))"
        )
        self.db.execute("CREATE INDEX near ON item (libsql_vector_idx(v, 'metric=l2'))")

    def fill(self, **vectors):
        for name, vector in vectors.items():
            self.db.execute("INSERT INTO item (name, v) VALUES (?, vector32(?))", (name, vector))
        self.db.commit()

    def keys(self):
        rows = self.db.execute("SELECT id FROM vector_top_k('near', vector32('[0, 0]'), 9)")
        return sorted(key for (key,) in rows.fetchall())

    def nearest(self, k):
        rows = self.db.execute(
            f"SELECT name FROM vector_top_k('near', vector32('[0, 0]'), {k}) hit "
            "JOIN item ON item.id = hit.id"
        )
        return " ".join(name for (name,) in rows.fetchall()) or "none"


def emptied(statement):
    shop = Shop()
    shop.fill(oak="[0, 0]", pine="[5, 0]", sofa="[9, 0]")
    shop.db.execute(statement)
    shop.db.commit()
    left = shop.keys()
    shop.fill(lamp="[9, 9]", rug="[0, 1]", door="[5, 1]")
    return shop, (left, shop.nearest(1), shop.nearest(3))


_, true = emptied("DELETE FROM item WHERE true")
shop, bare = emptied("DELETE FROM item")
shop.db.execute("REINDEX near")
again = shop.nearest(3)
for name, (left, one, three) in {"WHERE true": true, "without WHERE": bare}.items():
    print(f"{name}: left {left}, k=1 {one}, k=3 {three}")
print(f"after REINDEX: k=3 {again}")
right = "rug door lamp"
wanted = ([], "rug", right), ([1, 2, 3], "none", "rug"), right
sys.exit("changed" if (true, bare, again) != wanted else 0)
PY
