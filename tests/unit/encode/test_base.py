"""What all encoders of ours share: `encode` and its roles, and the cache that is inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.encode import Model
from cospace.encode.base import BaseEncoder, uncached
from cospace.encode.cache import Cached, VectorCache
from cospace.encode.words import BilingualModel, WordModel, WordVectors
from cospace.errors import BadArgument, BadItem
from cospace.testing import check_encoder, tiny_folder, tiny_model
from cospace.vectors import Vectors

ROWS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)


def words() -> WordModel:
    return WordModel.of(WordVectors(["red", "chair", "lamp"], ROWS), name="furniture")


def two_languages() -> BilingualModel:
    english = WordVectors(["red", "chair", "lamp"], ROWS)
    german = WordVectors(["rot", "stuhl", "lampe"], ROWS)
    return BilingualModel.joined("furniture", {"en": english, "de": german})


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    one = VectorCache(tmp_path / "cache")
    yield one
    one.close()


@pytest.fixture
def prompted(tmp_path: Path) -> Model:
    """A model that puts other words before a query than before a document."""
    folder = tiny_folder(tmp_path / "prompted", kinds=["text"])
    record = json.loads((folder / "space.json").read_text())
    record["towers"][0]["prompts"] = {"query": "asked: ", "document": ""}
    (folder / "space.json").write_text(json.dumps(record))
    model = cs.load(folder)
    assert isinstance(model, Model)
    return model


@pytest.fixture(params=["model", "words", "two languages", "cached", "cache inside"])
def encoder(request: pytest.FixtureRequest, cache: VectorCache) -> BaseEncoder:
    kinds = {
        "model": tiny_model,
        "words": words,
        "two languages": two_languages,
        "cached": lambda: Cached(tiny_model(), cache),
        "cache inside": lambda: tiny_model().cached(cache),
    }
    made: BaseEncoder = kinds[request.param]()
    return made


# --- encode ---


def test_a_list_gives_vectors_and_one_text_its_vector(encoder: BaseEncoder) -> None:
    many = encoder.encode(["red chair", "lamp"])
    assert isinstance(many, Vectors)
    assert (2, encoder.space.dim) == many.shape
    one = encoder.encode("lamp")
    assert (encoder.space.dim,) == one.shape
    assert np.float32 == one.dtype
    np.testing.assert_allclose(many[1], one, atol=1e-6)
    np.testing.assert_allclose(encoder.encode(cs.Parts(text="lamp")), one, atol=1e-6)


def test_each_role_is_that_of_its_method(encoder: BaseEncoder) -> None:
    texts = ["red chair", "lamp"]
    assert np.array_equal(encoder.encode_query(texts), encoder.encode(texts, "query"))
    assert np.array_equal(encoder.encode_document(texts), encoder.encode(texts, role="document"))
    assert (0, encoder.space.dim) == encoder.encode([]).shape


def test_an_image_alone_gives_its_vector() -> None:
    image = cs.Image(np.full((24, 24, 3), 90, np.uint8))
    assert np.array_equal(tiny_model().encode(image), tiny_model().encode([image])[0])


def test_a_model_with_roles_asks_for_one(prompted: Model, cache: VectorCache) -> None:
    for model in (prompted, prompted.cached(cache), Cached(prompted, cache)):
        assert model.needs_role
        with pytest.raises(BadArgument, match=r"reads a query otherwise.*encode_query or"):
            model.encode(["a chair"])
        with pytest.raises(BadArgument, match='role="query"'):
            model.encode("a chair")
        query, document = (model.encode("a chair", role) for role in ("query", "document"))
        assert query @ document < 1 - 1e-4
        assert np.array_equal(model.encode_query(["a chair"])[0], query)


def test_prompts_that_are_alike_need_no_role(tmp_path: Path) -> None:
    folder = tiny_folder(tmp_path / "m", kinds=["text"])
    record = json.loads((folder / "space.json").read_text())
    record["towers"][0]["prompts"] = {"query": "text: ", "document": "text: "}
    (folder / "space.json").write_text(json.dumps(record))
    assert not cs.load(folder).needs_role


@pytest.mark.parametrize("role", ["Query", "passage", "", 1])
def test_another_role_is_refused(role: str) -> None:
    with pytest.raises(BadArgument, match='role is "query" or "document", not'):
        tiny_model().encode("a chair", role)  # type: ignore[call-overload]


def test_what_cannot_be_encoded_is_refused_as_ever(encoder: BaseEncoder) -> None:
    with pytest.raises(BadItem, match="input 1"):
        encoder.encode(["lamp", " "])
    with pytest.raises(BadArgument, match="a list of inputs"):
        encoder.encode(7)  # type: ignore[call-overload]


def test_it_keeps_the_promises_of_an_encoder(prompted: Model) -> None:
    check_encoder(prompted)


def test_an_encoder_of_somebody_else_may_have_roles(cache: VectorCache) -> None:
    class Theirs:
        space = cs.Space.of("theirs", 32)

        def encode_query(self, inputs: list[str]) -> Vectors:
            return Vectors(-tiny_model().encode_query(inputs).array, self.space)

        def encode_document(self, inputs: list[str]) -> Vectors:
            return Vectors(tiny_model().encode_document(inputs).array, self.space)

    model = Cached(Theirs(), cache)
    assert model.needs_role
    query, document = model.encode("lamp", "query"), model.encode("lamp", "document")
    assert query @ document == pytest.approx(-1)


# --- the cache inside ---


@pytest.mark.parametrize("make", [tiny_model, words, two_languages])
def test_a_model_keeps_its_class_and_its_tools(make: object, cache: VectorCache) -> None:
    plain = make()  # type: ignore[operator]
    model = plain.cached(cache)
    assert type(plain) is type(model)
    assert repr(plain) == repr(model)
    model.encode(["lamp", "red lamp", "lamp"])
    again = model.encode(["red lamp", "lamp"])
    assert (2, 3) == (cache.info().vectors, model.hits)
    assert np.array_equal(plain.encode(["red lamp", "lamp"]), again)
    if isinstance(plain, WordModel):
        assert plain.nearest("lamp") == model.nearest("lamp")


def test_the_model_without_its_cache_looks_nowhere(cache: VectorCache) -> None:
    model = tiny_model().cached(cache)
    bare = model.uncached()
    bare.encode_document(["lamp"])
    assert 0 == cache.info().vectors
    assert bare.uncached() is bare
    assert (None, 0) == (bare.cache, bare.hits)
    assert cache is model.cache
    assert uncached(Cached(tiny_model(), cache)) is tiny_model()


def test_one_cache_is_enough(cache: VectorCache) -> None:
    for model in (tiny_model().cached(cache), Cached(tiny_model(), cache)):
        with pytest.raises(BadArgument, match="has a cache already"):
            model.cached(cache)
        with pytest.raises(BadArgument, match="has a cache already"):
            Cached(model, cache)


def test_a_part_of_a_model_keeps_the_cache(cache: VectorCache) -> None:
    model = tiny_model().cached(cache).restricted("text")
    model.encode(["lamp"])
    assert 1 == cache.info().vectors
    assert ("text",) == model.space.kinds


def test_a_text_that_is_known_loads_no_tower(tmp_path: Path, cache: VectorCache) -> None:
    folder = tiny_folder(tmp_path / "m")
    long = "word " * 500
    first = cs.load(folder).cached(cache).encode([long])
    model = cs.load(folder).cached(cache)
    again = model.encode([long])
    assert {} == dict(model.precision), "no tower was loaded, not even to say where it was cut"
    assert first.report == again.report
    assert (0,) == again.truncated


def test_the_model_that_has_a_cache_is_ready_where_it_was_warmed(cache: VectorCache) -> None:
    model = cs.load("minilm").cached(cache)
    model.warm()
    assert model.precision == model.uncached().precision != {}
