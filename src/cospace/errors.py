"""The error tree. Every failure that cospace raises on purpose is one of these.

CospaceError                    exit 1   http 500
├── BadInput                    exit 2   http 400   what was given cannot be used
│   ├── BadArgument                                 a parameter is out of its range
│   ├── BadItem                                     one item (row, file, image) cannot be read
│   │   └── EmptyItem                               nothing in it to encode
│   ├── BadVector                                   NaN, Inf, zero row, wrong shape or dtype
│   ├── BadFilter                                   a `where` that cannot be understood
│   ├── DuplicateId                      http 409   the same id twice
│   ├── IncompleteSource                 http 409   a source that would take away what it lacks
│   ├── UnsafeFile                                  a format that can run code
│   └── UnsupportedModel                            a model that cannot be taken over
├── SpaceMismatch               exit 3   http 409   vectors of two different spaces
├── NotFound                    exit 4   http 404
│   ├── CollectionNotFound
│   ├── ItemNotFound                                also a KeyError
│   ├── MapMissing                                  no map of this collection was made
│   ├── ModelNotFound
│   └── UnknownWord                                 a word model has no vector for it
├── NotACollection              exit 4   http 400   the path holds something else
├── CollectionBusy              exit 5   http 423   another process owns it
├── CollectionClosed            exit 5   http 409   used after close() or across fork()
├── CollectionReadOnly          exit 5   http 409   a write to what was opened to be read
├── TooBusy                     exit 5   http 429   a server has as much to do as it can take
├── StorageError                exit 6   http 500
│   ├── DiskFull                         http 507
│   ├── DurabilityError                             the system did not confirm a write
│   ├── DataDamaged                                 stored bytes fail their checksum
│   ├── FormatTooNew                                written by a newer cospace
│   └── StoreUnreachable                 http 503   a store elsewhere gives no answer
├── NetworkError                exit 9   http 502   a host could not be reached, or refused
├── ModelDamaged                exit 7   http 500   a model file fails its hash or its known answers
├── MissingExtra                exit 8   http 501   an optional library is not installed
├── TrainingDiverged            exit 1   http 500   a training's numbers ran away
└── ServiceError                exit 9   http 502   the service behind a hosted model failed
    ├── KeyRefused                                  no key, or one that it does not take
    ├── QuotaExceeded                    http 429   its limit of requests or of money is reached
    └── ServiceDown                      http 503   not reached, too slow, or no usable answer
"""

from __future__ import annotations

__all__ = [
    "BadArgument",
    "BadFilter",
    "BadInput",
    "BadItem",
    "BadVector",
    "CollectionBusy",
    "CollectionClosed",
    "CollectionNotFound",
    "CollectionReadOnly",
    "CospaceError",
    "DataDamaged",
    "DiskFull",
    "DuplicateId",
    "DurabilityError",
    "EmptyItem",
    "FormatTooNew",
    "IncompleteSource",
    "ItemNotFound",
    "KeyRefused",
    "MapMissing",
    "MissingExtra",
    "ModelDamaged",
    "ModelNotFound",
    "NetworkError",
    "NotACollection",
    "NotFound",
    "QuotaExceeded",
    "ServiceDown",
    "ServiceError",
    "SpaceMismatch",
    "StorageError",
    "StoreUnreachable",
    "TooBusy",
    "TrainingDiverged",
    "UnknownWord",
    "UnsafeFile",
    "UnsupportedModel",
]


class CospaceError(Exception):
    """The root: catch this to catch everything that cospace raises on purpose."""

    exit_code = 1
    http_status = 500


class BadInput(CospaceError, ValueError):
    """What was given cannot be used; the message says what was expected."""

    exit_code = 2
    http_status = 400


class BadArgument(BadInput):
    """A parameter is outside its range."""


class BadItem(BadInput):
    """One item cannot be read or encoded; `name` says which, `reason` says why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}" if name else reason)
        self.name = name
        self.reason = reason


class EmptyItem(BadItem):
    """An item holds nothing that could be encoded."""


class BadVector(BadInput):
    """An array that cannot be `Vectors`; `row` and `column` point at the first fault."""

    def __init__(self, message: str, *, row: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.row = row
        self.column = column


class BadFilter(BadInput):
    """A `where` that cannot be understood; the message names the place in it."""


class DuplicateId(BadInput):
    """The same id twice; `ids` lists the first of them."""

    http_status = 409

    def __init__(self, message: str, *, ids: list[str]) -> None:
        super().__init__(message)
        self.ids = ids


class IncompleteSource(BadInput):
    """A source that lacks, or could not give, what stored items have; nothing was taken away.

    `columns` are those that a table lacks.
    """

    http_status = 409

    def __init__(self, message: str, *, columns: list[str] | None = None) -> None:
        super().__init__(message)
        self.columns = columns or []


class TrainingDiverged(CospaceError):
    """A training whose numbers ran away; the message names the epoch and the likely cause."""


class UnsafeFile(BadInput):
    """A file format that can run code when it is loaded; refused by name, never opened."""


class UnsupportedModel(BadInput):
    """A model that cannot be taken over as it is; the message says what is missing or unknown."""


class SpaceMismatch(CospaceError, ValueError):
    """Vectors of two different spaces were about to be compared or mixed."""

    exit_code = 3
    http_status = 409


class NotFound(CospaceError, LookupError):
    """Something that was asked for by name is not there."""

    exit_code = 4
    http_status = 404


class CollectionNotFound(NotFound):
    """No collection at this path."""


class ItemNotFound(NotFound, KeyError):
    """The collection holds no item of this `id`."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes

    def __init__(self, message: str, *, id: str) -> None:
        super().__init__(message)
        self.id = id


class MapMissing(NotFound):
    """No map of this collection was made; `cospace map` makes one."""


class ModelNotFound(NotFound):
    """No model of this name; the message lists near matches."""


class UnknownWord(NotFound, KeyError):
    """A word model has no vector for this `word`; the message lists words spelled alike."""

    __str__ = Exception.__str__  # a KeyError would put its message in quotes

    def __init__(self, message: str, *, word: str) -> None:
        super().__init__(message)
        self.word = word


class NotACollection(CospaceError):
    """The path holds something that is not a cospace collection; it was left untouched."""

    exit_code = 4
    http_status = 400


class CollectionBusy(CospaceError):
    """Another process has the collection open; the message names it."""

    exit_code = 5
    http_status = 423


class CollectionClosed(CospaceError):
    """The collection was closed, or belongs to the parent of a fork."""

    exit_code = 5
    http_status = 409


class CollectionReadOnly(CospaceError):
    """The collection was opened to be read; a write needs its owner."""

    exit_code = 5
    http_status = 409


class TooBusy(CospaceError):
    """A server has as much to do as it can take; try again after `retry_after` seconds."""

    exit_code = 5
    http_status = 429

    def __init__(self, message: str, *, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StorageError(CospaceError):
    """The disk or the files on it failed."""

    exit_code = 6


class DiskFull(StorageError):
    """No room to write; nothing was half written. `need` and `free` are bytes."""

    http_status = 507

    def __init__(self, message: str, *, need: int | None = None, free: int | None = None) -> None:
        super().__init__(message)
        self.need = need
        self.free = free


class DurabilityError(StorageError):
    """The system did not confirm a write: reopen the collection before going on."""


class DataDamaged(StorageError):
    """Stored bytes fail their checksum; `ids` lists what was lost, where it is known."""

    def __init__(self, message: str, *, ids: list[str] | None = None) -> None:
        super().__init__(message)
        self.ids = ids or []


class FormatTooNew(StorageError):
    """Written by a newer cospace; left untouched."""


class StoreUnreachable(StorageError):
    """A store elsewhere does not answer in time, or does not take the key; try again, or look."""

    http_status = 503


class NetworkError(CospaceError):
    """A host could not be reached, or refused; the message says what to do."""

    exit_code = 9
    http_status = 502


class ModelDamaged(CospaceError):
    """A model file fails its hash, or the model fails its known answers."""

    exit_code = 7


class MissingExtra(CospaceError, ImportError):
    """An optional library is not installed; the message holds the pip line."""

    exit_code = 8
    http_status = 501


class ServiceError(CospaceError):
    """The service behind a hosted model failed; what it gave before is in the cache."""

    exit_code = 9
    http_status = 502


class KeyRefused(ServiceError):
    """There is no key in the environment, or the service does not take it."""


class QuotaExceeded(ServiceError):
    """The service's limit of requests, tokens or money is reached."""

    http_status = 429


class ServiceDown(ServiceError):
    """The service was not reached, was too slow, or gave no usable answer, several times."""

    http_status = 503
