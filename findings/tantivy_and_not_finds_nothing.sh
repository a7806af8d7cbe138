#!/usr/bin/env bash
# Library:   tantivy 0.27.0 (Python), Index.parse_query with the words AND and NOT.
# Guess:     "oak AND NOT tree", the usual way to write it, is "oak -tree" and "oak NOT tree": all
#            three are read without an error, and an upstream issue on a NOT that stands alone (1980)
#            says that beside another word, as in "a AND NOT b", it is allowed.
# Behaviour: NOT behind AND or OR becomes a query of its own, which excludes but asks for nothing and so
#            finds nothing; AND with it is always empty, and OR with it adds nothing. A minus sign
#            behind AND is read as one of the whole, so that NOT and minus are two things. A NOT alone
#            raises; inside it does not, and parse_query_lenient reports no error.
# Seen:      oak -tree: b, c; oak NOT tree: b, c; oak AND -tree: b, c; oak AND NOT tree: nothing;
#            oak AND (* NOT tree): b, c; errors of the lenient parser: 0
# Instead:   a minus sign; or "(* NOT tree)" where a NOT has to stand by itself.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" tantivy==0.27.0 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import tantivy

fields = tantivy.SchemaBuilder()
fields.add_text_field("id", stored=True, tokenizer_name="raw")
fields.add_text_field("text")
index = tantivy.Index(fields.build())
writer = index.writer(num_threads=1)
for id, text in {"a": "oak tree", "b": "oak", "c": "oak pine", "d": "sofa"}.items():
    writer.add_document(tantivy.Document(id=id, text=text))
writer.commit()
index.reload()
searcher = index.searcher()


def found(text):
    hits = searcher.search(index.parse_query(text, ["text"]), 10).hits
    return ", ".join(sorted(searcher.doc(address)["id"][0] for _, address in hits)) or "nothing"


texts = ["oak -tree", "oak NOT tree", "oak AND -tree", "oak AND NOT tree", "oak AND (* NOT tree)"]
seen = [found(text) for text in texts]
_, errors = index.parse_query_lenient("oak AND NOT tree", ["text"])
print("; ".join(f"{text}: {ids}" for text, ids in zip(texts, seen)), end="; ")
print(f"errors of the lenient parser: {len(errors)}")
same = ["b, c"] * 3
sys.exit("changed" if seen != [*same, "nothing", "b, c"] or errors else 0)
PY
