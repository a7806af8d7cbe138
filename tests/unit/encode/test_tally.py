"""The tokens noted while texts are encoded are those that are counted."""

import threading

import numpy as np
import pytest

import cospace as cs
from cospace.encode.tally import note, tokens_read
from cospace.testing.tiny import tiny_model

TEXTS = ["a red chair", "my", "a lamp of my blue bus " * 200, "chair"]


@pytest.mark.parametrize("role", ["query", "document"])
def test_what_is_noted_is_what_is_counted_cut_texts_too(role):
    model = tiny_model()
    with tokens_read() as read:
        model.encode(TEXTS, role)
    assert model.count_tokens(TEXTS, role) == read


def test_noting_changes_no_vector():
    model = tiny_model()
    with tokens_read():
        noted = model.encode_document(TEXTS).array
    np.testing.assert_array_equal(model.encode_document(TEXTS).array, noted)


def test_texts_of_parts_are_noted_in_their_order():
    model = tiny_model()
    with tokens_read() as read:
        model.encode_document([cs.Parts(text=text) for text in TEXTS])
    assert model.count_tokens(TEXTS) == read


def test_blocks_stand_apart_and_so_do_threads():
    model = tiny_model()
    with tokens_read() as outer:
        with tokens_read() as inner:
            model.encode_document(["a chair"])
        other = threading.Thread(target=model.encode_document, args=(["my lamp"],))
        other.start()
        other.join()
    assert ([], model.count_tokens(["a chair"])) == (outer, inner)
    note([1])  # outside of a block nothing is noted, and nothing fails


def test_what_a_cache_knows_is_not_read(tmp_path):
    from cospace.encode.cache.disk import VectorCache

    model = tiny_model().cached(VectorCache(tmp_path))
    model.encode_document(["a chair"])
    with tokens_read() as read:
        model.encode_document(["a chair", "my lamp"])
    assert model.count_tokens(["my lamp"]) == read
