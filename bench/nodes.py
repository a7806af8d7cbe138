"""Encoding on Ray beside encoding in one process: rate of one node, of two, and a killed process.

    python bench/nodes.py ../shared/data/retrieval/msmarco-sample one    # one actor, all cores
    python bench/nodes.py ../shared/data/retrieval/msmarco-sample two   # one node, two: a core each
    python bench/nodes.py ../shared/data/retrieval/msmarco-sample kill   # kill -9 of an actor

Needs `pip install '.[ray]'`, Linux, and for "two" two idle cores. A rate is of the texts after the
first 500, which take the start of the processes with them. The rate by processor is per second that
the encoding processes were running: it stands when other programs take the cores.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from statistics import median

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray.cluster_utils import Cluster

import cospace as cs

BATCH = 100
SKIPPED = 500
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """One of the three parts."""
    corpus, part = Path(sys.argv[1]) / "corpus.jsonl", sys.argv[2]
    with corpus.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    items = [cs.Item(row["_id"], row["text"]) for row in rows if row["text"].strip()]
    model = cs.load("starter").warm("text")
    {"one": one, "two": two, "kill": kill}[part](model, items)


def one(model: cs.Encoder, items: list[cs.Item], rounds: int = 3, count: int = 2_500) -> None:
    """One actor with all cores beside no Ray, in turns."""
    rates: dict[str, list[tuple[float, float]]] = {"cospace": [], "ray": []}
    with cluster(1, len(os.sched_getaffinity(0))):
        for number in range(rounds):
            for name, address in (("cospace", None), ("ray", "auto")):
                rates[name].append(measured(model, items[:count], address, SKIPPED))
                show(f"round {number + 1}: {name}", *rates[name][-1])
    clock, processor = (
        median(rate[which] for rate in rates["ray"])
        / median(rate[which] for rate in rates["cospace"])
        for which in (0, 1)
    )
    print(f"ray to cospace: {clock:.2f} by the clock, {processor:.2f} by processor")


def two(model: cs.Encoder, items: list[cs.Item], rounds: int = 3, count: int = 2_500) -> None:
    """One node of one core beside two of them, in turns."""
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    for number in range(rounds):
        for nodes, rates in found.items():
            with cluster(nodes, 1):
                rates.append(measured(model, items[:count], "auto", BATCH))
            show(f"round {number + 1}: nodes {nodes}", *rates[-1])
    clock = [median(rate for rate, _ in found[nodes]) for nodes in (1, 2)]
    processor = [median(rate for _, rate in found[nodes]) for nodes in (1, 2)]
    print(
        f"two nodes to one: {clock[1] / clock[0]:.2f} by the clock,"
        f" {2 * processor[1] / processor[0]:.2f} by processor"
    )


def kill(model: cs.Encoder, items: list[cs.Item], count: int = 2_500) -> None:
    """kill -9 of an actor after the third batch; what comes out, and how long it takes."""
    for times in (0, 1, 2):
        with cluster(1, len(os.sched_getaffinity(0))):
            began = time.perf_counter()
            ids: list[str] = []
            killed = 0
            stream = cs.encode_items(model, items[:count], batch=BATCH, ray="auto")
            with closing(stream) as batches:
                for number, batch in enumerate(batches):
                    ids += [encoded.item.id for encoded in batch if encoded.vectors]
                    if number in range(3, 3 + 6 * times, 6) and killed < times:
                        os.kill(actors()[0], signal.SIGKILL)
                        killed += 1
            assert ids == [item.id for item in items[:count]], "lost, doubled or out of order"
            seconds = time.perf_counter() - began
            print(f"{killed} kills: {len(ids)} of {count} texts, each once, in {seconds:.1f} s")


@contextmanager
def cluster(nodes: int, cores: int) -> Iterator[None]:
    """A cluster on this machine; with one core a node, each on a core of its own."""
    mine = sorted(os.sched_getaffinity(0))
    local = {"node_ip_address": "127.0.0.1", "include_dashboard": False}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **local})
    try:
        for number in range(nodes):
            # What is started now keeps to these, as a machine of so many cores would.
            os.sched_setaffinity(0, {mine[number % len(mine)]} if cores == 1 else set(mine))
            made.add_node(num_cpus=cores, object_store_memory=200_000_000, **local)
        os.sched_setaffinity(0, mine)
        ray.init(address=made.address, log_to_driver=False, logging_level="ERROR")
        yield
    finally:
        os.sched_setaffinity(0, mine)
        ray.shutdown()
        made.shutdown()


def show(what: str, clock: float, processor: float) -> None:
    print(f"{what}: {clock:.0f} texts/s by the clock, {processor:.0f} by processor", flush=True)


def measured(
    model: cs.Encoder, items: list[cs.Item], address: str | None, batch: int
) -> tuple[float, float]:
    """Texts a second by the clock, and per second of the encoding processes."""
    with closing(cs.encode_items(model, items, batch=batch, ray=address)) as batches:
        done = 0
        while done < SKIPPED:
            done += len(next(batches))
        pids = [os.getpid()] if address is None else actors()
        began, before = time.perf_counter(), processor(pids)
        rest = 0
        for some in batches:
            rest += len(some)
            if done + rest == len(items):  # before the processes end
                seconds, after = time.perf_counter() - began, processor(pids)
    return rest / seconds, rest / sum(after[pid] - before[pid] for pid in after)


def actors() -> list[int]:
    """The processes of Ray that encode."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes().startswith(b"ray::_Worker"):
                found.append(int(folder.name))
        except OSError:  # it has ended
            continue
    return found


def processor(pids: Iterable[int]) -> dict[int, float]:
    """The seconds, user and system, that each process has run; those that have ended are left out.

    Of an earlier cluster some may still be ending.
    """
    found = {}
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    return found


if __name__ == "__main__":
    main()
