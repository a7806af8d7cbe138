"""Migrations that are killed, written to and searched: nothing is lost, nothing is mixed.

`COSPACE_KILLS` above 50, as in `make faults`, makes it 30 kills of 20,000 items.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cospace as cs
from cospace.encode.cache.hashing import content_hash
from cospace.store.truth import Truth
from cospace.testing.tiny import tiny_folder, tiny_model

from .migrating import QUESTIONS, after, item, write

LONG = int(os.environ.get("COSPACE_KILLS", "50")) > 50
KILLS, ITEMS = (30, 20_000) if LONG else (3, 1_500)
# A worker is killed after so many lines at the most, and then so many seconds.
LINES, LATEST = (400, 0.5) if LONG else (60, 0.2)

Content = dict[int, tuple[int, int]]


class Expected:
    """The vector and the hash of each text, by the space of its model."""

    def __init__(self, *models: cs.Encoder) -> None:
        self.models = {model.space.fingerprint: model for model in models}
        self.known: dict[str, dict[str, bytes]] = {name: {} for name in self.models}

    def check(self, shop: cs.Collection, content: Content) -> None:
        """Every item is there as the model in use encodes it, and no other."""
        space = shop.store.space
        assert space is not None
        model, known = self.models[space.fingerprint], self.known[space.fingerprint]
        texts = {n: item(n, text).parts.text or "" for n, (text, _) in content.items()}
        new = [text for text in set(texts.values()) if text not in known]
        for at in range(0, len(new), 1000):
            some = new[at : at + 1000]
            rows = model.encode_document(some).normalized
            known |= {text: row.tobytes() for text, row in zip(some, rows, strict=True)}
        rows = {row.id: row for row in shop.store.scan(vectors=True)}
        assert rows.keys() == {f"id-{n}" for n in content}
        for n, (_, version) in content.items():
            row = rows[f"id-{n}"]
            assert (texts[n], {"n": n, "version": version}) == (row.text, row.metadata)
            assert known[texts[n]] == row.vectors["text"].tobytes()
            whole = content_hash(cs.Parts(text=texts[n]), {}) + space.fingerprint.encode()
            assert hashlib.sha256(whole).digest() == row.hash
        self.known[space.fingerprint] = known


def answers(shop: cs.Collection, **options: Any) -> list[Any]:
    return [[(hit.id, hit.score) for hit in shop.search(one, **options)] for one in QUESTIONS]


def run_until_killed(command: list[str], lines: int, delay: float) -> list[str]:
    """What a worker said that was killed after so many lines, and `delay` seconds."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [line for _, line in zip(range(lines), process.stdout, strict=False)]
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    said += process.stdout.read().splitlines(keepends=True)
    process.wait()
    process.stdout.close()
    return [line.strip() for line in said if line.endswith("\n")]


@pytest.mark.timeout(1800)
def test_kills_lose_nothing(tmp_path: Path, fast_path: Path) -> None:
    folders = [tiny_folder(tmp_path / "a"), tiny_folder(tmp_path / "b", dim=16, seed=1)]
    models = [cs.load(folder) for folder in folders]
    expected, place, at = Expected(*models), fast_path / "shop.cospace", random.Random(0)
    content: Content = dict.fromkeys(range(ITEMS), (0, 0))
    with cs.open(place, model=models[0]) as shop:
        shop.add(item(n, 0) for n in range(ITEMS))
    number = 0
    told: set[str] = set()
    script = str(Path(__file__).with_name("migrating.py"))
    for _ in range(KILLS):
        command = [sys.executable, script, str(place), *map(str, folders), str(ITEMS), str(number)]
        said = run_until_killed(command, at.randint(1, LINES), at.random() * LATEST)
        assert not [line for line in said if line.startswith("failed")]
        told |= {line.split()[0] for line in said}
        truth = Truth(place / "truth.sqlite", read_only=True)
        assert [] == truth.verify()
        truth.close()
        for line in said:
            if line.startswith("done"):
                number = int(line[5:]) + 1
                after(content, number - 1, ITEMS)
        with cs.open(place) as shop:
            for model in models:
                shop.keep(model)
            # The operation that was under way is done, or not: it is done again.
            write(shop, number, ITEMS)
            after(content, number, ITEMS)
            number += 1
            expected.check(shop, content)
            assert all(answers(shop))
    assert {"done", "found"} <= told
    with cs.open(place) as shop:
        for model in models:
            shop.keep(model)
        if shop.migration is not None and shop.migration.switched:
            shop.switch_back()
        other = models[1] if shop.space == models[0].space else models[0]
        made = shop.migrate(other)
        assert made.complete
        before = answers(shop)
        shop.switch_model()
        assert shop.space == other.space
        expected.check(shop, content)
        assert before != answers(shop)
        shop.switch_back()
        assert before == answers(shop)
        expected.check(shop, content)
        shop.drop_model()
        assert before == answers(shop)


def repeat(work: Callable[[], None], failures: list[str], stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            work()
    except Exception as error:  # noqa: BLE001 - told by the test
        failures.append(f"{type(error).__name__}: {error}")


def asking(
    one: cs.Collection, expected: list[list[Any]], seen: set[int], by: str | None
) -> Callable[[], None]:
    """Asks every question once; notes in `seen` by which model each was answered as a whole."""

    def asked() -> None:
        for n, question in enumerate(QUESTIONS):
            found = [(hit.id, hit.score) for hit in one.search(question, k=20, by=by)]
            which = [w for w, answer in enumerate(expected) if answer[n] == found]
            assert len(which) == 1, f"question {n}: neither model alone"
            seen.add(which[0])

    return asked


def test_no_answer_mixes_two_models(fast_path: Path) -> None:
    """The owner's threads and a reader ask all the time; the models change under them."""
    old, new = tiny_model(), tiny_model(dim=16, seed=1)
    items = [item(n, 0) for n in range(400)]
    alone, whole = [], []  # by the vectors alone, as collections of one model; by everything
    for model in (old, new):
        with cs.open(fast_path / f"{model.space.dim}.cospace", model=model) as direct:
            direct.add(items)
            alone.append(answers(direct, k=20, by="text"))
    failures: list[str] = []
    seen: list[set[int]] = [set(), set(), set()]
    stop = threading.Event()
    with cs.open(fast_path / "shop.cospace", model=old) as shop:
        shop.add(items)
        shop.migrate(new)
        whole.append(answers(shop, k=20))
        shop.switch_model()
        whole.append(answers(shop, k=20))
        shop.switch_back()
        with cs.open(fast_path / "shop.cospace", read_only=True) as reader:
            for model in (old, new):
                reader.keep(model)

            works = [
                asking(shop, whole, seen[0], None),
                asking(shop, alone, seen[1], "text"),
                asking(reader, alone, seen[2], "text"),
            ]
            threads = [threading.Thread(target=repeat, args=(w, failures, stop)) for w in works]
            for thread in threads:
                thread.start()
            for _ in range(15 if LONG else 4):
                for move in (shop.switch_model, shop.switch_back):
                    move()
                    for places in seen:  # everybody has asked since
                        places.clear()
                    while not all(seen) and not failures:
                        time.sleep(0.001)
            stop.set()
            for thread in threads:
                thread.join()
            assert [] == failures
            assert whole[0] == answers(shop, k=20)
            assert alone[0] == answers(reader, k=20, by="text")
