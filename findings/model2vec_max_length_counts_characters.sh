#!/usr/bin/env bash
# Library:   model2vec 0.10.0, StaticModel.encode(max_length=512).
# Guess:     the first 512 tokens of a text are read, as the parameter says.
# Behaviour: before the text is split into tokens, it is cut at 512 times the median number of letters
#            of the vocabulary's tokens, and blanks count too. Of a table with wide columns, as a PDF's
#            text has them, the end has no part in the vector, though 512 tokens are far off. Nothing is said.
# Seen:      123 tokens, median 5 letters: the last is read False, with max_length=None True
# Instead:   max_length=None, and a cut of one's own by the model's tokenizer.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" model2vec==0.10.0 tokenizers==0.23.3 numpy==2.4.6 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

import numpy as np
from model2vec import StaticModel
from tokenizers import Tokenizer, models, pre_tokenizers

words = ["[UNK]", *"the of in oak pine table chair lamp shelf price stock velvet walnut".split()]
tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, "[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
model = StaticModel(np.eye(len(words), dtype=np.float32), tokenizer, normalize=False)
table = "\n".join(f"{'oak':<40}{'chair':<40}{'price':<10}" for _ in range(40)) + "\nthe walnut lamp"
tokens = len(tokenizer.encode(table).ids)
median = int(np.median([len(word) for word in words]))


def read(max_length):
    return bool(model.encode(table, max_length=max_length)[words.index("lamp")] > 0)


seen = tokens, read(512), read(None)
print(f"{tokens} tokens, median {median} letters: the last is read {seen[1]}, with max_length=None {seen[2]}")
sys.exit("changed" if seen != (123, False, True) else 0)
PY
