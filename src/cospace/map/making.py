"""A map made of what a collection holds, and brought up to what it holds by now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_instance
from cospace.errors import BadArgument, SpaceMismatch
from cospace.item import kind_of
from cospace.map.clusters import hills
from cospace.map.layout import METHOD, layout
from cospace.map.map import Cluster, Map, counted
from cospace.map.names import named
from cospace.map.placing import place
from cospace.measures.bootstrap import check_seed
from cospace.measures.neighbours import neighbours_kept
from cospace.progress import Meter
from cospace.space import Space
from cospace.store.language import recognised
from cospace.store.protocol import Row, StoreInfo

__all__ = ["STEPS", "Source", "current", "made", "updated"]

# Characters of a text that its cluster is named by.
_READ = 400
_ASKED = 500  # points that the measures ask about
# What each stage takes, of 1,000 steps that are shown.
_SHARES = {"reading": (0, 100), "neighbours": (100, 200), "layout": (300, 650), "names": (950, 50)}
STEPS = 1_000

Floats = NDArray[np.float32]


class Source(Protocol):
    """What a map is made of: a store, or a collection that is read beside its owner."""

    @property
    def space(self) -> Space | None:
        """The space of the vectors."""
        ...

    def scan(self, *, vectors: bool = False) -> Iterator[Row]:
        """Every row, oldest first."""
        ...

    def info(self) -> StoreInfo:
        """Counts, and the language of the words."""
        ...


@dataclass
class _Read:
    """The items that have vectors: their means by kind, and the beginning of their texts."""

    ids: list[str] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    vectors: list[dict[str, Floats]] = field(default_factory=list)
    missing: int = 0


def made(source: Source, name: str, *, seed: int = 0, meter: Meter | None = None) -> Map:
    """A new map of all that the source, called `name` in messages, holds.

    `meter` is told of 1,000 steps. The same items and seed give the same map.

    Raises `BadArgument` when no item has a vector.
    """
    _check_source(source)
    check_seed(seed)
    done = _shown(meter)
    read = _read(source, done)
    if not read.ids:
        raise BadArgument(f"{name} holds no item with a vector, so there is nothing to map")
    assert source.space is not None
    centres = _centres(read.vectors)
    vectors = _combined(read.vectors, centres)
    xy, unit = layout(vectors, seed=seed, done=done)
    labels = hills(xy)
    texts = read.texts
    language = source.info().language or recognised(texts[:: max(1, len(texts) // 1_000)])
    kept = neighbours_kept(vectors, xy, sample=_ASKED, seed=seed) if len(xy) > 3 else None
    done("names", 0.5)
    clusters = _clusters(xy, labels, named(texts, labels, language))
    done("names", 1.0)
    return Map(
        ids=read.ids,
        xy=xy,
        labels=labels,
        clusters=clusters,
        space=source.space.fingerprint,
        made=datetime.now(UTC).isoformat(timespec="milliseconds"),
        method=METHOD | {"seed": seed},
        trustworthiness=None if kept is None else round(kept.trustworthiness, 4),
        continuity=None if kept is None else round(kept.continuity, 4),
        unit=unit,
        hashes=_hashes(read.hashes),
        late=np.zeros(len(xy), bool),
        centres=centres,
        missing=read.missing,
    )


def updated(map: Map, source: Source, name: str, *, meter: Meter | None = None) -> Map:
    """The map with the items that are new, or have changed, beside their neighbours.

    Nothing else moves, and items that are gone leave it. An item is placed by those that were
    laid out, not by others that came later: it stands where it would if it had come alone.

    Raises `SpaceMismatch` for a map of another space, and `BadArgument` when nothing of what was
    laid out is left.
    """
    check_instance("map", map, Map, "as collection.make_map() gives it")
    _check_source(source)
    space = source.space
    if space is None or space.fingerprint != map.space:
        raise SpaceMismatch(
            f"the map of {name} is of another model's vectors than it holds now; make it again:"
            f" cospace map {name} --again"
        )
    done = _shown(meter)
    read = _read(source, done)
    hashes = _hashes(read.hashes)
    vectors = _combined(read.vectors, map.centres) if read.ids else np.zeros((0, 1), np.float32)
    known = {id: at for at, id in enumerate(map.ids)}
    at = np.array([known.get(id, -1) for id in read.ids], np.int64)
    stays = at >= 0
    stays[stays] = (map.hashes[at[stays]] == hashes[stays]).all(1)
    xy, labels = np.zeros((len(at), 2), np.float32), np.zeros(len(at), np.uint16)
    xy[stays], labels[stays] = map.xy[at[stays]], map.labels[at[stays]]
    late = ~stays
    late[stays] = map.late[at[stays]]
    if late.all():
        raise BadArgument(f"nothing of the map of {name} is left; make it again: --again")
    if not stays.all():
        laid = vectors[~late], xy[~late], labels[~late]
        xy[~stays], labels[~stays] = place(vectors[~stays], *laid, map.unit)
    done("names", 1.0)
    return replace(
        map,
        ids=read.ids,
        xy=xy,
        labels=labels,
        clusters=counted(map.clusters, labels),
        made=datetime.now(UTC).isoformat(timespec="milliseconds"),
        hashes=hashes,
        late=late,
        missing=read.missing,
        changed=0,
    )


def vectors_of(source: Source) -> tuple[list[str], Floats]:
    """The ids of all items with vectors, and the unit vector that each is laid out by."""
    read = _read(source, lambda *_: None)
    if not read.ids:
        return [], np.zeros((0, 1), np.float32)
    return read.ids, _combined(read.vectors, _centres(read.vectors))


def current(map: Map, hashes: Mapping[str, bytes], items: int, space: Space | None) -> Map:
    """The map beside a collection of so many items: what is gone left out, the rest counted.

    `hashes` are those of the map's ids that are stored. A change of a vector that came without a
    content is not seen here, but by `updated`.
    """
    check_instance("map", map, Map, "as collection.make_map() gives it")
    there = np.array([id in hashes for id in map.ids], bool)
    left = map.of(there)
    now = [hashes[id] for id in left.ids]
    told = np.array([len(one) > 0 for one in now], bool)
    return replace(
        left,
        missing=items - len(left),
        changed=int((told & (_hashes(now) != left.hashes).any(1)).sum()),
        stale=space is None or space.fingerprint != map.space,
    )


def _check_source(source: object) -> None:
    if not all(callable(getattr(source, name, None)) for name in ("info", "scan")):
        raise BadArgument(f"source is a store, as collection.store, not {source!r:.60}")


def _short(hash: bytes) -> bytes:
    """The first 8 bytes of a content hash."""
    return hash[:8].ljust(8, b"\0")


def _hashes(hashes: list[bytes]) -> NDArray[np.uint8]:
    flat = b"".join(map(_short, hashes))
    return np.frombuffer(flat, np.uint8).reshape(len(hashes), 8)


def _shown(meter: Meter | None) -> Callable[[str, float], None]:
    """A function that is told a stage and its share, and tells the meter how many steps that is."""

    def done(stage: str, share: float) -> None:
        if meter is not None:
            first, steps = _SHARES[stage]
            meter.stage = stage
            meter.add(max(0, int(first + steps * share) - meter.done))

    return done


def _read(source: Source, done: Callable[[str, float], object]) -> _Read:
    read = _Read()
    items = max(1, source.info().items)
    for at, row in enumerate(source.scan(vectors=True)):
        if at % 1_000 == 0:
            done("reading", min(1.0, at / items))
        if not row.vectors:
            read.missing += 1
            continue
        read.ids.append(row.id)
        read.hashes.append(row.hash or _hash_of(row))
        read.texts.append(_text(row))
        by_kind: dict[str, list[Floats]] = {}
        for name, vector in row.vectors.items():
            by_kind.setdefault(kind_of(name), []).append(vector)
        read.vectors.append({kind: _unit(np.mean(some, 0)) for kind, some in by_kind.items()})
    done("reading", 1.0)
    return read


def _hash_of(row: Row) -> bytes:
    """What tells vectors from others, for an item that is nothing but them."""
    seen = sha256()
    for name, vector in sorted(row.vectors.items()):
        seen.update(name.encode() + vector.tobytes())
    return seen.digest()


def _text(row: Row) -> str:
    """What an item says: its text, or what its metadata says in words."""
    said = row.text or " ".join(v for v in row.metadata.values() if isinstance(v, str))
    return said[:_READ]


def _centres(vectors: list[dict[str, Floats]]) -> dict[str, Floats]:
    """The mean vector of each kind, where there are several: kinds lie apart in a joint space."""
    sums: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for some in vectors:
        for kind, vector in some.items():
            sums[kind] = sums.get(kind, 0) + vector.astype(np.float64)
            counts[kind] = counts.get(kind, 0) + 1
    if len(sums) == 1:
        return {}
    return {kind: (sums[kind] / counts[kind]).astype(np.float32) for kind in sorted(sums)}


def _combined(vectors: list[dict[str, Floats]], centres: Mapping[str, Floats]) -> Floats:
    """One unit vector an item: the mean of its kinds', each from the middle of its kind."""
    found = np.empty((len(vectors), len(next(iter(vectors[0].values())))), np.float32)
    for at, some in enumerate(vectors):
        if not centres:
            found[at] = next(iter(some.values()))
            continue
        about = [_unit(v - centres[k]) if k in centres else v for k, v in sorted(some.items())]
        found[at] = _unit(np.mean(about, 0), otherwise=next(iter(some.values())))
    return found


def _unit(vector: Floats, otherwise: Floats | None = None) -> Floats:
    """The vector at length one; one that is too short to have a direction stays, or is another."""
    length = float(np.linalg.norm(vector))
    if length < 1e-6:
        return vector if otherwise is None else otherwise
    return (vector / np.float32(length)).astype(np.float32)


def _clusters(xy: Floats, labels: NDArray[np.uint16], names: list[str]) -> list[Cluster]:
    """The clusters, each with the point of it that is nearest to its middle."""
    found = []
    for number, name in enumerate(names):
        own = xy[labels == number].astype(np.float64)
        middle = np.median(own, 0)
        x, y = own[np.square(own - middle).sum(1).argmin()].tolist()
        found.append(Cluster(number, name, x, y, len(own)))
    return found
