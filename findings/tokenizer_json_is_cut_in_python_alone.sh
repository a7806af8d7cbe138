#!/usr/bin/env bash
# Library:   tokenizers 0.23.3 (Python) and @huggingface/tokenizers 0.2.0 (npm), one and the same
#            tokenizer.json that holds "truncation" and "padding", as many models' files do.
# Guess:     the file says all of it: who loads it in Python or in JavaScript gets the same ids, of at
#            most max_length; or the second says that it does not cut.
# Behaviour: Python cuts and fills up by itself. The npm package reads neither entry and says nothing:
#            all tokens come, past the length for which the model has positions, and short texts are
#            not filled up. Vectors made from them are of other texts than Python's. The README of the
#            package shows the two files of a model as all that it needs, and has no word on this.
# Seen:      7 words: Python 4 ids, npm 9; 1 word: Python 4 ids, npm 3
# Instead:   cut the words before the special tokens are added: tokenize, slice, then add them.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" tokenizers==0.23.3 2>/dev/null
npm install --silent --no-audit --no-fund --prefix "$place" @huggingface/tokenizers@0.2.0 >/dev/null 2>&1
cat > "$place/ids.mjs" <<'JS'
import { readFileSync } from "node:fs";
import { Tokenizer } from "@huggingface/tokenizers";

const [file, settings, ...texts] = process.argv.slice(2);
const tokenizer = new Tokenizer(JSON.parse(readFileSync(file)), JSON.parse(settings));
console.log(JSON.stringify(texts.map((text) => tokenizer.encode(text).ids)));
JS
PYTHONPATH="$place" python3 - "$place" <<'PY'
import json
import subprocess
import sys

from tokenizers import Tokenizer, models, pre_tokenizers, processors

place = sys.argv[1]
names = "[PAD] [UNK] [CLS] [SEP] oak pine table chair lamp shelf sofa".split()
tokenizer = Tokenizer(models.WordPiece({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
tokenizer.post_processor = processors.TemplateProcessing(
    single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
)
tokenizer.enable_truncation(4)
tokenizer.enable_padding(length=4)
tokenizer.save(f"{place}/tokenizer.json")
texts = [" ".join(names[4:]), "oak"]
# As in a model's tokenizer_config.json; without it the ids are the same.
settings = json.dumps({"model_max_length": 4, "tokenizer_class": "BertTokenizer"})
ran = subprocess.run(
    ["node", f"{place}/ids.mjs", f"{place}/tokenizer.json", settings, *texts],
    capture_output=True,
    text=True,
    check=True,
)
npm = json.loads(ran.stdout)
python = [Tokenizer.from_file(f"{place}/tokenizer.json").encode(text).ids for text in texts]
print(f"7 words: Python {len(python[0])} ids, npm {len(npm[0])}; 1 word: ", end="")
print(f"Python {len(python[1])} ids, npm {len(npm[1])}")
assert python == [[2, 4, 5, 3], [2, 4, 3, 0]]
sys.exit("changed" if npm != [[2, *range(4, 11), 3], [2, 4, 3]] else 0)
PY
