"""Points, filters and questions as Qdrant takes them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from cospace.errors import StorageError
from cospace.need import need
from cospace.store.payload import NORTH, WHOLE
from cospace.store.remote.engine import Ask, Hit, Point
from cospace.store.remote.filters import Leaf, Rendered, leaf_slot, rendered
from cospace.store.where import Exists, In, Near, Node

__all__ = ["INDEXES", "OURS", "batches", "condition", "differs", "hits", "question", "vectors"]

OURS = "cospace"  # the name of the vectors in every collection of ours
# How a slot is indexed, by the type of its field. Booleans are words.
INDEXES: Mapping[str, str] = {
    "number": "float",
    "bool": "keyword",
    "string": "keyword",
    "location": "geo",
}
# Qdrant refuses bodies above 32 MB; the sizes of points are estimates, so well below.
_MESSAGE = 16_000_000
_POINTS = 1_000  # of one message, so that it ends within the time limit
_EF = 128  # candidates that the graph walks through for one search, at least
_ACORN = (1, 16)  # the first version with it

_models: Any = need("qdrant_client.models", extra="qdrant")


def vectors(info: Any) -> Any:
    """How the vectors of a collection are held, or None where it is not ours."""
    held = info.config.params.vectors
    ours = isinstance(held, Mapping) and list(held) == [OURS]
    return held[OURS] if ours else None


def differs(info: Any, dim: int) -> str | None:
    """What in a collection is not as we made it."""
    held = vectors(info)
    if held is None:
        return f"its vectors are not called {OURS!r}"
    if held.size != dim:
        return f"it holds vectors of {held.size} numbers, expected {dim}"
    if held.distance != "Cosine":
        return f"it compares by {held.distance}, expected Cosine"
    return "it holds several vectors a point" if held.multivector_config else None


def batches(points: Sequence[Point]) -> Iterator[list[Any]]:
    """The points as Qdrant takes them, as many as one message holds."""
    batch: list[Any] = []
    size = 0
    for point in points:
        more = 14 * len(point.vector) + sum(map(_size, point.values.values()))
        if batch and (size + more > _MESSAGE or len(batch) == _POINTS):
            yield batch
            batch, size = [], 0
        size += more
        # Nine places are as good as float32, in 5 kB of 384 numbers instead of 8.
        decimals = np.round(point.vector.astype(np.float64), 9)
        batch.append(
            _models.PointStruct(
                id=point.number,
                vector={OURS: decimals.tolist()},
                payload={slot: _payload(values) for slot, values in point.values.items()},
            )
        )
    if batch:
        yield batch


def _size(values: Sequence[Any]) -> int:
    """More than the values take as JSON."""
    return sum(6 * len(one) + 8 if isinstance(one, str) else 64 for one in values)


def _payload(values: Sequence[Any]) -> list[Any]:
    """Numbers all as float, so that one index holds them; booleans as the index of words does."""
    if isinstance(values[0], Mapping):
        return [{**one, "lat": min(one["lat"], NORTH)} for one in values]
    return [str(v) if isinstance(v, bool | str) else float(v) for v in values]


def question(ask: Ask, exact: bool, version: tuple[int, ...], bare: Collection[str] = ()) -> Any:
    """Qdrant's form of an Ask; None where nothing can pass. See `condition` for `bare`."""
    passing = None
    if ask.where is not None:
        told = condition(ask.where, bare)
        if told.nothing:
            return None
        passing = told.form
    if exact:
        whole = _models.QuantizationSearchParams(ignore=True)
        params = _models.SearchParams(exact=True, quantization=whole)
    else:
        # A point that does not pass still leads on to those behind it.
        through = _models.AcornSearchParams(enable=True, max_selectivity=1.0)
        acorn = through if passing is not None and version >= _ACORN else None
        again = _models.QuantizationSearchParams(rescore=True)
        ef = max(_EF, ask.limit)
        params = _models.SearchParams(hnsw_ef=ef, quantization=again, acorn=acorn)
    return _models.QueryRequest(
        query=ask.vector.tolist(),
        using=OURS,
        filter=passing,
        params=params,
        limit=ask.limit,
        with_payload=False,
    )


def condition(where: Node, bare: Collection[str] = ()) -> Rendered:
    """A filter in Qdrant's form, without what is asked of the slots in `bare`.

    What `where.matches` lets through passes it.

    >>> from cospace.store.schema import Field
    >>> told = condition(In(Field("city", "string", "f0"), ("Bremen",)))
    >>> told.form.must[0].key, told.exact
    ('f0', True)
    """

    def leaf(one: Leaf, negated: bool) -> tuple[Any, bool] | None:
        return None if leaf_slot(one) in bare else _leaf(one, negated)

    told = rendered(where, leaf, _every, _some)
    return told if told.form is None else told._replace(form=_every([told.form]))


def hits(points: Sequence[Any]) -> list[Hit]:
    """The points of an answer, best first."""
    found = [Hit(int(one.id), float(one.score)) for one in points]
    if not all(math.isfinite(hit.score) for hit in found):
        raise StorageError("Qdrant gave a score that is no number")
    # Qdrant leaves the order of equal scores open; by number it is the same every time.
    return sorted(found, key=lambda hit: (-hit.score, hit.number))


def _every(parts: Sequence[Any]) -> Any:
    return _models.Filter(must=list(parts))


def _some(parts: Sequence[Any]) -> Any:
    return _models.Filter(should=list(parts))


def _leaf(leaf: Leaf, negated: bool) -> tuple[Any, bool] | None:
    """A leaf of a filter; only by `must_not` it holds for points without the field."""
    slot = leaf_slot(leaf)
    if isinstance(leaf, Exists):
        empty = _models.IsEmptyCondition(is_empty=_models.PayloadField(key=slot))
        return (_every([empty]) if negated else _models.Filter(must_not=[empty])), True
    if isinstance(leaf, Near):
        told = _circle(leaf, slot, negated)
    elif isinstance(leaf, In) and leaf.field.type in ("string", "bool"):
        match = _models.MatchAny(any=[str(value) for value in leaf.values])
        told = _models.FieldCondition(key=slot, match=match), True
    elif isinstance(leaf, In):
        told = _numbers(slot, leaf.values, negated)
    else:
        told = _range(slot, leaf.op, leaf.value, negated)
    if told is None or not negated:
        return told
    form, exact = told
    return _models.Filter(must_not=[form]), exact


# Qdrant compares numbers as float64, which holds whole numbers exactly up to WHOLE. Of larger
# ones that are the same as float64 all pass.


def _range(slot: str, op: str, value: float, negated: bool) -> tuple[Any, bool]:
    if exact := abs(value) < WHOLE:
        return _span(slot, **{op: float(value)}), exact
    # Those that are certain, where they are taken away; those that may be, where they are let in.
    return _span(slot, **{op[:2] if negated else op[:2] + "e": float(value)}), exact


def _numbers(slot: str, values: Sequence[float], negated: bool) -> tuple[Any, bool] | None:
    certain = [value for value in values if abs(value) < WHOLE]
    spans = [_span(slot, gte=float(v), lte=float(v)) for v in (certain if negated else values)]
    if not spans:
        return None
    return (spans[0] if len(spans) == 1 else _some(spans)), len(certain) == len(values)


def _circle(near: Near, slot: str, negated: bool) -> tuple[Any, bool] | None:
    """The circle, a little wider or, where it is taken away, narrower: for rounding at its edge."""
    edge = 1e-6 * near.km + 0.001
    km = near.km - edge if negated else near.km + edge
    if km <= 0:
        return None
    center = _models.GeoPoint(lat=min(near.lat, NORTH), lon=near.lon)
    circle = _models.GeoRadius(center=center, radius=1000 * km)
    return _models.FieldCondition(key=slot, geo_radius=circle), False


def _span(slot: str, **ends: float) -> Any:
    return _models.FieldCondition(key=slot, range=_models.Range(**ends))
