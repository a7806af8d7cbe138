"""Cached: nothing is encoded twice, and nobody sees a difference."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

import cospace as cs
from cospace.encode.bulk import encode_items
from cospace.encode.cache.cached import Cached
from cospace.encode.cache.disk import VectorCache
from cospace.encode.model import Model
from cospace.errors import BadArgument, BadItem, EmptyItem
from cospace.item import Content
from cospace.testing import check_encoder, tiny_folder, tiny_model
from cospace.vectors import Vectors


class Counted:
    """An encoder of somebody else, without `prepare`; counts what it is asked for."""

    def __init__(self) -> None:
        self.space = cs.Space.of("counted", 32)
        self.seen: list[Content] = []
        self.fails_after: int | None = None
        self.gate: threading.Event | None = None

    def encode_document(self, inputs: Sequence[Content]) -> Vectors:
        if self.gate is not None:
            self.gate.wait(10)
        if self.fails_after is not None and len(self.seen) >= self.fails_after:
            raise RuntimeError("stopped")
        rows = tiny_model().encode_document(inputs)
        self.seen += list(inputs)
        return Vectors(rows.array, self.space, truncated=rows.truncated)

    encode_query = encode_document


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[VectorCache]:
    one = VectorCache(tmp_path)
    yield one
    one.close()


def test_it_keeps_the_promises_of_an_encoder(cache: VectorCache) -> None:
    check_encoder(Cached(tiny_model(), cache))
    check_encoder(Cached(tiny_model(), cache))  # and again, with all of it known


def test_known_inputs_are_not_encoded_again(cache: VectorCache) -> None:
    inner = Counted()
    model = Cached(inner, cache)
    first = model.encode_document(["a", "b", "a"])
    again = model.encode_document(["b", "c", "a"])
    assert ["a", "b", "c"] == inner.seen
    assert 3 == model.hits
    assert np.array_equal(first.array[[1, 2]], again.array[[0, 2]])
    plain = Counted().encode_document(["b", "c", "a"])
    assert np.array_equal(plain.array, again.array)


def test_roles_and_models_do_not_share(cache: VectorCache) -> None:
    inner = Counted()
    Cached(inner, cache).encode_document(["a"])
    Cached(inner, cache).encode_query(["a"])
    assert ["a", "a"] == inner.seen
    other = Counted()
    other.space = cs.Space.of("another", 32)
    Cached(other, cache).encode_document(["a"])
    assert ["a"] == other.seen


def test_a_job_that_stops_goes_on_where_it_was(
    cache: VectorCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.encode.base._WINDOW", 10)
    inner = Counted()
    texts = [f"text {i}" for i in range(35)]
    inner.fails_after = 20
    with pytest.raises(RuntimeError):
        Cached(inner, cache).encode_document(texts)
    inner.fails_after = None
    assert 35 == len(Cached(inner, cache).encode_document(texts))
    assert texts == inner.seen


def test_truncation_is_reported_again_from_the_cache(cache: VectorCache) -> None:
    long = "word " * 2_000
    for _ in range(2):
        vectors = Cached(tiny_model(), cache).encode_document(["a", long])
        assert (1,) == vectors.truncated
        assert tiny_model().encode_document(["a", long]).report == vectors.report
        [[_, done]] = encode_items(
            Cached(tiny_model(), cache), [cs.Item("1", "a"), cs.Item("2", long)], batch=5
        )
        assert done.truncated


def test_a_part_that_was_left_out_is_reported_from_the_cache(
    cache: VectorCache, tmp_path: Path
) -> None:
    both = cs.Parts(text="a", image=cs.Image(np.zeros((8, 8, 3), np.uint8)))
    model = Cached(cs.load(tiny_folder(tmp_path / "m", kinds=["text"])), cache)
    for _ in range(2):
        [line] = model.encode_document([both]).report
        assert "1 of 1 inputs: the image part was left out" in line


@pytest.mark.parametrize("position", [0, 3])
def test_a_bad_input_is_named_by_its_own_position(cache: VectorCache, position: int) -> None:
    model = Cached(tiny_model(), cache)
    inputs = ["a", "b", "c", "d"]
    model.encode_document(["a", "c"])
    inputs[position] = ""
    with pytest.raises(EmptyItem) as caught:
        model.encode_document(inputs)
    assert f"input {position}" == caught.value.name


def test_images_go_by_their_bytes(cache: VectorCache, tmp_path: Path) -> None:
    red, other = tmp_path / "red.png", tmp_path / "other.png"
    PIL.Image.new("RGB", (30, 30), "red").save(red)
    other.write_bytes(red.read_bytes())
    model = Cached(tiny_model(), cache)
    model.encode_document([cs.Image(red)])
    model.encode_document([cs.Image(other)])
    assert (1, 1) == (model.hits, cache.info().vectors)
    PIL.Image.new("RGB", (30, 30), "blue").save(red)
    model.encode_document([cs.Image(red)])
    assert (1, 2) == (model.hits, cache.info().vectors)


@pytest.mark.parametrize("inner", [tiny_model, Counted])
def test_items_in_a_stream_are_looked_up(cache: VectorCache, inner: type) -> None:
    encoder = inner()
    items = [cs.Item(str(i), f"text {i % 40}") for i in range(100)]
    expected = encoder.encode_document([item.content for item in items]).array
    for hits in (60, 100):
        model = Cached(encoder, cache)
        done = [one for batch in encode_items(model, items, batch=16) for one in batch]
        rows = np.array([one.vectors["text"] for one in done])
        np.testing.assert_allclose(expected, rows, atol=1e-5)
        assert hits == model.hits
    assert 40 == cache.info().vectors


def test_a_bad_item_in_a_stream_costs_no_other(cache: VectorCache) -> None:
    items = [cs.Item(str(i), f"text {i}" if i != 7 else " ") for i in range(20)]
    [batch] = encode_items(Cached(tiny_model(), cache), items, batch=50)
    assert ["7"] == [one.item.id for one in batch if one.failed]
    [batch] = encode_items(Cached(Counted(), cache), items, batch=50)
    assert ["7"] == [one.item.id for one in batch if one.failed]


def test_threads_that_want_the_same_encode_it_once(cache: VectorCache) -> None:
    inner = Counted()
    inner.gate = threading.Event()
    model = Cached(inner, cache)
    texts = [f"text {i}" for i in range(20)]
    with ThreadPoolExecutor(4) as pool:
        tasks = [pool.submit(model.encode_document, texts[i:] + texts[:i]) for i in range(4)]
        inner.gate.set()
        rows = [task.result().array for task in tasks]
    assert sorted(texts) == sorted(inner.seen)  # type: ignore[type-var]
    for i in range(4):
        assert np.array_equal(np.roll(rows[0], -i, axis=0), rows[i])


def test_a_thread_that_fails_leaves_the_work_to_the_next(cache: VectorCache) -> None:
    inner = Counted()
    model = Cached(inner, cache)
    inner.fails_after = 0
    with pytest.raises(RuntimeError):
        model.encode_document(["a"])
    inner.fails_after = None
    assert 1 == len(model.encode_document(["a"]))


def test_all_else_is_the_encoders_own(cache: VectorCache) -> None:
    model = Cached(tiny_model(), cache)
    assert model.name == tiny_model().name
    assert isinstance(model, cs.Encoder)
    assert repr(model).startswith("Cached(Model(tiny-0")
    with pytest.raises(AttributeError):
        model.nonsense  # noqa: B018
    with pytest.raises(BadArgument, match="has a cache already"):
        Cached(model, cache)
    with pytest.raises(BadArgument, match="costs nothing"):
        model.estimate(["a"])


def test_load_gives_the_same_class_with_a_cache_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    tiny_folder(tmp_path / "models" / "tiny", kinds=["text"])
    assert None is cs.load("tiny").cache
    cached = cs.load("tiny", cache=True)
    cached.encode_document(["a"])
    monkeypatch.setenv("COSPACE_CACHE", "1")
    again = cs.load("tiny")
    again.encode_document(["a"])
    assert 1 == again.hits
    assert None is cs.load("tiny", cache=False).cache
    assert {Model} == {type(cs.load("tiny", cache=given)) for given in (None, True, False)}
    assert 8 == cs.load("tiny", dim=8, cache=True).encode_document(["a"]).array.shape[1]


def test_an_unread_image_is_named(cache: VectorCache) -> None:
    with pytest.raises(BadItem, match="input 1"):
        Cached(tiny_model(), cache).encode_document(["a", cs.Image("/nowhere.png")])
