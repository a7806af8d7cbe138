"""Batches by length, and a tokenizer that fails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.encode.towers.text import plan
from cospace.errors import BadItem
from cospace.testing.tiny import tiny_model


@given(
    st.lists(st.integers(0, 300), max_size=200),
    st.integers(1, 2_000),
    st.sampled_from([1, 8, 16]),
)
def test_every_text_is_in_one_batch_that_fits(lengths: list[int], budget: int, step: int) -> None:
    seen: list[int] = []
    for batch, width in plan(lengths, budget, step):
        assert width % step == 0
        assert all(lengths[i] <= width for i in batch)
        assert len(batch) == 1 or len(batch) * width <= budget
        seen += batch.tolist()
    assert list(range(len(lengths))) == sorted(seen)


def test_a_long_list_gives_the_vectors_of_a_short_one() -> None:
    model = tiny_model()
    texts = [f"{'word ' * (i % 40)}number {i}" for i in range(3_000)]
    many = model.encode_document(texts).array
    some = model.encode_document(texts[::100]).array
    assert np.einsum("ij,ij->i", many[::100], some).min() >= 0.9999


def test_few_texts_are_divided_among_the_streams() -> None:
    tower = tiny_model()._tower("text")
    streams = tower.graph.streams
    assert 256 == tower._budget([7])
    assert 1_024 == tower._budget([16] * 64 * streams)
    assert 1_024 == tower._budget([9] * 64 * streams), "lengths count with their padding"
    assert 1_464 == tower._budget([16] * 96 * streams * 20 + [5] * streams), "21 rounds, not 20"


@given(st.lists(st.integers(0, 300), max_size=200))
def test_a_budget_is_within_its_bounds(lengths: list[int]) -> None:
    assert 256 <= tiny_model()._tower("text")._budget(lengths) <= 1_536


class Panic(BaseException):
    """As the Rust library raises it: not an Exception."""


def test_a_panic_in_the_tokenizer_is_a_bad_item(monkeypatch: pytest.MonkeyPatch) -> None:
    Panic.__name__ = "PanicException"
    tower = tiny_model()._tower("text")

    class Broken:
        def encode_batch_fast(self, texts: list[str]) -> list[object]:
            raise Panic("index out of bounds")

    monkeypatch.setattr(tower, "_tokenizer", Broken())
    with pytest.raises(BadItem, match="index out of bounds"):
        tiny_model().encode_query(["a chair"])
