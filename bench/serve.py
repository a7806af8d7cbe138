"""The server beside the library, beside one request at a time, and beside a peer.

    python bench/serve.py                          # embeddings and search
    python bench/serve.py --infinity PROGRAM       # beside infinity_emb 0.0.77, of another
                                                   # environment: infinity-emb[server,torch]
    python bench/serve.py --only embeddings,search,ingest,health,memory,quota

Clients are one process that keeps 32 connections busy over loopback; it writes requests and reads
lengths, and parses nothing. Server and clients share the machine's cores, and so do the two sides
of every ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from curve import children
from group import group

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from serving import Running, serving

import cospace as cs

CLIENTS = 32


# --- clients ---


async def _one(address: tuple[str, int], requests: list[bytes], times: list[float]) -> None:
    """One connection that sends its requests one after another."""
    reader, writer = await asyncio.open_connection(*address, limit=2**24)
    for request in requests:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        if b" 200 " not in head[:20]:
            raise RuntimeError(f"{head!r} {body[:500]!r}")
        times.append(time.perf_counter() - start)
    writer.close()


async def _paced(
    address: tuple[str, int], requests: list[bytes], rate: float, times: list[float]
) -> None:
    """Requests begun at a steady rate, whether or not earlier ones are answered."""
    begin = time.perf_counter()
    tasks = []
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(request: bytes, due: float) -> None:
        reader, writer = idle.pop() if idle else await asyncio.open_connection(*address)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        assert b" 200 " in head[:20], head
        times.append(time.perf_counter() - due)
        idle.append((reader, writer))

    for number, request in enumerate(requests):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(ask(request, due)))
    await asyncio.gather(*tasks)


def _work(pipe: Any, address: tuple[str, int], requests: list[bytes], clients: int, rate: float):
    times: list[float] = []

    async def all_of_them() -> None:
        if rate:
            await _paced(address, requests, rate, times)
            return
        await asyncio.gather(
            *(_one(address, requests[at::clients], times) for at in range(clients))
        )

    start = time.perf_counter()
    try:
        asyncio.run(all_of_them())
    except OSError as error:
        pipe.send(error)
    else:
        pipe.send((time.perf_counter() - start, times))


def load(
    address: tuple[str, int], requests: list[bytes], clients: int = CLIENTS, rate: float = 0.0
) -> tuple[float, list[float]]:
    """Seconds in all, and of each request."""
    mine, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    other = context.Process(target=_work, args=(theirs, address, requests, clients, rate))
    other.start()
    theirs.close()
    found = mine.recv()
    other.join()
    if isinstance(found, OSError):
        raise found
    return found


class Busy:
    """Clients in a process of their own, for as long as a block lasts; `clients` at most."""

    def __init__(self, address: tuple[str, int], requests: list[bytes], clients: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        given = (theirs, address, requests, clients, 0.0)
        self._process = context.Process(target=_work, args=given)

    def __enter__(self) -> Busy:
        self._process.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.join()

    @property
    def still(self) -> bool:
        """Whether it has more to ask."""
        return not self._pipe.poll()


def http(address: tuple[str, int], path: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


# --- texts ---


def short_texts(count: int, seed: int = 0) -> list[str]:
    """Made-up names of things for sale: 5 to 12 words."""
    draw = np.random.default_rng(seed)
    words = [
        "retro",
        "velvet",
        "armchair",
        "oak",
        "table",
        "lamp",
        "brass",
        "blue",
        "green",
        "small",
        "large",
        "vintage",
        "bicycle",
        "kitchen",
        "garden",
        "chair",
        "sofa",
        "leather",
        "wool",
        "rug",
        "mirror",
        "glass",
        "steel",
        "wooden",
        "cabinet",
        "shelf",
        "desk",
        "white",
        "black",
        "handmade",
        "ceramic",
        "bowl",
        "plant",
        "pot",
        "camera",
        "lens",
        "phone",
        "case",
        "winter",
        "jacket",
        "shoes",
        "size",
    ]
    return [" ".join(draw.choice(words, draw.integers(5, 13))) for _ in range(count)]


def texts_as_requests(
    address: tuple[str, int], texts: list[str], each: int, model: str
) -> list[bytes]:
    # base64, as the official client asks for.
    return [
        http(
            address,
            "/v1/embeddings",
            {"model": model, "input": texts[i : i + each], "encoding_format": "base64"},
        )
        for i in range(0, len(texts), each)
    ]


# --- what is measured ---


def processor(pid: int) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def embeddings(server: Running, count: int) -> None:
    """By the clock, where clients take their share of the cores; and by the processor time of
    the one process that encodes, which is what a busy machine does not change."""
    model = cs.load("starter").warm("text")
    model.encode_document(short_texts(count))
    for each in (1, 16, 64):
        clock: dict[str, list[float]] = {"library": [], "server": [], "alone": []}
        own: dict[str, list[float]] = {"library": [], "server": [], "alone": []}
        for run in range(3):
            some = short_texts(count, run)
            start, used = time.perf_counter(), time.process_time()
            model.encode_document(some)
            clock["library"].append(count / (time.perf_counter() - start))
            own["library"].append(count / (time.process_time() - used))
            asked = texts_as_requests(server.address, some, each, "starter")
            for name, clients in (("server", CLIENTS), ("alone", 1)):
                part = asked if clients > 1 else asked[: max(8, len(asked) // 8)]
                used = processor(server.process.pid)
                seconds, _ = load(server.address, part, clients)
                texts = min(count, len(part) * each)
                clock[name].append(texts / seconds)
                own[name].append(texts / (processor(server.process.pid) - used))
        print(f"/v1/embeddings, {each} short text(s) a request, {CLIENTS} clients")
        for what, rates in (("texts/s by the clock", clock), ("texts/s of processor", own)):
            middle = {name: statistics.median(found) for name, found in rates.items()}
            print(
                f"  {what}: {middle['server']:.0f}; library {middle['library']:.0f}"
                f" (ratio {middle['server'] / middle['library']:.2f}); one request at a time"
                f" {middle['alone']:.0f} (ratio {middle['server'] / middle['alone']:.2f})"
            )


def peer(server: Running, program: str, count: int) -> None:
    """The same requests to infinity-emb, with the same genuine weights, in turn with ours."""
    from peers.install import weights

    port = 7_997
    command = [program, "v2", "--model-id", str(weights()), "--port", str(port)]
    command += ["--host", "127.0.0.1", "--engine", "torch", "--device", "cpu"]
    command += ["--no-bettertransformer", "--served-model-name", "starter", "--url-prefix", "/v1"]
    own = {**os.environ, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    own |= {"INFINITY_ANONYMOUS_USAGE_STATS": "0"}
    own.pop("PYTHONPATH", None)
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=own, stdout=quiet, stderr=quiet)
    try:
        address = ("127.0.0.1", port)
        while True:
            try:
                load(address, texts_as_requests(address, short_texts(64), 8, "starter"), 4)
                break
            except OSError:
                time.sleep(1)
        for each in (1, 16):
            clock: dict[str, list[float]] = {"ours": [], "theirs": []}
            used: dict[str, list[float]] = {"ours": [], "theirs": []}
            for run in range(3):
                texts = short_texts(count, run)
                for name, place, pid in (
                    ("ours", server.address, server.process.pid),
                    ("theirs", address, process.pid),
                ):
                    before = processor(pid)
                    seconds, _ = load(place, texts_as_requests(place, texts, each, "starter"))
                    clock[name].append(count / seconds)
                    used[name].append(count / (processor(pid) - before))
            for what, rates in (("by the clock", clock), ("of processor", used)):
                a, b = (statistics.median(rates[name]) for name in ("ours", "theirs"))
                print(
                    f"  infinity, {each} a request: {a:.0f} texts/s {what} beside {b:.0f}"
                    f" (ratio {a / b:.2f})"
                )
    finally:
        process.terminate()
        process.wait()


def search(items: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop.cospace"
        vectors = _collection(folder, items)
        with serving(folder) as server:
            texts = short_texts(4_000, 7)
            asked = [
                http(server.address, "/collections/shop/search", {"query": text, "k": 10})
                for text in texts
            ]
            load(server.address, asked[:200], 8)
            seconds, _ = load(server.address, asked)
            top = len(asked) / seconds
            _, times = load(server.address, asked[:2_000], rate=top / 2)
            p50, p99 = np.percentile(times, [50, 99])
            print(
                f"search by text at {vectors:,}: at most {top:.0f}/s with {CLIENTS} clients; at"
                f" half of that median {1e3 * p50:.1f} ms, p99 {1e3 * p99:.1f} ms"
                f" (ratio {p99 / p50:.1f})"
            )


def ingest(items: int) -> None:
    """A question while another client uploads in bulk."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop.cospace"
        _collection(folder, items)
        with serving(folder) as server:
            body = {"query": "vintage comfortable seating", "k": 10}
            asked = [http(server.address, "/collections/shop/search", body)] * 200
            load(server.address, asked, 1)
            _, idle = load(server.address, asked, 1)
            uploads = []
            for at in range(40):
                texts = [" ".join(short_texts(8, 1_000 * at + i)) for i in range(250)]
                rows = [{"id": f"new-{at}-{i}", "text": text} for i, text in enumerate(texts)]
                path = "/collections/shop/items"
                uploads.append(http(server.address, path, {"items": rows}))
            with Busy(server.address, uploads, 2) as other:
                time.sleep(3)
                _, busy = load(server.address, asked, 1)
                still = other.still
            a, b = statistics.median(idle), statistics.median(busy)
            print(
                f"a question: idle median {1e3 * a:.1f} ms, during bulk upload {1e3 * b:.1f} ms"
                f" (ratio {b / a:.2f}){'' if still else '; THE UPLOAD WAS OVER BEFORE'}"
            )


def _collection(folder: Path, items: int) -> int:
    """So many items, their vectors made up near those of real texts."""
    model = cs.load("starter")
    texts = short_texts(2_000, 3)
    seeds = model.encode_document(texts).array
    draw = np.random.default_rng(0)
    with cs.open(folder, model=model) as shop, shop.bulk():
        for start in range(0, items, 10_000):
            size = min(10_000, items - start)
            pick = draw.integers(0, len(texts), size)
            rows = seeds[pick] + draw.normal(0, 0.03, (size, seeds.shape[1])).astype(np.float32)
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            space = model.space
            ids = [f"i-{start + i}" for i in range(size)]
            shop.add_vectors(ids, cs.Vectors(rows, space), texts=[texts[i] for i in pick])
    return items


def health(items: int, seconds: float = 20.0) -> None:
    """/health fifty times a second, while 32 clients embed and search."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "shop.cospace"
        _collection(folder, items)
        with serving(folder) as server:
            line = f"GET /health HTTP/1.1\r\nHost: {server.host}\r\n\r\n".encode()
            asked = [line] * int(50 * seconds)
            load(server.address, asked[:100], 1)
            _, idle = load(server.address, asked, rate=50)
            texts = short_texts(6_400)
            requests = []
            for at in range(0, 200_000, 64):
                some = [texts[(at + i) % len(texts)] for i in range(64)]
                requests += texts_as_requests(server.address, some, 64, "starter")
                body = {"query": texts[at % len(texts)], "k": 10}
                requests.append(http(server.address, "/collections/shop/search", body))
            with Busy(server.address, requests, CLIENTS) as others:
                time.sleep(3)
                _, busy = load(server.address, asked, rate=50)
                still = others.still
            for what, times in (("nobody else asks", idle), (f"{CLIENTS} clients ask", busy)):
                p50, p99, most = 1e3 * np.percentile(times, [50, 99, 100])
                print(f"/health while {what}: median {p50:.1f} ms, p99 {p99:.1f}, most {most:.0f}")
            if not still:
                print("THE OTHERS WERE DONE BEFORE")


def memory(mebibytes: int = 1_024) -> None:
    """10,000 mixed texts, and photos, through servers that can have so much memory and no more.

    The limit is a control group's: on all that a server and the process that decodes its uploads
    touch, as a container's is. Where no group can be made it is the kernel's on what the server's
    process may write to (RLIMIT_DATA), and the photos have none.
    """
    draw = np.random.default_rng(5)
    names = short_texts(10_000, 5)
    texts = [
        " ".join([name] * int(n))
        for name, n in zip(names, draw.integers(1, 60, 10_000), strict=True)
    ]

    def mixed(server: Running) -> list[bytes]:
        return texts_as_requests(server.address, texts, 50, "starter")

    most = mebibytes * 2**20
    for what, requests in (
        ("10,000 mixed texts", mixed),
        ("40 photos of 12 megapixels", lambda server: _photos(server, 40)),
    ):
        try:
            with (
                group(memory=most) as one,
                serving("--models", "starter", before=one.enter) as server,
            ):
                seconds, _ = load(server.address, requests(server), 8)
                print(
                    f"{what} by 8 clients, in a control group of {mebibytes} MiB: {seconds:.0f} s,"
                    f" {one.peak() >> 20} MiB at most with the pages of files, {_apart(server)};"
                    f" {one.killed()} processes ended for memory"
                )
        except OSError as error:
            print(f"no control group can be made here ({error.strerror}):")
            with serving("--models", "starter") as server:
                if requests is mixed:
                    resource.prlimit(server.process.pid, resource.RLIMIT_DATA, (most, most))
                seconds, _ = load(server.address, requests(server), 8)
                print(f"{what} by 8 clients: {seconds:.0f} s, {_apart(server)}")


def _apart(server: Running) -> str:
    """The peaks of the server's process, and of those that it started."""
    pid = server.process.pid
    apart = max(map(_peak, children(pid)), default=0)
    return f"{_peak(pid)} MiB of the server and {apart} of the process that decodes"


def _peak(pid: int) -> int:
    """The most MiB of memory that a process ever had."""
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) >> 10


def _photos(server: Running, count: int) -> list[bytes]:
    """Requests with a JPEG of 12 megapixels each."""
    from PIL import Image

    rows = np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(rows).resize((4_000, 3_000)).save(file, "JPEG", quality=60)
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    body = {"model": "starter", "input": [{"image": url}], "encoding_format": "base64"}
    return [http(server.address, "/v1/embeddings", body)] * count


def quota() -> None:
    """The threads of a server whose control group may use one processor, and what is cut short."""
    try:
        with group(processors=1) as one:
            for before in ((), one.enter):
                with serving("--models", "starter", before=before) as server:
                    asked = texts_as_requests(server.address, short_texts(1_280), 64, "starter")
                    seconds, _ = load(server.address, asked)
                    threads = len(list(Path(f"/proc/{server.process.pid}/task").iterdir()))
                    what = "with a quota of one processor" if before else "without a quota"
                    print(f"{what}: {threads} threads, {1_280 / seconds:.0f} texts/s")
            cut, periods = one.throttled()
            print(f"  of {periods} periods {cut} were cut short")
    except OSError as error:
        print(f"quota: no control group can be made here ({error.strerror}), nothing was measured")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="embeddings,search,ingest,health,memory,quota")
    parser.add_argument("--infinity", help="the program infinity_emb of another environment")
    parser.add_argument("--texts", type=int, default=6_400)
    parser.add_argument("--items", type=int, default=100_000)
    args = parser.parse_args()
    wanted = args.only.split(",")
    if "embeddings" in wanted:
        with serving("--models", "starter") as server:
            embeddings(server, args.texts)
            if args.infinity:
                peer(server, args.infinity, args.texts)
    if "search" in wanted:
        search(args.items)
    if "ingest" in wanted:
        ingest(min(args.items, 20_000))
    if "health" in wanted:
        health(min(args.items, 20_000))
    if "memory" in wanted:
        memory()
    if "quota" in wanted:
        quota()


if __name__ == "__main__":
    main()
