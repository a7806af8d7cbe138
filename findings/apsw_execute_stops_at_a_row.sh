#!/usr/bin/env bash
# Library:   apsw 3.51.3.0, several statements in one Connection.execute whose cursor is dropped.
# Guess:     all statements of the text are executed, as those of sqlite3's executescript are.
# Behaviour: the first statement that answers with a row is where it stops; what stands behind it is
#            executed only as the cursor is read on. "PRAGMA journal_mode=WAL; PRAGMA
#            synchronous=FULL" sets the journal alone, since the first PRAGMA answers.
# Seen:      together: wal 0, one by one: wal 2
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" apsw==3.51.3.0 2>/dev/null
PYTHONPATH="$place" python3 - "$place" <<'PY'
import sys

import apsw


def settings(name, texts):
    db = apsw.Connection(f"{sys.argv[1]}/{name}.sqlite")
    db.execute("PRAGMA synchronous=OFF")
    for text in texts:
        db.execute(text)
    return [db.execute(f"PRAGMA {one}").fetchall()[0][0] for one in ("journal_mode", "synchronous")]


wanted = ["PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"]
together, alone = settings("together", ["; ".join(wanted)]), settings("alone", wanted)
print("together: {} {}, one by one: {} {}".format(*together, *alone))
sys.exit("changed" if (together, alone) != (["wal", 0], ["wal", 2]) else 0)
PY
