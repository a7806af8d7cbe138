"""Collections of drawn vectors: classes are clouds, as far apart as a test wants."""

import numpy as np

import cospace as cs

SPACE = cs.Space.of("drawn", 16)


def clouds(classes: int, each: int, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows [n, 16] about `classes` middles, and the class of each."""
    draw = np.random.default_rng(seed)
    truth = np.repeat(np.arange(classes), each)
    rows = np.eye(16)[truth] + spread * draw.standard_normal((classes * each, 16))
    return rows.astype(np.float32), truth


def shop_of(rows: np.ndarray, fields: list[dict], texts: list[str] | None = None) -> cs.Collection:
    shop = cs.open(":memory:")
    ids = [f"i{at}" for at in range(len(rows))]
    shop.add_vectors(ids, cs.Vectors(rows, SPACE), metadata=fields, texts=texts)
    return shop


def labelled(
    classes: int = 3, each: int = 40, spread: float = 0.3, unknown: int = 0
) -> cs.Collection:
    """Clouds with their class in the field "kind"; every `unknown`-th has none."""
    rows, truth = clouds(classes, each, spread)
    fields = [
        {"n": at} if unknown and at % unknown == 0 else {"kind": f"c{one}", "n": at}
        for at, one in enumerate(truth)
    ]
    return shop_of(rows, fields)
