"""Rows that `check_store` writes: random vectors, every kind of metadata."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cospace.space import Space, Tower
from cospace.store.protocol import Row, Store
from cospace.store.schema import Schema

__all__ = ["DIM", "SPACE", "fill", "ids_of", "sample", "unit"]

DIM = 16
SPACE = Space("check", DIM, towers=(Tower("text", "check"), Tower("image", "check")))


def unit(n: int, seed: int = 0) -> NDArray[np.float32]:
    """Random unit rows: float32 [n, DIM]."""
    rows = np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)
    unit_rows: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit_rows


def sample(n: int = 60) -> list[Row]:
    """Rows with every kind of metadata; each third has an image, each tenth no text."""
    text, image = unit(n), unit(n, 1)
    things = ["armchair", "bicycle", "kettle", "lamp"]
    rows = []
    for i in range(n):
        vectors = {"text": text[i]} if i % 10 else {}
        if i % 3 == 0:
            vectors["image"] = image[i]
        metadata: dict[str, object] = {"price": i % 7 + (0.5 if i % 2 else 0)}
        metadata["new"] = i % 4 == 0
        metadata["place"] = {"lat": 50 + i / 100, "lon": 8.0}
        if i % 5:
            metadata["city"] = ["Bremen", "Kiel"][i % 2]
        if i % 4:  # a day, a moment, a moment in another zone, no date
            day = f"2026-01-{i // 4 + 1:02}"
            metadata["added"] = [day, f"{day}T12:00:00", f"{day}T01:00:00+02:00", "soon"][
                i % 8 // 2
            ]
        metadata["tags"] = [f"t{i % 3}", f"u{i % 5}"]
        metadata["size"] = {"width": i}
        words = f"{things[i % 4]} number {i}" if i % 10 else None
        rows.append(Row(f"id-{i}", words, metadata, {}, vectors, hash=str(i).encode()))
    return rows


def fill(store: Store, rows: list[Row]) -> Schema:
    """Write the rows; the schema that they taught the store."""
    schema = Schema()
    for row in rows:
        schema.add(schema.learn(row.metadata, row.id))
    store.extend(SPACE, schema)
    store.write(rows, replace=False)
    return schema


def ids_of(store: Store, keys: list[int]) -> list[str]:
    """The ids of the keys, in their order."""
    rows = store.rows(keys)
    return [rows[key].id for key in keys]
