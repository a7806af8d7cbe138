"""Rerankers: a score for each document, the same whatever stands beside it; nothing cut unseen."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

import cospace as cs
from cospace.encode.reranker import Reranker, load_reranker
from cospace.errors import (
    BadArgument,
    BadItem,
    EmptyItem,
    FormatTooNew,
    ModelDamaged,
    ModelNotFound,
    UnsafeFile,
)
from cospace.testing import tiny_folder, tiny_reranker, tiny_reranker_folder

WORDS = ["red", "chair", "bus", "lamp", "oak", "désk", "椅子", "on", "7", "velvet"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    return tmp_path / "models"


def test_a_score_for_each_document_in_their_order() -> None:
    scores = tiny_reranker().score("a red chair", ["my blue bus", "a red chair", "chair"])
    assert (np.float32, (3,)) == (scores.dtype, scores.shape)
    assert [1, 2, 0] == np.argsort(-scores).tolist()


def test_no_documents_have_no_scores() -> None:
    scores = tiny_reranker().score("a chair", [])
    assert (np.float32, (0,)) == (scores.dtype, scores.shape)


@given(texts, st.lists(texts, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_scores_go_with_their_documents_in_any_order(
    query: str, documents: list[str], random: Any
) -> None:
    reranker = tiny_reranker()
    scores = reranker.score(query, documents)
    order = list(range(len(documents)))
    random.shuffle(order)
    again = reranker.score(query, [documents[i] for i in order])
    np.testing.assert_allclose(again, scores[order], atol=1e-5)


@given(texts, st.lists(texts, min_size=1, max_size=20))
def test_a_pair_has_one_score_alone_and_beside_others(query: str, documents: list[str]) -> None:
    reranker = tiny_reranker()
    alone = np.concatenate([reranker.score(query, [one]) for one in documents])
    np.testing.assert_allclose(reranker.score(query, documents), alone, atol=1e-5)


def test_the_activation_is_the_models_and_logits_are_there_besides() -> None:
    plain, curved = tiny_reranker(), tiny_reranker(activation="sigmoid")
    documents = ["a red chair", "my blue bus", "lamp"]
    logits = plain.judge("a red chair", documents)
    judged = curved.judge("a red chair", documents)
    assert ("identity", "sigmoid") == (plain.activation, curved.activation)
    assert np.array_equal(logits.scores, logits.logits)
    assert np.array_equal(logits.logits, judged.logits)
    np.testing.assert_allclose(judged.scores, 1 / (1 + np.exp(-logits.logits)), rtol=1e-6)
    assert plain.fingerprint != curved.fingerprint, "its scores are others"


def test_a_large_logit_is_no_overflow() -> None:
    judged = tiny_reranker(activation="sigmoid").judge("a red chair", ["a red chair"])
    assert 0 < judged.scores[0] <= 1


def test_documents_that_were_cut_are_told_and_the_query_stays_whole() -> None:
    judged = tiny_reranker().judge("chair", ["chair", "oak lamp " * 90, "bus", "red " * 200])
    assert ((1, 3), False) == (judged.truncated, judged.query_cut)
    assert not tiny_reranker().judge("chair", ["chair"]).truncated


def test_a_long_query_leaves_room_for_the_document() -> None:
    judged = tiny_reranker().judge("oak lamp " * 90, ["oak", "red chair " * 90])
    assert ((1,), True) == (judged.truncated, judged.query_cut)


def test_the_score_of_a_cut_document_is_that_of_its_beginning() -> None:
    whole = "oak lamp " * 30
    judged = tiny_reranker().judge("chair", [whole + "chair " * 200, whole + "bus " * 300])
    first, second = judged.scores
    assert first != second
    judged = tiny_reranker().judge("chair", [whole * 5 + "chair " * 200, whole * 5 + "bus " * 300])
    assert judged.scores[0] == judged.scores[1], "what differs is past what is read"


@pytest.mark.parametrize(
    ("query", "documents", "error", "says"),
    [
        ("", ["a"], EmptyItem, "the query"),
        (3, ["a"], BadItem, "the query"),
        ("a", ["b", " "], EmptyItem, "document 1"),
        ("a", ["b", None], BadItem, "document 1"),
        ("a", ["b", "\x00"], BadItem, "document 1"),
        ("a", "b", BadArgument, "a list of texts"),
        ("a", {"b": 1}, BadArgument, "a list of texts"),
        ("a", None, BadArgument, "a list of texts"),
        ("a", ["x" * 100_001], BadItem, "document 0"),
    ],
)
def test_what_cannot_be_read_is_named(query: Any, documents: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        tiny_reranker().score(query, documents)


def test_a_reranker_is_loaded_by_its_name_folder_and_path(home: Path) -> None:
    folder = tiny_reranker_folder(home / "mine")
    prints = {load_reranker(one).fingerprint for one in ("mine", str(folder), folder)}
    assert {tiny_reranker().fingerprint} == prints
    one = load_reranker("mine")
    assert ("tiny-reranker-0", folder, 128, "f32") == (
        one.name, one.path, one.max_tokens, one.precision,
    )  # fmt: skip


def test_two_of_one_folder_share_what_is_compiled(home: Path) -> None:
    tiny_reranker_folder(home / "mine")
    assert load_reranker("mine")._loaded() is load_reranker("mine")._loaded()


def test_a_name_that_nothing_has_says_what_is_near(home: Path) -> None:
    tiny_reranker_folder(home / "reranked")
    with pytest.raises(ModelNotFound, match="did you mean 'reranked'"):
        load_reranker("rerankd")
    with pytest.raises(ModelNotFound, match=r"space\.json"):
        load_reranker(home)
    with pytest.raises(UnsafeFile):
        load_reranker("model.pt")


def test_neither_is_taken_for_the_other(home: Path) -> None:
    tiny_reranker_folder(home / "judge")
    tiny_folder(home / "mine")
    with pytest.raises(BadArgument, match="load_reranker"):
        cs.load("judge")
    with pytest.raises(BadArgument, match=r"embedding model.*cospace models add"):
        load_reranker("mine")
    with pytest.raises(BadArgument, match="embedding model"):
        load_reranker("starter")
    with pytest.raises(BadArgument, match="load_reranker"):
        cs.open(":memory:", model="judge")


def test_it_is_listed_as_what_it_is(home: Path) -> None:
    tiny_reranker_folder(home / "judge")
    [one] = [one for one in cs.models() if one.name == "judge"]
    assert (("pair",), 0, True, "") == (one.kinds, one.dim, one.ready, one.why)
    assert one.space == load_reranker("judge").space
    file = home / "judge/pair/model.bin"
    file.write_bytes(file.read_bytes()[:-1] + b"\1")
    [one] = [one for one in cs.models() if one.name == "judge"]
    assert not one.ready
    assert "model.bin" in one.why


def changed(folder: Path, change: Any) -> None:
    """The record of the folder, changed in place."""
    file = folder / "space.json"
    record = json.loads(file.read_text())
    change(record, record["towers"][0])
    file.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda record, tower: tower["preprocess"].update(activation="relu"), "activation"),
        (lambda record, tower: tower["preprocess"].pop("activation"), "activation"),
        (lambda record, tower: tower["preprocess"].update(max_tokens=2), "too few"),
        (lambda record, tower: tower.update(prompts={"query": "query: "}), "no prompts"),
        (lambda record, tower: tower.update(canaries=[]), "no known answers"),
        (lambda record, tower: tower["canaries"][0].update(input="a"), "cannot be used"),
        (lambda record, tower: tower["canaries"][0].update(input="[1, 2]"), "cannot be used"),
        (lambda record, tower: tower["canaries"][0].update(input="3"), "cannot be used"),
        (lambda record, tower: tower["canaries"][0].update(vector="AAAA"), "cannot be used"),
    ],
)
def test_a_folder_that_is_damaged_is_refused(tmp_path: Path, change: Any, says: str) -> None:
    changed(tiny_reranker_folder(tmp_path), change)
    with pytest.raises(ModelDamaged, match=says):
        load_reranker(tmp_path)


def test_scores_that_are_not_the_known_ones_are_refused(tmp_path: Path) -> None:
    """Twice the logits point the same way: a cosine would not see it."""
    tiny_reranker_folder(tmp_path)

    def doubled(record: Any, tower: Any) -> None:
        for answer in tower["canaries"]:
            number = np.frombuffer(base64.b64decode(answer["vector"]), "<f4") * np.float32(2)
            answer["vector"] = base64.b64encode(number.tobytes()).decode()

    changed(tmp_path, doubled)
    with pytest.raises(ModelDamaged, match="known answers"):
        load_reranker(tmp_path)


def test_answers_that_are_all_alike_prove_nothing(tmp_path: Path) -> None:
    tiny_reranker_folder(tmp_path)
    changed(tmp_path, lambda record, tower: tower.update(canaries=tower["canaries"][:1]))
    with pytest.raises(ModelDamaged, match="known answers"):
        load_reranker(tmp_path)


def test_a_score_that_is_no_number_is_refused(tmp_path: Path) -> None:
    """The known answers hold no "zz": what it stands for can be damaged without their notice."""
    tiny_reranker_folder(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "pair/tokenizer.json"))
    [piece] = tokenizer.encode("zz", add_special_tokens=False).ids
    file = tmp_path / "pair/model.bin"
    numbers = np.frombuffer(file.read_bytes()[: (piece + 1) * 32 * 4], "<f4").reshape(-1, 32).copy()
    numbers[piece] = np.nan
    file.write_bytes(numbers.tobytes() + file.read_bytes()[numbers.nbytes :])
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    changed(tmp_path, lambda record, tower: tower["files"].update({"pair/model.bin": sha256}))
    reranker = load_reranker(tmp_path)
    assert np.isfinite(reranker.score("red chair", ["blue bus"])).all()
    with pytest.raises(ModelDamaged, match="no number for document 1"):
        reranker.score("red chair", ["blue bus", "zz"])


def test_a_tokenizer_that_joins_no_texts_is_refused(tmp_path: Path) -> None:
    tiny_reranker_folder(tmp_path)
    file = tmp_path / "pair/tokenizer.json"
    record = json.loads(file.read_text())
    record["post_processor"]["pair"] = record["post_processor"]["pair"][:1]
    file.write_text(json.dumps(record))
    changed(tmp_path, lambda record, tower: tower["files"].update(
        {"pair/tokenizer.json": hashlib.sha256(file.read_bytes()).hexdigest()}
    ))  # fmt: skip
    with pytest.raises(ModelDamaged):
        load_reranker(tmp_path)


def test_a_folder_of_a_newer_cospace_is_refused(tmp_path: Path) -> None:
    changed(tiny_reranker_folder(tmp_path), lambda record, tower: record.update(format=99))
    with pytest.raises(FormatTooNew):
        load_reranker(tmp_path)


def test_an_engine_without_files_is_refused(tmp_path: Path) -> None:
    folder = tiny_reranker_folder(tmp_path)
    with pytest.raises(BadArgument, match="no files for the engine onnx"):
        load_reranker(folder, engine="onnx")
    assert load_reranker(folder, engine="openvino:f32").score("a chair", ["a chair"])[0] > 9


def test_threads_may_share_one() -> None:
    reranker = tiny_reranker()
    documents = [f"{a} {b}" for a in WORDS for b in WORDS]
    expected = reranker.score("red chair", documents)
    found: list[Any] = [None] * 8

    def run(place: int) -> None:
        found[place] = reranker.score("red chair", documents)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        np.testing.assert_allclose(one, expected, atol=1e-5)


def test_repr_names_it() -> None:
    one: Reranker = tiny_reranker()
    assert f"Reranker(tiny-reranker-0, identity, fingerprint {one.fingerprint[:8]})" == repr(one)
