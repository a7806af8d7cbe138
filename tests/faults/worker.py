"""The process that is killed: it forks workers that change a collection and say what is done.

Jobs come in on stdin, one JSON line each. A worker writes "ready" before it opens the
collection, then a line for each batch and each step that the collection has acknowledged.
Everything is imported before a fork, and nothing is opened.
"""

import json
import os
import sys
from pathlib import Path

import numpy
import openvino  # noqa: F401
import pyarrow.parquet  # noqa: F401
import qdrant_edge  # noqa: F401
import tokenizers  # noqa: F401

import cospace.encode.model
import cospace.encode.names
import cospace.store.local  # noqa: F401
from cospace import Collection, Image, Item, Parts, load, open
from cospace.cli.pruning import prune
from cospace.collection import Report
from cospace.limits import override


def say(line: str) -> None:
    """A whole line or none, even when killed: one short write to a pipe."""
    os.write(1, f"{line}\n".encode())


def item(number: int, version: int) -> Item:
    """The item that both sides make from a number and a version."""
    text = f"{THINGS[number % len(THINGS)]} number {number} version {version}"
    # A third of the items have photos: one, two or three of them, as the version has it.
    count = 0 if number % 3 else 1 + (number + version) % 3
    photos = [_photo(number * 7 + version * 40 + n * 20) for n in range(count)]
    metadata = {"n": number, "version": version, f"k{number % 5}": True}
    return Item(f"id-{number}", Parts(text=text, image=photos), metadata)


def _photo(seed: int) -> Image:
    return Image(numpy.random.default_rng(seed).integers(0, 256, (8, 8, 3), numpy.uint8))


def change(number: int, version: int) -> Item:
    """What an update to that version gives: the text, and a part of the metadata."""
    whole = item(number, version)
    return Item(whole.id, whole.content, {"version": version})


THINGS = ["armchair", "bicycle", "kettle", "lamp", "raincoat", "violin", "tent"]


def step(shop: Collection, kind: str, given: list[list[int]], batch: int) -> None:
    """One step of a script."""
    if kind == "upsert":
        with override(batch_items=batch):
            items = (item(*one) for one in given)
            shop.upsert(items, progress=lambda now: say(f"batch {now.done}"))
    elif kind == "delete":
        shop.delete([f"id-{number}" for number, _ in given])
    elif kind == "delete where" and len(shop):  # an empty collection has no field to filter by
        shop.delete(where={"n": {"$in": [number for number, _ in given]}})
    elif kind == "update":
        with override(batch_items=batch):
            items = (change(*one) for one in given)
            shop.update(items, errors="report", progress=lambda now: say(f"batch {now.done}"))
    elif kind == "prune":
        report = Report(named={f"id-{number}" for number, _ in given})
        prune(shop, report, "a source")
    elif kind == "search":
        for number, version in given:
            shop.search(str(item(number, version).parts.text), k=3)
    elif kind == "optimize":
        shop.optimize()
    elif kind == "compact":
        shop.store.compact()  # type: ignore[attr-defined]


def work(folder: Path, model: Path, script: list[tuple[str, list[list[int]], int]]) -> None:
    """Run the script on the collection in `folder`."""
    encoder = load(model)
    say("ready")
    shop = open(folder, model=encoder)
    say("open")
    for kind, given, batch in script:
        if kind == "reopen":
            shop.close()
            shop = open(folder, model=encoder)
        else:
            step(shop, kind, given, batch)
        say("done")
    shop.close()
    say("end")


def main() -> None:
    """Fork a worker for every job, and tell when it is gone."""
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                work(Path(job["folder"]), Path(job["model"]), job["script"])
            except BaseException as error:  # noqa: BLE001 - sent to the test
                say(f"failed {error!r}".replace("\n", " ")[:400])
            finally:
                os._exit(0)
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("gone")


if __name__ == "__main__":
    main()
