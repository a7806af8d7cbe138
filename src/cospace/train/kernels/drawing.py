"""Drawing: which tokens are kept, how far a window reaches, which words are noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from cospace.train.kernels.compiled import compiled

__all__ = ["below", "draw_noise", "fill", "reach", "step"]

_MULTIPLIER = np.uint64(6364136223846793005)  # Knuth's MMIX, 64 bits
_INCREMENT = np.uint64(1442695040888963407)
_HIGH = np.uint64(32)


@compiled
def step(state: Any) -> Any:
    """The next state of the generator."""
    return state * _MULTIPLIER + _INCREMENT


@compiled
def below(state: Any, most: Any) -> Any:
    """A whole number from 0 to `most` - 1, of the state's upper half."""
    return np.int64(((state >> _HIGH) * np.uint64(most)) >> _HIGH)


@compiled
def fill(tokens: Any, at: Any, stop: Any, keep: Any, buffer: Any, count: Any, state: Any) -> Any:
    """Appends the tokens that frequent-word subsampling keeps: (the count, the state).

    `keep` is how likely each word is kept, of 2**32. Ends of sentences (-1) are always kept.
    """
    for i in range(at, stop):
        token = tokens[i]
        if token >= 0:
            state = step(state)
            if (state >> _HIGH) >= keep[token]:
                continue
        buffer[count] = token
        count += 1
    return count, state


@compiled
def reach(buffer: Any, i: Any, count: Any, size: Any) -> Any:
    """The window about token `i`, of at most `size` on each side: (first, last + 1)."""
    first = i
    while first > 0 and i - first < size and buffer[first - 1] >= 0:
        first -= 1
    last = i + 1
    while last < count and last - i <= size and buffer[last] >= 0:
        last += 1
    return first, last


@compiled
def draw_noise(ids: Any, centre: Any, noise: Any, flags: Any, lanes: Any, state: Any) -> Any:
    """Fills `ids` with the centre and words from the `noise` table: gives the generator's state.

    A word that is there already, as the centre or as noise, is switched off: the kernels copy
    rows, and of two copies of one row only one could be written back.
    """
    ids[0] = centre
    for k in range(1, len(ids)):
        state = step(state)
        drawn = noise[below(state, len(noise))]
        ids[k] = drawn
        flag = np.float32(1.0)
        for earlier in range(k):
            if ids[earlier] == drawn:
                flag = np.float32(0.0)
        flags[lanes[k]] = flag
    return state
