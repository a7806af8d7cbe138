"""`cs.models`: what can be loaded here, and of the rest what is missing."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

import cospace as cs
from cospace.encode import ModelInfo
from cospace.encode.hosted import SERVICES
from cospace.encode.hosted.bedrock import Bedrock
from cospace.encode.hosted.gemini import Gemini
from cospace.encode.hosted.openai import OpenAI
from cospace.encode.words import WordModel, WordVectors
from cospace.testing import tiny_folder

KEYS = ("OPENAI_API_KEY", *Gemini.KEYS, *Bedrock.KEYS)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "models"


def by_name() -> dict[str, ModelInfo]:
    found = cs.models()
    assert len(found) == len({one.name for one in found})
    return {one.name: one for one in found}


def test_the_models_of_the_starter_are_built_in() -> None:
    found = by_name()
    for name in ("starter", "minilm"):
        one, space = found[name], cs.load(name).space
        assert ("built in", True, "") == (one.place, one.ready, one.why)
        assert (space.fingerprint, space.kinds, space.dim) == (
            one.space.fingerprint if one.space else "",
            one.kinds,
            one.dim,
        )


def test_a_model_of_ones_own_is_listed_and_loads(home: Path) -> None:
    tiny_folder(home / "mine")
    rows = [[1.0, 0.0], [0.0, 1.0]]
    import numpy as np

    table = WordVectors(["sofa", "lamp"], np.array(rows, np.float32))
    WordModel.of(table, name="words").save(home / "words")
    found = by_name()
    for name in ("mine", "words"):
        assert ("added", True) == (found[name].place, found[name].ready)
        assert found[name].space == cs.load(name).space


def test_one_that_cannot_be_loaded_says_why(home: Path) -> None:
    tiny_folder(home / "broken")
    weights = home / "broken/text/model.bin"
    weights.write_bytes(b"\0" + weights.read_bytes()[1:])
    one = by_name()["broken"]
    assert (False, None, 0, ()) == (one.ready, one.space, one.dim, one.kinds)
    assert "model.bin" in one.why


@pytest.mark.parametrize("kind", [OpenAI, Bedrock, Gemini])
def test_a_hosted_model_is_ready_where_there_is_a_key(
    kind: type[OpenAI | Bedrock | Gemini], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(kind.MODULE)
    names = [f"{kind.SERVICE}:{model}" for model in kind.MODELS]
    found = by_name()
    for name in names:
        assert ("hosted", False, None) == (found[name].place, found[name].ready, found[name].space)
        assert f"it needs a key: set {kind.KEYS[0]}" in found[name].why
    for key in kind.KEYS:
        monkeypatch.setenv(key, " ")
        assert not by_name()[names[0]].ready, "a blank is no key"
        monkeypatch.setenv(key, "sk-of-a-test")
        found = by_name()
        assert {True} == {found[name].ready for name in names}
        assert "sk-of-a-test" not in str(found)
        monkeypatch.delenv(key)


def test_every_service_is_listed_with_its_models() -> None:
    hosted = [one for one in cs.models() if one.place == "hosted"]
    assert set(SERVICES) == {one.name.partition(":")[0] for one in hosted}
    assert all(one.dim and one.kinds for one in hosted)


def test_a_library_that_is_not_here_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "cospace.encode.hosted.base.find_spec",
        lambda name: None if name == "openai" else found(name),
    )
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
    assert "pip install '.[openai]'" in by_name()["openai:text-embedding-3-small"].why


def test_no_library_of_a_service_is_imported() -> None:
    import subprocess

    code = (
        "import cospace as cs, sys; cs.models();"
        "print([name for name in ('openai', 'boto3', 'google.genai') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def test_a_model_is_a_record() -> None:
    record = json.loads(json.dumps(by_name()["starter"].to_json()))
    assert {"name", "place", "ready", "kinds", "dim", "error"} == set(record)
    assert (["text", "image"], None) == (record["kinds"], record["error"])
