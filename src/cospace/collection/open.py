"""`open`: a collection's folder to a `Collection`, after the checks that keep it safe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, TypeAlias

from cospace.arguments import check_flag, check_path
from cospace.collection.collection import Collection
from cospace.encode import Encoder, load
from cospace.errors import BadArgument, CollectionNotFound, SpaceMismatch
from cospace.space import Space
from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.store.opened import truth_path
from cospace.store.protocol import Store
from cospace.store.reader import LocalReader
from cospace.store.remote.address import is_address
from cospace.store.remote.open import open_address, parsed
from cospace.store.truth import Truth

__all__ = ["open"]

MEMORY = ":memory:"


def open(
    path: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | Encoder | None = None,
    queries: str | os.PathLike[str] | Encoder | None = None,
    create: bool = True,
    quantization: str | None = None,
    language: str | None = None,
    read_only: bool = False,
) -> Collection:
    """The collection in the folder `path`, made if it is not there; ":memory:" keeps no files.

    `path` may be an address: "postgresql://host/market" keeps the collection there, while with
    "milvus://host:19530/market" (or qdrant, weaviate, pinecone) that engine searches the vectors
    of the folder market.cospace, or of another `?folder=`. See docs/stores.md.

    `model` is a name, a folder or an `Encoder`. A collection remembers its model, so it need
    not be named again, and the `dim=` that the model was loaded with; a model of another space
    is refused.

    `queries` encodes questions that are texts, in place of the model: a student of it, which is
    not remembered (docs/students.md).

    `quantization` is how the search index of a large collection makes its vectors smaller:
    "int8" (the default), "binary" or "none". It is remembered too; with another than before the
    index is built anew, from the full vectors that the collection keeps.

    `language` is that of the words that are searched for (BM25): a name or code, such as
    "german" or "de". It is remembered; "auto" (the default) recognises it from the texts.

    With `read_only` any number of processes may search the collection, beside one that owns it
    and writes. Each sees what was committed before its search, and makes a copy of the index in
    the folder for temporary files until its close. See docs/storage.md.

    Raises `SpaceMismatch`, `CollectionBusy`, `CollectionNotFound` (with create=False),
    `NotACollection`, `FormatTooNew`, `ModelNotFound`, `StoreUnreachable`, `BadArgument`.

    >>> import cospace as cs
    >>> shop = cs.open(":memory:", model="starter")
    >>> shop.add(cs.Item("MK-1", "Retro velvet armchair", {"price": 120})).added
    1
    >>> shop.search("vintage comfortable seating", where={"price": {"$lt": 300}}).ids
    ['MK-1']
    """
    encoder, asker = _encoder(model, "model"), _encoder(queries, "queries")
    flags = check_flag("create", create), check_flag("read_only", read_only)
    own, asked = _Own(flags[0], quantization, language, flags[1]), (queries, asker)
    check_path("path", path)
    if str(path) == MEMORY:
        return _in_memory(encoder, asked, own)
    if is_address(path):
        return _elsewhere(str(path), (model, encoder), asked, own)
    return _in_folder(Path(path), (model, encoder), asked, own)


_Asked: TypeAlias = "tuple[str | os.PathLike[str] | Encoder | None, Encoder | None]"


class _Own(NamedTuple):
    """What is of the store, not of its models."""

    create: bool
    quantization: str | None
    language: str | None
    read_only: bool


def _in_folder(folder: Path, model: _Asked, queries: _Asked, own: _Own) -> Collection:
    if own.read_only:
        _check_reader(own.quantization, own.language)
    create, encoder, asker = own.create and not own.read_only, model[1], queries[1]
    if encoder is not None or asker is not None:
        encoder, asker = _fitted(folder.name, model, queries, _stored(folder, create))
    store: Store
    if own.read_only:
        store = LocalReader(folder)
    else:
        smaller, language = own.quantization, own.language
        store = LocalStore(folder, create=create, quantization=smaller, language=language)
    opened = Collection(store, model=encoder, name=folder.name, queries=asker)
    if model[1] is not None:
        opened.keep(model[1])  # of a collection that was adapted since it is the earlier model
    return opened


def _in_memory(encoder: Encoder | None, queries: _Asked, own: _Own) -> Collection:
    _check_memory(own.quantization, own.read_only)
    asker = _asker(MEMORY, queries[1], queries[0], _space_of(encoder))
    store = MemoryStore(language=own.language)
    return Collection(store, model=encoder, name=MEMORY, queries=asker)


def _elsewhere(path: str, model: _Asked, queries: _Asked, own: _Own) -> Collection:
    """The collection at an address; it is closed again where the models do not fit it."""
    if own.quantization is not None:
        raise BadArgument(f"{path}: quantization= is of the local index: leave it out")
    if own.read_only:
        _check_reader(None, own.language)
    address = parsed(path)
    create = own.create and not own.read_only
    store = open_address(address, create=create, language=own.language, read_only=own.read_only)
    try:
        earlier = getattr(store, "earlier", None)
        there = store.space, None if earlier is None else earlier.space
        encoder, asker = _fitted(address.name, model, queries, there)
        return Collection(store, model=encoder, name=address.name, queries=asker)
    except BaseException:
        store.close()
        raise


def _fitted(
    name: str, model: _Asked, queries: _Asked, there: tuple[Space | None, Space | None]
) -> tuple[Encoder | None, Encoder | None]:
    """The model, and what encodes questions, for the spaces there, now and before."""
    (given, encoder), (asked, asker) = model, queries
    if encoder is not None:
        encoder = _fitting(name, given, encoder, there)
    return encoder, _asker(name, asker, asked, there[0] or _space_of(encoder))


def _encoder(given: str | os.PathLike[str] | Encoder | None, what: str) -> Encoder | None:
    """What the argument called `what` gives. Raises `BadArgument` for what is no encoder."""
    encoder = load(given) if isinstance(given, (str, os.PathLike)) else given
    if encoder is not None and not isinstance(getattr(encoder, "space", None), Space):
        raise BadArgument(f"{what} is a name, a folder or an Encoder, not {type(given).__name__}")
    return encoder


def _space_of(encoder: Encoder | None) -> Space | None:
    return None if encoder is None else encoder.space


def _shortened(
    encoder: Encoder | None, given: str | os.PathLike[str] | Encoder | None, stored: Space | None
) -> Encoder | None:
    """The encoder; one given by name, with as many numbers as the collection holds."""
    if encoder is None or stored is None or not isinstance(given, (str, os.PathLike)):
        return encoder
    return load(given, dim=stored.dim) if _is_shorter(stored, encoder.space) else encoder


def _fitting(
    name: str,
    model: str | os.PathLike[str] | Encoder | None,
    encoder: Encoder,
    there: tuple[Space | None, Space | None],
) -> Encoder | None:
    """The model for the collection that is there; None is its own. Raises `SpaceMismatch`."""
    stored, earlier = there
    if earlier is not None and not earlier.apart(encoder.space):
        return None  # the collection was adapted since: its own model goes on from this one
    fitting = _shortened(encoder, model, stored)
    if fitting is not None:
        _check_space(name, stored, fitting, model)
    return fitting


def _check_memory(quantization: str | None, read_only: bool) -> None:
    if quantization is not None:
        raise BadArgument(f"{MEMORY} compares with the full vectors: leave out quantization=")
    if read_only:
        raise BadArgument(f"{MEMORY} begins empty: leave out read_only=")


def _check_reader(quantization: str | None, language: str | None) -> None:
    if quantization is not None or language is not None:
        raise BadArgument("quantization= and language= are the owner's: leave them out to read")


def _stored(folder: Path, create: bool) -> tuple[Space | None, Space | None]:
    """The space of the collection that is there, and the one before it was adapted.

    They are read before anything is locked or written.
    """
    path = truth_path(folder, create=create)
    if not path.is_file():
        return None, None
    try:
        truth = Truth(path, read_only=True)
    except CollectionNotFound:  # its making was cut short; it is made again
        return None, None
    try:
        earlier = truth.earlier
        return truth.space, None if earlier is None else earlier.space
    finally:
        truth.close()


def _asker(
    name: str,
    asker: Encoder | None,
    given: str | os.PathLike[str] | Encoder | None,
    known: Space | None,
) -> Encoder | None:
    """What encodes questions, when its vectors compare with those of `known`."""
    if asker is not None and "text" not in asker.space.kinds:
        raise BadArgument(f"queries= encodes texts; {asker.space.name} takes none")
    asker = _shortened(asker, given, known)
    if asker is None or known is None:
        return asker
    why = known.conflict(asker.space)
    if why:
        raise SpaceMismatch(
            f"{name} holds {known}; {asker.space} cannot ask it ({why}). Leave out queries=, or"
            " give a student of its model: cospace train distill"
        )
    return asker


def _is_shorter(stored: Space, given: Space) -> bool:
    """Whether the collection holds the first numbers of vectors that the model gives whole."""
    return stored.anchor == given.anchor and stored.dim < given.dim


def _check_space(
    name: str,
    stored: Space | None,
    encoder: Encoder,
    given: str | os.PathLike[str] | Encoder | None,
) -> None:
    """Refuse another model's space; what to do names the model as it was `given`."""
    model = os.fspath(given) if isinstance(given, (str, os.PathLike)) else "MODEL"
    why = "" if stored is None else stored.apart(encoder.space)
    if stored is not None and why and not stored.conflict(encoder.space):
        raise SpaceMismatch(
            f"{name} holds {stored}; you opened it with {encoder.space} ({why}). Their"
            " vectors can be compared, but documents of both must not be mixed. Leave out model=,"
            " and let it ask alone, as queries= does: cospace search"
            f" {name} QUERY --queries {model}"
        )
    if stored is not None and why:
        hint = f" Load it with dim={stored.dim}." if _is_shorter(stored, encoder.space) else ""
        raise SpaceMismatch(
            f"{name} holds {stored}; you opened it with {encoder.space} ({why})."
            f"{hint} Open it without model=, or index its source into another folder with this"
            f" model: cospace index SOURCE --into OTHER --model {model}"
        )
