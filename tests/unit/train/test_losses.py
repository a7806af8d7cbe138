"""The losses are the papers' formulas, and their gradients those of the formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cospace.errors import BadArgument
from cospace.train.losses import clip_loss, equal_rows, siglip_loss


def unit(seed: int, n: int = 5, d: int = 4) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_clip_by_hand() -> None:
    # Two pairs at right angles, scale 2: each row is (2, 0), so its loss is log(1 + e^-2).
    eye = np.eye(2)
    assert clip_loss(eye, eye, 2.0).value == pytest.approx(math.log(1 + math.exp(-2)))
    # Crossed: each is nearest to the other's: log(1 + e^2).
    assert clip_loss(eye, eye[::-1], 2.0).value == pytest.approx(math.log(1 + math.exp(2)))


def test_clip_of_both_directions_by_hand() -> None:
    # x_0 = x_1 = (1, 0), y_0 = (1, 0), y_1 = (0, 1), scale 1. Rows of logits: (1, 0) twice;
    # columns: (1, 1) and (0, 0). From x: log(1+1/e) and log(1+e); from y: log 2 twice.
    x, y = np.array([[1.0, 0], [1, 0]]), np.eye(2)
    of_x = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(1))) / 2
    assert clip_loss(x, y, 1.0).value == pytest.approx((of_x + math.log(2)) / 2)


def test_siglip_by_hand() -> None:
    # Scale 10, bias -10: right pairs have logit 0, wrong ones -10.
    eye = np.eye(3)
    wrong = math.log(1 + math.exp(-10))
    assert siglip_loss(eye, eye, 10.0, -10.0).value == pytest.approx(math.log(2) + 2 * wrong)


def test_pairs_that_mean_the_same_are_no_negatives() -> None:
    y = np.array([[1.0, 0], [1, 0], [0, 1]])
    same = equal_rows(y)
    assert same.astype(int).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    # x = y: of the first two each has one negative left, at right angles; the third has two.
    one, two = math.log(1 + math.exp(-1)), math.log(1 + 2 * math.exp(-1))
    assert clip_loss(y, y, 1.0, same).value == pytest.approx((2 * one + two) / 3)
    three = math.log(1 + math.exp(-1)), math.log(2)
    expected = (3 * three[0] + 4 * three[1]) / 3
    assert siglip_loss(y, y, 1.0, 0.0, same).value == pytest.approx(expected)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 20), st.floats(-10, 2), st.booleans())
def test_gradients_agree_with_finite_differences(
    seed: int, scale: float, bias: float, masked: bool
) -> None:
    x, y = unit(seed), unit(seed + 1)
    y[1] = y[0]
    same = equal_rows(y) if masked else None
    step = 1e-6
    for loss, rest in ((clip_loss, ()), (siglip_loss, (bias,))):
        found = loss(x, y, scale, *rest, same)
        for i, j in ((0, 0), (1, 2), (4, 3)):
            up, down = x.copy(), x.copy()
            up[i, j] += step
            down[i, j] -= step
            change = loss(up, y, scale, *rest, same).value - loss(down, y, scale, *rest, same).value
            assert found.x[i, j] == pytest.approx(change / (2 * step), rel=1e-4, abs=1e-6)
        up, down = scale * math.exp(step), scale * math.exp(-step)
        change = loss(x, y, up, *rest, same).value - loss(x, y, down, *rest, same).value
        assert found.log_scale == pytest.approx(change / (2 * step), rel=1e-4, abs=1e-5)
    more = siglip_loss(x, y, scale, bias + step, same).value
    less = siglip_loss(x, y, scale, bias - step, same).value
    slope = siglip_loss(x, y, scale, bias, same).bias
    assert slope == pytest.approx((more - less) / (2 * step), rel=1e-4, abs=1e-6)


def test_losses_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x, y = (torch.tensor(unit(seed, 7), requires_grad=True) for seed in (3, 4))
    z = 12.0 * x @ y.T
    own = torch.arange(7)
    of_clip = (functional.cross_entropy(z, own) + functional.cross_entropy(z.T, own)) / 2
    signs = 2 * torch.eye(7, dtype=z.dtype) - 1
    of_siglip = -functional.logsigmoid(signs * (z - 5)).sum() / 7
    for expected, found in (
        (of_clip, clip_loss(x.detach().numpy(), y.detach().numpy(), 12.0)),
        (of_siglip, siglip_loss(x.detach().numpy(), y.detach().numpy(), 12.0, -5.0)),
    ):
        (slope,) = torch.autograd.grad(expected, x, retain_graph=True)
        assert found.value == pytest.approx(expected.item())
        np.testing.assert_allclose(found.x, slope.numpy(), atol=1e-12)


def test_rows_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(BadArgument, match=r"pairs of rows: \(5, 4\) against \(3, 4\)"):
        clip_loss(unit(0), unit(0)[:3], 1.0)
    with pytest.raises(BadArgument, match="pairs of rows"):
        siglip_loss(np.empty((0, 4)), np.empty((0, 4)), 1.0, 0.0)
