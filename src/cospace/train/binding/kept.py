"""The proof that what was not bound stays as it was, to the bit: hashes before and after."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from cospace.encode.folder import Folder, sha256_of
from cospace.store.protocol import Store

__all__ = ["Kept", "towers_kept", "vectors_kept"]


class Kept(NamedTuple):
    """`number` files or vectors of a kind, and their sha256 in hex before and after."""

    kind: str
    what: str
    number: int
    before: str
    after: str

    @property
    def same(self) -> bool:
        """Whether no bit has changed.

        >>> Kept("text", "vectors", 2, "ab", "ab").same
        True
        """
        return self.before == self.after

    def __str__(self) -> str:
        if self.same:
            return (
                f"{self.kind}: {self.number:,} {self.what} as they were, to the bit (sha256"
                f" {self.before[:12]} before and after)"
            )
        return (
            f"{self.kind}: {self.what} have CHANGED (sha256 {self.before[:12]} before,"
            f" {self.after[:12]} after)"
        )


def towers_kept(anchor: Folder, made: Folder, kind: str) -> tuple[Kept, ...]:
    """For each tower but that of `kind`, its files in both folders, read and hashed anew."""
    found = []
    for tower in anchor.space.towers:
        if tower.kind != kind:
            names = sorted(tower.files)
            before, after = (_files(one, names, tower.kind) for one in (anchor, made))
            found.append(Kept(tower.kind, "files", len(names), before, after))
    return tuple(found)


def vectors_kept(store: Store, kind: str) -> tuple[int, str]:
    """How many stored vectors of `kind` there are, and the sha256 of all, with their ids."""
    digest, count = hashlib.sha256(), 0
    for row in store.scan(vectors=True):
        if kind in row.vectors:
            digest.update(f"{len(row.id)} {row.id}\n".encode())
            digest.update(row.vectors[kind].tobytes())
            count += 1
    return count, digest.hexdigest()


def _files(folder: Folder, names: list[str], kind: str) -> str:
    """One hash of the files of a tower, and of the record that says how its inputs are prepared."""
    digest = hashlib.sha256(folder.tower(kind).fingerprint.encode())
    for name in names:
        digest.update(f"{name} {sha256_of(folder.path / name)}\n".encode())
    return digest.hexdigest()
