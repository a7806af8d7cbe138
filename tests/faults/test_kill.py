"""kill -9 at random moments: what was acknowledged is there, and nothing is half there.

`COSPACE_KILLS` is the number of kills: 50 by default, 500 in `make faults`.
"""

import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.store.truth import Truth
from cospace.testing.tiny import tiny_folder

from .worker import item, step

KILLS = int(os.environ.get("COSPACE_KILLS", "50"))
ITEMS = 30

# The longest wait, in seconds, between the last line that was waited for and the kill.
LATEST = 0.04

# Steps of many batches, and steps that delete in one commit: items, those that pass a filter,
# those that are not in a source.
BATCHES = ("upsert", "update")
DELETES = ("delete", "delete where", "prune")

Vectors = dict[str, dict[str, bytes]]
Content = dict[int, int]  # the version of each item, by its number
Step = tuple[str, list[list[int]], int]


class Workers:
    """A warm interpreter that forks a worker for each job."""

    def __init__(self) -> None:
        self.rest = b""
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def run(self, job: dict[str, Any], lines: int, delay: float) -> list[str]:
        """What a worker said: it is killed after `lines` lines, and `delay` seconds."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        pid, killed = 0, False
        said: list[str] = []
        while True:
            due = pid and not killed and len(said) >= lines
            line = self._line(delay if due else None)
            if line is None:  # the moment has come
                with suppress(ProcessLookupError):  # it may have ended by itself just now
                    os.kill(pid, signal.SIGKILL)
                killed = True
            elif line.startswith("pid "):
                pid = int(line[4:])
            elif line == "gone":
                return said
            else:
                said.append(line)

    def _line(self, wait: float | None) -> str | None:
        """The next line; None when `wait` seconds go by without one."""
        assert self.process.stdout is not None
        file = self.process.stdout.fileno()
        while b"\n" not in self.rest:
            if not select.select([file], [], [], wait)[0]:
                return None
            data = os.read(file, 65536)
            assert data, "the parent of the workers has ended"
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    made.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("model"), kinds=["text", "image"])


@pytest.fixture(scope="module")
def model(folder: Path) -> cs.Encoder:
    return cs.load(folder)


@pytest.fixture(scope="module")
def vectors(model: cs.Encoder, tmp_path_factory: pytest.TempPathFactory) -> Vectors:
    """The vectors of an ingest that nobody kills, by text and name."""
    everything = [item(n, version) for version in range(4) for n in range(ITEMS)]
    found: Vectors = {}
    with cs.open(":memory:", model=model) as whole:
        whole.upsert(cs.Item(f"{i}", one.content) for i, one in enumerate(everything))
        for row in whole.store.scan(vectors=True):
            found[row.text or ""] = {name: one.tobytes() for name, one in row.vectors.items()}
    assert any("image 3" in one for one in found.values())
    return found


def script_of(seed: int) -> list[Step]:
    """Steps of every kind. A third of the scripts are one plain ingest, as users run it."""
    at = random.Random(seed)
    every = [[n, 0] for n in range(ITEMS)]
    if seed % 3 == 0:
        return [("upsert", every, at.randint(2, 7))]
    first = [("upsert", every[: at.randint(5, ITEMS)], 10)]
    kinds = ["upsert", "upsert", "update", "update", *DELETES, "search", "optimize", "compact"]
    kinds.append("reopen")
    more = []
    for kind in at.choices(kinds, k=6):
        some = at.sample(range(ITEMS), at.randint(1, 12))
        more.append((kind, [[n, at.randint(0, 3)] for n in some], at.randint(2, 7)))
    return first + more


def after(content: Content, kind: str, given: list[list[int]]) -> Content:
    """What a collection holds after a step."""
    if kind == "upsert":
        return content | {pair[0]: pair[1] for pair in given}
    if kind == "update":
        return content | {n: v for n, v in given if n in content}
    if kind in DELETES:
        named = {n for n, _ in given}
        return {n: v for n, v in content.items() if (n in named) == (kind == "prune")}
    return content


def replay(script: list[Step], said: list[str]) -> tuple[int, list[Content]]:
    """The step that was under way, and the contents that the collection may have now."""
    content: Content = {}
    at, batches = 0, 0
    for line in said:
        assert not line.startswith("failed"), line
        if line.startswith("batch"):
            batches = int(line[6:])
        elif line == "done":
            content = after(content, *script[at][:2])
            at, batches = at + 1, 0
    if at == len(script):
        return at, [content]
    kind, given, batch = script[at]
    if kind in BATCHES:
        sure = after(content, kind, given[:batches])
        return at, [sure, after(sure, kind, given[batches : batches + batch])]
    return at, [content, after(content, kind, given)]


def content_of(shop: cs.Collection, vectors: Vectors) -> Content:
    """What the collection holds; every row must be whole."""
    content: Content = {}
    photos = 0
    for row in shop.store.scan(vectors=True):
        expected = item(row.metadata["n"], row.metadata["version"])
        assert list(expected.parts) == sorted(row.vectors, key=lambda name: (name != "text", name))
        assert (expected.id, expected.parts.text, expected.metadata) == (
            row.id,
            row.text,
            row.metadata,
        )
        assert vectors[row.text or ""] == {n: one.tobytes() for n, one in row.vectors.items()}
        photos += len(row.vectors) - 1
        content[row.metadata["n"]] = row.metadata["version"]
    info = shop.info()
    assert photos == info.fields.get("image", 0)
    assert (len(content), len(content)) == (info.items, info.fields.get("text", 0))
    return content


def check_search(shop: cs.Collection, content: Content) -> None:
    """The cache holds what the truth holds: every item is counted, and finds itself."""
    assert len(content) == (shop.count({"n": {"$gte": 0}}) if content else 0)
    for n in sorted(content)[::7]:
        text = item(n, content[n]).parts.text or ""
        assert f"id-{n}" == shop.search(text, k=1)[0].id
    for n in [n for n in sorted(content) if n % 3 == 0][::2]:
        for photo in item(n, content[n]).parts.images:
            assert f"id-{n}" == shop.search(photo, k=1)[0].id


@pytest.mark.timeout(60 + 10 * KILLS)
@pytest.mark.parametrize("part", range(10))
def test_what_was_acknowledged_survives_kill_9(
    part: int,
    workers: Workers,
    folder: Path,
    model: cs.Encoder,
    vectors: Vectors,
    tmp_path: Path,
    fast_path: Path,
) -> None:
    for seed in range(part, KILLS, 10):
        at = random.Random(-seed - 1)
        script = script_of(seed)
        lines = 2 + len(script) + sum(-(-len(g) // b) for k, g, b in script if k in BATCHES)
        # One in ten on the real disk, where most of the time goes by in fsync.
        place = (tmp_path if part == 9 else fast_path) / f"{seed}.cospace"
        job = {"folder": str(place), "model": str(folder), "script": script}
        said = workers.run(job, at.randint(1, lines), at.random() * LATEST)
        under_way, allowed = replay(script, said)

        if (place / "truth.sqlite").exists():
            try:
                truth = Truth(place / "truth.sqlite", read_only=True)
            except cs.errors.CollectionNotFound:
                assert said == ["ready"]  # killed while it was made
            else:
                assert [] == truth.verify()
                truth.close()
        with cs.open(place, model=model) as shop:
            found = content_of(shop, vectors)
            assert found in allowed, f"seed {seed}: {said[-3:]}"
            check_search(shop, found)
            for kind, given, batch in script[under_way:]:
                step(shop, kind, given, batch)
            expected: Content = {}
            for kind, given, _ in script:
                expected = after(expected, kind, given)
            assert expected == content_of(shop, vectors), f"seed {seed}"
            check_search(shop, expected)
        shutil.rmtree(place)
