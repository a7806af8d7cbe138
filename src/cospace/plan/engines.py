"""What engines elsewhere take by their makers' own formulas, each with the page it stands on.

The pages were read in November 2026. What a page does not tell is None, and never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FORMS", "Form", "Size"]

_QDRANT = "https://qdrant.tech/documentation/capacity-planning/"
_WEAVIATE = "https://docs.weaviate.io/weaviate/concepts/resources"
_MILVUS = (
    "https://milvus.io/ai-quick-reference/how-much-memory-overhead-is-typically-introduced-by"
    "-indexes-like-hnsw-or-ivf-for-a-given-number-of-vectors-and-how-can-this-overhead-be-managed"
    "-or-configured"
)
_PINECONE = "https://docs.pinecone.io/guides/index-data/dedicated-read-nodes/size-and-test"


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of memory and of the disk on all machines of an engine; None where nobody says."""

    memory: float | None
    disk: float | None


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which an engine can hold vectors.

    `size` takes vectors, dimensions and bytes of metadata an item. `source` is the page of its
    formula. `scans`: a search compares with every vector. `same` is the quantization of the local
    store whose engine is the same one, so that its build and search are as measured there.
    `max_dim` is the most numbers of a vector.
    """

    store: str
    name: str
    size: Callable[[int, int, int], Size]
    source: str
    max_dim: int
    scans: bool = False
    same: str | None = None
    notes: Sequence[str] = ()


def _qdrant(bytes_a_number: float) -> Callable[[int, int, int], Size]:
    """base * dimensions * 4, hnsw = base * m * 2 * 4 * 1.2 (m = 16), 52 bytes an id; 20% more.

    Copies in 8 bits or one stand beside the full vectors, which then stay on the disk ("cold").
    The payload takes 1.5 times its size on the disk, and its index twice its size in memory.
    """

    def size(vectors: int, dim: int, metadata_bytes: int) -> Size:
        dense, small = vectors * dim * 4.0, vectors * dim * bytes_a_number
        graph, ids = vectors * 16 * 2 * 4 * 1.2, vectors * 52.0
        index, payload = vectors * metadata_bytes * 2.0, vectors * metadata_bytes * 1.5
        memory = (small or dense) + graph + ids + index
        return Size(1.2 * memory, 1.2 * (dense + small + graph + ids + index + payload))

    return size


def _weaviate_graph(vectors: int, dim: int, _: int) -> Size:
    """The rule of thumb: twice the vectors. It covers the garbage collection of Go."""
    return Size(2.0 * vectors * dim * 4, None)


def _weaviate_flat(vectors: int, dim: int, metadata_bytes: int) -> Size:
    """The flat index reads vectors from the disk."""
    return Size(None, vectors * (dim * 4.0 + metadata_bytes))


def _milvus_flat(vectors: int, dim: int, metadata_bytes: int) -> Size:
    """The index is the raw vectors, loaded."""
    return Size(vectors * dim * 4.0, vectors * (dim * 4.0 + metadata_bytes))


def _milvus_graph(vectors: int, dim: int, metadata_bytes: int) -> Size:
    """The raw vectors, and 32 connections of 4 bytes."""
    return Size(vectors * (dim * 4.0 + 32 * 4), vectors * (dim * 4.0 + 32 * 4 + metadata_bytes))


def _pinecone(vectors: int, dim: int, metadata_bytes: int) -> Size:
    """Records * (id + metadata + dimensions * 4); ours have ids of 20 characters."""
    return Size(None, vectors * (20.0 + metadata_bytes + dim * 4))


_FORMS = (
    Form("qdrant", "none", _qdrant(0), _QDRANT, 65_535, same="none"),
    Form("qdrant", "int8", _qdrant(1), _QDRANT, 65_535, same="int8"),
    Form("qdrant", "binary", _qdrant(1 / 8), _QDRANT, 65_535, same="binary"),
    Form(
        "milvus", "flat", _milvus_flat, "https://milvus.io/docs/index-explained.md", 32_768,
        scans=True, notes=("as cospace makes it: exact",),
    ),
    Form(
        "milvus", "hnsw", _milvus_graph, _MILVUS, 32_768,
        notes=("an index that you make yourself on the server",),
    ),
    Form(
        "weaviate", "flat", _weaviate_flat, _WEAVIATE, 65_535, scans=True,
        notes=("as cospace makes it: exact, read from the disk",),
    ),
    Form("weaviate", "hnsw", _weaviate_graph, _WEAVIATE, 65_535, notes=("?index=hnsw",)),
    Form(
        "pinecone", "serverless", _pinecone, _PINECONE, 20_000,
        notes=("the service chooses the machines; a dedicated shard holds 250 GB",),
    ),
)  # fmt: skip

# By the store's name, in the order in which they are shown.
FORMS: Mapping[str, Sequence[Form]] = {
    store: tuple(form for form in _FORMS if form.store == store)
    for store in dict.fromkeys(form.store for form in _FORMS)
}
