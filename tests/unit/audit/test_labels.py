"""Labels of very many classes."""

import numpy as np

from cospace.audit import labels
from cospace.audit.asked import Asked
from cospace.audit.view import Matrix, View


def view_of(named: list[str]) -> View:
    view = View("shop", None, ids=[f"{i:05}" for i in range(len(named))])
    view.texts, view.media = [None] * len(named), [{} for _ in named]
    view.metadata = [{"kind": name} for name in named]
    rows = np.random.default_rng(0).normal(size=(len(named), 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    view.matrices["text"] = Matrix(np.arange(len(named)), rows)
    return view


def test_names_that_are_rare_hide_no_class() -> None:
    named = ["chair", "rake"] * 40 + [f"rare {i}" for i in range(2_500)]
    found = labels.check(view_of(named), Asked(label="kind"))
    assert found.verdict in ("clean", "found")
    assert 2 == found.figures["classes"]
    assert 2_500 == found.figures["left out"]


def test_too_many_classes_are_counted() -> None:
    found = labels.check(view_of([f"kind {i % 2_001}" for i in range(10_005)]), Asked(label="kind"))
    assert "skipped" == found.verdict
    assert "too many classes: 2,001" in found.said
