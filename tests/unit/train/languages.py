"""Two made-up languages whose words mean the same: one is the other, turned, with noise."""

import numpy as np
from numpy.typing import NDArray

from cospace.encode.words import WordModel, WordVectors

DIM = 16


def rotation_of(dim: int, seed: int = 0) -> NDArray[np.float32]:
    """A random orthogonal matrix."""
    numbers = np.random.default_rng(seed).standard_normal((dim, dim))
    return np.linalg.qr(numbers)[0].astype(np.float32)


def two_languages(
    words: int = 300, *, dim: int = DIM, noise: float = 0.1, seed: int = 0
) -> tuple[WordModel, WordModel, list[tuple[str, str]]]:
    """(source, target, the pairs): word "en7" means "de7"."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((words, dim)).astype(np.float32)
    turned = rows @ rotation_of(dim, seed)
    turned += noise * random.standard_normal((words, dim)).astype(np.float32)
    counts = (10_000 / np.arange(1, words + 1)).astype(np.int64)
    english = WordVectors([f"en{n}" for n in range(words)], rows, counts)
    german = WordVectors([f"de{n}" for n in range(words)], turned, counts)
    pairs = [(f"en{n}", f"de{n}") for n in range(words)]
    return WordModel.of(english, name="english"), WordModel.of(german, name="german"), pairs
