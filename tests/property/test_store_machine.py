"""A store against a dict: whatever is done to it, in whatever order, both hold the same.

After every step the contents are equal; now and then every item must find itself.
"""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from cospace.errors import DuplicateId
from cospace.store.local import LocalStore
from cospace.store.memory import MemoryStore
from cospace.store.protocol import Row
from cospace.store.reader import LocalReader
from cospace.store.truth import Truth
from cospace.store.where import parse
from cospace.testing.rows import DIM, SPACE

NAMES = [f"id-{n}" for n in range(12)]
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)
versions = st.integers(0, 3)

# A vector for each id and version, so that an answer tells which one was found.
UNIT = np.random.default_rng(0).normal(size=(2, len(NAMES), 4, DIM)).astype(np.float32)
UNIT /= np.linalg.norm(UNIT, axis=-1, keepdims=True)


def row_of(name: str, version: int) -> Row:
    """Version 1 has no image, version 2 no text; each version has a metadata field of its own."""
    n = NAMES.index(name)
    vectors = {"text": UNIT[0, n, version], "image": UNIT[1, n, version]}
    if version == 1:
        del vectors["image"]
    if version == 2:
        del vectors["text"]
    text = None if version == 2 else f"thing {name} version {version}"
    metadata = {"n": n, "version": version, f"only{version}": [f"v{version}"]}
    return Row(name, text, metadata, {}, vectors, hash=f"{name} {version}".encode())


class Machine(RuleBasedStateMachine):
    """What every store must do."""

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, int] = {}
        self.folder = Path(tempfile.mkdtemp(prefix="cospace-machine-", dir=fast()))
        self.store = self.open()

    def open(self) -> Any:
        return MemoryStore()

    @initialize()
    def begin(self) -> None:
        self.learn([])

    def learn(self, rows: list[Row]) -> None:
        schema = self.store.schema.copy()
        for row in rows:
            schema.add(schema.learn(row.metadata, row.id))
        self.store.extend(SPACE, schema)

    @rule(ids=names, version=versions)
    def add(self, ids: list[str], version: int) -> None:
        """All of them or, when one is there already, none."""
        rows = [row_of(id, version) for id in ids]
        self.learn(rows)
        there = [id for id in ids if id in self.model]
        if there:
            with pytest.raises(DuplicateId) as caught:
                self.store.write(rows, replace=False)
            assert set(there) == set(caught.value.ids)
        else:
            assert 0 == self.store.write(rows, replace=False)
            self.model |= dict.fromkeys(ids, version)

    @rule(ids=names, version=versions)
    def upsert(self, ids: list[str], version: int) -> None:
        rows = [row_of(id, version) for id in ids]
        self.learn(rows)
        assert sum(id in self.model for id in ids) == self.store.write(rows, replace=True)
        self.model |= dict.fromkeys(ids, version)

    @rule(ids=names)
    def delete(self, ids: list[str]) -> None:
        assert sum(id in self.model for id in ids) == self.store.delete([*ids, *ids, "nothing"])
        for id in ids:
            self.model.pop(id, None)

    @rule()
    def search(self) -> None:
        """Every item finds itself, by each of its vectors and by its words."""
        for name, version in self.model.items():
            row = row_of(name, version)
            for field, vector in row.vectors.items():
                found = self.store.nearest(field, vector, 1)
                assert [name] == self.ids(found.keys)
                assert 1 == pytest.approx(found.scores[0], abs=1e-5)
            if row.text:
                assert name in self.ids(self.store.lexical(name, 12).keys)
        for field, without in (("image", 1), ("text", 2)):
            found = self.store.nearest(field, UNIT[0, 0, 0], 50)
            have = {name for name, version in self.model.items() if version != without}
            assert have == set(self.ids(found.keys))

    @rule(version=versions)
    def filter(self, version: int) -> None:
        fields = self.store.schema.fields
        having = {name for name, v in self.model.items() if v == version}
        for where in ({"version": version}, {f"only{version}": f"v{version}"}):
            if set(where) <= set(fields):
                node = parse(where, self.store.schema)
                assert len(having) == self.store.count(node)
                found = self.store.nearest("text", UNIT[0, 1, 1], 50, where=node)
                assert {n for n in having if version != 2} == set(self.ids(found.keys))

    def ids(self, keys: list[int]) -> list[str]:
        rows = self.store.rows(keys)
        return [rows[key].id for key in keys]

    @rule()
    def optimize(self) -> None:
        self.store.optimize()

    @invariant()
    def contents_are_equal(self) -> None:
        found = {row.id: row for row in self.store.scan(vectors=True)}
        assert self.model.keys() == found.keys()
        for name, version in self.model.items():
            check(row_of(name, version), found[name])
        for row, name in zip(self.store.get(NAMES), NAMES, strict=True):
            assert self.model.get(name) == (None if row is None else row.metadata["version"])
        info = self.store.info()
        counts = {
            field: sum(version != without for version in self.model.values())
            for field, without in (("text", 2), ("image", 1))
        }
        assert len(self.model) == info.items == self.store.count()
        assert {f: c for f, c in counts.items() if c} == dict(info.fields)

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


def check(expected: Row, actual: Row) -> None:
    assert (expected.text, expected.metadata, expected.hash) == (
        actual.text,
        actual.metadata,
        actual.hash,
    )
    assert {f: v.tobytes() for f, v in expected.vectors.items()} == {
        f: v.tobytes() for f, v in actual.vectors.items()
    }


def fast() -> Path | None:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 2_000_000_000 else None


class LocalMachine(Machine):
    """With a folder: what a process that ends, a lost cache and compaction must not change."""

    number = 0
    reader: LocalReader | None = None

    @property
    def path(self) -> Path:
        return self.folder / f"{self.number}.cospace"

    def open(self) -> LocalStore:
        return LocalStore(self.path)

    @rule()
    def compact(self) -> None:
        self.store.compact()

    @rule(again=st.booleans(), version=versions)
    def read_beside(self, again: bool, version: int) -> None:
        """A reader, which may have looked long ago, gives what the owner gives."""
        if self.reader is None or again or self.reader.folder != self.path:
            self.read_no_more()
            self.reader = LocalReader(self.path)
        owner, self.store = self.store, self.reader
        try:
            self.search()
            self.filter(version)
            self.contents_are_equal()
        finally:
            self.store = owner

    def read_no_more(self) -> None:
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    @rule()
    def be_idle(self) -> None:
        """What the store does when nothing was written for a while."""
        self.store._seal()

    @invariant()
    def the_engine_counts_its_rows(self) -> None:
        if self.store._edge() is not None:
            assert len(self.model) == self.store._cache.rows

    @rule(times=st.integers(1, 3))
    def reopen(self, times: int) -> None:
        """A cache that was closed is opened as it is, however often."""
        for _ in range(times):
            self.store.close()
            self.store = self.open()
            with unheard() as told:
                self.store._edge()
            assert [] == told

    @rule()
    def kill_and_reopen(self) -> None:
        """The files as they are at this moment, opened as another process would find them."""
        old, store = self.path, self.store
        self.number += 1
        shutil.copytree(old, self.path, copy_function=sparse)
        self.store = self.open()
        store.close()
        shutil.rmtree(old)

    @precondition(lambda self: self.model)
    @rule(file=st.sampled_from(["seal.json", ""]))
    def lose_the_cache(self, file: str) -> None:
        self.store.close()
        lost = self.path / "cache" / file
        if lost.is_dir():
            shutil.rmtree(lost)
        else:
            lost.unlink(missing_ok=True)
        self.store = self.open()

    def teardown(self) -> None:
        self.read_no_more()
        self.store.close()
        truth = Truth(self.path / "truth.sqlite", read_only=True)
        assert [] == truth.verify()
        truth.close()
        shutil.rmtree(self.folder)


class Told(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def unheard() -> Iterator[list[str]]:
    """What the store says in its log meanwhile."""
    log, told = logging.getLogger("cospace.store"), Told()
    log.addHandler(told)
    yield told.lines
    log.removeHandler(told)


def sparse(source: str, target: str) -> None:
    """Copy a file without its zeros: the engine's are 34 MB of holes each."""
    import os

    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        size, at = os.fstat(old.fileno()).st_size, 0
        while at < size:
            try:
                at = os.lseek(old.fileno(), at, os.SEEK_DATA)
                end = os.lseek(old.fileno(), at, os.SEEK_HOLE)
            except (OSError, AttributeError):
                break
            new.seek(at)
            new.write(os.pread(old.fileno(), end - at, at))
            at = end
        new.truncate(size)


def test_memory_store_against_a_dict() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine, settings=settings(max_examples=25, stateful_step_count=25, derandomize=True)
    )


def test_local_store_against_a_dict() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        LocalMachine, settings=settings(max_examples=25, stateful_step_count=25, derandomize=True)
    )
