"""adapt: a collection's own pairs teach its model where its images lie; kept only if better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from cospace.arguments import check_name
from cospace.collection.collection import Collection, check_collection
from cospace.collection.models import MODELS, model_of, own_model
from cospace.encode import Model
from cospace.encode.features import Features
from cospace.errors import (
    BadArgument,
    CollectionReadOnly,
    IncompleteSource,
)
from cospace.files import hidden, make_folder, remove
from cospace.item import kind_of
from cospace.measures import Interval
from cospace.progress import Watch, metered
from cospace.store.local import LocalStore
from cospace.store.protocol import Row
from cospace.store.refusing import Refusing
from cospace.train.binding.bind import Options, card_of, settings_for
from cospace.train.binding.check import LEAST, Learnt, learn
from cospace.train.binding.folder import write_bound
from cospace.train.binding.kept import Kept, vectors_kept
from cospace.train.binding.pairs import Sighted, gathered
from cospace.train.card import Card, Figure

__all__ = ["Adaptation", "Moved", "adapt", "adapt_back"]

_WINDOW = 64


class Moved(NamedTuple):
    """A held-out item and the rank of its image for its own text, before and after."""

    id: str
    text: str
    path: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What came of it: whether the collection was switched over, and why or why not.

    `gain` is how much higher recall at 10 is on held-out pairs, with its 99% interval; `moved`
    are the held-out images that moved most, and `kept` proves that the texts are as they were,
    where it was switched over.
    """

    switched: bool
    reason: str
    card: Card
    gain: Interval
    moved: list[Moved]
    failed: list[tuple[str, str]]
    kept: Kept | None = None

    @property
    def figure(self) -> Figure:
        """Recall at 10, both ways."""
        return self.card.figures[-1]


@dataclass(slots=True)
class _Seen:
    """The images of a collection as features, each with the row that it is of."""

    owner: NDArray[np.intp]
    fields: list[str]
    features: NDArray[np.float32]
    own: NDArray[np.float32]


def adapt(
    collection: Collection,
    *,
    kind: str = "image",
    check_only: bool = False,
    progress: Watch = None,
    **options: Unpack[Options],
) -> Adaptation:
    """Binds the collection's images anew, to the texts of their own items, if that is better.

    A head is trained on the pairs of image and text that the collection holds, and checked on a
    fifth of them that it did not see (near duplicates stay on one side). Only if recall at 10, both
    ways, is higher at 99% (paired bootstrap over groups) the collection is switched over: all its
    images get new vectors, in one commit; its texts keep theirs, to the bit. Until then, and
    when the process is killed, the old ones serve. `adapt_back` returns to them.

    With `check_only` nothing is switched. `options` are those of `bind`.

    Raises `BadArgument` for too few pairs, `IncompleteSource` when an image cannot be read any
    more (its vector could not follow), and `CollectionReadOnly`.

    >>> import cospace as cs
    >>> from cospace.train import adapt
    >>> adapt(cs.open(":memory:", model="starter"))
    Traceback (most recent call last):
    ...
    cospace.errors.BadArgument: :memory: keeps no files: adapt works on a collection in a folder
    """
    store = _owned(collection)
    with collection._writing:  # an item that came meanwhile would be left behind
        base = _base(collection, store, check_name("kind", kind))
        features = Features(base.folder, kind, base=True)
        rows = [row for row in store.scan(vectors=True) if _fields(row, kind)]
        pairs = sum(len(_fields(row, kind)) for row in rows if "text" in row.vectors)
        if pairs < LEAST:
            raise BadArgument(
                f"{collection.name} has {pairs} pairs of {kind} and text; adapt learns from"
                f" {LEAST} or more, and a few hundred is where it begins to pay"
            )
        seen, failed = _see(rows, kind, features, progress)
        sighted, before = _paired(rows, seen, failed)
        settings = settings_for(sighted, options)
        with metered(progress, None, "epochs") as meter:
            meter.stage = "learning"
            learnt = learn(sighted.pairs, settings, before=before, meter=meter)
        card = card_of(f"{collection.name}: {kind} bound to its texts", sighted, learnt, settings)
        moved = _moved(rows, sighted, learnt)
        why = _reason(learnt, check_only=check_only)
        kept = None
        if not why:
            if failed:
                raise IncompleteSource(
                    f"{len(failed)} images of {collection.name} cannot be read now, such as"
                    f" {failed[0][0]!r} ({failed[0][1]}), so their vectors could not follow."
                    " Nothing was changed. Bring the files back, or delete these items"
                )
            count, texts = vectors_kept(store, "text")
            _switch(collection, store, features, learnt, card, rows, seen)
            kept = Kept("text", "vectors", count, texts, vectors_kept(store, "text")[1])
        return Adaptation(not why, why, card, learnt.gain, moved, failed, kept)


def adapt_back(collection: Collection, *, progress: Watch = None) -> int:
    """Returns to the vectors before `adapt`; how many images had to be encoded anew.

    Those are the images of items that came or changed since. One commit, as there.

    Raises `BadArgument` when nothing was adapted, `IncompleteSource` when such an image cannot be
    read.
    """
    store = _owned(collection)
    with collection._writing:
        earlier = store.earlier
        if earlier is None:
            raise BadArgument(f"{collection.name} was not adapted: there is nothing to go back to")
        model = collection.model_for(earlier.space)
        vectors: dict[str, dict[str, NDArray[np.float32]]] = {}
        for id, field, vector in store.earlier_vectors():
            vectors.setdefault(id, {})[field] = vector
        rows = [row for row in store.scan(vectors=True) if _fields(row, earlier.kind)]
        there = {row.id: _fields(row, earlier.kind) for row in rows}
        new = [row for row in rows if set(vectors.get(row.id, ())) != set(there[row.id])]
        if new:
            assert isinstance(model, Model)
            features = Features(model.folder, earlier.kind, base=True)
            seen, failed = _see(new, earlier.kind, features, progress)
            if failed:
                raise IncompleteSource(
                    f"{failed[0][0]}: {failed[0][1]}; it came after adapt, so its vector has to be"
                    " made anew. Nothing was changed. Bring the file back, or delete the item"
                )
            for place, (owner, field) in enumerate(zip(seen.owner, seen.fields, strict=True)):
                vectors.setdefault(new[owner].id, {})[field] = seen.own[place]
        chosen = ((id, {f: vectors[id][f] for f in fields}) for id, fields in there.items())
        store.rebind(earlier.space, chosen, kind=earlier.kind, back=True)
        collection._model = model
        remove(store.folder / MODELS)
        return len(new)


def _owned(collection: Collection) -> LocalStore:
    check_collection(collection)
    store = collection.store
    if isinstance(store, LocalStore) and not isinstance(store, Refusing):
        if store.beside is not None:
            raise BadArgument(
                f"{collection.name}: a migration to another model is under way; end it first:"
                " cospace migrate FOLDER --drop"
            )
        return store
    if getattr(store, "folder", None) is not None:
        raise CollectionReadOnly(f"{collection.name}: opened to be read; adapt changes it")
    raise BadArgument(f"{collection.name} keeps no files: adapt works on a collection in a folder")


def _base(collection: Collection, store: LocalStore, kind: str) -> Model:
    """The model that the collection began with: what is learnt is added to its own vectors."""
    earlier, space = store.earlier, store.space
    model = collection.model if earlier is None else collection.model_for(earlier.space)
    if not isinstance(model, Model) or type(model) is not Model:
        raise BadArgument(
            f"adapt works with models in folders of their own, not with {collection.model.space}"
        )
    if kind not in model.space.kinds or kind == model.space.kinds[0]:
        raise BadArgument(
            f"{collection.name}: {model.space} has no tower for {kind} beside its texts"
        )
    if space is not None and model.folder.dim != space.dim:
        raise BadArgument(
            f"{collection.name} holds the first {space.dim} of {model.folder.dim} numbers; adapt"
            " works on all of them"
        )
    return model


def _fields(row: Row, kind: str) -> list[str]:
    """The parts of a kind that have a vector: a photo that never was read has none to follow."""
    return [field for field in row.vectors if kind_of(field) == kind]


def _see(
    rows: list[Row], kind: str, features: Features, progress: Watch
) -> tuple[_Seen, list[tuple[str, str]]]:
    """The features of all images of the rows that have a vector, and those that cannot be read."""
    held = [(n, field) for n, row in enumerate(rows) for field in _fields(row, kind)]
    todo = [(n, field) for n, field in held if field in rows[n].media]
    inside = [rows[n].id for n, field in held if field not in rows[n].media]
    failed = [(id, "it was added from memory, and no file is known") for id in inside]
    found = np.empty((len(todo), features.dim), np.float32)
    own = np.empty((len(todo), features.base), np.float32)
    good: list[int] = []

    with metered(progress, len(todo), "images") as meter:
        meter.stage = "looking"
        for start in range(0, len(todo), _WINDOW):
            window = todo[start : start + _WINDOW]
            looked = features.look([(Path(rows[n].media[f]), rows[n].id) for n, f in window])
            failed += looked.failed
            at = [start + place for place in looked.good]
            found[at], own[at] = looked.features, looked.own
            good += at
            meter.add(len(window))
    owner = np.array([todo[p][0] for p in good], np.intp)
    return _Seen(owner, [todo[p][1] for p in good], found[good], own[good]), failed


def _paired(
    rows: list[Row], seen: _Seen, failed: list[tuple[str, str]]
) -> tuple[Sighted, NDArray[np.float32]]:
    """The images of items that have a text, bound to its vector; their vectors as stored."""
    places = [p for p, owner in enumerate(seen.owner) if "text" in rows[owner].vectors]
    targets = np.stack([rows[seen.owner[p]].vectors["text"] for p in places])
    before = np.stack([rows[seen.owner[p]].vectors[seen.fields[p]] for p in places])
    sighted = gathered(
        [rows[seen.owner[p]].id for p in places],
        [rows[seen.owner[p]].text or "" for p in places],
        seen.features[places],
        targets,
        seen.own[places],
        failed,
    )
    return sighted, before


def _reason(learnt: Learnt, *, check_only: bool) -> str:
    """Why the collection is not switched over; "" when it is."""
    gain = learnt.gain.times(100)
    if not learnt.better:
        return (
            f"recall at 10 on held-out pairs is not better beyond doubt: {gain.value:+.1f} points,"
            f" 99% interval {gain.low:+.1f} to {gain.high:+.1f}"
        )
    if learnt.fitted.stopped:
        return "the training was stopped"
    return "only checked" if check_only else ""


def _moved(rows: list[Row], sighted: Sighted, learnt: Learnt) -> list[Moved]:
    """Five held-out images, of five texts, whose rank for their own changed most; best first."""
    assert learnt.before is not None
    change = np.log(learnt.before.to_left) - np.log(learnt.after.to_left)
    by_id = {row.id: row for row in rows}
    order: list[int] = []
    texts: set[str] = set()
    for place in np.argsort(-np.abs(change), kind="stable").tolist():
        text = by_id[sighted.names[learnt.held[place]]].text or ""
        if text not in texts and len(order) < 5:
            texts.add(text)
            order.append(place)
    found = []
    for place in sorted(order, key=lambda p: -change[p]):
        row = by_id[sighted.names[learnt.held[place]]]
        path = next(iter(row.media.values()), "")
        found.append(
            Moved(
                row.id, row.text or "", path,
                float(learnt.before.to_left[place]), float(learnt.after.to_left[place]),
            )
        )  # fmt: skip
    return found


def _switch(
    collection: Collection,
    store: LocalStore,
    features: Features,
    learnt: Learnt,
    card: Card,
    rows: list[Row],
    seen: _Seen,
) -> None:
    """Writes the model beside the truth, then the new vectors with its space in one commit."""
    base = features.folder
    name = base.space.name.removesuffix("-adapted") + "-adapted"
    models = store.folder / MODELS
    make_folder(models)
    made = hidden(models / "model", "new")
    try:
        model = write_bound(made, base, features, learnt.head, name=name, card=card)
        target = own_model(store.folder, model.space)
        if not target.is_dir():
            made.replace(target)
    finally:
        remove(made)
    vectors = learnt.head.apply(seen.features, seen.own)

    def chosen() -> Iterator[tuple[str, Mapping[str, NDArray[np.float32]]]]:
        by_row: dict[int, dict[str, NDArray[np.float32]]] = {}
        for place, owner in enumerate(seen.owner):
            by_row.setdefault(int(owner), {})[seen.fields[place]] = vectors[place]
        for owner, by_field in by_row.items():
            yield rows[owner].id, by_field

    store.rebind(model.space, chosen(), kind=features.kind)
    collection._model = model_of(model.space, store.folder)
    for folder in models.iterdir():  # of an adaptation before this one, or one that was killed
        if folder != target:
            remove(folder)
