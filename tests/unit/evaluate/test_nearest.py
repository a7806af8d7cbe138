"""The best k are those of one large product, whatever the blocks; ties go to the lower number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.evaluate import nearest
from cospace.evaluate.nearest import Nearest
from cospace.evaluate.neighbours import neighbour_classes


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 20), st.integers(0, 9))
def test_blocks_make_no_difference(rows: int, k: int, block: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    # Few distinct values, so that many scores are equal, below and above zero.
    documents = random.integers(-1, 2, (rows, 3)).astype(np.float32) / 4
    queries = random.integers(-1, 2, (4, 3)).astype(np.float32)
    best = Nearest(queries, k=k)
    order = random.permutation(rows)
    for start in range(0, rows, block):
        part = order[start : start + block]
        best.add(documents[part], part)
    numbers, scores = best.found()
    whole = queries @ documents.T
    expected = np.lexsort((np.broadcast_to(np.arange(rows), whole.shape), -whole))[:, :k]
    assert np.array_equal(expected, numbers)
    assert np.array_equal(np.take_along_axis(whole, expected, axis=1), scores)


def test_a_block_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearest, "_BLOCK", 7)
    random = np.random.default_rng(0)
    rows, queries = random.normal(size=(2, 30, 5)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    best = Nearest(queries[:3], k=4)
    best.add(rows, np.arange(30))
    assert np.array_equal(np.argsort(-(queries[:3] @ rows.T), axis=1)[:, :4], best.found()[0])


def test_no_queries_and_no_documents() -> None:
    empty = Nearest(np.zeros((0, 3), np.float32), k=2)
    empty.add(np.eye(3, dtype=np.float32), np.arange(3))
    assert 0 == len(empty.found()[0])
    assert (2, 0) == Nearest(np.eye(2, dtype=np.float32), k=2).found()[0].shape
    with pytest.raises(BadArgument):
        Nearest(np.eye(2, dtype=np.float32), k=0)


# --- the vote of neighbours ---


def test_the_vote_is_by_number_before_closeness() -> None:
    train = np.array([[1, 0], [0.8, 0.6], [0.8, 0.6]], np.float32)
    asked = np.array([[1, 0]], np.float32)
    assert [0] == neighbour_classes(train, np.array([0, 1, 1]), asked, k=1).tolist()
    assert [1] == neighbour_classes(train, np.array([0, 1, 1]), asked, k=3).tolist()


def test_a_tied_vote_goes_to_the_closer_class() -> None:
    train = np.array([[0.8, 0.6], [1, 0]], np.float32)
    asked = np.array([[1, 0]], np.float32)
    assert [1] == neighbour_classes(train, np.array([0, 1]), asked, k=2).tolist()


def test_the_classes_are_those_of_scikit_learn() -> None:
    neighbors = pytest.importorskip("sklearn.neighbors", reason="scikit-learn is not installed")
    random = np.random.default_rng(0)
    rows = random.normal(size=(300, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    classes = random.integers(2, size=200)  # two classes and an odd k: no ties
    reference = neighbors.KNeighborsClassifier(5, metric="cosine").fit(rows[:200], classes)
    found = neighbour_classes(rows[:200], classes, rows[200:], k=5)
    assert reference.predict(rows[200:]).tolist() == found.tolist()


def test_more_neighbours_than_there_are_and_wrong_lengths() -> None:
    one = np.eye(2, dtype=np.float32)
    assert [0, 1] == neighbour_classes(one, np.array([0, 1]), one, k=50).tolist()
    with pytest.raises(BadArgument, match="2 rows have 1 classes"):
        neighbour_classes(one, np.array([0]), one)
