"""Material: what a task works on. Ids, one unit vector an item, texts and fields, in one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cospace.collection.collection import check_collection
from cospace.errors import BadArgument
from cospace.evaluate.alone import measure_here
from cospace.evaluate.encoding import loaded
from cospace.evaluate.labelled import Pictures, Table, label_of
from cospace.item import kind_of
from cospace.progress import Watch, metered

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.encode import Encoder
    from cospace.evaluate.encoding import ModelName

__all__ = [
    "LABEL", "Floats", "Given", "Material", "filled", "gather", "material_of",
    "unit_mean",
]  # fmt: skip

# The field that holds the class of photos in folders, and of rows of a table.
LABEL = "class"

Floats: TypeAlias = NDArray[np.float32]


@dataclass(slots=True)
class Material:
    """Items that have vectors, in the order of their source.

    `rows` float32 [n, dim] are the unit vectors that stand for them. `kinds` holds, by kind, the
    unit vectors of the items that have that kind and NaN in place of the others. `hashes` are
    equal for copies. `held` says which are held out where the source comes split, else None.
    `missing` counts items without a vector, and `notes` tells what was left out.
    """

    name: str
    by: str
    ids: list[str]
    texts: list[str]
    fields: list[Mapping[str, Any]]
    hashes: list[str]
    rows: Floats
    kinds: dict[str, Floats]
    encoder: Callable[[], Encoder]
    held: list[bool] | None = None
    missing: int = 0
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    def column(self, name: str) -> list[str]:
        """The field of each item as a label, "" where it has none.

        Raises `BadArgument` for a field that no item has, with those that there are, and for one
        that holds lists or places: a label is one value.
        """
        if not isinstance(name, str):
            raise BadArgument(f"a field is named by a text, not {name!r:.60}")
        for id, some in zip(self.ids, self.fields, strict=True):
            if isinstance(some.get(name), (list, dict)):
                what = "lists" if isinstance(some[name], list) else "several values"
                raise BadArgument(
                    f"{self.name}: {name!r} holds {what}, as in {id!r}; a class is one text or"
                    " number an item. Name a column of such"
                )
        found = [label_of(some.get(name)) for some in self.fields]
        if not any(found):
            known = sorted({key for some in self.fields[:1_000] for key in some})
            there = ", ".join(known[:12]) or "none"
            raise BadArgument(
                f"{self.name}: no item has a value of {name!r}; fields that there are: {there}"
            )
        return found


Given: TypeAlias = "Material | Collection | Pictures | Table"


def material_of(given: Given) -> Material:
    """What was given, gathered unless it is already."""
    return given if isinstance(given, Material) else gather(given)


def gather(
    source: Collection | Pictures | Table,
    *,
    by: str | None = None,
    model: ModelName = "starter",
    progress: Watch = None,
) -> Material:
    """The items of a collection with their vectors, or those of labelled files, encoded by `model`.

    An item is the vector of its kind `by`, the mean of its photos where it has several; by default
    the mean over its kinds, each from the middle of its kind, for kinds lie apart in a joint
    space. `Pictures(folder)` and `Table(file, label=, ...)` have their classes in the field
    "class".

    Raises `BadArgument` when no item has such a vector, and as `cospace.load` and `cospace.read`
    do.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> _ = shop.add(ids=["MK-1", "MK-2"], documents=["Oak chair", "Steel rake"])
    >>> gather(shop).rows.shape
    (2, 384)
    """
    if isinstance(source, (Pictures, Table)):
        return _encoded(source, model, progress)
    check_collection(source, "source")
    return _stored(source, by, progress)


def _encoded(source: Pictures | Table, model: ModelName, progress: Watch) -> Material:
    items = source.read()
    encoder = loaded(model, items.kind)
    with metered(progress, len(items.items)) as meter:
        found = measure_here(encoder, items, progress=meter)
    kept = [at for at, item in enumerate(items.items) if item.id in found.rows]
    if not kept:
        raise BadArgument(f"{items.name}: none of {len(items.items):,} items could be encoded")
    ids = [items.items[at].id for at in kept]
    rows = np.stack([found.rows[id] for id in ids])
    held = None if items.held is None else [items.held[at] for at in kept]
    return Material(
        name=items.name,
        by=items.kind,
        ids=ids,
        texts=[items.items[at].parts.text or "" for at in kept],
        fields=[{LABEL: items.classes[at]} for at in kept],
        hashes=[found.hashes[id] for id in ids],
        rows=rows,
        kinds={items.kind: rows},
        encoder=lambda: encoder,
        held=held,
        missing=len(items.items) - len(kept),
        notes=list(items.notes),
    )


def _stored(shop: Collection, by: str | None, progress: Watch) -> Material:
    space = shop.store.space
    if space is None:
        raise BadArgument(f"{shop.name} holds no item with a vector; index something first")
    ids: list[str] = []
    texts: list[str] = []
    fields: list[Mapping[str, Any]] = []
    hashes: list[str] = []
    kinds: dict[str, list[tuple[int, Floats]]] = {}
    missing = 0
    with metered(progress, len(shop)) as meter:
        meter.stage = "reading"
        for row in shop.store.scan(vectors=True):
            own: dict[str, list[Floats]] = {}
            for name, vector in row.vectors.items():
                own.setdefault(kind_of(name), []).append(vector)
            if not own or (by is not None and by not in own):
                missing += 1
            else:
                for kind, some in own.items():
                    if by in (None, kind):
                        kinds.setdefault(kind, []).append((len(ids), unit_mean(some)))
                ids.append(row.id)
                texts.append(row.text or "")
                fields.append(row.metadata)
                hashes.append(_hash(row.vectors))
            meter.add()
    if not ids:
        what = "a vector" if by is None else f"a vector of kind {by!r}"
        raise BadArgument(f"{shop.name}: none of {missing:,} items has {what}")
    together = {kind: filled(some, len(ids), space.dim) for kind, some in sorted(kinds.items())}
    notes = [f"items without such a vector, left out: {missing:,}"] if missing else []
    return Material(
        name=shop.name,
        by=" + ".join(together),
        ids=ids,
        texts=texts,
        fields=fields,
        hashes=hashes,
        rows=_together(list(together.values())),
        kinds=together,
        encoder=lambda: shop.model,
        missing=missing,
        notes=notes,
    )


def _hash(vectors: Mapping[str, Floats]) -> str:
    """Equal for items that no classifier could tell apart: those of the same vectors."""
    seen = sha256()
    for name, vector in sorted(vectors.items()):
        seen.update(name.encode() + vector.tobytes())
    return seen.hexdigest()


def filled(some: Sequence[tuple[int, Floats]], count: int, dim: int) -> Floats:
    """Rows [count, dim]: each vector at its number, and NaN where there is none."""
    found = np.full((count, dim), np.nan, np.float32)
    for at, vector in some:
        found[at] = vector
    return found


def _together(kinds: Sequence[Floats]) -> Floats:
    """One unit vector an item: the mean of its kinds', each from the middle of its kind."""
    if len(kinds) == 1:
        return kinds[0]
    total = np.zeros_like(kinds[0])
    for rows in kinds:
        there = ~np.isnan(rows[:, 0])
        about = rows[there] - rows[there].mean(0, dtype=np.float64).astype(np.float32)
        total[there] += about / np.maximum(np.linalg.norm(about, axis=1, keepdims=True), 1e-6)
    lengths = np.linalg.norm(total, axis=1)
    lost = lengths < 1e-6  # it stands in the middle of its kinds: its own direction is all it has
    for rows in kinds:
        total[lost] = np.where(np.isnan(rows[lost]), total[lost], rows[lost])
    total /= np.linalg.norm(total, axis=1, keepdims=True)
    return total


def unit_mean(some: Sequence[Floats]) -> Floats:
    """The mean of unit vectors, at length one; the first where they cancel out."""
    if len(some) == 1:
        return some[0]
    mean: Floats = np.stack(some).mean(0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    return some[0] if length < 1e-6 else (mean / np.float32(length)).astype(np.float32)
