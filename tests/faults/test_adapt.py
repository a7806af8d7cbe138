"""adapt that is killed: the collection is as it was, or switched over whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cospace as cs
from cospace.train import adapt_back
from tests.unit.train.binding.catalogue import items

SCRIPT = """
import sys
import cospace as cs
shop = cs.open(sys.argv[1])
print("go", flush=True)
cs.train.adapt(shop, epochs=8, rate=3e-3)
print("done", flush=True)
shop.close()
"""


@pytest.mark.parametrize("moment", ["learning", "the model is written", "done"])
def test_a_kill_leaves_the_old_or_the_new(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "shop.cospace"
    (tmp_path / "photos").mkdir()
    with cs.open(folder, model="starter") as shop:
        shop.add(items(tmp_path / "photos"))
        before = {item.id: item.vectors["image"].tobytes() for item in shop.get(vectors=True)}
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    if moment == "the model is written":
        while process.poll() is None and not list(folder.glob("models/[!.]*")):
            time.sleep(0.001)
    elif moment == "done":
        assert process.stdout.readline() == "done\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with cs.open(folder) as shop:
        after = {item.id: item.vectors["image"].tobytes() for item in shop.get(vectors=True)}
        same = [after[id] == row for id, row in before.items()]
        assert all(same) or not any(same)
        assert shop.space is not None
        assert (shop.space.name == "starter") == all(same)
        if moment == "done":
            assert not any(same)
        assert shop.model.space == shop.space
        [item] = shop.get(limit=1)
        assert item.parts.image is not None
        assert shop.search(item.parts.image, k=1).ids == [item.id]
        if not all(same):
            adapt_back(shop)
            back = {item.id: item.vectors["image"].tobytes() for item in shop.get(vectors=True)}
            assert back == before
