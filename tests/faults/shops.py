"""A small collection of ready-made vectors, and the answers that it must go on giving."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

import cospace as cs

SPACE = cs.Space.of("faults", 8)
WHERE: list[dict[str, Any] | None] = [None, {"price": {"$lt": 20}}, {"city": "Kiel"}]


def rows(n: int, seed: int = 0) -> cs.Vectors:
    return cs.Vectors(np.random.default_rng(seed).normal(size=(n, 8)), SPACE)


def texts(n: int) -> list[str]:
    things = ["armchair", "bicycle", "kettle", "lamp"]
    return [f"{things[i % 4]} number {i}" for i in range(n)]


def metadata(n: int) -> list[dict[str, Any]]:
    return [{"price": i, "city": ["Kiel", "Bremen"][i % 2]} for i in range(n)]


def fill(shop: cs.Collection, n: int = 60, seed: int = 0) -> cs.Collection:
    ids = [f"id-{i}" for i in range(n)]
    shop.add_vectors(ids, rows(n, seed), metadata=metadata(n), texts=texts(n))
    return shop


def make(folder: Path, n: int = 60, seed: int = 0) -> Path:
    """A closed collection with a sealed cache."""
    with cs.open(folder) as shop:
        fill(shop, n, seed)
    return folder


def answers(shop: cs.Collection, n: int = 60, seed: int = 0) -> list[Any]:
    """Ids and scores of searches by vector and by word, with and without a filter."""
    found: list[Any] = [len(shop)]
    vectors = rows(n, seed)
    for where in WHERE:
        found.append(shop.count(where))
        for i in (0, n // 2, n - 1):
            hits = shop.search(vectors[i : i + 1], k=10, where=where)
            found.append([(hit.id, round(hit.score, 5)) for hit in hits])
        hits = shop.search("kettle 7", k=10, where=where, by="words")
        found.append([(hit.id, round(hit.score, 5)) for hit in hits])
    return found


def files(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` with its bytes."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def copy(folder: Path, to: Path) -> Path:
    """A copy of a collection; links and holes are kept."""
    shutil.copytree(folder, to, symlinks=True, copy_function=_sparse)
    return to


def _sparse(source: str, target: str) -> None:
    """Copy a file without writing its zeros: the engine's files are mostly holes."""
    data = Path(source).read_bytes()
    with Path(target).open("wb") as file:
        for at in range(0, len(data), 1 << 16):
            block = data[at : at + (1 << 16)]
            if block.strip(b"\x00"):
                file.seek(at)
                file.write(block)
        file.truncate(len(data))
