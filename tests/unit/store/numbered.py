"""Items of one vector each, by number, for tests of graphs."""

import numpy as np

from cospace.search import Query, ask
from cospace.space import Space
from cospace.store.local import LocalStore
from cospace.store.protocol import Row
from cospace.store.schema import Schema

DIM = 16
SPACE = Space.of("numbered", DIM)
VECTORS = np.random.default_rng(0).normal(size=(2_300, DIM)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)


def add(store: LocalStore, numbers: range) -> None:
    rows = [Row(f"id-{i}", None, {"n": i % 7}, {}, {"text": VECTORS[i]}) for i in numbers]
    schema = Schema()
    schema.add(schema.learn(rows[0].metadata, "a"))
    store.extend(SPACE, schema)
    store.write(rows, replace=False)


def first(store: LocalStore, i: int) -> str:
    """The id of what is nearest to the item's own vector."""
    return ask(store, Query({"text": VECTORS[i]}), k=1)[0].id
