"""The manifest of a folder of shards: which rows each file holds, and the hash of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cospace.encode.folder import check_types
from cospace.errors import BadInput, FormatTooNew, NotFound, SpaceMismatch
from cospace.files import write_bytes
from cospace.item import kind_of
from cospace.space import Space
from cospace.store.protocol import Row

__all__ = ["NAME", "Digest", "Manifest", "Shard", "is_shards"]

NAME = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Shard:
    """One file: the rows of the source from `first` on, counted from 0, and their sha256."""

    first: int
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name.

        >>> Shard(20_000, 10_000, "").file
        '0000020000.parquet'
        """
        return f"{self.first:010d}.parquet"

    def __str__(self) -> str:
        return f"rows {self.first:,} to {self.first + self.rows - 1:,}"


class Digest:
    """The sha256 of rows: their ids, texts, metadata, paths and content hashes, in their order.

    Vectors are no part of it: the same text in another batch may differ in its last digits.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256(b"cospace rows 1")

    def add(self, row: Row) -> None:
        """One row more."""
        # Photos that failed stand last in a stored row, under other numbers.
        media = sorted((kind_of(name), path) for name, path in row.media.items())
        record = [row.id, row.text, dict(row.metadata), media, row.hash.hex()]
        self._sha256.update(json.dumps(record, sort_keys=True).encode() + b"\n")

    def hex(self) -> str:
        """The sha256 in hex."""
        return self._sha256.hexdigest()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder of shards will hold: `rows` of `source`, so many a shard, in one space."""

    source: str
    space: Space
    rows: int
    shard_rows: int
    shards: tuple[Shard, ...]

    def save(self, folder: Path) -> None:
        """Write it into the folder, whole or not at all."""
        record = {**asdict(self), "format": _FORMAT, "space": self.space.to_json()}
        write_bytes(folder / NAME, json.dumps(record, indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """The manifest of a folder.

        Raises `NotFound` where there is none, `FormatTooNew`, and `BadInput` for one that is
        damaged, or whose ranges are not all rows, each once.
        """
        path = folder / NAME
        try:
            record = json.loads(path.read_bytes())
            if int(record["format"]) > _FORMAT:
                raise FormatTooNew(f"{path}: format {record['format']}; this reads up to {_FORMAT}")
            shards = tuple(_shard(one) for one in record["shards"])
            space = Space.from_json(record["space"])
            check_types(space)
            numbers = int(record["rows"]), int(record["shard_rows"])
            found = cls(str(record["source"]), space, *numbers, shards)
        except FileNotFoundError as error:
            raise NotFound(f"{folder}: there is no {NAME} of `cospace embed` in it") from error
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise BadInput(
                f"{path}: not a manifest that `cospace embed` wrote ({error})"
            ) from error
        found._check_ranges(path)
        return found

    def _check_ranges(self, path: Path) -> None:
        due = 0
        for shard in self.shards:
            if shard.first != due or shard.rows < 1:
                what = "twice" if shard.first < due else "in none of its shards"
                at = f"row {min(due, shard.first):,}"
                raise BadInput(f"{path}: {at} stands {what}; the manifest is damaged")
            due += shard.rows
        if due != self.rows:
            raise BadInput(f"{path}: its shards have {due:,} rows; it says {self.rows:,}")

    def check_same(self, other: Manifest, folder: Path) -> None:
        """Raises `SpaceMismatch`, `BadInput` when `other` is of another model or source."""
        again = "; write into another folder, or remove this one"
        if other.space.fingerprint != self.space.fingerprint:
            raise SpaceMismatch(
                f"{folder} was begun with {self.space}, and the model is {other.space}{again}"
            )
        if other.shard_rows != self.shard_rows:
            raise BadInput(
                f"{folder} was begun with {self.shard_rows:,} rows a shard, not"
                f" {other.shard_rows:,}: leave it so{again}"
            )
        for mine, its in zip(self.shards, other.shards, strict=False):
            if mine != its:
                raise BadInput(
                    f"{folder} was begun with another source, or this one has changed: its {mine}"
                    f" are not those of {other.source}{again}"
                )
        if other.rows != self.rows:
            raise BadInput(
                f"{folder} was begun with {self.rows:,} rows, and {other.source} has"
                f" {other.rows:,}{again}"
            )


def _shard(record: Mapping[str, Any]) -> Shard:
    shard = Shard(int(record["first"]), int(record["rows"]), str(record["sha256"]))
    if shard.first < 0:
        raise ValueError(f"a shard begins at row {shard.first}")
    return shard


def is_shards(path: Path) -> bool:
    """Whether a path is a folder with a manifest."""
    return (path / NAME).is_file()


def planned(source: str, space: Space, shard_rows: int, rows: Iterable[Row]) -> Manifest:
    """The manifest of rows that are still without vectors."""
    shards: list[Shard] = []
    digest, first, count = Digest(), 0, 0
    for row in rows:
        digest.add(row)
        count += 1
        if count - first == shard_rows:
            shards.append(Shard(first, shard_rows, digest.hex()))
            digest, first = Digest(), count
    if count > first:
        shards.append(Shard(first, count - first, digest.hex()))
    return Manifest(source, space, count, shard_rows, tuple(shards))
