"""Clients of other makers, unchanged, against a server of ours on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from serving import Running, serving

import cospace as cs

TEXTS = ["retro velvet armchair", "steel rake", "日本語 text"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("clients") / "shop.cospace"
    with cs.open(place, model="starter") as shop:
        shop.add(ids=["a", "b"], documents=["A retro velvet armchair", "A steel rake"])
    return place


def _cl100k() -> Path:
    """OpenAI's tokens, which LlamaIndex brings with it."""
    from importlib.util import find_spec

    spec = find_spec("llama_index.core")
    assert spec is not None
    assert spec.origin is not None
    return (
        Path(spec.origin).parent / "_static/tiktoken_cache/9b5ad71b2ce5302211f9c61530b329a4922fc6a4"
    )


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    with serving(folder, "--read-only", "1", "--token-ids", _cl100k()) as running:
        yield running


@pytest.fixture(scope="module")
def expected() -> np.ndarray:
    return cs.load("starter").encode_document(TEXTS).array


def told(program: str, *words: str) -> object:
    """What a program prints as JSON: libraries of others run in a process of their own."""
    own = {**os.environ, "TIKTOKEN_CACHE_DIR": str(_cl100k().parent), "OPENAI_API_KEY": "none"}
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        env=own,
        check=False,
    )
    assert 0 == done.returncode, done.stderr[-2_000:]
    return json.loads(done.stdout)


def test_openai(server: Running, expected: np.ndarray):
    from openai import NotFoundError, OpenAI

    with OpenAI(base_url=f"{server.url}/v1", api_key="none") as client:
        found = client.embeddings.create(model="starter", input=TEXTS)
        np.testing.assert_allclose([one.embedding for one in found.data], expected, atol=2e-4)
        floats = client.embeddings.create(model="starter", input=TEXTS[0], encoding_format="float")
        np.testing.assert_allclose(floats.data[0].embedding, expected[0], atol=2e-4)
        assert found.usage.prompt_tokens > len(TEXTS)
        assert ["starter"] == [one.id for one in client.models.list()]
        whole = client.embeddings.create(model="starter", input=TEXTS, dimensions=384)
        assert 384 == len(whole.data[0].embedding)
        with pytest.raises(NotFoundError, match="no model 'gpt'"):
            client.embeddings.create(model="gpt", input="x")


def test_openai_tries_again_when_the_server_is_busy(folder: Path):
    from openai import OpenAI, RateLimitError

    with (
        serving(folder, variables={"COSPACE_LIMIT_QUEUE_INPUTS": "5"}) as server,
        OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0) as client,
        pytest.raises(RateLimitError, match="waiting to be encoded"),
    ):
        client.embeddings.create(model="starter", input=["x"] * 6)


def test_cohere(server: Running):
    program = """
import sys, json, cohere
client = cohere.ClientV2(api_key="none", base_url=sys.argv[1])
asked = dict(model="starter", query="comfortable seating", documents=["rake", "armchair"])
found = client.rerank(**asked, top_n=1)
old = cohere.Client(api_key="none", base_url=sys.argv[1])
first = old.rerank(**asked, return_documents=True)
print(json.dumps([found.results[0].index, first.results[0].document.text]))
"""
    assert [1, "armchair"] == told(program, server.url)


def test_langchain_with_texts_and_with_openais_tokens(server: Running, expected: np.ndarray):
    program = """
import sys, json
from langchain_openai import OpenAIEmbeddings
texts = json.loads(sys.argv[2])
found = []
for check in (False, True):
    model = OpenAIEmbeddings(
        model="starter", base_url=sys.argv[1] + "/v1", check_embedding_ctx_length=check
    )
    found.append(model.embed_documents(texts) + [model.embed_query(texts[0])])
print(json.dumps(found))
"""
    texts, tokens = told(program, server.url, json.dumps(TEXTS))
    for found in (texts, tokens):
        np.testing.assert_allclose(found[:3], expected, atol=2e-4)
        np.testing.assert_allclose(found[3], expected[0], atol=2e-4)


def test_llama_index(server: Running, expected: np.ndarray):
    program = """
import sys, json
from llama_index.embeddings.openai import OpenAIEmbedding
model = OpenAIEmbedding(model_name="starter", api_base=sys.argv[1] + "/v1", api_key="none")
print(json.dumps(model.get_text_embedding_batch(json.loads(sys.argv[2]))))
"""
    found = told(program, server.url, json.dumps(TEXTS))
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_an_mcp_client(folder: Path):
    program = """
import asyncio, json, os, sys
from mcp import Client, StdioServerParameters

async def main():
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "cospace", "mcp", sys.argv[1]], env=dict(os.environ)
    )
    async with Client(command) as client:
        tools = [one.name for one in (await client.list_tools()).tools]
        found = await client.call_tool("search", {"query": "comfortable seating", "k": 1})
        got = await client.call_tool("get", {"ids": ["b", "nobody"]})
        passages = await client.call_tool("context", {"question": "what can I sit on?"})
        bad = await client.call_tool("search", {"query": "x", "k": 1, "where": {"a": {"$foo": 1}}})
    print(json.dumps([tools, *(one.structured_content for one in (found, got, passages, bad))]))

asyncio.run(main())
"""
    tools, found, got, passages, bad = told(program, str(folder))
    assert {"search", "get", "context"} == set(tools)
    assert "a" == found["hits"][0]["id"]
    assert ("A steel rake", None) == (got["items"][0]["text"], got["items"][1])
    assert "a" == passages["passages"][0]["id"]
    assert "$foo" in bad["error"]["message"]
