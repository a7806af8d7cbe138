"""The process that is killed: it migrates a collection round and round, while others use it.

Arguments: the collection, the folders of both models, the number of items, the first operation.
A writer's operations are told by their numbers alone, so one that may or may not have been
acknowledged is done again by the next process.
"""

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cospace as cs

QUESTIONS = ["an oak chair", "number 17", "blue steel lamp", "a rug of wool 3"]
_THINGS = ["chair", "lamp", "rug", "shelf", "kettle"]
_OF = ["oak", "steel", "wool", "glass", "blue steel", "clay", "paper"]


_saying = threading.Lock()


def say(line: str) -> None:
    with _saying:
        print(line, flush=True)


def item(n: int, version: int) -> cs.Item:
    text = f"{_THINGS[n % 5]} of {_OF[(n + version) % 7]}, number {n}"
    return cs.Item(f"id-{n}", text, {"n": n, "version": version})


def step(number: int, items: int) -> tuple[str, list[int]]:
    """What operation `number` does, to which items."""
    first = number * 7919 % items
    some = [(first + 31 * i) % items for i in range(1 + number % 9)]
    return ["upsert", "delete", "metadata"][number * 5 % 7 % 3], some


def after(content: dict[int, tuple[int, int]], number: int, items: int) -> None:
    """Apply an operation to what each item holds: the versions of its text and its metadata."""
    kind, some = step(number, items)
    for n in some:
        if kind == "delete":
            content.pop(n, None)
        elif kind == "upsert":
            content[n] = (number, number)
        elif n in content:
            content[n] = (content[n][0], number)


def write(shop: Any, number: int, items: int) -> None:
    kind, some = step(number, items)
    if kind == "delete":
        shop.delete([f"id-{n}" for n in some])
    elif kind == "upsert":
        shop.upsert([item(n, number) for n in some])
    else:
        there = [n for n in some if f"id-{n}" in shop]
        shop.update(ids=[f"id-{n}" for n in there], metadatas=[{"version": number} for _ in there])


def writing(shop: Any, number: int, items: int) -> None:
    while True:
        write(shop, number, items)
        say(f"done {number}")
        number += 1


def searching(shop: Any) -> None:
    while True:
        for found in shop.search_many(QUESTIONS, k=5):
            assert found.ids
        say("found")


def moving(shop: Any, models: list[Any]) -> None:
    while True:
        if shop.migration is None or not shop.migration.switched:
            shop.migrate(models[shop.space == models[0].space])
            say("copied")
            shop.switch_model()
            say("switched")
        shop.switch_back()
        say("back")
        shop.switch_model()
        say("switched")
        shop.drop_model()
        say("dropped")


def guarded(work: Callable[..., None], *args: Any) -> None:
    try:
        work(*args)
    except Exception as error:  # noqa: BLE001 - told, whatever it is
        say(f"failed {type(error).__name__}: {error}".replace("\n", " "))


def main() -> None:
    folder, one, two, items, number = sys.argv[1:6]
    models = [cs.load(one), cs.load(two)]
    say("ready")
    shop = cs.open(Path(folder))
    for model in models:
        shop.keep(model)  # by its folder: it is not installed under its name
    for work in ((writing, shop, int(number), int(items)), (searching, shop)):
        threading.Thread(target=guarded, args=work, daemon=True).start()
    guarded(moving, shop, models)


if __name__ == "__main__":
    main()
