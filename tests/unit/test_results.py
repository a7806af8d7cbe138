import copy
import json
import pickle
from pathlib import Path

import pytest

from cospace.results import Hit, Note, Results, Why

WHY = (Why("text", 1, 0.5, 0.4), Why("words", None, 0.0, 0.0))
HITS = [
    Hit("a", 0.9, "a chair", {"price": 1}, {"image": "a.jpg"}, WHY),
    Hit("b", 0.5, None),
    Hit("c", 0.1, "x" * 100),
]
RESULTS = Results(HITS, score="cosine", notes=["one note"])


def test_results_are_a_sequence_in_order() -> None:
    assert (["a", "b", "c"], 3, HITS) == (RESULTS.ids, len(RESULTS), list(RESULTS))
    assert (HITS[0], HITS[-1], tuple(HITS[1:])) == (RESULTS[0], RESULTS[-1], RESULTS[1:])
    assert HITS[1] in RESULTS
    with pytest.raises(IndexError):
        RESULTS[3]
    assert not Results([], score="")


def test_a_hit_is_an_item_again() -> None:
    item = HITS[0].item
    assert ("a", "a chair", {"price": 1}) == (item.id, item.parts.text, item.metadata)
    assert item.parts.image is not None
    assert Path("a.jpg") == item.parts.image.path
    assert 0 == len(HITS[1].item.parts)


def test_a_note_is_a_text_whose_code_and_values_come_along() -> None:
    note = Note("no item holds 'x'", code="unknown_words", words=["x"])
    assert "no item holds 'x'" == note
    record = json.loads(json.dumps(Results([], score="", notes=["plain", note]).to_json()))
    assert ["plain", "no item holds 'x'"] == record["notes"]
    assert [{"code": ""}, {"code": "unknown_words", "words": ["x"]}] == record["note_codes"]
    assert "note_codes" not in Results([], score="").to_json()
    for again in (copy.copy(note), copy.deepcopy(note), pickle.loads(pickle.dumps(note))):
        assert (note, "unknown_words", {"words": ["x"]}) == (again, again.code, again.given)


def test_json_holds_all_of_it() -> None:
    record = json.loads(json.dumps(RESULTS.to_json()))
    assert ("cosine", ["one note"]) == (record["score"], record["notes"])
    assert {
        "id": "a", "score": 0.9, "text": "a chair", "metadata": {"price": 1},
        "media": {"image": "a.jpg"},
        "why": [
            {"list": "text", "rank": 1, "score": 0.5, "share": 0.4},
            {"list": "words", "rank": None, "score": 0.0, "share": 0.0},
        ],
    } == record["hits"][0]  # fmt: skip
    assert "why" not in record["hits"][1]


def test_it_shows_ten_in_short() -> None:
    lines = repr(Results([*HITS] * 5, score="cosine")).splitlines()
    assert ("Results(15, cosine)", 11) == (lines[0], len(lines))
    assert "  0.900  a  a chair" == lines[1]
    assert max(map(len, lines)) < 80
