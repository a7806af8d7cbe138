#!/usr/bin/env bash
# Library:   sentence-transformers 6.2.0, encode_document of a model with a prompt "passage".
# Guess:     encode_document uses it: its documentation names "document", "passage", "corpus".
# Behaviour: every model is given an empty prompt "document", which is found first. The prompt
#            "passage" is never used, unless it is asked for by name.
# Seen:      prompts {'query': 'query: ', 'passage': 'passage: ', 'document': ''}
# Needs sentence-transformers installed (the extra [torch]).
set -euo pipefail
python3 - <<'PY'
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import StaticEmbedding
from tokenizers import Tokenizer, models

table = StaticEmbedding(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), embedding_dim=4)
prompts = {"query": "query: ", "passage": "passage: "}
print("prompts", SentenceTransformer(modules=[table], prompts=prompts, device="cpu").prompts)
PY
