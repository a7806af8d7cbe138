"""Vectors for maps: groups about middles, unit rows."""

import numpy as np


def unit(rows) -> np.ndarray:
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def groups(sizes, dim: int = 16, width: float = 0.05, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Unit vectors [n, dim] about one middle a group, and the group of each."""
    draw = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(sizes)), sizes)
    middles = unit(draw.normal(size=(len(sizes), dim)))
    return unit(middles[owner] + width * draw.normal(size=(len(owner), dim))), owner
