"""`save`: the folder loads again, with the same fingerprint and the same vectors."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode import Model
from cospace.encode.base import BaseEncoder
from cospace.encode.cache import Cached, VectorCache
from cospace.encode.words import BilingualModel, Subwords, WordModel, WordVectors
from cospace.errors import BadArgument, ModelDamaged, ModelNotFound
from cospace.testing import check_encoder, tiny_folder, tiny_model

TEXTS = ["a red chair", "lamp", "red red lamp"]
WORDS = ["red", "chair", "lamp", "sofa", "table"]
RANDOM = np.random.default_rng(0)


def words(dim: int = 6) -> WordModel:
    rows = np.random.default_rng(0).normal(size=(5, dim)).astype(np.float32)
    grams = Subwords(rows[:3].copy(), np.array([3, 8, 9]), 10, 3, 4)
    table = WordVectors(WORDS, rows, np.array([9, 7, 5, 3, 2]), grams)
    return WordModel.of(table, name="furniture")


def two_languages() -> BilingualModel:
    rows = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    german = ["rot", "stuhl", "lampe", "sofa", "tisch"]
    tables = {"en": WordVectors(WORDS, rows), "de": WordVectors(german, rows + np.float32(0.01))}
    return BilingualModel.joined("furniture", tables)


def check_saved(model: BaseEncoder, folder: Path, texts: list[str] = TEXTS) -> Model:
    """What was saved, loaded again, after it was held to the model."""
    assert folder == model.save(folder)
    again = cs.load(folder)
    assert isinstance(again, Model)
    assert model.space.fingerprint == again.space.fingerprint
    assert model.space.kinds == again.space.kinds
    for role in ("query", "document"):
        before, after = (one.encode(texts, role) for one in (model, again))
        assert np.array_equal(before, after)
    return again


@pytest.fixture
def tiny(tmp_path: Path) -> Model:
    model = cs.load(tiny_folder(tmp_path / "tiny"))
    assert isinstance(model, Model)
    return model


def test_a_model_is_saved_whole(tiny: Model, tmp_path: Path) -> None:
    again = check_saved(tiny, tmp_path / "copy")
    check_encoder(again)
    image = cs.Image(np.full((20, 30, 3), 120, np.uint8))
    assert np.array_equal(tiny.encode(image), again.encode(image))
    assert (tiny.name, tiny.note) == (again.name, again.note)


def test_a_part_of_a_model_is_saved_alone(tiny: Model, tmp_path: Path) -> None:
    check_saved(tiny.restricted("text"), tmp_path / "text")
    assert not (tmp_path / "text/image").exists()
    check_saved(tiny, tmp_path / "text and image")


@pytest.mark.parametrize("dim", [1, 8, 31])
def test_a_smaller_dim_is_saved(tmp_path: Path, dim: int) -> None:
    model = cs.load(tiny_folder(tmp_path / "tiny"), dim=dim)
    again = check_saved(model, tmp_path / "small")
    assert dim == again.space.dim
    assert model.note == again.note != ""
    assert np.array_equal(
        cs.load(tmp_path / "tiny", dim=1).encode(TEXTS),
        cs.load(tmp_path / "small", dim=1).encode(TEXTS),
    )
    with pytest.raises(BadArgument, match=f"from 1 to {dim}"):
        cs.load(tmp_path / "small", dim=dim + 1)
    check_saved(again, tmp_path / "again")


def test_the_starter_and_its_texts_are_saved(tmp_path: Path) -> None:
    again = check_saved(cs.load("minilm", dim=64), tmp_path / "minilm")
    assert ("text",) == again.space.kinds
    assert (tmp_path / "minilm/LICENSE").read_text().strip()
    again.warm()


@pytest.mark.parametrize("make", [words, two_languages])
def test_word_models_are_saved(make: object, tmp_path: Path) -> None:
    model = make()  # type: ignore[operator]
    again = check_saved(model, tmp_path / "words")
    assert type(model) is type(again)
    assert list(model.words) == list(again.words)  # type: ignore[attr-defined]
    assert model.nearest("lamp") == again.nearest("lamp")  # type: ignore[attr-defined]
    check_saved(again, tmp_path / "again")


def test_a_word_model_of_a_smaller_dim_is_saved(tmp_path: Path) -> None:
    words().save(tmp_path / "whole")
    small = cs.load(tmp_path / "whole", dim=4)
    again = check_saved(small, tmp_path / "small")
    assert 4 == again.space.dim


def test_a_language_model_translates_after_it_was_loaded(tmp_path: Path) -> None:
    model = two_languages()
    again = cs.load(model.save(tmp_path / "both"))
    assert isinstance(again, BilingualModel)
    assert model.translate("lamp", to="de") == again.translate("lamp", to="de")


def test_a_cache_is_not_saved_with_the_model(tiny: Model, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path / "cache")
    for number, model in enumerate((tiny.cached(cache), Cached(tiny, cache))):
        check_saved(model, tmp_path / f"{number}")
    cache.close()


def test_what_is_there_is_not_written_over(tiny: Model, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    check_saved(tiny, tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for model in (tiny, words(), two_languages()):
        for place in ("full", "file"):
            with pytest.raises(BadArgument, match="it exists already"):
                model.save(tmp_path / place)
    assert "mine" == (tmp_path / "full/mine.txt").read_text()
    tiny.save(tmp_path / "full", replace=True)
    assert not (tmp_path / "full/mine.txt").exists()
    assert tiny.space.fingerprint == cs.load(tmp_path / "full").space.fingerprint


def test_a_model_whose_folder_has_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="has gone"):
        tiny_model().save(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_files_that_changed_since_are_not_saved(tiny: Model, tmp_path: Path) -> None:
    weights = tmp_path / "tiny/text/model.bin"
    whole = weights.read_bytes()
    weights.write_bytes(b"\0" + whole[1:] + b"\0")
    with pytest.raises(ModelDamaged, match=r"model\.bin: it changed"):
        tiny.save(tmp_path / "copy")
    weights.unlink()
    with pytest.raises(ModelDamaged, match=r"model\.bin: it has gone"):
        tiny.save(tmp_path / "copy")
    assert ["tiny"] == [one.name for one in tmp_path.iterdir()], "nothing is left behind"


def test_a_model_may_be_saved_over_itself(tiny: Model, tmp_path: Path) -> None:
    tiny.restricted("text").save(tmp_path / "tiny", replace=True)
    assert ("text",) == cs.load(tmp_path / "tiny").space.kinds
    shutil.rmtree(tmp_path / "tiny")


def test_an_encoder_of_somebody_else_has_no_files(tmp_path: Path) -> None:
    class Theirs:
        space = cs.Space.of("theirs", 32)
        encode_query = encode_document = lambda _, inputs: tiny_model().encode_document(inputs)

    cache = VectorCache(tmp_path / "cache")
    with pytest.raises(BadArgument, match="theirs has no files here"):
        Cached(Theirs(), cache).save(tmp_path / "copy")
    cache.close()
