"""AdamW's steps are those of the paper, as torch takes them."""

from __future__ import annotations

import numpy as np
import pytest

from cospace.train.adamw import AdamW


def test_steps_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(0)
    start, bias = random.normal(size=(3, 2)), random.normal(size=2)
    ours = {"w": start.copy(), "b": bias.copy(), "scale": np.array(2.0)}
    theirs = {name: torch.tensor(value.copy(), requires_grad=True) for name, value in ours.items()}
    groups = [
        {"params": [theirs["w"]], "weight_decay": 0.05},
        {"params": [theirs["b"]], "weight_decay": 0.0},
        {"params": [theirs["scale"]], "weight_decay": 0.0, "lr": 0.1},
    ]
    reference = torch.optim.AdamW(groups, lr=0.01)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(reference, 12)
    optimiser = AdamW(ours, steps=12, rate=0.01, faster={"scale": 10})
    for _ in range(12):
        gradients = {name: random.normal(size=value.shape) for name, value in ours.items()}
        for name, value in theirs.items():
            value.grad = torch.tensor(gradients[name])
        reference.step()
        falling.step()
        optimiser.step({name: np.asarray(value) for name, value in gradients.items()})
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value.detach().numpy(), rtol=1e-9)


def test_a_parameter_without_a_gradient_stays() -> None:
    weights = {"w": np.ones((2, 2)), "other": np.ones((2, 2))}
    AdamW(weights, steps=3).step({"w": np.ones((2, 2))})
    assert (weights["other"] == 1).all()
    assert (weights["w"] != 1).all()
