"""A BERT in 8 bits: what flows through it is what torch computes, and the graph comes close."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

torch = pytest.importorskip("torch", reason="the reference is torch's own")

import torch_models  # noqa: E402 - torch comes first

from cospace.adopt.eight import Shape, flows, layers, text_graph  # noqa: E402
from cospace.encode.modules import texts as reading  # noqa: E402

SHAPE = Shape(layers=2, heads=4, width=32)
RANDOM = np.random.default_rng(0)
TEXTS = [RANDOM.integers(5, 300, RANDOM.integers(2, 40)).tolist() for _ in range(80)]


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place: Path = tmp_path_factory.mktemp("model")
    torch_models.text_model(place)
    [built] = reading.build(place / "saved")
    return built.module.eval()


@pytest.fixture(scope="module")
def weights(module: Any) -> dict[str, np.ndarray]:
    return {name: one.numpy() for name, one in module.transformer.state_dict().items()}


def erf(x: np.ndarray) -> np.ndarray:
    return torch.erf(torch.from_numpy(x)).numpy()


@pytest.fixture(scope="module")
def graph(weights: dict[str, np.ndarray]) -> Any:
    found = flows(weights, SHAPE, TEXTS, erf)
    made = text_graph(weights, list(layers(weights, found, SHAPE)), SHAPE, "tiny")
    return ov.compile_model(made, "CPU")


def run(graph: Any, texts: list[list[int]]) -> np.ndarray:
    width = max(map(len, texts))
    ids, mask = np.zeros((len(texts), width), np.int64), np.zeros((len(texts), width), np.int64)
    for row, one in enumerate(texts):
        ids[row, : len(one)], mask[row, : len(one)] = one, 1
    return graph([ids, mask])[0]


def test_what_flows_is_what_torch_computes(module: Any, weights: dict[str, np.ndarray]) -> None:
    seen = []
    hook = module.transformer.encoder.layer[1].output.dense.register_forward_pre_hook(
        lambda _, given: seen.append(given[0][0].numpy())
    )
    ids = torch.tensor([TEXTS[0]])
    with torch.no_grad():
        module(ids, torch.ones_like(ids))
    hook.remove()
    found = flows(weights, SHAPE, TEXTS[:1], erf)["encoder.layer.1.hidden"]
    assert found.rows == len(TEXTS[0])
    assert np.allclose(found.high, seen[0].max(0), atol=1e-4)
    assert np.allclose(found.low, seen[0].min(0), atol=1e-4)
    assert np.allclose(found.moment, seen[0].T @ seen[0] / found.rows, atol=1e-4)
    assert np.allclose(found.mean, seen[0].mean(0), atol=1e-4)


def test_the_graph_comes_close_to_the_module(module: Any, graph: Any) -> None:
    found = run(graph, TEXTS[:20])
    for one, row in zip(TEXTS[:20], found, strict=True):
        ids = torch.tensor([one])
        with torch.no_grad():
            expected = module(ids, torch.ones_like(ids))[0].numpy()
        assert row @ expected / np.linalg.norm(expected) > 0.995


def test_a_text_has_one_vector_whatever_stands_beside_it(graph: Any) -> None:
    together = run(graph, TEXTS[:12])
    alone = np.concatenate([run(graph, [one]) for one in TEXTS[:12]])
    assert np.einsum("ij,ij->i", together, alone).min() > 0.9999


def test_products_have_bytes_for_weights(weights: dict[str, np.ndarray]) -> None:
    found = flows(weights, SHAPE, TEXTS, erf)
    made = text_graph(weights, list(layers(weights, found, SHAPE)), SHAPE, "tiny")
    kinds = [
        str(one.get_element_type())
        for one in made.get_ordered_ops()
        if one.get_type_name() == "Constant" and one.data.ndim == 2 and one.data.size > 900
    ]
    floats = [kind for kind in kinds if "float32" in kind]
    assert len(floats) == 1  # the table of positions
    assert len(kinds) > 2 * 4
