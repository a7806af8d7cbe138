"""The probe is at the optimum of its loss, agrees with scikit-learn, and never sees the test."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.evaluate.probe import (
    PENALTIES,
    fit,
    loss_and_gradient,
    minimise,
    probe_classes,
)
from cospace.evaluate.split import stratified


def clouds(n: int = 240, dim: int = 12, count: int = 4, seed: int = 0) -> tuple:  # type: ignore[type-arg]
    """Unit rows in `count` clouds that overlap, and the class of each."""
    random = np.random.default_rng(seed)
    classes = random.integers(count, size=n)
    rows = random.normal(size=(count, dim))[classes] + random.normal(size=(n, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), classes


def test_the_gradient_is_that_of_the_loss() -> None:
    rows, classes = clouds(30, 5, 3)
    weights = np.random.default_rng(1).normal(size=(6, 3))
    inputs = rows.astype(np.float64)
    _, gradient = loss_and_gradient(weights, inputs, classes, penalty=0.3)
    step = 1e-6
    for place in np.ndindex(weights.shape):
        moved = np.zeros_like(weights)
        moved[place] = step
        up, _ = loss_and_gradient(weights + moved, inputs, classes, penalty=0.3)
        down, _ = loss_and_gradient(weights - moved, inputs, classes, penalty=0.3)
        assert (up - down) / (2 * step) == pytest.approx(gradient[place], abs=1e-7)


@pytest.mark.parametrize("penalty", [0.1, 1.0, 100.0])
def test_the_gradient_vanishes_at_the_answer(penalty: float) -> None:
    rows, classes = clouds()
    found = fit(rows, classes, penalty=penalty)
    inputs = (rows - found.centre) / found.scale
    _, gradient = loss_and_gradient(found.weights, inputs, classes, penalty=penalty)
    assert found.converged
    assert np.abs(gradient).max() <= 1e-6


@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_the_probabilities_are_those_of_scikit_learn(penalty: float) -> None:
    linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
    rows, classes = clouds()
    found = fit(rows[:200], classes[:200], penalty=penalty)
    inputs = (rows - found.centre) / found.scale
    strength = rows.shape[1] / (200 * penalty)
    reference = linear.LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    reference.fit(inputs[:200], classes[:200])
    scores = np.exp(found.scores(rows[200:]))
    expected = reference.predict_proba(inputs[200:])
    assert np.allclose(expected, scores / scores.sum(axis=1, keepdims=True), atol=1e-3)


def test_a_start_does_not_change_the_answer() -> None:
    rows, classes = clouds()
    far = fit(rows, classes, penalty=100.0)
    again = fit(rows, classes, penalty=1.0, start=far)
    assert np.allclose(fit(rows, classes, penalty=1.0).weights, again.weights, atol=1e-3)


def test_a_valley_that_is_long_and_bent_is_followed_to_its_end() -> None:
    def rosenbrock(at: np.ndarray) -> tuple[float, np.ndarray]:  # type: ignore[type-arg]
        x, y = at
        slopes = [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
        return float((1 - x) ** 2 + 100 * (y - x * x) ** 2), np.array(slopes)

    where, reached = minimise(rosenbrock, np.array([-1.2, 1.0]))
    assert reached
    assert np.allclose([1, 1], where, atol=1e-4)


def test_steps_that_run_out_are_reported() -> None:
    _, reached = minimise(lambda x: (float(x @ x), 2 * x), np.full(3, 1e6), most=1)
    assert not reached


def test_the_probe_tells_clouds_apart_and_chooses_a_penalty() -> None:
    rows, classes = clouds(600)
    found, probe = probe_classes(rows[:450], classes[:450], rows[450:], seed=0)
    assert np.mean(found == classes[450:]) > 0.8
    assert probe.penalty in PENALTIES


def test_the_penalty_is_chosen_without_the_test() -> None:
    rows, classes = clouds(300)
    _, one = probe_classes(rows[:200], classes[:200], rows[200:], seed=0)
    _, other = probe_classes(rows[:200], classes[:200], -rows[200:], seed=0)
    assert one.penalty == other.penalty
    assert np.array_equal(one.weights, other.weights)


def test_noise_in_many_dimensions_asks_for_a_strong_penalty() -> None:
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 150)).astype(np.float32)
    wrong = random.random(400) < 0.3
    classes = ((rows[:, 0] > 0) ^ wrong).astype(np.intp)
    assert probe_classes(rows, classes, rows, seed=0)[1].penalty >= 1


def test_classes_of_one_item_and_rows_that_are_all_alike() -> None:
    rows = np.eye(3, dtype=np.float32)
    found, probe = probe_classes(rows, np.array([0, 1, 2]), rows, seed=0)
    assert [0, 1, 2] == found.tolist()
    assert probe.penalty in PENALTIES
    alike = np.ones((6, 3), np.float32)
    assert {0, 1} >= set(probe_classes(alike, np.array([0, 1] * 3), alike, seed=0)[0].tolist())


def test_one_class_is_refused() -> None:
    with pytest.raises(BadArgument, match="at least 2 classes"):
        fit(np.eye(3, dtype=np.float32), np.zeros(3, np.intp), penalty=1.0)


# --- the split ---


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.floats(0.05, 0.95))
def test_every_class_of_two_stands_on_both_sides(labels: list[int], share: float) -> None:
    classes = np.array(labels)
    held = stratified(classes, share=share, seed=1)
    for one in set(labels):
        count, out = labels.count(one), int(held[classes == one].sum())
        assert out == 0 if count == 1 else 1 <= out < count
        assert abs(out - share * count) <= 1.5 or count <= 2


def test_the_split_is_that_of_its_seed() -> None:
    classes = np.repeat([0, 1], 20)
    one = stratified(classes, share=0.3, seed=5)
    assert np.array_equal(one, stratified(classes, share=0.3, seed=5))
    assert not np.array_equal(one, stratified(classes, share=0.3, seed=6))
    assert [6, 6] == [one[:20].sum(), one[20:].sum()]


@pytest.mark.parametrize("share", [0, 1, -0.1, 7, float("nan")])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(BadArgument, match="between 0 and 1"):
        stratified(np.array([0, 0]), share=share, seed=0)
