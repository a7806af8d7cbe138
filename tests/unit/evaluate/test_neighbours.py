"""The vote of the nearest neighbours."""

import numpy as np
import pytest

from cospace.errors import BadArgument
from cospace.evaluate.neighbours import neighbour_classes


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
