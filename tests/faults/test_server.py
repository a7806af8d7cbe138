"""The server killed in the middle of bulk uploads, and asked very often.

`COSPACE_KILLS` (50 by default, 500 in `make faults`) is ten times the number of kills;
`COSPACE_REQUESTS` (2,000 by default, 1,000,000 in `make faults`) is the number of requests.
"""

import concurrent.futures
import json
import os
import random
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from serving import Running, serving

import cospace as cs
from cospace.testing.tiny import tiny_folder

KILLS = max(1, int(os.environ.get("COSPACE_KILLS", "50")) // 10)
REQUESTS = int(os.environ.get("COSPACE_REQUESTS", "2000"))
ROWS = 40  # items of one upload


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("model") / "tiny")


def text(id: str) -> str:
    return f"my red chair {id} of a long text " * 3


def upload(server: Running, name: str, acknowledged: list[str], over: threading.Event) -> None:
    """Uploads, one after another, until the server is gone."""
    for number in range(10_000):
        ids = [f"{name}-{number}-{row}" for row in range(ROWS)]
        rows = [{"id": id, "text": text(id), "metadata": {"by": name}} for id in ids]
        try:
            reply = server.post("/collections/shop/items", {"items": rows})
        except (OSError, HTTPException, ValueError):
            return
        assert 200 == reply.status, reply.body
        acknowledged += [one["id"] for one in reply.json["items"] if one["status"] == "added"]
        over.set()


@pytest.mark.parametrize("seed", [1])
def test_every_acknowledged_item_is_there_after_kill_9(tmp_path: Path, model: Path, seed: int):
    draw = random.Random(seed)
    folder = tmp_path / "shop.cospace"
    acknowledged: list[str] = []
    with cs.open(folder, model=model) as made:
        made.add(cs.Item("first", text("first")))
    for life in range(KILLS):
        with serving(folder, "--models", model) as server:
            over = threading.Event()
            threads = [
                threading.Thread(target=upload, args=(server, f"{life}-{part}", acknowledged, over))
                for part in range(3)
            ]
            for one in threads:
                one.start()
            assert over.wait(60), "at least one upload is acknowledged"
            time.sleep(draw.random() * 0.3)
            server.stop(signal.SIGKILL)
            for one in threads:
                one.join()
        with cs.open(folder, model=model) as after:
            stored = {item.id: item for item in after.get(vectors=True)}
        lost = set(acknowledged) - set(stored)
        assert not lost, f"{len(lost)} of {len(acknowledged)} lost"
        half = [id for id, item in stored.items() if "text" not in item.vectors]
        assert not half
        assert all(text(id) == item.parts.text for id, item in stored.items())
        alone = [id for id in stored if id != "first" and id not in set(acknowledged)]
        assert 0 == len(alone) % ROWS, "an upload is there whole, or not at all"


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def handles(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks /proc")
@pytest.mark.timeout(7_200)
def test_very_many_requests_leave_no_trace(tmp_path: Path, model: Path):
    folder = tmp_path / "shop.cospace"
    with cs.open(folder, model=model) as made:
        made.add(ids=[str(n) for n in range(50)], documents=[text(str(n)) for n in range(50)])
    with serving(folder, "--models", model) as server:
        _ask(server, max(1_000, REQUESTS // 10), 0)  # what is loaded once, is loaded
        memory, files = resident(server.process.pid), handles(server.process.pid)
        _ask(server, REQUESTS, 1)
        time.sleep(3)
        grown = resident(server.process.pid) / memory
        assert grown < 1.10, f"memory grew {grown:.2f} times"
        assert handles(server.process.pid) <= files + 16


def _ask(server: Running, count: int, seed: int) -> None:
    """So many requests of mixed kinds, good and bad, over eight connections."""

    def some(part: int) -> None:
        draw = random.Random(f"{seed} {part}")
        connection = HTTPConnection(*server.address, timeout=60)
        for number in range(count // 8):
            method, path, body = _request(draw, number)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, data, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            assert reply.status < 500, (path, body, reply.status)
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(some, range(8)))


def _request(draw: random.Random, number: int) -> tuple[str, str, Any]:
    words = " ".join(draw.choices(["red", "blue", "chair", "lamp", "my", "a", "of"], k=5))
    row = {"id": str(draw.randrange(50)), "text": f"{words} {number}"}
    model = "tiny-0"
    return draw.choice(
        [
            ("POST", "/v1/embeddings", {"model": model, "input": words}),
            ("POST", "/v1/embeddings", {"model": model, "input": [words] * 20}),
            ("POST", "/v1/embeddings", {"model": "none", "input": words}),
            ("POST", "/collections/shop/search", {"query": words, "k": 5}),
            ("POST", "/collections/shop/search", {"query": words, "where": {"x": {"$y": 1}}}),
            ("POST", "/rerank", {"query": words, "documents": [words, "lamp"]}),
            ("PUT", "/collections/shop/items", {"items": [row]}),
            ("POST", "/collections/shop/items/get", {"ids": ["1", "nobody"]}),
            ("POST", "/collections/shop/search", b"{nonsense"),
            ("GET", "/health", b""),
            ("GET", f"/nothing/{number}", b""),
        ]
    )
