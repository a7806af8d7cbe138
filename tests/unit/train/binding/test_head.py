"""The head's gradients are those of what it computes, and the graph computes what it does."""

from __future__ import annotations

import numpy as np
import pytest

import cospace as cs
from cospace.encode.engines.heads import headless, with_head
from cospace.encode.engines.openvino import read_graph
from cospace.encode.features import Features
from cospace.errors import UnsupportedModel
from cospace.train.binding.head import Head, Trainee, gelu
from cospace.train.losses import unit

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(("hidden", "base"), [(0, 0.0), (0, 1.0), (5, 0.0), (5, 0.7)])
def test_gradients_agree_with_finite_differences(hidden: int, base: float) -> None:
    features, own = RANDOM.normal(size=(6, 4)), unit(RANDOM.normal(size=(6, 3)).astype(np.float32))
    made = Trainee(features, 3, hidden=hidden, base=base, drop=0.0, seed=0)
    made.parameters = {  # float64, and away from where it begins
        name: RANDOM.normal(size=value.shape) for name, value in made.parameters.items()
    }
    wanted = RANDOM.normal(size=(6, 3))

    def value() -> float:
        return float((made.forward(features, own, RANDOM) * wanted).sum())

    value()
    found = made.backward(wanted)
    assert set(found) == set(made.parameters)
    for name, parameter in made.parameters.items():
        for place in list(np.ndindex(parameter.shape))[:6]:
            was = parameter[place]
            parameter[place] = was + 1e-5
            up = value()
            parameter[place] = was - 1e-5
            down = value()
            parameter[place] = was
            assert found[name][place] == pytest.approx((up - down) / 2e-5, rel=1e-3, abs=1e-6)


def test_a_head_gives_what_it_gave_while_it_learnt() -> None:
    features = RANDOM.normal(3, 2, size=(20, 4)).astype(np.float32)
    own = unit(RANDOM.normal(size=(20, 3)).astype(np.float32))
    made = Trainee(features, 3, hidden=6, base=1.0, drop=0.0, seed=1)
    made.parameters["w"][:] = RANDOM.normal(size=(6, 3))
    rows = made.forward(features, own, RANDOM)
    np.testing.assert_allclose(made.head().apply(features, own), rows, atol=1e-5)


def test_a_head_with_a_base_begins_as_that() -> None:
    features = RANDOM.normal(size=(9, 4)).astype(np.float32)
    own = unit(RANDOM.normal(size=(9, 3)).astype(np.float32))
    made = Trainee(features, 3, hidden=0, base=1.0, drop=0.5, seed=0)
    np.testing.assert_allclose(made.head().apply(features, own), own, atol=1e-6)


def test_gelu_and_its_slope() -> None:
    x = np.float32([-3, -1, 0, 1, 3])
    value, slope = gelu(x)
    np.testing.assert_allclose(value, [-0.0036, -0.1588, 0, 0.8412, 2.9964], atol=1e-3)
    up, down = gelu(x + np.float32(1e-2))[0], gelu(x - np.float32(1e-2))[0]
    np.testing.assert_allclose(slope, (up - down) / 2e-2, atol=1e-3)


def test_another_head_is_another_hash() -> None:
    head = Head({"w": np.ones((2, 2), np.float32), "b": np.zeros(2, np.float32)}, 1.0)
    assert head.sha256 != Head(head.layers, 0.5).sha256
    assert head.sha256 == Head(dict(head.layers), 1.0).sha256


@pytest.mark.parametrize("hidden", [0, 7])
def test_the_graph_computes_what_the_head_computes(hidden: int) -> None:
    from cospace.encode.engines.openvino import openvino

    folder = cs.load("starter").folder
    features = Features(folder, "image", base=True)
    assert (features.dim, features.base) == (1280, 384)
    given = [features.canary(f"pattern:{n}") for n in range(3)]
    seen, own = features.rows(given)
    last = hidden or 1280
    layers = {
        "w": RANDOM.normal(size=(last, 384)).astype(np.float32) / 30,
        "b": np.zeros(384, np.float32),
    }
    if hidden:
        layers["w1"] = RANDOM.normal(size=(1280, hidden)).astype(np.float32) / 30
        layers["b1"] = np.ones(hidden, np.float32)
    head = Head(layers, 1.0)
    graph = with_head(read_graph(folder, folder.tower("image")), layers, base=1.0)
    compiled = openvino().Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled({"pixels": np.stack(given)})[0]
    assert np.einsum("ij,ij->i", found, head.apply(seen, own)).min() > 0.9999
    # A second head takes the place of the first: what lies under it is the same.
    again = (
        openvino()
        .Core()
        .compile_model(headless(graph, base=True), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    )
    np.testing.assert_allclose(
        again({"pixels": np.stack(given)})[0], np.hstack([seen, own]), atol=1e-4
    )


def test_the_tower_s_own_vectors_stand_beside_its_features() -> None:
    model = cs.load("starter")
    features = Features(model.folder, "image", base=True)
    given = [features.canary("pattern:4")]
    _, own = features.rows(given)
    tower = model._tower("image")
    np.testing.assert_allclose(own, tower.encode(given)[0], atol=1e-5)


def test_a_graph_that_begins_with_its_head_is_refused() -> None:
    from cospace.encode.engines.openvino import openvino

    op = openvino().opset13
    a, b = op.parameter([-1, 3, 4]), op.parameter([-1, 5, 4])
    both = op.add(op.reduce_mean(a, [1]), op.reduce_mean(b, [1]))
    model = openvino().Model([op.result(both)], [a, b], "two")
    with pytest.raises(UnsupportedModel, match="2 places where a head could begin"):
        headless(model, base=False)
