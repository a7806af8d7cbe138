"""The part of a `Collection` that moves it to another model; see docs/migrate.md."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from cospace.collection.mapped import Mapped
from cospace.collection.migrate import (
    Migration,
    check_target,
    copy_items,
    curable,
    migration_of,
    owned,
)
from cospace.collection.models import model_of, own_model
from cospace.encode import Encoder, load
from cospace.errors import BadArgument, CollectionBusy, ModelNotFound, SpaceMismatch
from cospace.files import remove
from cospace.progress import Watch
from cospace.space import Space
from cospace.store.beside import Beside
from cospace.store.local import LocalStore
from cospace.store.reader import LocalReader

__all__ = ["Moving"]

Model = str | os.PathLike[str] | Encoder
# While somebody writes past the lock of the collection, the last round is taken again.
_TRIES = 20
_BEGIN = "begin with migrate(MODEL), or cospace migrate FOLDER --to MODEL"

M = TypeVar("M", bound="Moving")


class Moving(Mapped):
    """What an owner can do with a second set of vectors."""

    _writing: threading.RLock

    @property
    def migration(self) -> Migration | None:
        """How far a migration has come; None where none was begun, or all was dropped."""
        return migration_of(self._owned)

    def migrate(self, to: Model | None = None, *, progress: Watch = None) -> Migration:
        """Makes vectors of the model `to` beside the stored ones; nothing that is found changes.

        Searches and writes may go on, from other threads. A run that was ended, also by a kill,
        is taken up where it was: what is done is not done again. Then `switch_model` moves over.
        None goes on with the model that was begun with.

        Texts and files are encoded anew. What the model cannot encode is told in the report, and
        does not hold up the rest.

        Raises `SpaceMismatch` for a model of the same space, or of none of the kinds of the items,
        `BadArgument` while there is a second set of another model, `ModelNotFound`, `DiskFull`,
        `CollectionBusy` while another thread does so.

        >>> import tempfile
        >>> import cospace as cs
        >>> from cospace.testing.tiny import tiny_model
        >>> with tempfile.TemporaryDirectory() as place:
        ...     with cs.open(f"{place}/shop.cospace", model=tiny_model()) as shop:
        ...         _ = shop.add(ids=["MK-1"], documents=["Armchair"])
        ...         made = shop.migrate(tiny_model(dim=16, seed=1))
        ...         before = shop.space.dim
        ...         _ = shop.switch_model()
        ...         made.complete, before, shop.space.dim, shop.search("armchair").ids
        (True, 32, 16, ['MK-1'])
        """
        with self._owned.copying():
            return self._migrate(to, progress)

    def _migrate(self, to: Model | None, progress: Watch) -> Migration:
        store = self._owned
        self._check_asker()
        there = store.beside
        if to is None and there is None:
            raise BadArgument(f"{self.name}: name the model to migrate to")
        encoder = self._other() if to is None else _loaded(to)
        if there is None:
            check_target(store, self.name, encoder.space)
            if self._model is not None:
                self.keep(self._model)
            store.begin_beside(encoder.space, _name(to), self._own_name)
        elif there.space.apart(encoder.space):
            raise BadArgument(
                f"{self.name}: it keeps a second set of vectors, of {there.space}; drop that"
                " first: drop_model() or cospace migrate FOLDER --drop"
            )
        else:
            store.retry_beside(curable(store, encoder.space))
        self.keep(encoder)
        return copy_items(store, encoder, progress)

    def switch_model(self, *, progress: Watch = None) -> Migration:
        """Moves over to the model of `migrate`: model, vectors, index and weights, in one commit.

        What was written since is encoded first; writers wait for the last few items. Each search
        is answered by one model as a whole. The older vectors are kept until `drop_model`.

        Raises `BadArgument` when nothing was begun, or all is switched already.
        """
        with self._owned.copying():
            return self._exchange(False, None, progress)

    def switch_back(self, model: Model | None = None, *, progress: Watch = None) -> Migration:
        """Returns to the older model: the stored vectors are what they were, bit for bit.

        Items that came or changed since are encoded by it. `model` is needed where the collection
        cannot find it by its name. Raises `BadArgument` when there was no switch.
        """
        with self._owned.copying():
            return self._exchange(True, model, progress)

    def drop_model(self) -> None:
        """Takes away the vectors of the model that is not in use, and their index.

        Before the switch that is the new one, after it the older one. Raises `BadArgument` when
        there are none.
        """
        store = self._owned
        with store.copying(), self._writing:
            there = store.drop_beside()
        if there is None:
            raise BadArgument(f"{self.name}: it keeps vectors of one model alone")
        remove(own_model(store.folder, there.space))

    def candidate(self: M, model: Model | None = None) -> M:
        """The collection as it will be after the switch, to be searched and measured; close it.

        It holds what has been encoded so far, and is to be closed before the switch.
        """
        store = self._owned
        encoder = self._other(model)
        reader = LocalReader(store.folder, beside=True)
        return type(self)(reader, model=encoder, name=self.name)

    # --- small pieces ---

    @property
    def _owned(self) -> LocalStore:
        return owned(self.store, self.name)

    @property
    def _own_name(self) -> str:
        """The folder of the model in use, where it has one of its own."""
        folder = getattr(self._model, "folder", None)
        path = getattr(folder, "path", None)
        return str(path) if isinstance(path, Path) else ""

    def _check_asker(self) -> None:
        if self._queries is not None:
            raise BadArgument(
                f"{self.name}: opened with queries=, which asks the older model alone; open it"
                " without to migrate it"
            )

    def _other(self, given: Model | None = None) -> Encoder:
        """The model of the second set. Raises `BadArgument`, `ModelNotFound`, `SpaceMismatch`."""
        store = self._owned
        there = store.beside
        if there is None:
            raise BadArgument(f"{self.name}: no migration was begun; {_BEGIN}")
        if given is not None:
            encoder = _loaded(given)
        else:
            encoder = self._known(there.space) or self._sought(there)
        if there.space.apart(encoder.space):
            raise SpaceMismatch(
                f"{self.name}: the second set of vectors is of {there.space}, not {encoder.space}"
            )
        return encoder

    def _sought(self, there: Beside) -> Encoder:
        """The other model, by its name. Raises `ModelNotFound`."""
        try:
            return _found(there.space, there.model, self._owned.folder)
        except ModelNotFound as error:
            call, option = ("switch_back", "--back --to") if there.switched else ("migrate", "--to")
            known = f" (it was in {there.model})" if there.model else ""
            raise ModelNotFound(
                f"{self.name}: the model of the second set of vectors, {there.space}, is not found"
                f"{known}; say where it is: {call}(FOLDER), or cospace migrate {option} FOLDER"
            ) from error

    def _exchange(self, back: bool, model: Model | None, progress: Watch) -> Migration:
        store = self._owned
        self._check_asker()
        there = store.beside
        if there is None or there.switched != back:
            what = "there was no switch to come back from" if back else _BEGIN
            if there is not None and not back:
                what = f"it is switched to {self.space} already"
            raise BadArgument(f"{self.name}: {what}")
        encoder = self._other(model)
        self.keep(encoder)
        if self._model is not None:
            self.keep(self._model)
        first = copy_items(store, encoder, progress)
        for _ in range(_TRIES):
            with self._writing:
                made = copy_items(store, encoder, last=True)
                if store.exchange():
                    self._model = self._known(encoder.space)
                    return replace(
                        made,
                        space=made.other, other=made.space, switched=not back,
                        encoded=first.encoded + made.encoded, kept=first.kept + made.kept,
                        seconds=first.seconds + made.seconds,
                    )  # fmt: skip
        raise CollectionBusy(f"{self.name}: it is written to all the time; try again")


def _loaded(model: Model) -> Encoder:
    encoder = load(model) if isinstance(model, str | os.PathLike) else model
    if not isinstance(getattr(encoder, "space", None), Space):
        raise BadArgument(f"a model is a name, a folder or an Encoder, not {type(model).__name__}")
    return encoder


def _name(model: Model | None) -> str:
    """What the collection keeps of how a model was given: a name, a folder, or "" of an object."""
    if isinstance(model, str):
        return str(Path(model).resolve()) if Path(model).is_dir() else model
    if isinstance(model, os.PathLike):
        return str(Path(model).resolve())
    return ""


def _found(space: Space, name: str, folder: Path) -> Encoder:
    """The model of a space, by the name or folder that it was given by, or as `model_of` does."""
    if name:
        with suppress(ModelNotFound):
            found = load(name)
            return found if found.space.dim <= space.dim else load(name, dim=space.dim)
    return model_of(space, folder)
