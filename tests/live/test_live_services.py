"""The real services, with a real key: `pytest -m live tests/live`. A run costs less than a cent.

Each test is skipped where its key is not in the environment; none runs in `make test`.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.cache.disk import VectorCache

pytestmark = pytest.mark.live

KEYS = {
    "openai:text-embedding-3-small": "OPENAI_API_KEY",
    "openai:text-embedding-3-large": "OPENAI_API_KEY",
    "bedrock:amazon.titan-embed-text-v2:0": "AWS_ACCESS_KEY_ID",
    "bedrock:amazon.titan-embed-image-v1": "AWS_ACCESS_KEY_ID",
    "gemini:gemini-embedding-001": "GEMINI_API_KEY",
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))


@pytest.fixture(params=KEYS)
def name(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> str:
    found: str = request.param
    if "live" not in pytestconfig.getoption("-m"):
        pytest.skip("asked for by name only: pytest -m live")
    if not os.environ.get(KEYS[found]):
        pytest.skip(f"{KEYS[found]} is not set")
    return found


def test_what_means_the_same_lies_close(name: str) -> None:
    model = cs.load(name, dim=256)
    query = model.encode_query(["comfortable old seating"])
    documents = model.encode_document(["a retro velvet armchair", "a used diesel engine"])
    [[near, far]] = cs.similarity(query, documents)
    assert near > far + 0.05
    assert model.bill.requests >= 2
    assert model.bill.tokens + model.bill.estimated > 10


def test_a_long_text_is_cut_and_reported(name: str) -> None:
    vectors = cs.load(name).encode_document(["a chair", "word " * 19_000])
    assert (1,) == vectors.truncated


def test_a_row_is_the_same_alone_and_in_a_batch(name: str) -> None:
    texts = [f"text number {i}" for i in range(5)]
    together = cs.load(name).encode_document(texts).array
    VectorCache().clear()
    alone = np.concatenate([cs.load(name).encode_document([text]).array for text in texts])
    assert np.einsum("ij,ij->i", together, alone).min() > 0.999


def test_a_wrong_key_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("OPENAI_API_KEY", "GEMINI_API_KEY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "wrong")
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with pytest.raises(cs.errors.KeyRefused):
        cs.load(name).encode_query(["a"])
