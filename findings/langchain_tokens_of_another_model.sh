#!/usr/bin/env bash
# Library:   langchain-openai 1.7.4, with a server of another model behind base_url.
# Guess:     for a model that tiktoken does not know, embed_documents sends the texts as they are.
# Behaviour: it sends lists of numbers, tokens of OpenAI's cl100k_base, whatever the model is. A
#            server that reads them as its own model's tokens gives vectors of other words; small
#            numbers are in every vocabulary, so there need not be an error.
# Seen:      for model="my-own": input = [[5269, 1317, ...]]; with check_embedding_ctx_length=False
#            input = ["how long ..."].
# Instead:   check_embedding_ctx_length=False, or a server that is told whose tokens come.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
# llama-index-core carries the file of cl100k_base that tiktoken would fetch.
python3 -m pip install --quiet --target "$place" langchain-openai==1.7.4 tiktoken==0.14.0 2>/dev/null
python3 -m pip download --quiet --no-deps --dest "$place" llama-index-core==0.14.25 2>/dev/null
PYTHONPATH="$place" TIKTOKEN_CACHE_DIR="$place/cache" python3 - "$place" <<'PY' 2>/dev/null
import http.server
import json
import pathlib
import sys
import threading
import zipfile

place = pathlib.Path(sys.argv[1])
name = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
wheel = zipfile.ZipFile(next(place.glob("llama_index_core-*.whl")))
(place / "cache").mkdir()
inside = f"llama_index/core/_static/tiktoken_cache/{name}"
(place / "cache" / name).write_bytes(wheel.read(inside))
sent = []


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent.append(body["input"])
        rows = [{"object": "embedding", "index": i, "embedding": [1.0]} for i in range(len(sent[-1]))]
        answer = {"object": "list", "data": rows, "model": "my-own", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_address[1]}/v1"

import tiktoken
from langchain_openai import OpenAIEmbeddings

text = "how long does the delivery take?"
for check in (True, False):
    OpenAIEmbeddings(
        model="my-own", base_url=url, api_key="none", check_embedding_ctx_length=check
    ).embed_documents([text])
print(f"by default: {sent[0]}; without the check: {sent[1]}")
assert sent == [[tiktoken.get_encoding("cl100k_base").encode(text)], [text]], "changed"
PY
