#!/usr/bin/env bash
# Library:   tokenizers 0.23.3 (Python) and @huggingface/tokenizers 0.2.0 (npm), one and the same
#            tokenizer.json of an uncased BERT (BertNormalizer, lowercase).
# Guess:     both give the same ids; and capitals give those of small letters, since "uncased" means
#            that: a headline in capitals finds the article. In Python, str.lower() is how it is done.
# Behaviour: tokenizers lowers one letter at a time, so that the last letter of a Greek word in capitals
#            becomes the form for the middle of a word, which no word of the vocabulary ends with:
#            many nouns of Greek end with this letter. JavaScript lowers the string as a whole, as
#            Python does (the original BERT too), and finds the words. So a page in the browser and
#            a server in Python have other tokens for one text, and in Python capitals are unknown.
# Seen:      small letters: Python [2, 3], npm [2, 3]; capitals: Python [1, 1], npm [2, 3];
#            str.lower() before: Python [2, 3]
# Instead:   text.lower() before tokenizers.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" tokenizers==0.23.3 2>/dev/null
npm install --silent --no-audit --no-fund --prefix "$place" @huggingface/tokenizers@0.2.0 >/dev/null 2>&1
cat > "$place/ids.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const [file, ...texts] = process.argv.slice(2);
const tokenizer = new Tokenizer(JSON.parse(readFileSync(file)), {});
console.log(JSON.stringify(texts.map((text) => tokenizer.encode(text).ids)));
JS
PYTHONPATH="$place" python3 - "$place" <<'PY'
import json
import subprocess
import sys

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

place = sys.argv[1]
small, capitals = "νόμος πόλης", "ΝΌΜΟΣ ΠΌΛΗΣ"  # "law", "of a town"; capitals as small.upper()
assert small.upper() == capitals and capitals.lower() == small
words = {"[PAD]": 0, "[UNK]": 1, "νομος": 2, "πολης": 3}
tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.save(f"{place}/tokenizer.json")
ran = subprocess.run(
    ["node", f"{place}/ids.mjs", f"{place}/tokenizer.json", small, capitals],
    capture_output=True,
    text=True,
    check=True,
)
npm = json.loads(ran.stdout)
python = [tokenizer.encode(text).ids for text in (small, capitals, capitals.lower())]
print(f"small letters: Python {python[0]}, npm {npm[0]}; capitals: Python {python[1]}, npm {npm[1]};")
print(f"str.lower() before: Python {python[2]}")
assert python[0] == python[2] == npm[0] == [2, 3]
sys.exit("changed" if (python[1], npm[1]) != ([1, 1], [2, 3]) else 0)
PY
