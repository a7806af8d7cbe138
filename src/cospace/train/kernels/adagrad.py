"""The kernel of GloVe's gradient descent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cospace.train.kernels.compiled import compiled_loosely

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["descend"]

CLIP = np.float32(100)  # no component of a gradient is longer: as in Stanford's program


@compiled_loosely
def move(
    word: NDArray[np.float32],
    context: NDArray[np.float32],
    word_bias: NDArray[np.float32],
    context_bias: NDArray[np.float32],
    values: NDArray[np.float32],
    rate: np.float32,
) -> float:
    """Twice the loss of one entry of the matrix, after one step of AdaGrad down its gradient.

    `word` and `context` are [2, width]: a vector w, and the sums G of its squared steps, which
    start at 1. `word_bias` and `context_bias` are a bias and its sum. `values` holds log X and
    the weight f(X) in its last two numbers. For J = 1/2 f(X) (w . c + b + b' - log X)^2, half of
    equation 8 of Pennington, Socher and Manning, GloVe (2014), and its slope along each number:

        g = f(X) (w . c + b + b' - log X) c          step = rate * clip(g)
        w <- w - step / sqrt(G)                      G <- G + step^2

    and the same for c. The biases do not follow this: their step is not multiplied by the rate,
    neither where they move nor where G grows. That is what Stanford's program does (its pull
    request 209 tells of it), and with the rate put in the vectors are worse.
    """
    error = word_bias[0] + context_bias[0] - values[2]
    dot = np.float32(0)
    for k in range(word.shape[1]):
        dot += word[0, k] * context[0, k]
    error += dot
    pull = values[3] * error
    for k in range(word.shape[1]):
        own = word[0, k]
        other = context[0, k]
        own_sum = word[1, k]
        other_sum = context[1, k]
        own_step = min(max(pull * other, -CLIP), CLIP) * rate
        other_step = min(max(pull * own, -CLIP), CLIP) * rate
        word[0, k] = own - own_step / np.sqrt(own_sum)
        context[0, k] = other - other_step / np.sqrt(other_sum)
        word[1, k] = own_sum + own_step * own_step
        context[1, k] = other_sum + other_step * other_step
    word_bias[0] -= pull / np.sqrt(word_bias[1])
    context_bias[0] -= pull / np.sqrt(context_bias[1])
    word_bias[1] += pull * pull
    context_bias[1] += pull * pull
    return float(pull * error)


@compiled_loosely
def descend(
    table: NDArray[np.float32],
    biases: NDArray[np.float32],
    pairs: NDArray[np.int32],
    values: NDArray[np.float32],
    bounds: NDArray[np.int64],
    turn: tuple[NDArray[np.int64], NDArray[np.float64], np.float32],
) -> None:
    """One visit to each pair of some blocks, both ways round: the two words change roles.

    `table` is [n, 2, 2, width] and `biases` [n, 2, 2]: of each word, as a word and as a context,
    the vector and its sums. `turn` is (the blocks, where the loss of each block is written to,
    the rate).
    """
    blocks, losses, rate = turn
    for block in blocks:
        loss = 0.0
        for at in range(bounds[block], bounds[block + 1]):
            one, two = pairs[at, 0], pairs[at, 1]
            loss += move(
                table[one, 0], table[two, 1], biases[one, 0], biases[two, 1], values[at], rate
            )
            if one != two:
                loss += move(
                    table[two, 0], table[one, 1], biases[two, 0], biases[one, 1], values[at], rate
                )
        losses[block] = loss / 2
