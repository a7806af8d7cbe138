"""The tower of pairs: how two texts become tokens, and what is left of those that are too long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from cospace.encode.towers.pair import PairTower, _padded, known_pair
from cospace.testing import tiny_reranker, tiny_reranker_folder

LEAST = 64


def tower() -> PairTower:
    return tiny_reranker()._loaded()


def joined(query: str, document: str) -> tuple[list[int], list[int], tuple[bool, bool]]:
    one = tower()
    (ids, kinds), short = one._joined(one._tokenise([query])[0], one._tokenise([document])[0])
    return ids, kinds, short


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tiny_reranker_folder(tmp_path_factory.mktemp("pairs"))
    return Tokenizer.from_file(str(folder / "pair/tokenizer.json"))


@given(st.text("abc é椅7", min_size=1, max_size=30), st.text("abc é椅7", min_size=1, max_size=30))
def test_a_pair_that_fits_has_the_tokens_of_the_tokenizer(
    tokenizer: Any, query: str, document: str
) -> None:
    whole = tokenizer.encode(query, document)
    assert (whole.ids, whole.type_ids, (False, False)) == joined(query, document)


@pytest.mark.parametrize("query", ["aa", "aa " * 20])
def test_a_document_is_cut_as_the_tokenizer_would(tokenizer: Any, query: str) -> None:
    document = "bb cc " * 200
    tokenizer.enable_truncation(128, strategy="only_second")
    whole = tokenizer.encode(query, document)
    tokenizer.no_truncation()
    assert (whole.ids, whole.type_ids, (True, False)) == joined(query, document)


@given(st.integers(1, 300), st.integers(1, 300))
def test_what_is_kept_of_either(first: int, second: int) -> None:
    ids, kinds, (document_cut, query_cut) = joined("aa " * first, "bb " * second)
    room = 127
    kept = kinds.count(0) - 1, kinds.count(1)
    assert len(ids) == len(kinds) == min(128, first + second + 1)
    assert (second > kept[1], first > kept[0]) == (document_cut, query_cut)
    assert kept[1] >= min(second, room // 2), "a long query leaves room for the document"
    if first <= room - LEAST:
        assert first == kept[0], "the query is whole as far as possible"


def test_a_batch_is_padded_and_says_what_is_real() -> None:
    rows = [([1, 2, 3], [0, 0, 1]), ([4, 5], [0, 1])]
    found = _padded(rows, np.array([1, 0]), 4, 9)
    assert [[4, 5, 9, 9], [1, 2, 3, 9]] == found["input_ids"].tolist()
    assert [[1, 1, 0, 0], [1, 1, 1, 0]] == found["attention_mask"].tolist()
    assert [[0, 1, 0, 0], [0, 0, 1, 0]] == found["token_type_ids"].tolist()
    assert {np.dtype(np.int64)} == {one.dtype for one in found.values()}


def test_many_queries_at_once_and_windows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one = tower()
    pairs = [(f"{a} chair", f"red {b} " * (1 + i % 90)) for i, a in enumerate("abcdefg")
             for b in "stuv"]  # fmt: skip
    whole = one.read(pairs)
    monkeypatch.setattr("cospace.encode.towers.pair._WINDOW", 3)
    parts = one.read(pairs)
    np.testing.assert_allclose(parts.logits, whole.logits, atol=1e-5)
    assert (whole.documents_cut, whole.queries_cut) == (parts.documents_cut, parts.queries_cut)


def test_no_batch_grows_with_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    one = tower()
    seen: list[int] = []
    run = one.graph.run_each

    def counted(batches: Any, out: Any) -> None:
        made = [(rows, make()) for rows, make in batches]
        seen.extend(inputs["input_ids"].size for _, inputs in made)
        run([(rows, lambda inputs=inputs: inputs) for rows, inputs in made], out)

    monkeypatch.setattr(one.graph, "run_each", counted)
    one.read([("a chair", "red oak " * (1 + i % 40)) for i in range(2_000)])
    assert max(seen) <= 1_536


def test_encode_and_prepare_are_those_of_any_tower() -> None:
    one = tower()
    pair = one.prepare(("a chair", "red chair"), "input 0")
    rows, cut = one.encode([pair, ("a chair", "oak " * 300)])
    assert ((2, 1), [1]) == (rows.shape, cut)
    assert rows[0, 0] == one.read([pair]).logits[0]


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_known_pair_is_json(query: str, document: str) -> None:
    assert [query, document] == json.loads(known_pair(query, document))


def test_the_folder_is_whole(tmp_path: Path) -> None:
    names = {p.relative_to(tmp_path).as_posix() for p in tiny_reranker_folder(tmp_path).rglob("*")}
    assert {"space.json", "pair/model.xml", "pair/model.bin", "pair/tokenizer.json"} < names
