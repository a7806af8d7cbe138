"""Every encoder passes the public suite."""

from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode.words import Subwords, WordModel, WordVectors
from cospace.encode.words.ngrams import bucket, ngrams
from cospace.encode.words.reading import split_words
from cospace.testing.encoder import _TEXTS, check_encoder
from cospace.testing.tiny import tiny_folder, tiny_model


def test_tiny_model_of_both_kinds(tmp_path: Path) -> None:
    check_encoder(cs.load(tiny_folder(tmp_path)))


@pytest.mark.parametrize("kind", ["text", "image"])
def test_tiny_model_of_one_kind(tmp_path: Path, kind: str) -> None:
    check_encoder(cs.load(tiny_folder(tmp_path, kinds=[kind])))


def test_the_starter_is_an_encoder() -> None:
    pytest.importorskip("cospace_starter", reason="the starter package is not installed")
    model = cs.load("starter")
    check_encoder(model)
    check_encoder(cs.load("minilm"))
    seat, chair, motor = model.encode_document(
        ["vintage comfortable seating", "retro velvet armchair", "a used diesel engine"]
    ).array
    assert seat @ chair > seat @ motor + 0.2
    texts = ["word " * n for n in range(1, 60, 3)]
    alone = np.stack([model.encode_document([text]).array[0] for text in texts])
    cosines = np.einsum("ij,ij->i", alone, model.encode_document(texts).array)
    assert cosines.min() >= 0.99999, "padding has no part in a vector, in 8 bits either"


def test_a_model_of_seven_kinds(imagebind_folder: Path) -> None:
    check_encoder(cs.load(imagebind_folder))


@pytest.mark.parametrize("subwords", [False, True])
@pytest.mark.parametrize(("split", "weighting"), [("words", "sif"), ("cased", "mean")])
@pytest.mark.parametrize("more", [0, 1_500])
def test_a_word_model_is_an_encoder_and_stays_one_when_saved(
    tmp_path: Path, subwords: bool, split: str, weighting: str, more: int
) -> None:
    model = _word_model(split, weighting, more, subwords)
    check_encoder(model)
    saved = cs.load(model.save(tmp_path / "demo"))
    check_encoder(saved)
    assert model.space.fingerprint == saved.space.fingerprint


def _word_model(split: str, weighting: str, more: int, subwords: bool) -> WordModel:
    """A table of the suite's own words, and of `more`; with n-grams, without half of the words."""
    texts = [*_TEXTS, "a table", "a lamp", "etc hostname http localhost jpg"]
    words = sorted({word for text in texts for word in split_words(text, split)})
    ids = sorted({bucket(gram, 9_000) for word in words for gram in ngrams(word, 3, 5)})
    kept = [word for i, word in enumerate(words) if i % 2 or not subwords]
    kept += [f"more{i}" for i in range(more)]
    random = np.random.default_rng(0)
    rows, grams = (random.normal(size=(n, 20)).astype(np.float32) for n in (len(kept), len(ids)))
    grown = Subwords(grams, np.array(ids, np.int64), 9_000, 3, 5) if subwords else None
    table = WordVectors(kept, rows, None, grown)
    return WordModel.of(table, name="words", split=split, weighting=weighting)


class Broken:
    """A good encoder with one fault."""

    def __init__(self, fault: str) -> None:
        self.model, self.fault = tiny_model(), fault
        self.space = self.model.space

    def encode_query(self, inputs: list[cs.Parts]) -> cs.Vectors:
        vectors = self.model.encode_query(inputs)
        rows = vectors.array.copy()
        if self.fault == "length one" and len(rows):
            rows *= 2
        elif self.fault == "same vector" and len(rows) > 1:
            rows += rows.mean(axis=0) * 0.3
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        elif self.fault == "order" and len(rows) > 1:
            rows = rows[::-1]
        elif self.fault == "truncated":
            return cs.Vectors(rows, self.space)
        return cs.Vectors(rows, self.space, report=vectors.report, truncated=vectors.truncated)

    encode_document = encode_query


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("length one", "rows have length one"),
        ("same vector", "alone and in a batch"),
        ("order", "alone and in a batch"),
        ("truncated", "listed in Vectors.truncated"),
    ],
)
def test_the_suite_finds_the_fault(fault: str, named: str) -> None:
    with pytest.raises(AssertionError, match=named):
        check_encoder(Broken(fault))  # type: ignore[arg-type]
