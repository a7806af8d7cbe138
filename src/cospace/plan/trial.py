"""A trial: made-up items in a local store, and what they took, each step in a process of its own.

The items are what a plan is about: vectors of so many numbers, in clusters as those of texts are,
with metadata and texts of so many bytes. Nothing of a trial is kept.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess  # this interpreter with a fixed program; see test_layout
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.errors import CospaceError
from cospace.files import on_disk
from cospace.space import Space
from cospace.store.local import LocalStore
from cospace.store.protocol import Nearest, Row
from cospace.store.schema import Schema
from cospace.store.words import document

__all__ = [
    "Shape",
    "Trial",
    "fill",
    "made_up",
    "measure",
    "processor_seconds",
    "scan_rate",
    "serve",
    "words_of",
]

_BATCH = 1_000  # items of one commit, as `cospace index` makes them
_CLUSTERS = 2_000
_QUESTIONS = 200
_SEARCHES = 1_000
_K = 10
_WORDS = 50_000  # different words in all texts
_PROGRAM = "from cospace.plan.trial import serve; serve()"


@dataclass(frozen=True, slots=True)
class Shape:
    """What one item is: numbers of its vector, bytes of its metadata as JSON, bytes of its text."""

    dim: int
    metadata_bytes: int = 30
    text_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """What `items` items took.

    Seconds of the processor and by the clock: to take them in, to build the index, of one search
    in it, and to fetch the ten items that it finds. Bytes on the disk: of the truth and the index.
    Bytes of memory that a process has more once it has opened and searched them: pages of its own
    (`private`) and of files (`mapped`); None where the system does not tell. `recall` is the share
    of the first ten that a search finds.
    """

    items: int
    quantization: str
    shape: Shape
    taken_in: tuple[float, float]
    built: tuple[float, float]
    search: tuple[float, float]
    fetch: tuple[float, float]
    recall: float
    truth: int
    index: int
    private: int | None
    mapped: int | None

    def to_json(self) -> dict[str, Any]:
        """A record for JSON."""
        return asdict(self)


def measure(
    items: int, shape: Shape, quantizations: Sequence[str], *, folder: Path | None = None
) -> list[Trial]:
    """A trial for each quantization, over the same items; the files lie in `folder` meanwhile.

    Raises `CospaceError` where a process ended without an answer, and what the store raises.
    """
    with tempfile.TemporaryDirectory(prefix="cospace-plan-", dir=folder) as name:
        place = Path(name)
        given = {"folder": name, "items": items, "shape": asdict(shape)}
        filled = _child("fill", given)
        trials = []
        for quantization in quantizations:
            built = _child("build", given | {"quantization": quantization})
            found = _child("search", given | {"nearest": filled["nearest"]})
            trials.append(
                Trial(
                    items,
                    quantization,
                    shape,
                    _pair(filled["taken_in"]),
                    _pair(built["built"]),
                    _pair(found["search"]),
                    _pair(found["fetch"]),
                    found["recall"],
                    on_disk(place / "trial.cospace/truth.sqlite"),
                    on_disk(place / "trial.cospace/cache"),
                    found["private"],
                    found["mapped"],
                )
            )
    return trials


def _pair(both: Sequence[float]) -> tuple[float, float]:
    processor, clock = both
    return processor, clock


def _child(task: str, given: dict[str, Any]) -> dict[str, Any]:
    """What a new process says of one step."""
    # -P: nothing in the folder one happens to stand in is taken for a library.
    command = [sys.executable, "-P", "-c", _PROGRAM, task, json.dumps(given)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode:
        raise CospaceError(
            f"a trial of {given['items']:,} items ended in the step {task!r}"
            f" (exit code {done.returncode}); is there memory and disk for it?"
        )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def serve() -> None:
    """The child's whole life: one step, and its figures as JSON on standard output."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print does not get into the answer
    logging.getLogger("cospace").setLevel(logging.ERROR)  # an index is built anew for each form
    task, given = sys.argv[1], json.loads(sys.argv[2])
    place, items, shape = Path(given["folder"]), given["items"], Shape(**given["shape"])
    if task == "fill":
        answer = fill(place, items, shape)
    elif task == "build":
        answer = _build(place, given["quantization"])
    else:
        answer = _search(place, shape, given["nearest"])
    json.dump(answer, out)
    out.close()


class _Watch:
    """Seconds of the processor and by the clock, in the blocks added up.

    Those of processes that were started and have ended in a block count.
    """

    def __init__(self) -> None:
        self.seconds = (0.0, 0.0)

    def __enter__(self) -> None:
        self._start = processor_seconds(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        now = processor_seconds(), time.perf_counter()
        processor, clock = self.seconds
        self.seconds = processor + now[0] - self._start[0], clock + now[1] - self._start[1]


def processor_seconds() -> float:
    """Seconds of this process, which are counted finely, and of its children that have ended."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system


def fill(place: Path, items: int, shape: Shape) -> dict[str, Any]:
    """Take the items in, and note which ten lie nearest to each question."""
    rng = np.random.default_rng(0)
    questions = _questions(shape)
    best = np.full((_QUESTIONS, _K), -2.0, np.float32)
    keys = np.zeros((_QUESTIONS, _K), np.int64)
    watch = _Watch()
    store = LocalStore(place / "trial.cospace")
    try:
        for start in range(0, items, _BATCH):
            rows = made_up(rng, start, min(_BATCH, items - start), shape)
            if not start:
                schema = Schema()
                schema.add(schema.learn(rows[0].metadata, rows[0].id))
                store.extend(Space.of("trial", shape.dim), schema)
            with watch:
                store.write(rows, replace=False)
            vectors = np.stack([row.vectors["text"] for row in rows])
            scores = np.concatenate([best, questions @ vectors.T], axis=1)
            numbers = np.broadcast_to(np.arange(len(rows)) + start, (_QUESTIONS, len(rows)))
            held = np.concatenate([keys, numbers], axis=1)
            top = np.argpartition(-scores, _K, axis=1)[:, :_K]
            best, keys = np.take_along_axis(scores, top, 1), np.take_along_axis(held, top, 1)
    finally:
        store.close()
    return {"taken_in": watch.seconds, "nearest": keys.tolist()}


def _questions(shape: Shape) -> NDArray[np.float32]:
    return _vectors(np.random.default_rng(1), _QUESTIONS, shape.dim)


def made_up(rng: np.random.Generator, start: int, number: int, shape: Shape) -> list[Row]:
    """So many items of a shape, numbered from `start`.

    >>> [row.id for row in made_up(np.random.default_rng(0), 5, 2, Shape(8))]
    ['item-5', 'item-6']
    """
    return list(_rows(rng, start, _vectors(rng, number, shape.dim), shape))


def _vectors(rng: np.random.Generator, number: int, dim: int) -> NDArray[np.float32]:
    """Unit rows around centres that are the same in every call: float32 [number, dim]."""
    rows = rng.standard_normal((number, dim), np.float32)
    rows += _centres(dim)[rng.integers(0, _CLUSTERS, number)]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


@cache
def _centres(dim: int) -> NDArray[np.float32]:
    return np.random.default_rng(99).standard_normal((_CLUSTERS, dim), np.float32)


def _rows(
    rng: np.random.Generator, start: int, vectors: NDArray[np.float32], shape: Shape
) -> Iterator[Row]:
    """Items with a price, one of a hundred cities, and more fields of words up to the bytes."""
    filler = max(0, round((shape.metadata_bytes - 29) / 26))
    for place, vector in enumerate(vectors):
        number = start + place
        metadata: dict[str, Any] = {"price": float(number % 1000), "city": f"city-{number % 100}"}
        for field, word in enumerate(rng.integers(0, 1000, filler)):
            metadata[f"field-{field:02}"] = f"value-{word:06}"
        text = None
        if shape.text_bytes:
            # As often as words of a language: the one of rank r in proportion to 1 / r.
            ranks = np.exp(rng.random(max(1, shape.text_bytes // 6)) * np.log(_WORDS))
            text = " ".join(f"{_word(int(rank))}" for rank in ranks)
        yield Row(
            f"item-{number}", text, metadata, {}, {"text": vector},
            number.to_bytes(32, "big"),
        )  # fmt: skip


def words_of(shape: Shape) -> int:
    """How many terms the text of such an item has, each counted once.

    >>> words_of(Shape(8)), words_of(Shape(8, text_bytes=600)) > 50
    (0, True)
    """
    if not shape.text_bytes:
        return 0
    rows = made_up(
        np.random.default_rng(2), 0, 20, Shape(1, shape.metadata_bytes, shape.text_bytes)
    )
    return round(np.mean([len(document(row.id, row.text, row.metadata)) for row in rows]))


def scan_rate() -> float:
    """How many bytes of vectors one core compares in a second, in memory.

    >>> scan_rate() > 1e6
    True
    """
    rows = np.ones((60_000, 256), np.float32)
    watch, turns = _Watch(), 0
    while watch.seconds[0] < 0.1:
        with watch:
            _ = rows @ rows[0]
        turns += 1
    return turns * rows.nbytes / watch.seconds[0]


def _word(rank: int) -> str:
    """Five letters for each rank."""
    letters = []
    for _ in range(5):
        rank, letter = divmod(rank, 26)
        letters.append(chr(97 + letter))
    return "".join(letters)


def _build(place: Path, quantization: str) -> dict[str, Any]:
    """Build the index anew."""
    watch = _Watch()
    store = LocalStore(place / "trial.cospace", create=False, quantization=quantization)
    try:
        with watch:
            store.optimize()
    finally:
        store.close()
    return {"built": watch.seconds}


def _search(place: Path, shape: Shape, nearest: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Open the store and search it: how long a search takes, what it finds, what memory holds."""
    questions = _questions(shape)
    before = _resident()
    store = LocalStore(place / "trial.cospace", create=False)
    try:
        found = [store.find([Nearest("text", one, _K)])[0].keys for one in questions]
        watch, fetch = _Watch(), _Watch()
        for turn in range(_SEARCHES):
            with watch:
                hits = store.find([Nearest("text", questions[turn % len(questions)], _K)])[0]
            with fetch:
                store.rows(hits.keys)
        after = _resident()
    finally:
        store.close()
    # The store numbers its items from 1.
    right = [len(set(a) & {k + 1 for k in b}) for a, b in zip(found, nearest, strict=True)]
    grown: list[int | None] = [None, None]
    if before is not None and after is not None:
        grown = [a - b for a, b in zip(after, before, strict=True)]
    return {
        "search": [one / _SEARCHES for one in watch.seconds],
        "fetch": [one / _SEARCHES for one in fetch.seconds],
        "recall": sum(right) / (_K * len(right)),
        "private": grown[0],
        "mapped": grown[1],
    }


def _resident() -> tuple[int, int] | None:
    """Bytes of memory of this process: pages of its own, and of files; None where nobody tells."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = dict(re.findall(r"^(RssAnon|RssFile):\s+(\d+) kB$", status, re.MULTILINE))
    if len(found) < 2:
        return None
    return int(found["RssAnon"]) * 1024, int(found["RssFile"]) * 1024
